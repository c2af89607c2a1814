"""An operator without a layer: its shape is known, its costs are not, and nothing takes them for 0."""

from __future__ import annotations

import pytest

import shapecalc
from shapecalc.diagnostics import ShapecalcError

NET = """
input: [N, 3, H, H]
layers:
  - conv: {out_channels: 8, kernel_size: 3}
  - {opaque: {operator: aten.bincount, shape: [N, 16]}, name: bins}
  - linear: 10
"""


@pytest.fixture(scope="module")
def report():
    return shapecalc.inspect(shapecalc.loads(NET), N=2, H=8)


def test_the_next_layer_reads_the_stated_shape(report):
    assert [row.output for row in report.layers] == [(2, 8, 6, 6), (2, 16), (2, 10)]


def test_counts_of_the_step_and_of_the_network_are_unknown(report):
    bins = report.layers[1]
    assert (bins.params, bins.buffers, bins.macs, bins.flops) == (None,) * 4
    totals = report.totals
    assert (totals.params, totals.buffers, totals.macs, totals.flops, totals.parameter_bytes) == (None,) * 5


def test_the_other_layers_have_their_counts(report):
    others = shapecalc.inspect(
        shapecalc.loads(NET.replace("linear: 10", "linear: {out_features: 10, bias: false}")), N=2, H=8
    )
    assert report.known.params == 3 * 3 * 3 * 8 + 8 + 16 * 10 + 10
    assert report.known.macs == 2 * (3 * 3 * 3 * 8 * 36 + 16 * 10)
    assert others.known.params == report.known.params - 10


def test_the_table_and_the_json_say_that_totals_are_incomplete(report):
    assert "incomplete: no layer for aten.bincount; the other layers have params 394, MACs 15,872" in str(report)
    result = report.to_dict()
    assert result["unknown_operators"] == {"aten.bincount": 1}
    assert (result["known"]["params"], result["totals"]["params"]) == (394, None)


@pytest.mark.parametrize("act", [shapecalc.verify, shapecalc.memory, shapecalc.train_cost])
def test_what_needs_every_layer_is_refused_at_the_step(act):
    with pytest.raises(ShapecalcError) as refused:
        act(shapecalc.loads(NET), N=2, H=8)
    (diagnostic,) = refused.value.diagnostics
    assert (diagnostic.code, diagnostic.span.line) == ("SC034", 5)


def test_a_run_is_refused():
    with pytest.raises(ShapecalcError, match="SC034"):
        shapecalc.run(shapecalc.loads(NET), [[[[0.0] * 5] * 5] * 3])


def test_a_network_without_such_steps_is_complete():
    report = shapecalc.inspect("lenet5")
    assert report.unknown_operators == {}
    assert report.known.params == report.totals.params
    assert "unknown_operators" not in report.to_dict()
