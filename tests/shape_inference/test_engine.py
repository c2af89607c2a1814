"""The shape engine: what is bound, what is counted at which size, which mistakes are told and which only follow."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

import pytest

import shapecalc
from shapecalc import ShapecalcError, inspect
from shapecalc.architecture import Architecture, Input, Step
from shapecalc.checking.expect import unmet
from shapecalc.dims import evaluate, symbol
from shapecalc.layers import Layer
from shapecalc.layers.activation import Relu
from shapecalc.layers.base import REGISTRY, layer
from shapecalc.layers.conv import Conv
from shapecalc.layers.pooling import MaxPool
from shapecalc.shape_inference.engine import infer, inspect_at

if TYPE_CHECKING:
    from collections.abc import Iterator

LARGEST = 2**31 - 1


def net(shape: str, *layers: str) -> Architecture:
    return shapecalc.loads(f"name: net\ninput: {shape}\nlayers:\n" + "".join(f"  - {line}\n" for line in layers))


def refused(architecture: Architecture, **options: Any) -> list[tuple[str, str]]:
    """The code of each mistake and the text under its caret."""
    report, findings = infer(architecture, **options)
    assert report is None
    return [(finding.code, under_the_caret(architecture, finding)) for finding in findings]


def under_the_caret(architecture: Architecture, finding: Any) -> str:
    if finding.span is None or architecture.file is None:
        return ""
    line = architecture.file.text.splitlines()[finding.span.line - 1]
    return line[finding.span.column - 1 : finding.span.end_column - 1]


# Symbols and sizes


@pytest.mark.parametrize("name", ["N", "B", "batch"])
def test_costs_are_those_of_one_sample_where_the_batch_is_free(name: str) -> None:
    report = inspect(net(f"[{name}, 3]", "linear: 5"))
    assert report.costs_at == {name: 1}
    assert (report.totals.macs, report.layers[0].output[0]) == (15, symbol(name))


def test_costs_are_closed_forms_over_every_other_symbol() -> None:
    report = inspect(net("[S, 3]", "linear: 5"))
    assert report.costs_at == {}
    assert str(report.totals.macs) == "15*S"


def test_a_bound_batch_counts_in_full() -> None:
    report = inspect(net("[N, 3]", "linear: 5"), N=7)
    assert (report.costs_at, report.bindings, report.totals.macs) == ({}, {"N": 7}, 7 * 15)


SIZED = "{name: net, input: [N, 3, H, W], sizes: {H: 7, W: 11}, layers: [relu]}"


def test_the_files_own_sizes_bind_what_the_caller_leaves_free() -> None:
    report = inspect(shapecalc.loads(SIZED), H=13)
    assert report.bindings == {"H": 13, "W": 11}
    assert report.layers[0].output == (symbol("N"), 3, 13, 11)


def test_symbolic_leaves_the_files_sizes_out_and_keeps_the_callers() -> None:
    report = inspect(shapecalc.loads(SIZED), symbolic=True, W=5)
    assert report.bindings == {"W": 5}
    assert report.layers[0].output == (symbol("N"), 3, symbol("H"), 5)


def test_a_symbol_may_have_the_name_of_an_option() -> None:
    report = inspect_at(net("[N, symbolic]", "linear: 5"), {"symbolic": 3})
    assert report.layers[0].params == 20


def test_a_symbol_that_is_not_there_is_told_with_those_that_are() -> None:
    with pytest.raises(ShapecalcError) as caught:
        inspect(net("[N, 3, W]", "relu"), H=7)
    (finding,) = caught.value.diagnostics
    assert (finding.code, caught.value.exit_code) == ("SC312", 2)
    assert finding.message == "`net` has no symbol `H`: its free symbols are `N`, `W`"


def test_a_file_without_symbols_says_so() -> None:
    with pytest.raises(ShapecalcError, match="SC312: `net` has no symbol `N`: its input has no free symbol"):
        inspect(net("[2, 3]", "relu"), N=7)


@pytest.mark.parametrize("size", [0, -1, LARGEST + 1, True, 2.0, "8", None], ids=repr)
def test_a_size_is_a_whole_number_from_one_to_the_largest_axis(size: Any) -> None:
    with pytest.raises(ShapecalcError) as caught:
        inspect(net("[N, 3]", "relu"), N=size)
    (finding,) = caught.value.diagnostics
    assert (finding.code, caught.value.exit_code) == ("SC201", 2)
    assert f"receives {size}" in finding.message


def test_the_largest_axis_is_a_size() -> None:
    assert inspect(net("[N, 3]", "relu"), N=LARGEST).layers[0].output == (LARGEST, 3)


# Mistakes: one cause, one error


def test_what_reads_a_failed_layer_is_passed_over_in_silence() -> None:
    architecture = net(
        "[N, 3, 7, 11]", "conv: {out_channels: 4, kernel_size: 9}", "max_pool: 2", "flatten", "linear: 5"
    )
    assert refused(architecture) == [("SC302", "9")]


def test_a_size_wrongly_stated_is_told_and_what_follows_is_still_checked() -> None:
    architecture = net(
        "[N, 3, 7, 11]",
        "conv: {out_channels: 4, kernel_size: 3, in_channels: 5}",
        "batch_norm: {num_features: 6}",
        "max_pool: 2",
        "conv: {out_channels: 4, kernel_size: 8}",
        "linear: {out_features: 5, in_features: 1}",
    )
    assert refused(architecture) == [("SC301", "5"), ("SC301", "6"), ("SC302", "8")]


def by_hand(*steps: tuple[str, Layer, str]) -> Architecture:
    made = tuple(Step(path, layer, (slot,)) for path, layer, slot in steps)
    return Architecture("net", (Input("input", (2, 3, 7, 11)),), made, {"output": made[-1].path})


def test_mistakes_that_do_not_follow_from_each_other_are_told_together() -> None:
    too_long = Conv(out_channels=4, kernel_size=9)
    architecture = by_hand(
        ("left", too_long, "input"),
        ("after_left", MaxPool(kernel_size=99), "left"),
        ("right", MaxPool(kernel_size=8), "input"),
        ("after_right", too_long, "right"),
        ("whole", Relu(), "input"),
    )
    _, findings = infer(architecture)
    assert [(finding.code, finding.message.split("`")[1]) for finding in findings] == [
        ("SC302", "conv"),
        ("SC302", "max_pool"),
    ]


def test_an_error_in_python_built_architectures_has_no_span() -> None:
    _, (finding,) = infer(by_hand(("pool", MaxPool(kernel_size=8), "input")))
    assert finding.span is None


def test_inspect_raises_every_mistake_at_once_with_the_text_they_point_into() -> None:
    architecture = net(
        "[N, 3]", "linear: {out_features: 5, in_features: 4}", "linear: {out_features: 5, in_features: 6}"
    )
    with pytest.raises(ShapecalcError) as caught:
        inspect(architecture)
    assert [finding.code for finding in caught.value.diagnostics] == ["SC301", "SC301"]
    assert caught.value.source is architecture.file


def test_a_mistake_points_to_the_layer_that_the_shape_came_from() -> None:
    architecture = net("[N, 3, 7, 11]", "flatten", "relu", "linear: {out_features: 5, in_features: 4}")
    _, (finding,) = infer(architecture)
    (label,) = finding.labels
    assert (label.span.line, label.text) == (4, "gives [N, 231]: 231 = 3 x 7 x 11")


# Limits


def test_an_axis_ends_at_the_largest() -> None:
    assert inspect(net(f"[1, 1, {LARGEST - 1}]", "pad: [0, 1]")).layers[0].output == (1, 1, LARGEST)
    assert refused(net(f"[1, 1, {LARGEST - 1}]", "pad: [1, 1]")) == [("SC309", "pad")]


def test_counts_end_below_two_to_the_63() -> None:
    """2 x (2^31 - 1)^2 products and sums, and 2^31 - 1 for the bias: just below."""
    architecture = net(f"[N, {LARGEST}]", f"linear: {LARGEST}")
    totals = inspect(architecture, N=1).totals
    assert totals.flops == 2 * LARGEST**2 + LARGEST < 2**63
    assert totals.params == LARGEST**2 + LARGEST
    assert refused(architecture, sizes={"N": 2}) == [("SC322", "linear")]


@pytest.mark.parametrize(
    ("shape", "step", "what"),
    [
        (f"[1, {2**30}, 3, 3]", f"conv: {{out_channels: {LARGEST}, kernel_size: 3, bias: false}}", "parameters"),
        ("[4, 3, 1, 1]", f"pad: {[2**29] * 4}", "numbers"),
        (f"[4, {2**30}, {2**29}]", "softmax", "FLOPs"),
    ],
    ids=["parameters", "numbers that leave", "FLOPs"],
)
def test_what_is_counted_beyond_bounds_is_named(shape: str, step: str, what: str) -> None:
    _, (finding,) = infer(net(shape, step))
    assert finding.code == "SC322"
    assert f" {what}, more than 9223372036854775807 (2^63 - 1)" in finding.message


def test_a_network_of_layers_within_bounds_may_be_beyond_them() -> None:
    architecture = net(f"[1, {LARGEST}]", f"linear: {LARGEST}", f"linear: {LARGEST}")
    _, (finding,) = infer(architecture)
    assert finding.code == "SC322"
    assert finding.message.startswith("the network has ")
    assert finding.message.endswith("FLOPs, more than 9223372036854775807 (2^63 - 1)")


def test_a_closed_form_without_end_is_a_mistake_with_a_way_out_and_no_crash() -> None:
    architecture = net("[N, 3, H]", *["upsample: 1.5"] * 20)
    _, (finding,) = infer(architecture, symbolic=True)
    assert finding.code == "SC311"
    assert infer(architecture, sizes={"H": 4})[0] is not None


# What is not known


@pytest.fixture
def unknowing() -> Iterator[type[Layer]]:
    """A layer that does not know its multiply-accumulates, for as long as a test lasts."""

    @layer("unknowing")
    @dataclasses.dataclass(frozen=True, slots=True)
    class Unknowing(Layer):
        """For tests."""

        def output_shape(self, x: Any, **_keywords: Any) -> Any:
            return x

        def macs(self, *_shapes: Any) -> Any:
            return None

        def operations(self, *_shapes: Any) -> Any:
            return 1

    yield Unknowing
    del REGISTRY["unknowing"]


def test_an_unknown_cost_makes_the_total_unknown_and_leaves_the_others(unknowing: type[Layer]) -> None:
    report = inspect(
        by_hand(("relu", Relu(), "input"), ("odd", unknowing(), "relu"), ("pool", MaxPool(kernel_size=2), "odd"))
    )
    assert [(row.macs, row.flops) for row in report.layers] == [(0, 462), (None, None), (0, 2 * 3 * 3 * 5 * 3)]
    assert (report.totals.macs, report.totals.flops) == (None, None)
    assert (report.totals.params, report.totals.activation_bytes) == (0, 4 * (462 + 462 + 90))


def test_an_unknown_cost_is_null_in_json(unknowing: type[Layer]) -> None:
    document = json.loads(json.dumps(inspect(by_hand(("odd", unknowing(), "input"))).to_dict()))
    assert document["layers"][0]["macs"] is None
    assert document["totals"]["flops"] is None


def test_an_unknown_cost_meets_no_expectation(unknowing: type[Layer]) -> None:
    architecture = by_hand(("odd", unknowing(), "input"))
    expected = shapecalc.loads("{input: [N, 3], layers: [relu], expect: {macs: 0}}").expect
    (finding,) = unmet(inspect(dataclasses.replace(architecture, expect=expected)))
    assert finding.message == "`net` expects macs 0, has unknown"


# Expectations


EXPECTING = """\
name: net
input: [N, 3]
layers:
  - linear: 5
    name: first
    expect: {params: 20, macs: 15, output: [N, 5]}
  - linear: 7
    name: second
