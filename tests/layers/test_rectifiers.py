"""Activations of pieces: slopes and their number, bounds that contradict each other, ranges, costs; MTCNN's P-Net."""

from __future__ import annotations

import pytest

import shapecalc
from shapecalc.dims import symbol
from tests.support.layers import flops, made, params, refused, refused_fields, saved
from tests.support.rows import for_each

C = symbol("C")


def test_a_slope_for_each_channel_is_learnt_or_one_for_all() -> None:
    assert params(made("prelu"), (2, 10, 5, 5)) == 10
    assert params(made("prelu"), (2, C, 5, 5)) == C
    assert params(made("prelu", num_parameters=1), (5,)) == 1
    assert params(made("prelu", num_parameters=10), (2, 10)) == 10


def test_slopes_that_the_channels_are_not_as_many_as_are_refused() -> None:
    error = refused(made("prelu", num_parameters=4), (2, 10, 5, 5))
    assert (error.code, error.field) == ("SC301", "num_parameters")
    error = refused(made("prelu"), (5,))
    assert (error.code, error.help) == ("SC305", "write `prelu: 1` for one slope")


def test_training_starts_from_a_quarter_as_pytorch_does() -> None:
    assert made("prelu").initial("weight", (2, 3, 4)).value == 0.25


P_NET = """
name: MTCNN P-Net
input: [N, 3, 12, 12]
layers:
  - conv: {out_channels: 10, kernel_size: 3}
  - prelu
  - max_pool: {kernel_size: 2, ceil_mode: true}
  - conv: {out_channels: 16, kernel_size: 3}
  - prelu
  - conv: {out_channels: 32, kernel_size: 3}
  - {prelu: {}, name: trunk}
  - {conv: {out_channels: 2, kernel_size: 1}, from: trunk, name: face}
  - {softmax: 1, name: prob}
  - {conv: {out_channels: 4, kernel_size: 1}, from: trunk, name: box}
outputs: {prob: prob, box: box}
"""


def test_the_slopes_of_p_net_are_those_of_its_channels() -> None:
    """Zhang et al. 2016, figure 2; the figure is that of facenet-pytorch's PNet in torch."""
    network = shapecalc.loads(P_NET)
    assert shapecalc.inspect(network).totals.params == 6_632
    assert shapecalc.verify(network).ok
    assert shapecalc.verify(network, backward=True).ok


@for_each("word, cost", [("prelu", 2), ("selu", 5), ("celu", 5), ("hardtanh", 2)])
def test_costs_are_those_of_the_formula(word: str, cost: int) -> None:
    assert flops(made(word), (2, 3)) == cost * 6
    assert saved(made(word), (2, 3)) == {"input": 6}


@pytest.mark.parametrize("low", [1.0, 2.0])
def test_a_lower_bound_is_below_the_upper_one(low: float) -> None:
    error = refused_fields("hardtanh", min_val=low)
    assert (error.code, error.field) == ("SC205", "min_val")


@for_each(
    "word, fields, text",
    [
        ("selu", {}, "(−1.7581, ∞)"),
        ("celu", {"alpha": 2}, "(−2, ∞)"),
        ("hardtanh", {}, "[−1, 1]"),
        ("threshold", {"threshold": 1, "value": 0}, "[0, ∞)"),
        ("threshold", {"threshold": 0, "value": 2}, "(0, ∞)"),
    ],
)
def test_ranges_follow_from_the_fields(word: str, fields: dict[str, float], text: str) -> None:
    assert str(made(word, **fields).value_range) == text
