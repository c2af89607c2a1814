"""Normalisation by hand: means, deviations, what is folded, and neighbours."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from shapecalc.reference import find, normalization
from shapecalc.reference.base import Call
from tests.support import kernels

STATISTICS = ("running_mean", "running_var", "weight", "bias")
X = np.array([[[1.0, 3.0], [10.0, 20.0]], [[5.0, 7.0], [40.0, 50.0]]])  # [N, C, L]


def test_running_statistics_are_subtracted_and_divided_and_then_weight_and_bias_follow() -> None:
    parameters = {"running_mean": [1.0, 10.0], "running_var": [4.0, 25.0], "weight": [2.0, 5.0], "bias": [0.5, -1.0]}
    y = kernels.run("batch_norm", X, parameters=parameters, eps=0.0)
    np.testing.assert_allclose(y, [[[0.5, 2.5], [-1, 9]], [[4.5, 6.5], [29, 39]]])


@pytest.mark.parametrize(
    ("type_", "fields", "axes"),
    [
        pytest.param(
            "batch_norm", {"affine": False, "track_running_stats": False}, (0, 2), id="a channel of the batch"
        ),
        pytest.param("instance_norm", {}, (2,), id="a channel of a sample"),
        pytest.param("group_norm", {"num_groups": 1, "affine": False}, (1, 2), id="a sample"),
        pytest.param("group_norm", {"num_groups": 2, "affine": False}, (2,), id="a group of one channel"),
        pytest.param("layer_norm", {"elementwise_affine": False}, (2,), id="the last axis"),
        pytest.param(
            "layer_norm", {"normalized_shape": (2, 2), "elementwise_affine": False}, (1, 2), id="the last two axes"
        ),
    ],
)
def test_each_group_has_the_mean_0_and_the_deviation_1(type_: str, fields: dict[str, Any], axes: Any) -> None:
    y = kernels.run(type_, X, **fields, eps=0.0)
    np.testing.assert_allclose(y.mean(axis=axes), 0, atol=1e-12)
    np.testing.assert_allclose(y.std(axis=axes), 1)
    np.testing.assert_allclose(kernels.run(type_, 3 * X + 2, **fields, eps=0.0), y, atol=1e-12)


def test_blocks_of_channels_join_without_a_seam(monkeypatch: pytest.MonkeyPatch) -> None:
    random = np.random.default_rng(0)
    x, parameters = random.standard_normal((2, 7, 3, 5)), {name: random.random(7) for name in STATISTICS}
    call = Call(
        "n", "batch_norm", {"eps": 1e-5, "affine": True, "bias": True, "track_running_stats": True}, parameters, (), ()
    )
    whole = find("batch_norm").run(call, x)
    mean, variance, weight, bias = (parameters[name].reshape(7, 1, 1) for name in STATISTICS)
    np.testing.assert_allclose(whole, (x - mean) / np.sqrt(variance + 1e-5) * weight + bias, rtol=1e-12, atol=1e-14)
    for channels in (0, 1, 3, 6):
        monkeypatch.setattr(normalization, "BLOCK_BYTES", channels * x[:, 0].nbytes)
        np.testing.assert_array_equal(find("batch_norm").run(call, x), whole)
