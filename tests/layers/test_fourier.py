"""The Fourier transform: two parts of the input's shape, and costs as the sums are defined."""

from __future__ import annotations

from shapecalc.layers.fourier import Fft
from tests.support.layers import flops, macs, refused

X = (2, 5, 7)


def test_both_parts_have_the_shape_of_the_input() -> None:
    assert Fft(dim=(1, 2)).outputs(X) == {"real": X, "imag": X}


def test_a_real_input_saves_half_of_the_first_axis() -> None:
    assert flops(Fft(dim=(1, 2)), X) == 70 * (4 * 5 + 8 * 7)
    assert flops(Fft(dim=(1, 2)), X, X) == 70 * (8 * 5 + 8 * 7)
    assert macs(Fft(dim=1), X) == 0


def test_axes_exist_and_differ() -> None:
    error = refused(Fft(dim=(1, 3)), X)
    assert (error.code, error.field, error.index) == ("SC310", "dim", (1,))
    assert refused(Fft(dim=(1, -2)), X).code == "SC205"
    assert refused(Fft(dim=1), X, (2, 5, 8)).code == "SC314"
