"""The counts of one layer: per sample, in closed form, or in the batch."""

from __future__ import annotations

import pytest

import shapecalc
from shapecalc import ShapecalcError, inspect
from shapecalc.dims import evaluate, symbol
from tests.support.inferred_networks import net


@pytest.mark.parametrize("name", ["N", "B", "batch"])
def test_costs_are_those_of_one_sample_where_the_batch_is_free(name: str) -> None:
    report = inspect(net(f"[{name}, 3]", "linear: 5"))
    assert report.costs_at == {name: 1}
    assert (report.totals.macs, report.layers[0].output[0]) == (15, symbol(name))


def test_flops_are_two_for_each_multiply_accumulate_and_one_for_each_other_operation() -> None:
    totals = inspect(net("[N, 7]", "linear: 5")).totals
    assert (totals.macs, totals.flops) == (5 * 7, 2 * 5 * 7 + 5)  # and an addition of the bias for each output


def test_costs_are_closed_forms_over_every_other_symbol() -> None:
    report = inspect(net("[S, 3]", "linear: 5"))
    assert report.costs_at == {}
    assert str(report.totals.macs) == "15*S"


def test_a_layer_norm_that_states_its_shape_has_costs_for_a_symbol_too() -> None:
    report = shapecalc.inspect(shapecalc.loads("{input: [2, 3, T], layers: [{layer_norm: [3, 4]}]}"))
    at_four = shapecalc.inspect(shapecalc.loads("{input: [2, 3, 4], layers: [{layer_norm: [3, 4]}]}"))
    assert evaluate(report.totals.flops, {"T": 4}) == at_four.totals.flops


def test_a_layer_norm_over_more_axes_than_arrive_is_refused() -> None:
    with pytest.raises(ShapecalcError) as caught:
        shapecalc.inspect(shapecalc.loads("{input: [N, T], layers: [{layer_norm: [2, 4, 4]}]}"))
    assert [finding.code for finding in caught.value.diagnostics] == ["SC301"]


def test_costs_are_those_of_the_smallest_batch_that_empties_no_axis() -> None:
    """Found by the fuzzer: costs are those of one sample, at which ⌊N/32⌋ is 0; 32 are the fewest."""
    text = "input: [2, 1, N, N]\nlayers: [{max_pool: {kernel_size: [1, 32], stride: [1, 32]}}, log_softmax: -1]\n"
    report = inspect(shapecalc.loads(text))
    assert report.costs_at == {"N": 32}
    assert report.layers[1].facts.flops == 5 * 64 - 64
