"""Pools: what padding, overhang and divisors do to the numbers."""

from __future__ import annotations

import tracemalloc
from math import inf
from typing import Any

import numpy as np
import pytest

from shapecalc.reference import workspace
from shapecalc.reference.base import Array, Call
from shapecalc.reference.gradients import BACKWARD_KERNELS, Context
from shapecalc.reference.padding import pad
from shapecalc.reference.pooling import adaptive_avg_pool, adaptive_max_pool, avg_pool, global_max_pool, max_pool

MAX = {"stride": None, "padding": 0, "dilation": 1, "ceil_mode": False}
AVERAGE = {"stride": None, "padding": 0, "ceil_mode": False, "count_include_pad": True, "divisor_override": None}


def pooled(kernel: Any, x: Array, **fields: Any) -> Any:
    return kernel(Call("p", kernel.__name__, fields, {}, ("x",), ("y",)), x)


def gradient_of(kernel: Any, x: Array, given: list[float], **fields: Any) -> Any:
    """Return the gradient of a row, from that of the output of its pool."""
    call = Call("p", kernel.__name__, fields, {}, ("x",), ("y",))
    y = kernel(call, x)
    return (
        BACKWARD_KERNELS[kernel.__name__](Context(call, (x,), (y,)), np.reshape(given, y.shape))
        .inputs[0]
        .ravel()
        .tolist()
    )


def ramp(length: int) -> Array:
    return np.arange(1.0, length + 1).reshape(1, 1, length)


def test_padding_is_never_the_maximum_even_of_negative_elements() -> None:
    x = -ramp(5)
    y = pooled(max_pool, x, **MAX | {"kernel_size": 3, "stride": 2, "padding": 1})
    assert y.tolist() == [[[-1, -2, -4]]]


def test_a_window_of_nothing_but_padding_is_minus_infinity() -> None:
    y = pooled(max_pool, ramp(2), **MAX | {"kernel_size": 1, "padding": ((1, 0),)})
    assert y.tolist() == [[[-inf, 1, 2]]]


def test_a_nan_is_the_largest_as_in_pytorch() -> None:
    x = ramp(4)
    x[..., 1] = np.nan
    assert np.isnan(pooled(max_pool, x, **MAX | {"kernel_size": 2})).tolist() == [[[True, False]]]


def test_the_overhang_of_ceil_mode_is_never_counted() -> None:
    shape = {"kernel_size": 4, "stride": 3, "padding": 1, "ceil_mode": True}
    counted = pooled(avg_pool, ramp(7), **AVERAGE | shape)
    real = pooled(avg_pool, ramp(7), **AVERAGE | shape | {"count_include_pad": False})
    np.testing.assert_allclose(counted, [[[6 / 4, 18 / 4, 13 / 3]]])
    np.testing.assert_allclose(real, [[[6 / 3, 18 / 4, 13 / 2]]])


def test_each_axis_counts_its_own_elements() -> None:
    x = np.ones((1, 1, 3, 4))
    y = pooled(avg_pool, x, **AVERAGE | {"kernel_size": 3, "stride": (2, 3), "padding": 1})
    np.testing.assert_allclose(y, [[[[4 / 9, 4 / 9], [4 / 9, 4 / 9]]]])


def test_divisor_override_replaces_the_count() -> None:
    y = pooled(avg_pool, ramp(4), **AVERAGE | {"kernel_size": 2, "divisor_override": 5})
    np.testing.assert_allclose(y, [[[3 / 5, 7 / 5]]])


def test_adaptive_windows_overlap_where_the_count_does_not_divide() -> None:
    assert pooled(adaptive_avg_pool, ramp(4), output_size=3).tolist() == [[[1.5, 2.5, 3.5]]]


def test_adaptive_pools_keep_an_axis_for_none() -> None:
    x = np.arange(2.0 * 3 * 5 * 7).reshape(2, 3, 5, 7)
    y = pooled(adaptive_max_pool, x, output_size=(None, 1))
    np.testing.assert_array_equal(y, x.max(axis=3, keepdims=True))


