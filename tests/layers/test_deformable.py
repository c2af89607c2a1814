"""Deformable convolution: costs by hand, sizes that are symbols, and what is refused."""

from __future__ import annotations

from shapecalc.dims import symbol
from shapecalc.layers.deformable import DeformConv
from tests.support.layers import flops, macs, made, refused

N, H, W = symbol("N"), symbol("H"), symbol("W")


def test_it_has_the_sizes_products_and_tensors_of_a_convolution() -> None:
    fields = {"out_channels": 6, "kernel_size": (3, 2), "stride": 2, "padding": 1, "dilation": (1, 2), "groups": 2}
    moved, plain, x, offset = made("deform_conv", **fields), made("conv", **fields), (5, 4, 9, 8), (5, 12, 5, 4)
    assert moved.output_shape(x, offset) == plain.output_shape(x)
    assert macs(moved, x, offset) == macs(plain, x)
    assert moved.parameters(x, offset) == plain.parameters(x)


def test_each_offset_costs_5_and_each_element_that_a_window_reads_7_or_8() -> None:
    """Position 1, shares 2, half of 4 products; of an element 4 products and 3 sums, and 1 for the mask."""
    layer, x, offset, mask = DeformConv(out_channels=5, kernel_size=3), (2, 3, 6, 7), (2, 18, 4, 5), (2, 9, 4, 5)
    elements, bias = 2 * 3 * 9 * 4 * 5, 2 * 5 * 4 * 5
    products = 2 * elements * 5
    assert flops(layer, x, offset) == products + 5 * 2 * 18 * 4 * 5 + 7 * elements + bias
    assert flops(layer, x, offset, mask) == products + 5 * 2 * 18 * 4 * 5 + 8 * elements + bias


def test_sizes_may_be_symbols() -> None:
    layer = DeformConv(out_channels=5, kernel_size=3, padding=1)
    assert layer.output_shape((N, 3, H, W), (N, 18, H, W), (N, 9, H, W)) == (N, 5, H, W)


def test_what_does_not_fit_is_refused() -> None:
    layer, x = DeformConv(out_channels=5, kernel_size=3), (2, 4, 6, 7)
    for inputs, code in (
        (((2, 3, 5), (2, 18, 3)), "SC305"),
        ((x, (2, 9, 4, 5)), "SC301"),
        ((x, (2, 27, 4, 5)), "SC301"),
        ((x, (2, 18, 6, 7)), "SC301"),
        ((x, (2, 18, 4, 5), (2, 18, 4, 5)), "SC301"),
        ((x, (2, 54, 4, 5)), "SC304"),
        ((x, (2,)), "SC301"),
    ):
        assert refused(layer, *inputs).code == code, inputs
