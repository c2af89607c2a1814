"""Normalisation by hand: means, deviations, what is folded, and neighbours."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from shapecalc.reference import find, normalization
from shapecalc.reference.base import Call
from shapecalc.reference.normalization import layer_norm
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


def test_rms_norm_divides_by_the_root_of_the_mean_of_squares_and_keeps_the_mean() -> None:
    y = kernels.run("rms_norm", [[3.0, 4.0], [6.0, 8.0]], parameters={"weight": [1.0, 2.0]}, eps=0.0)
    root = (25 / 2) ** 0.5
    np.testing.assert_allclose(y, [[3 / root, 8 / root]] * 2)


def test_eps_is_added_to_the_variance() -> None:
    y = kernels.run("layer_norm", [[1.0, 3.0]], elementwise_affine=False, eps=3.0)
    np.testing.assert_allclose(y, [[-0.5, 0.5]])


def test_a_scale_lies_along_its_axis() -> None:
    parameters = {"weight": [2.0, 3.0], "bias": [10.0, 20.0]}
    y = kernels.run("scale", [[1.0, 1.0], [2.0, 2.0]], parameters=parameters, dim=0, bias=True)
    assert y.tolist() == [[12, 12], [26, 26]]
    with pytest.raises(ValueError, match="cannot reshape"):
        kernels.run("scale", X, parameters={"weight": [1.0, 2.0, 3.0]})


def test_a_response_norm_divides_by_a_power_of_the_squares_around() -> None:
    """k + α/size · Σx² of three channels, with zeros beyond the first and the last; then the power β."""
    x = np.array([[[1.0], [2.0], [4.0]]])
    y = kernels.run("local_response_norm", x, size=3, alpha=3.0, beta=0.5, k=4.0)
    np.testing.assert_allclose(y, [[[1 / 9**0.5], [2 / 25**0.5], [4 / 24**0.5]]])


def test_rms_norm_refuses_axes_of_other_lengths() -> None:
    with pytest.raises(ValueError, match="normalizes over"):
        kernels.run("rms_norm", np.ones((2, 5)), normalized_shape=4, elementwise_affine=False)


def test_layer_norm_refuses_axes_of_other_lengths() -> None:
    fields = {"normalized_shape": (5, 3), "eps": 1e-5, "elementwise_affine": False, "bias": True}
    with pytest.raises(ValueError, match=r"normalizes over \(5, 3\), but the last axes are \(3, 5\)"):
        layer_norm(Call("n", "layer_norm", fields, {}, ("x",), ("y",)), np.ones((2, 3, 5)))


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


def test_an_even_response_norm_includes_one_more_channel_before() -> None:
    fields = {"size": 2, "alpha": 2.0, "beta": 1.0, "k": 0.0}
    x = np.array([[[1.0], [2.0], [4.0]]])
    y = find("local_response_norm").run(Call("n", "local_response_norm", fields, {}, ("x",), ("y",)), x)
    np.testing.assert_allclose(y, [[[1 / 1], [2 / 5], [4 / 20]]])
