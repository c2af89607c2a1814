"""Separable convolutions, as the products that they are."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support import kernels

RANDOM = np.random.default_rng(3)


def test_it_is_a_convolution_by_the_products_of_both_weights() -> None:
    """Depthwise, then over channels: one filter w[o, c] = Σₘ p[o, (c, m)] · d[(c, m)]."""
    x = RANDOM.standard_normal((2, 3, 6, 7))
    depthwise, pointwise = RANDOM.standard_normal((6, 1, 2, 3)), RANDOM.standard_normal((5, 6, 1, 1))
    bias = RANDOM.standard_normal(5)
    whole = np.einsum("ocm,cmhw->ochw", pointwise.reshape(5, 3, 2), depthwise.reshape(3, 2, 2, 3))
    shape = {"out_channels": 5, "kernel_size": (2, 3), "padding": 1}
    tensors = {"depthwise.weight": depthwise, "pointwise.weight": pointwise, "pointwise.bias": bias}
    np.testing.assert_allclose(
        kernels.run("separable_conv", x, parameters=tensors, depth_multiplier=2, **shape),
        kernels.run("conv", x, parameters={"weight": whole, "bias": bias}, **shape),
        rtol=1e-10,
    )


def test_filters_of_two_channels_are_refused() -> None:
    tensors = {"depthwise.weight": np.ones((4, 2, 3)), "pointwise.weight": np.ones((2, 4, 1))}
    with pytest.raises(ValueError, match="filters of 2 channels"):
        kernels.run("separable_conv", np.ones((1, 4, 9)), parameters=tensors, out_channels=2, kernel_size=3, bias=False)
