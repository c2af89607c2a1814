"""Normalisation by neighbouring channels: its cost, what it saves, and what is refused."""

from __future__ import annotations

from tests.support.layers import flops, made, refused, saved

X = (2, 6, 5, 7)
ELEMENTS = 2 * 6 * 5 * 7


def test_an_element_costs_five_squares_their_sum_and_a_power() -> None:
    assert flops(made("local_response_norm", size=5), X) == 9 * ELEMENTS


def test_the_squares_of_a_response_norm_are_saved_with_zeros_around_the_channels() -> None:
    padded = 2 * (6 + 5 - 1) * 5 * 7
    assert saved(made("local_response_norm", size=5), X)["squares"] == padded


def test_channels_alone_are_no_map() -> None:
    assert refused(made("local_response_norm", size=5), (2, 5)).code == "SC305"
