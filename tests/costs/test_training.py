"""What it takes to train a network: the largest batch, and what depends on free symbols."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, strategies as st

import shapecalc
from shapecalc import ShapecalcError
from shapecalc.costs.training import training_cost
from shapecalc.costs.training_step import training_step
from shapecalc.dims import evaluate
from shapecalc.shape_inference.engine import inspect_at
from tests.support.graph_strategies import Graph, graphs
from tests.support.volume import at_most

if TYPE_CHECKING:
    from shapecalc.costs.training_step import TrainingStep


some = at_most(40)


GIB = 2**30


def lives(step: TrainingStep) -> list[Any]:
    return [event.live for event in step.events[:-1]]


@some
@given(graphs(), st.integers(1, 7))
def test_the_closed_form_is_what_the_numbers_come_to(graph: Graph, batch: int) -> None:
    sizes = {name: size for name, size in graph.sizes.items() if name != "N"}
    cost = training_cost(graph.load(), sizes, batch=batch)
    bound = training_step(inspect_at(graph.load(), {**sizes, "N": batch}))
    assert [cost.bytes_at(live) for live in lives(cost.step)] == lives(bound)
    assert cost.bytes_at(cost.step.saved.size) == bound.saved.size
    work = [[evaluate(count, cost.at) for count in each] for each in cost.step.work]
    assert work == [list(each) for each in bound.work]


@some
@given(graphs(), st.integers(1, 10**7))
def test_the_largest_batch_fits_and_one_more_does_not(graph: Graph, memory: int) -> None:
    sizes = {name: size for name, size in graph.sizes.items() if name != "N"}
    cost = training_cost(graph.load(), sizes, batch=1, memory=memory)
    fits = cost.largest_batch
    assert fits is not None

    def peak(batch: int) -> int:
        return training_step(inspect_at(graph.load(), {**sizes, "N": batch})).peak_bytes({})

    assert fits == 0 or peak(fits) <= memory
    assert peak(fits + 1) > memory


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        (
            "{name: fixed, input: [8, 6], layers: [{linear: 5}]}",
            {"batch": 4},
            "`batch` expects a symbol to give it to, `fixed` fixes its batch",
        ),
        (
            "{name: plain, input: [N, 6], layers: [{linear: 5}]}",
            {"truncate": 4},
            "`truncate` expects a symbol for time, `plain` has no recurrent layer",
        ),
        (
            "{name: short, input: [9, N, 6], layers: [{lstm: 5}]}",
            {"truncate": 4},
            "`truncate` expects a symbol for time, `short` fixes how many steps there are",
        ),
        (
            "{name: plain, input: [N, 6], layers: [{linear: 5}, relu]}",
            {"checkpoint": 3},
            "`checkpoint` expects 1 to 2, the layers that there are, receives 3",
        ),
    ],
)
def test_what_cannot_be_asked_is_said(text: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ShapecalcError) as caught:
        training_cost(shapecalc.loads(text), {}, **options)
    assert caught.value.exit_code == 2
    assert [finding.message for finding in caught.value.diagnostics] == [message]


def test_sizes_that_do_not_fit_are_told_as_inspect_tells_them() -> None:
    with pytest.raises(ShapecalcError) as caught:
        training_cost(shapecalc.load("resnet18"), {"Q": 3}, batch=2)
    assert caught.value.diagnostics[0].code == "SC312"


def test_a_file_that_fixes_its_batch_has_a_peak_and_no_largest_batch() -> None:
    cost = training_cost(shapecalc.loads("{input: [8, 6], layers: [{linear: 5}]}"), {}, memory=GIB)
    assert cost.batch is None
    assert cost.largest_batch is None
    assert cost.peak is not None


def test_a_symbol_without_a_number_is_left_open() -> None:
    cost = training_cost(shapecalc.load("gru-tagger"), {}, batch=2, memory=GIB)
    assert cost.unbound == ("T",)
    assert (cost.peak, cost.largest_batch, cost.checkpoints) == (None, None, ())
    assert str(cost.bytes_at(cost.step.saved.size)) == "24152*T"


def test_a_layer_that_decides_by_the_batch_has_its_number() -> None:
    layers = "{split: {split_size: 2, dim: 0}, name: s}, {linear: {out_features: 3}, from: s.0}"
    text = f"{{input: [N, 6, 4], layers: [{layers}]}}"
    cost = training_cost(shapecalc.loads(text), {}, batch=6, memory=GIB)
    assert cost.batch is None
    assert cost.peak is not None