@pytest.mark.parametrize("spatial", [(9,), (9, 6), (9, 6, 4)])
def test_every_number_of_axes_pools_alike(spatial: tuple[int, ...]) -> None:
    x = np.random.default_rng(0).standard_normal((2, 3, *spatial))
    rank = len(spatial)
    y = pooled(max_pool, x, **MAX | {"kernel_size": 2, "stride": 3})
    expected = x
    for axis in range(2, 2 + rank):
        first = np.arange(0, x.shape[axis] - 1, 3)
        expected = np.maximum(expected.take(first, axis), expected.take(first + 1, axis))
    np.testing.assert_array_equal(y, expected)


def test_the_first_of_equal_maxima_gets_the_gradient() -> None:
    x = np.array([[[2.0, 2, 1, 3, 3, 3]]])
    assert gradient_of(max_pool, x, [5, 7], **MAX | {"kernel_size": 3}) == [5, 0, 0, 7, 0, 0]
    assert gradient_of(adaptive_max_pool, x, [5, 7], output_size=2) == [5, 0, 0, 7, 0, 0]


def test_equal_maxima_of_a_channel_share_the_gradient() -> None:
    assert gradient_of(global_max_pool, np.array([[[3.0, 1, 3, 3]]]), [6], keepdim=True) == [2, 0, 2, 2]


def test_the_maximum_of_two_windows_gets_the_sum_of_their_gradients() -> None:
    x = np.array([[[1.0, 4, 2]]])
    assert gradient_of(max_pool, x, [5, 7], **MAX | {"kernel_size": 2, "stride": 1}) == [0, 12, 0]


def test_a_window_of_padding_alone_passes_its_gradient_to_no_element() -> None:
    assert gradient_of(max_pool, ramp(2), [5, 7, 9], **MAX | {"kernel_size": 1, "padding": ((1, 0),)}) == [7, 9]


@pytest.mark.parametrize("kernel_size", [2560, 2**31 - 1])
@pytest.mark.parametrize("padding", ["none", "half"])
def test_a_window_longer_than_the_map_takes_the_memory_of_the_map(kernel_size: int, padding: str) -> None:
    side = kernel_size // 2 if padding == "half" else 0
    x = np.random.default_rng(0).standard_normal((1, 8, 19, 19))
    fields = {"kernel_size": kernel_size, "padding": side, "ceil_mode": True}
    for kernel, defaults, whole in ((max_pool, MAX, x.max((2, 3))), (avg_pool, AVERAGE, x.mean((2, 3)))):
        given = {**defaults, **fields} | ({"count_include_pad": False} if kernel is avg_pool else {})
        tracemalloc.start()
        y = pooled(kernel, x, **given)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        np.testing.assert_allclose(y[..., 0, 0], whole)
        assert peak < 40 * x.nbytes
        assert workspace(kernel.__name__, given, (x.shape,), {}, (y.shape,), itemsize=8) < x.nbytes


@pytest.mark.parametrize(("length", "kernel", "stride"), [(9, 3, 2), (8, 3, 2), (7, 4, 3), (5, 2, 1)])
def test_padding_of_minus_infinity_and_a_pool_are_the_pool_with_same(length: int, kernel: int, stride: int) -> None:
    """TensorFlow's MaxPool with SAME, its padding written as a layer."""
    missing = max((-(-length // stride) - 1) * stride + kernel - length, 0)
    x = -ramp(length)
    padded = pad(
        Call(
            "q",
            "pad",
            {"padding": (missing // 2, -(-missing // 2)), "value": -inf, "mode": "constant"},
            {},
            ("x",),
            ("y",),
        ),
        x,
    )
    apart = pooled(max_pool, padded, **MAX | {"kernel_size": kernel, "stride": stride})
    np.testing.assert_array_equal(
        apart, pooled(max_pool, x, **MAX | {"kernel_size": kernel, "stride": stride, "padding": "same"})
    )
