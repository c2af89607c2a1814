"""Normalisation over the last axes by hand."""

from __future__ import annotations

import numpy as np
import pytest

from shapecalc.reference.base import Call
from shapecalc.reference.layer_normalization import layer_norm
from tests.support import kernels


def test_rms_norm_divides_by_the_root_of_the_mean_of_squares_and_keeps_the_mean() -> None:
    y = kernels.run("rms_norm", [[3.0, 4.0], [6.0, 8.0]], parameters={"weight": [1.0, 2.0]}, eps=0.0)
    root = (25 / 2) ** 0.5
    np.testing.assert_allclose(y, [[3 / root, 8 / root]] * 2)


def test_eps_is_added_to_the_variance() -> None:
    y = kernels.run("layer_norm", [[1.0, 3.0]], elementwise_affine=False, eps=3.0)
    np.testing.assert_allclose(y, [[-0.5, 0.5]])


def test_rms_norm_refuses_axes_of_other_lengths() -> None:
    with pytest.raises(ValueError, match="normalizes over"):
        kernels.run("rms_norm", np.ones((2, 5)), normalized_shape=4, elementwise_affine=False)


def test_layer_norm_refuses_axes_of_other_lengths() -> None:
    fields = {"normalized_shape": (5, 3), "eps": 1e-5, "elementwise_affine": False, "bias": True}
    with pytest.raises(ValueError, match=r"normalizes over \(5, 3\), but the last axes are \(3, 5\)"):
        layer_norm(Call("n", "layer_norm", fields, {}, ("x",), ("y",)), np.ones((2, 3, 5)))
