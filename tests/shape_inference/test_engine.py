"""The shape engine: what is bound, what is counted at which size, which mistakes are told and which only follow."""

from __future__ import annotations

from typing import Any

import pytest

import shapecalc
from shapecalc import ShapecalcError, inspect
from shapecalc.checking.expect import unmet
from shapecalc.dims import symbol
from shapecalc.shape_inference.engine import inspect_at
from tests.support.inferred_networks import LARGEST, net

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


def test_inspect_raises_every_mistake_at_once_with_the_text_they_point_into() -> None:
    architecture = net(
        "[N, 3]", "linear: {out_features: 5, in_features: 4}", "linear: {out_features: 5, in_features: 6}"
    )
    with pytest.raises(ShapecalcError) as caught:
        inspect(architecture)
    assert [finding.code for finding in caught.value.diagnostics] == ["SC301", "SC301"]
    assert caught.value.source is architecture.file


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


@pytest.mark.parametrize(
    ("text", "smallest"),
    [
        ("input: [N, 500]\nlayers: [{reshape: [-1, 320]}, {linear: 5}]", 16),  # 500 N / 320
        ("input: [N, 500]\nlayers: [{reshape: [-1, 1000]}, {linear: 5}]", 2),  # no row for one sample
        ("input: [batch, 6, 7]\nlayers: [{reshape: [-1, 4, 7]}, {linear: 5}]", 2),
        ("input: [B, 3, 5]\nlayers: [{batch_norm: {track_running_stats: false}}, {flatten: }, {linear: 2}]", 1),
        ("input: [N, 5]\nlayers: [{batch_norm: {track_running_stats: false}}, {linear: 2}]", 2),  # a variance of two
        ("input: [N, 5]\nwhere: [N >= 7]\nlayers: [{linear: 2}]", 7),  # stated, not required
        ("input: [N, 5]\nwhere: [N % 6 == 0]\nlayers: [{reshape: [-1, 20]}, {linear: 2}]", 12),  # both
        ("input: [N, T, 6]\nsizes: {T: 5}\nlayers: [{reshape: [-1, 4]}, {linear: 2}]", 2),  # T has its usual size
        ("input: [N, 6]\nlayers: [{linear: 2}]", 1),
    ],
)
def test_costs_are_those_of_the_smallest_valid_batch(text: str, smallest: int) -> None:
    architecture = shapecalc.loads(text)
    (batch,) = {"N", "B", "batch"} & set(architecture.symbols)
    report = inspect(architecture)
    assert report.costs_at == {batch: smallest}
    bound = inspect_at(architecture, {batch: smallest})
    assert [(row.macs, row.flops) for row in report.layers] == [(row.macs, row.flops) for row in bound.layers]
    assert report.totals == bound.totals
    for smaller in range(1, smallest):
        with pytest.raises(ShapecalcError):
            inspect_at(architecture, {batch: smaller})


def test_no_valid_batch_leaves_costs_at_one_sample() -> None:
    report = inspect(shapecalc.loads("input: [N, 5]\nwhere: [N <= 1]\nlayers: [{reshape: [-1, 2]}, {linear: 2}]"))
    assert report.costs_at == {"N": 1}
