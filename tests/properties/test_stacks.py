"""What holds for any stack of layers that fit each other: predicted is executed, closed forms hold at every point."""

from __future__ import annotations

import json
from dataclasses import replace
from math import prod
from random import Random
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

import shapecalc
from shapecalc.architecture import Architecture, Input
from shapecalc.dims import evaluate
from shapecalc.execution.lowering import calls_of, random_inputs
from shapecalc.layers import layer_types
from shapecalc.layers.attending import Attending
from shapecalc.layers.recurrent import Gru, Lstm
from shapecalc.reference.executor import execute
from shapecalc.shape_inference.engine import infer, inspect_at
from tests.support.counting import counted, run_counted
from tests.support.examples.all import EXAMPLES
from tests.support.sequence_strategies import SEQUENCED, sequences
from tests.support.stack_strategies import DRAWN, Stack, stacks, stretches_by_chance
from tests.support.volume import at_most

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shapecalc.dims import Dim
    from shapecalc.shape_inference.report import Report
    from shapecalc.shape_inference.rows import LayerReport

MAY_DEPEND_ON_A_SYMBOL = {"SC311", "SC304", "SC309", "SC322"}
"""Codes of what cannot be decided for a symbol: a size that is stated, channels that groups divide, a form too long."""

COUNTED_AT_MOST = 30_000
"""Operations of one layer that are counted one by one."""

many = at_most(500)
thousand = at_most(1000)
"""Of what everything else rests on."""

images_and_sequences = st.one_of(stacks(), sequences())


def points(batch: str) -> st.SearchStrategy[dict[str, int]]:
    """Sizes for the symbols of a stack: some are too small for its windows."""
    return st.fixed_dictionaries(
        {batch: st.integers(1, 4), **dict.fromkeys(("D", "H", "W"), st.integers(1, 30)), "T": st.integers(1, 9)}
    )


def own(stack: Stack, sizes: Mapping[str, int]) -> dict[str, int]:
    return {name: size for name, size in sizes.items() if name in stack.sizes}


def at(counts: tuple[Dim | None, ...], point: Mapping[str, int]) -> tuple[Dim | None, ...]:
    return tuple(None if count is None else evaluate(count, point) for count in counts)


def costs(row: LayerReport) -> tuple[Dim | None, ...]:
    return row.params, row.buffers, row.macs, row.flops


def test_every_layer_type_is_drawn_or_has_examples() -> None:
    assert len({*DRAWN, *SEQUENCED}) >= 119
    assert {*DRAWN, *SEQUENCED} | {example.type for example in EXAMPLES} == set(layer_types()) - {"opaque"}


@thousand
@given(images_and_sequences)
def test_what_is_executed_is_what_was_predicted(stack: Stack) -> None:
    report = inspect_at(stack.architecture(), stack.sizes)
    done = list(execute(calls_of(report), random_inputs(report)))
    assert [row.path for row in done] == [row.path for row in report.layers]
    for executed, row in zip(done, report.layers, strict=True):
        assert executed.shapes == tuple(row.outputs.values()), row.path
        assert sum(executed.parameters.values()) == row.params + row.buffers, row.path  # type: ignore[operator]
        assert executed.macs == row.macs, row.path


@at_most(200)
@given(st.one_of(stacks(longest=3), sequences(longest=3)))
def test_the_flops_predicted_are_the_operations_that_counting_scalars_see(stack: Stack) -> None:
    report = inspect_at(stack.architecture(), stack.sizes)
    for call, row in zip(calls_of(report), report.layers, strict=True):
        if row.flops > COUNTED_AT_MOST:  # type: ignore[operator]
            return
        # A bias counts also where it is added to a plain 0. Statistics do not: they are folded, once per channel.
        parameters = {name: counted(array) if row.macs else array for name, array in call.parameters.items()}
        _, done = run_counted(replace(call, parameters=parameters), *entering(row))
        assert done.total() == row.flops, row.path
        # Gates multiply as well, and so does the scale of a query; how often, the harness in `house` has.
        assert not row.macs or isinstance(row.step.layer, Lstm | Gru | Attending) or done["multiply"] == row.macs, (
            row.path
        )


