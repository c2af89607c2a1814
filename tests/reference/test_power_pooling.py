"""Pools by norms: what each window's norm is, by NumPy's own norms and by the other pools."""

from __future__ import annotations

import numpy as np

from tests.support import kernels

X = np.random.default_rng(5).standard_normal((2, 3, 6, 8))


def test_a_window_over_all_is_the_norm_of_each_channel() -> None:
    for p in (1, 2, 3, 2.5):
        y = kernels.run("lp_pool", X, kernel_size=(6, 8), norm_type=p, absolute=True)
        np.testing.assert_allclose(y.reshape(6), np.linalg.norm(X.reshape(6, -1), ord=p, axis=1))


def test_a_high_order_approaches_the_maximum() -> None:
    most = kernels.run("max_pool", abs(X), kernel_size=2)
    np.testing.assert_allclose(kernels.run("lp_pool", X, kernel_size=2, norm_type=200), most, rtol=0.01)


def test_the_first_order_is_the_mean_times_the_elements() -> None:
    for fields in ({"kernel_size": (2, 3)}, {"kernel_size": 4, "stride": 3, "ceil_mode": True}):
        mean = kernels.run("avg_pool", X, **fields)
        window = np.prod(np.broadcast_to(fields["kernel_size"], 2))
        np.testing.assert_allclose(kernels.run("lp_pool", X, norm_type=1, **fields), mean * window)


def test_an_odd_power_of_a_negative_sum_has_no_root() -> None:
    with np.errstate(invalid="ignore"):
        y = kernels.run("lp_pool", np.array([[[-1.0, -2.0, 1.0, 2.0]]]), kernel_size=2, norm_type=3)
    assert np.isnan(y[0, 0, 0])
    np.testing.assert_allclose(y[0, 0, 1], 9 ** (1 / 3))
