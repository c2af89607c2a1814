"""Formulas of layers: for every layer type, the numbers put in have the value that the layer's rule gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from shapecalc.calculators.layer_formulas import (
    INPUT,
    OUTPUT,
    Formula,
    LayerTrace,
    total_formula,
    traced_layer,
)
from shapecalc.calculators.size_formulas import in_names, in_numbers
from shapecalc.diagnostics.limits import LIMITS
from shapecalc.dims import evaluate, product, symbol
from shapecalc.layers import layer_types
from shapecalc.shape_inference.facts import derive_facts
from tests.support.examples.all import EXAMPLES
from tests.support.examples.table import POINTS
from tests.support.formulas import value_of_text
from tests.support.layers import made

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shapecalc.dims import Shape
    from shapecalc.layers import Layer
    from shapecalc.shape_inference.rows import Facts
    from tests.support.examples.table import Example

MOST_INPUTS = 64
BY_CASES = {
    "conv": {"padded", "input"},
    "max_pool": {"input", "operations"},
    "avg_pool": {"operations"},
    "adaptive_avg_pool": {"operations"},
    "adaptive_max_pool": {"operations"},
    "upsample": {"operations"},
    "separable_conv": {"padded"},
}
"""Numbers whose rule distinguishes cases by an integer: with a symbol no formula is given."""


def formulas(trace: LayerTrace, layer: Layer, inputs: tuple[Shape, ...], facts: Facts) -> Iterator[Formula]:
    """Every number of a layer."""
    for axes in trace.output_formulas().values():
        yield from axes
    for kind in ("parameters", "buffers"):
        yield from trace.tensor_formulas(kind, getattr(facts, kind))
    shapes, results = trace.cost_shapes, (*inputs, next(iter(facts.outputs.values())))
    assert facts.macs is not None
    yield Formula("MACs", trace.layer.macs(*shapes), facts.macs)
    yield Formula("operations", trace.layer.operations(*shapes), layer.operations(*results))
    for name, size in trace.layer.macs_parts(*shapes).items():
        yield Formula(name, size, layer.macs_parts(*results)[name])
    for size, expected in zip(trace.layer.backward_macs(*shapes), layer.backward_macs(*results), strict=True):
        yield Formula("backward MACs", size, expected)
    for record, saved in zip(trace.layer.saved(*shapes), layer.saved(*results), strict=True):
        yield Formula(record.name, record.elements, saved.elements)


def check(example: Example, inputs: tuple[Shape, ...], sizes: Mapping[str, int]) -> list[str]:
    """Check the formulas of an example, and return the names of those that hold at some sizes only."""
    layer = example.layer()
    facts = derive_facts(layer, inputs, {}, LIMITS)
    trace = LayerTrace(layer, inputs, facts.outputs, stand_ins=sizes)
    undecided = []
    for formula in formulas(trace, layer, inputs, facts):
        where = f"{example.type} ({example.reason}), {formula.name} = {formula.rule} = {formula.numbers}"
        if not formula.holds:
            undecided.append(formula.name)
            continue
        assert value_of_text(formula.numbers, sizes) == evaluate(formula.result, sizes), where
    return undecided


@pytest.mark.parametrize("type_", [word for word, cls in layer_types().items() if cls.counts_known])
def test_the_numbers_put_in_have_the_value_of_the_rule(type_: str) -> None:
    """At numbers, and with free symbols."""
    examples = [each for each in EXAMPLES if each.type == type_ and len(each.inputs) <= MOST_INPUTS]
    assert examples, type_
    for each in examples:
        assert check(each, each.at(POINTS[0]), {}) == [], each.reason
        assert {*check(each, each.closed(), POINTS[1])} <= BY_CASES.get(type_, set()), each.reason


def trace_of(type_: str, *inputs: Shape, **fields: Any) -> LayerTrace:
    layer = made(type_, **fields)
    return LayerTrace(layer, inputs, layer.outputs(*inputs))


def test_axes_have_the_names_that_the_layer_reads_them_by() -> None:
    for type_, inputs, fields, names, outputs in (
        ("conv", [(2, 3, 7, 9)], {"out_channels": 4, "kernel_size": 3}, "N C_in H_in W_in", "N C_out H_out W_out"),
        ("conv", [(2, 3, 7)], {"out_channels": 4, "kernel_size": 3}, "N C_in T_in", "N C_out T_out"),
        ("linear", [(2, 7)], {"out_features": 4}, "axis0_in in_features", "axis0_out out_features"),
        ("lstm", [(7, 2, 5)], {"hidden_size": 4}, "T_in N in_features", "T_out N out_features"),
        ("lstm", [(2, 7, 5)], {"hidden_size": 4, "batch_first": True}, "N T_in in_features", "N T_out out_features"),
        ("add", [(2, 3), (2, 1)], {}, "axis0_1 axis1_1", "axis0_out axis1_out"),
    ):
        trace = trace_of(type_, *inputs, **fields)
        assert [size.leaf.name for size in trace.inputs[0]] == names.split(), type_
        assert list(trace.output_names["output"]) == outputs.split(), type_


def test_the_rule_of_a_convolution_is_the_documented_one() -> None:
    trace = trace_of("conv", (1, 1, 32, 32), out_channels=6, kernel_size=5)
    _, channels, height, _ = trace.output_formulas()["output"]
    assert (channels.rule, channels.numbers) == ("out_channels", "6")
    assert height.rule == "⌊(H_in + 2·padding − dilation·(kernel_size − 1) − 1)/stride⌋ + 1"
    assert height.numbers == "⌊(32 + 2·0 − 1·(5 − 1) − 1)/1⌋ + 1"
    macs = Formula("MACs", trace.layer.macs(*trace.cost_shapes), 117_600)
    assert macs.rule == "N·out_channels·H_out·W_out·C_in/groups·kernel_size·kernel_size"
    assert (macs.numbers, macs.holds) == ("1·6·28·28·1/1·5·5", True)
    weight, bias = trace.tensor_formulas("parameters", {"weight": (6, 1, 5, 5), "bias": (6,)})
    assert weight.shape == ("out_channels", "C_in/groups", "kernel_size", "kernel_size")
    assert total_formula("params", [weight, bias], 156).numbers == "150 + 6"


def test_an_axis_that_the_layer_computes_is_a_number_of_its_own_in_the_costs() -> None:
    trace = trace_of("conv", (1, 1, 32, 32), out_channels=6, kernel_size=5)
    batch, channels, height, _ = (size.leaf.source for size in trace.cost_outputs["output"])
    assert batch == (INPUT, 0, 0)
    assert channels[1] == "out_channels"
    assert height == (OUTPUT, "output", 2)


def test_a_formula_of_another_value_does_not_hold() -> None:
    trace = trace_of("conv", (1, 1, 32, 32), out_channels=6, kernel_size=5)
    height = trace.output_formulas()["output"][2]
    assert height.holds
    assert not height._replace(result=27).holds


def test_entries_of_a_list_are_named_by_their_position() -> None:
    layer = traced_layer(made("conv", out_channels=2, kernel_size=(3, 5), padding=((0, 1), (2, 3))))
    assert in_names(product(layer.kernel_size)) == "kernel_size[0]·kernel_size[1]"
    assert in_names(layer.padding[1][0]) == "padding[1][0]"


def test_costs_are_at_a_size_of_the_batch_and_shapes_are_not() -> None:
    batch = symbol("N")
    layer, inputs = made("linear", out_features=5), ((batch, 7),)
    trace = LayerTrace(layer, inputs, layer.outputs(*inputs), stand_ins={"N": 11}, costs_at={"N": 1})
    assert trace.output_formulas()["output"][0].numbers == "N"
    assert in_numbers(trace.layer.macs(*trace.cost_shapes)) == "1·7·5"


def test_a_factor_with_a_point_is_a_number_of_the_formula() -> None:
    trace = trace_of("upsample", (1, 3, 7, 9), scale_factor=1.5)
    height = trace.output_formulas()["output"][2]
    assert (height.rule, height.numbers, height.result) == ("⌊H_in·scale_factor⌋", "⌊7·1.5⌋", 10)
    assert [each.name for each in height.leaves] == ["H_in", "scale_factor"]
    third = trace_of("upsample", (1, 3, 7, 9), scale_factor=(1.5, 1 / 3)).output_formulas()["output"][3]
    assert (third.rule, third.result) == ("⌊W_in·scale_factor[1]⌋", 3)
    assert (third.holds, value_of_text(third.numbers)) == (False, 2), "9 · 0.333… is 3 in float64 only"