def entering(row: LayerReport) -> list[Any]:
    """Numbers for a layer's inputs; whole ones where it looks them up."""
    layer = row.step.layer
    shapes = [tuple(dim for dim in shape if isinstance(dim, int)) for shape in row.inputs]
    if layer.index_range is not None:
        return [(np.arange(prod(shape)) % layer.index_range).reshape(shape) for shape in shapes]
    return [np.linspace(-2, 2, prod(shape)).reshape(shape) for shape in shapes]


FIFTY = 50


def drawn_points(batch: str, seed: int) -> list[dict[str, int]]:
    """The same kind of sizes as `points`, fifty at once."""
    draw = Random(seed)
    ranges = {batch: 4, "D": 30, "H": 30, "W": 30, "T": 9}
    return [{name: draw.randint(1, most) for name, most in ranges.items()} for _ in range(FIFTY)]


@at_most(100)
@given(st.one_of(stacks(batch="S"), sequences(batch="S")), st.integers(0, 10_000))
def test_one_closed_form_holds_at_fifty_points(stack: Stack, seed: int) -> None:
    architecture = stack.architecture()
    general, _ = infer(architecture, symbolic=True)
    if general is None:
        return
    for point in (own(stack, sizes) for sizes in drawn_points("S", seed)):
        concrete, refusals = infer(architecture, sizes=point)
        if concrete is not None and stretches_by_chance(general, concrete):
            continue
        assert all(each.condition.holds(point) for each in general.constraints) == (concrete is not None), (
            point,
            refusals,
        )
        for row, form in zip(concrete.layers if concrete else (), general.layers, strict=False):
            assert {name: at(shape, point) for name, shape in form.outputs.items()} == row.outputs, (row.path, point)
            assert at(costs(form), point) == costs(row), (row.path, point)


@many
@given(st.one_of(stacks(batch="S"), sequences(batch="S")), points("S"))
def test_the_closed_form_holds_at_every_point(stack: Stack, sizes: Mapping[str, int]) -> None:
    """Its conditions accept exactly the points that inference with numbers accepts, and there both agree.

    `S` is no name of a batch, so that costs are closed forms as well.
    """
    architecture, point = stack.architecture(), own(stack, sizes)
    general, findings = infer(architecture, symbolic=True)
    concrete, refusals = infer(architecture, sizes=point)
    if general is None:
        # A state whose batch is on another axis is refused as such; equal sizes hide it.
        codes = {finding.code for finding in findings if "as initial h_n" not in finding.message}
        assert codes <= MAY_DEPEND_ON_A_SYMBOL or concrete is None
        return
    if concrete is not None and stretches_by_chance(general, concrete):
        return
    broken = [each for each in general.constraints if not each.condition.holds(point)]
    assert bool(broken) == (concrete is None), refusals
    if concrete is None:
        # The first layer that is refused is the first that requires what does not hold; what stands before it holds.
        position = sum(1 for _ in before_refusal(architecture, point))
        concrete = shortened(architecture, position, point)
        if concrete is not None and stretches_by_chance(general, concrete):
            return
        assert broken[0].path == general.layers[position].path
    for row, form in zip(concrete.layers if concrete else (), general.layers, strict=False):
        assert {name: at(shape, point) for name, shape in form.outputs.items()} == row.outputs, row.path
        assert at(costs(form), point) == costs(row), row.path


@many
@given(images_and_sequences, points("N"))
def test_costs_are_those_of_one_sample_where_the_batch_is_free(stack: Stack, sizes: Mapping[str, int]) -> None:
    architecture = stack.architecture()
    point = own(stack, {**stack.sizes, **sizes, "N": 1})
    free, _ = infer(architecture, sizes={name: size for name, size in point.items() if name != "N"})
    one, _ = infer(architecture, sizes=point)
    if free is not None and one is not None:
        assert [(row.macs, row.flops) for row in free.layers] == [(row.macs, row.flops) for row in one.layers]
        assert [[at(shape, point) for shape in row.outputs.values()] for row in free.layers] == [
            [*row.outputs.values()] for row in one.layers
        ]


