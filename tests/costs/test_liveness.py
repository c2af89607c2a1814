"""Live tensors during a run, compared with a run that counts readers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import assume, given

import shapecalc
from shapecalc.costs.liveness import largest, live_memory
from shapecalc.dims import evaluate
from shapecalc.shape_inference.engine import inspect_at
from tests.support.graph_strategies import Graph, graphs
from tests.support.volume import at_most

if TYPE_CHECKING:
    from shapecalc.shape_inference.report import Report
from tests.support.counted_bytes import counted

some = at_most(40)


def of(text: str, **sizes: int) -> Report:
    return inspect_at(shapecalc.loads(text), sizes)


@some
@given(graphs())
def test_the_peak_is_that_of_a_run_which_counts_readers(graph: Graph) -> None:
    report = inspect_at(graph.load(), graph.sizes)
    if any(entry.name not in {slot for row in report.layers for slot in row.step.inputs} for entry in report.inputs):
        assume(condition=False)  # an input that nobody reads
    found = live_memory(report)
    lives = counted(report)
    assert [step.live for step in found.steps] == lives
    assert found.peak is not None
    assert lives[found.peak] == max(lives)
    assert sum(tensor.size for tensor in found.tensors) == max(lives)


@pytest.mark.parametrize(
    ("layers", "bytes_"),
    [
        # each at 4 bytes a number, of [1, 6, 4, 4]
        ("[relu, flatten]", [768, 384]),  # the flat one lies in what relu wrote
        ("[{permute: [0, 2, 3, 1]}, relu]", [384, 768]),
        ("[{permute: [0, 2, 3, 1]}, flatten]", [384, 768]),  # axes out of order: joining them takes a copy
        ("[{split: 3, name: s}, {add: [], from: [s.0, s.1]}]", [384, 576]),
        ("[{dropout: 0.5}, relu]", [768, 768]),
        ("[{dropout: 0}, relu]", [384, 768]),  # it drops nothing, and hands on what entered
        ("[{select: {dim: 0, index: 0}}, flatten]", [384, 384]),
    ],
)
def test_a_view_takes_no_memory(layers: str, bytes_: list[int]) -> None:
    layers = layers.replace("{add: [], ", "{add: {}, ")
    found = live_memory(of(f"{{input: [1, 6, 4, 4], layers: {layers}}}"))
    assert [step.live for step in found.steps] == bytes_


def test_whole_numbers_take_eight_bytes() -> None:
    found = live_memory(of("{input: {shape: [2, 5], dtype: int64}, layers: [{one_hot: 3}]}"))
    assert [step.live for step in found.steps] == [8 * 10 + 4 * 30]


def test_flags_take_a_byte_and_so_does_what_moves_them() -> None:
    found = live_memory(of("{input: {shape: [2, 6], dtype: bool}, layers: [identity, {select: {dim: 0, index: 0}}]}"))
    assert [(step.row.dtypes, step.live) for step in found.steps] == [({"output": "bool"}, 12)] * 2


def test_what_leaves_is_alive_to_the_end() -> None:
    text = (
        "{input: [1, 8], layers: [{linear: 4, name: a}, {linear: 2, name: b}, relu], outputs: {early: a, late: relu_2}}"
    )
    assert [step.live for step in live_memory(of(text)).steps] == [48, 24, 32]


def test_the_peak_is_known_of_a_free_size_where_it_is_the_same_for_all() -> None:
    found = live_memory(shapecalc.inspect(shapecalc.load("char-rnn")))
    assert found.peak == 1
    assert str(evaluate(found.steps[1].live, {"N": 1})) == "2308*T + 8192"


def test_the_peak_is_open_where_a_free_size_decides() -> None:
    text = "{input: [N, T, 4], layers: [{linear: 9}, {select: {dim: 1, index: 0}}, {linear: 999}]}"
    found = live_memory(of(text))
    assert found.peak is None
    assert not found.tensors
    assert live_memory(of(text, T=3)).peak == 2
    assert live_memory(of(text, T=3000)).peak == 0


def test_of_dims_that_are_equal_the_first_is_the_largest() -> None:
    assert largest([3, 7, 7], {}) == 1
