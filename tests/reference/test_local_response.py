"""Normalisation by neighbouring channels by hand."""

from __future__ import annotations

import numpy as np

from shapecalc.reference import find
from shapecalc.reference.base import Call
from tests.support import kernels


def test_a_response_norm_divides_by_a_power_of_the_squares_around() -> None:
    """k + α/size · Σx² of three channels, with zeros beyond the first and the last; then the power β."""
    x = np.array([[[1.0], [2.0], [4.0]]])
    y = kernels.run("local_response_norm", x, size=3, alpha=3.0, beta=0.5, k=4.0)
    np.testing.assert_allclose(y, [[[1 / 9**0.5], [2 / 25**0.5], [4 / 24**0.5]]])


def test_an_even_response_norm_includes_one_more_channel_before() -> None:
    fields = {"size": 2, "alpha": 2.0, "beta": 1.0, "k": 0.0}
    x = np.array([[[1.0], [2.0], [4.0]]])
    y = find("local_response_norm").run(Call("n", "local_response_norm", fields, {}, ("x",), ("y",)), x)
    np.testing.assert_allclose(y, [[[1 / 1], [2 / 5], [4 / 20]]])