@thousand
@given(images_and_sequences)
def test_a_stack_written_as_a_file_is_the_same_stack(stack: Stack) -> None:
    read = shapecalc.loads(stack.text())
    assert [entry._replace(span=None) for entry in read.inputs] == list(stack.architecture().inputs)
    assert [(step.path, step.layer, step.inputs) for step in read.steps] == [
        (step.path, step.layer, step.inputs) for step in stack.architecture().steps
    ]
    assert without_lines(inspect_at(read, stack.sizes)) == without_lines(inspect_at(stack.architecture(), stack.sizes))


@thousand
@given(images_and_sequences)
def test_totals_are_the_sums_of_the_rows(stack: Stack) -> None:
    report = inspect_at(stack.architecture(), stack.sizes)
    totals = report.totals
    for name in ("params", "buffers", "macs", "flops"):
        assert getattr(totals, name) == sum(getattr(row, name) for row in report.layers), name
    assert totals.parameter_bytes == 4 * totals.params  # type: ignore[operator]


@thousand
@given(images_and_sequences, st.booleans())
def test_the_document_holds_python_ints_and_text_alone_and_survives_json(stack: Stack, symbolic: bool) -> None:
    report, _ = infer(stack.architecture(), symbolic=symbolic, sizes={} if symbolic else stack.sizes)
    if report is None:
        return
    document = report.to_dict()
    allowed = {int, type(None)} if not symbolic else {int, str, type(None)}
    figures = [
        count for row in document["layers"] for count in (row["params"], row["buffers"], row["macs"], row["flops"])
    ]
    sizes = [
        size for row in document["layers"] for shape in (*row["inputs"], *row["outputs"].values()) for size in shape
    ]
    totals = dict(document["totals"])
    parts = totals.pop("macs_parts", {})
    assert {type(value) for value in (*figures, *sizes, *totals.values(), *parts.values())} <= allowed
    assert json.loads(json.dumps(document)) == document


@many
@given(stacks(longest=4), st.integers(2, 4))
def test_a_layer_that_stands_in_several_places_is_worth_the_same_in_each(stack: Stack, times: int) -> None:
    """The engine works out a layer once for a shape; each row must be what the layer alone is on that input."""
    repeated = replace(stack, layers=stack.layers * times, fields=stack.fields * times)
    report, _ = infer(repeated.architecture(), sizes=stack.sizes)
    if report is None:
        return
    for row in report.layers:
        ((shape,), step) = (row.inputs, row.step)
        lone = Architecture("alone", (Input(step.inputs[0], shape),), (step,), {"output": step.path})
        alone = inspect_at(lone, {}).layers[0]
        assert (alone.facts, alone.inputs) == (row.facts, row.inputs)


def shortened(architecture: Architecture, count: int, point: Mapping[str, int]) -> Report | None:
    """The report of the first layers."""
    steps = architecture.steps[:count]
    if not steps:
        return None
    return infer(replace(architecture, steps=steps, outputs={"output": steps[-1].path}), sizes=point)[0]


def before_refusal(architecture: Architecture, point: Mapping[str, int]) -> list[Any]:
    """The steps before the first one that inference refuses at a point."""
    accepted = 0
    while shortened(architecture, accepted + 1, point) is not None:
        accepted += 1
    return list(architecture.steps[:accepted])


def without_lines(report: Report) -> dict[str, Any]:
    document = report.to_dict()
    for row in document["layers"]:
        del row["line"]
    return document


@pytest.mark.parametrize("name", ["H", "W"])
def test_a_window_too_long_for_a_point_has_no_place_in_the_closed_form(name: str) -> None:
    """The claim of the property above, once by hand."""
    architecture = shapecalc.loads("{input: [2, 3, H, W], layers: [max_pool: 5]}")
    point = {"H": 9, "W": 9, name: 4}
    assert infer(architecture, sizes=point)[0] is None
    general, _ = infer(architecture, symbolic=True)
    assert general is not None
    assert min(at(general.layers[0].output, point)) == 0  # type: ignore[type-var]
