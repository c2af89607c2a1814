"""Windows as columns, by hand and as a convolution; and their sums."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support import kernels
from tests.support.sequence_cases import numbers


def test_a_convolution_is_a_product_with_the_columns() -> None:
    x, weight = numbers((2, 3, 6, 7), 1), numbers((4, 3, 2, 3), 2)
    slides = {"kernel_size": (2, 3), "stride": (2, 1), "padding": (1, 0), "dilation": (1, 2)}
    columns = kernels.run("unfold", x, **slides)
    convolved = kernels.run("conv", x, parameters={"weight": weight}, out_channels=4, bias=False, **slides)
    np.testing.assert_allclose(weight.reshape(4, -1) @ columns, convolved.reshape(2, 4, -1), rtol=1e-5, atol=1e-5)


def test_folded_columns_are_the_input_times_the_number_of_windows() -> None:
    x = numbers((1, 2, 5, 6), 1)
    slides = {"kernel_size": 3, "padding": 1}
    ones = kernels.run("unfold", np.ones_like(x), **slides)
    windows = kernels.run("fold", ones, output_size=(5, 6), **slides)
    assert windows[0, 0, 0, 0] == 4
    assert windows[0, 0, 2, 2] == 9
    folded = kernels.run("fold", kernels.run("unfold", x, **slides), output_size=(5, 6), **slides)
    np.testing.assert_allclose(folded, x * windows, rtol=1e-5)


def test_columns_of_another_size_are_refused() -> None:
    for shape in ((1, 8, 13), (1, 9, 12)):
        with pytest.raises(ValueError, match="reshape"):
            kernels.run("fold", numbers(shape, 1), output_size=(4, 5), kernel_size=2)


def test_frames_overlap() -> None:
    frames = kernels.run("sliding_window", np.arange(8), size=4, step=2, dim=0)
    assert frames.tolist() == [[0, 1, 2, 3], [2, 3, 4, 5], [4, 5, 6, 7]]
    with pytest.raises(ValueError, match="window shape"):
        kernels.run("sliding_window", np.arange(3), size=4, dim=0)
