"""Sampling at stated positions: costs by hand, and what is refused."""

from __future__ import annotations

from shapecalc.dims import symbol
from shapecalc.layers.sampling import AffineGrid, GridSample
from tests.support.layers import flops, macs, refused

N, H = symbol("N"), symbol("H")


def test_sampling_costs_the_weights_once_for_all_channels() -> None:
    """Per position: 4 for each of x and y, their 2 shares, 4 corners of 1 product; per output 4 products, 3 sums."""
    for channels in (1, 3):
        assert flops(GridSample(), (2, channels, 5, 7), (2, 4, 3, 2)) == 2 * 4 * 3 * (2 * 6 + 4 + 7 * channels)


def test_sizes_may_be_symbols() -> None:
    assert GridSample().output_shape((N, 3, 5, 7), (N, H, 3, 2)) == (N, 3, H, 3)
    assert macs(AffineGrid(size=(4, 5)), (N, 2, 3)) == N * 4 * 5 * 6


def test_what_does_not_fit_is_refused() -> None:
    for inputs, code in (
        (((2, 3, 5), (2, 4, 1)), "SC305"),
        (((2, 3, 5, 7), (2, 4, 2)), "SC305"),
        (((2, 3, 5, 7), (2, 4, 4, 3)), "SC301"),
        (((2, 3, 5, 7), (1, 4, 4, 2)), "SC301"),
    ):
        assert refused(GridSample(), *inputs).code == code
    error = refused(GridSample(mode="bicubic"), (2, 3, 4, 5, 6), (2, 4, 4, 4, 3))
    assert (error.code, error.field) == ("SC305", "mode")
    for size, shape, code in (((4,), (2, 2, 3), "SC204"), ((4, 5), (2, 3, 4), "SC301"), ((4, 5), (2, 6), "SC305")):
        assert refused(AffineGrid(size=size), shape).code == code
