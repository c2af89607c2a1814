"""A factor along an axis by hand."""

from __future__ import annotations

import numpy as np
import pytest

from tests.support import kernels

X = np.array([[[1.0, 3.0], [10.0, 20.0]], [[5.0, 7.0], [40.0, 50.0]]])  # [N, C, L]


def test_a_scale_lies_along_its_axis() -> None:
    parameters = {"weight": [2.0, 3.0], "bias": [10.0, 20.0]}
    y = kernels.run("scale", [[1.0, 1.0], [2.0, 2.0]], parameters=parameters, dim=0, bias=True)
    assert y.tolist() == [[12, 12], [26, 26]]
    with pytest.raises(ValueError, match="cannot reshape"):
        kernels.run("scale", X, parameters={"weight": [1.0, 2.0, 3.0]})