expect: {output: [N, 7], params: 62, macs: 50, flops: 112, buffers: 0}
"""


def test_expectations_that_are_met_are_silent() -> None:
    assert unmet(inspect(shapecalc.loads(EXPECTING))) == ()


@pytest.mark.parametrize(
    ("met", "wrong", "line", "message"),
    [
        ("params: 62", "params: 63", 9, "`net` expects params 63, has 62"),
        ("macs: 50", "macs: 5", 9, "`net` expects macs 5, has 50"),
        ("flops: 112", "flops: 100", 9, "`net` expects flops 100, has 112"),
        ("buffers: 0", "buffers: 1", 9, "`net` expects buffers 1, has 0"),
        ("[N, 7]", "[N, 8]", 9, "`net` expects output [N, 8], has [N, 7]"),
        ("[N, 7]", "[7]", 9, "`net` expects output [7], has [N, 7]"),
        ("params: 20", "params: 21", 6, "`first` expects params 21, has 20"),
        ("[N, 5]", "[2, 5]", 6, "`first` expects output [2, 5], has [N, 5]"),
    ],
)
def test_an_expectation_that_is_not_met_is_told_at_its_line(met: str, wrong: str, line: int, message: str) -> None:
    (finding,) = unmet(inspect(shapecalc.loads(EXPECTING.replace(met, wrong))))
    assert finding.span is not None
    assert (finding.code, finding.span.line, finding.message) == ("SC501", line, message)


def test_every_expectation_that_is_not_met_is_told_in_the_order_of_the_file() -> None:
    text = EXPECTING.replace("params: 62", "params: 1").replace("params: 20", "params: 1")
    assert [finding.span.line for finding in unmet(inspect(shapecalc.loads(text))) if finding.span] == [6, 9]


# The report


def test_the_document_is_the_documented_one() -> None:
    report = inspect(net("[N, 1, H, 32]", "conv: {out_channels: 6, kernel_size: 5}", "batch_norm"))
    assert report.to_dict() == {
        "schema_version": 1,
        "name": "net",
        "bindings": {},
        "costs_at": {"N": 1},
        "params_as": "pytorch",
        "inputs": {"input": {"shape": ["N", 1, "H", 32], "dtype": "float32"}},
        "layers": [
            {
                "path": "conv_0",
                "type": "conv",
                "line": 4,
                "inputs": [["N", 1, "H", 32]],
                "outputs": {"output": ["N", 6, "H - 4", 28]},
                "parameters": {"weight": [6, 1, 5, 5], "bias": [6]},
                "params": 156,
                "buffers": 0,
                "macs": "4200*H - 16800",
                "flops": "8568*H - 34272",
                "conditions": ["H >= 5"],
            },
            {
                "path": "batch_norm_1",
                "type": "batch_norm",
                "line": 5,
                "inputs": [["N", 6, "H - 4", 28]],
                "outputs": {"output": ["N", 6, "H - 4", 28]},
                "parameters": {"weight": [6], "bias": [6]},
                "params": 12,
                "buffers": 12,
                "macs": 0,
                "flops": "336*H - 1344",
            },
        ],
        "outputs": {"output": ["N", 6, "H - 4", 28]},
        "totals": {
            "params": 168,
            "buffers": 12,
            "macs": "4200*H - 16800",
            "flops": "8904*H - 35616",
            "parameter_bytes": 672,
            "activation_bytes": "1344*H - 5376",
        },
    }


def test_a_layer_of_a_python_built_architecture_has_no_line() -> None:
    assert inspect(by_hand(("relu", Relu(), "input"))).layers[0].line is None


def test_a_layer_norm_that_states_its_shape_has_costs_for_a_symbol_too() -> None:
    report = shapecalc.inspect(shapecalc.loads("{input: [2, 3, T], layers: [{layer_norm: [3, 4]}]}"))
    at_four = shapecalc.inspect(shapecalc.loads("{input: [2, 3, 4], layers: [{layer_norm: [3, 4]}]}"))
    assert evaluate(report.totals.flops, {"T": 4}) == at_four.totals.flops


def test_a_layer_norm_over_more_axes_than_arrive_is_refused() -> None:
    with pytest.raises(ShapecalcError) as caught:
        shapecalc.inspect(shapecalc.loads("{input: [N, T], layers: [{layer_norm: [2, 4, 4]}]}"))
    assert [finding.code for finding in caught.value.diagnostics] == ["SC301"]


def test_costs_stay_in_the_batch_where_one_sample_would_empty_an_axis() -> None:
    """Found by the fuzzer: costs are those of one sample, at which ⌊N/32⌋ is 0; here they are left in N."""
    text = "input: [2, 1, N, N]\nlayers: [{max_pool: {kernel_size: [1, 32], stride: [1, 32]}}, log_softmax: -1]\n"
    report = inspect(shapecalc.loads(text))
    assert report.costs_at == {}
    assert evaluate(report.layers[1].facts.flops, {"N": 32}) == 5 * 64 - 64
