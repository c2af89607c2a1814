"""A trainable factor along an axis: parameters of known networks, its cost, and what is refused."""

from __future__ import annotations

from shapecalc.layers.scaling import Scale
from tests.support.layers import flops, params, refused, saved

X = (2, 6, 5, 7)
ELEMENTS = 2 * 6 * 5 * 7


def test_known_layers_have_their_parameters() -> None:
    assert params(Scale(), (1, 96, 56, 56)) == 96  # ConvNeXt-T, layer scale
    assert params(Scale(bias=True), (1, 6, 14, 14)) == 12  # LeNet-5, S2


def test_an_element_costs_a_product_and_with_a_bias_a_sum() -> None:
    assert flops(Scale(), X) == ELEMENTS
    assert flops(Scale(bias=True), X) == 2 * ELEMENTS
    assert saved(Scale(), X) == {"input": ELEMENTS}


def test_a_scale_says_the_channels_that_arrive() -> None:
    error = refused(Scale(dim=-1, num_features=4), (2, 7, 5))
    assert (error.code, error.field, error.replacement) == ("SC301", "num_features", "5")
    error = refused(Scale(), (4,))
    assert (error.code, error.field) == ("SC310", "dim")
