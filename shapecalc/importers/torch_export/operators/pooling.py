"""Pools."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shapecalc.importers.torch_export.operators import operator
from shapecalc.importers.torch_export.operators.convolution import each, padding_of
from shapecalc.importers.unreadable import Unreadable

if TYPE_CHECKING:
    from shapecalc.importers.graph import Value
    from shapecalc.importers.torch_export.steps import Steps


def _with_batch(to: Steps, x: Value, spatial: int) -> Value:
    return to.step("unsqueeze", x, dim=0) if x.rank == spatial + 1 else x


def _without_batch(to: Steps, x: Value, rank: int) -> Value:
    return to.step("squeeze", x, dim=0) if x.rank != rank else x


@operator("max_pool1d", "max_pool2d", "max_pool3d")
def max_pool(
    to: Steps, x: Value, kernel_size: Any, stride: Any = (), padding: Any = 0, dilation: Any = 1,
    ceil_mode: bool = False, *, return_indices: bool = False,
) -> Value:  # fmt: skip
    """The maximum of windows."""
    spatial = len(kernel_size)
    result = to.step(
        "max_pool", _with_batch(to, x, spatial), kernel_size=kernel_size,
        stride=_stride(stride, kernel_size), padding=padding_of(padding, spatial), dilation=each(dilation, spatial),
        ceil_mode=ceil_mode, return_indices=return_indices,
    )  # fmt: skip
    return result if return_indices else _without_batch(to, result, x.rank)


@operator("max_pool1d_with_indices", "max_pool2d_with_indices", "max_pool3d_with_indices")
def max_pool_with_indices(
    to: Steps, x: Value, kernel_size: Any, stride: Any = (), padding: Any = 0, dilation: Any = 1,
    ceil_mode: bool = False,
) -> Any:  # fmt: skip
    """The maximum of windows, and where it is."""
    result = max_pool(to, x, kernel_size, stride, padding, dilation, ceil_mode, return_indices=True)
    return result, result.other("indices")


@operator("max_unpool2d", "max_unpool3d")
def max_unpool(to: Steps, x: Value, indices: Value, output_size: Any, **_: Any) -> Value:
    """The elements at the places that a pool has outcome."""
    factors = [size // before for size, before in zip(output_size, x.shape[-len(output_size) :], strict=True)]
    return to.step("max_unpool", x, indices, kernel_size=factors, output_size=output_size)


@operator("avg_pool1d", "avg_pool2d", "avg_pool3d")
def avg_pool(
    to: Steps, x: Value, kernel_size: Any, stride: Any = (), padding: Any = 0, ceil_mode: bool = False,
    count_include_pad: bool = True, divisor_override: int | None = None,
) -> Value:  # fmt: skip
    """The mean of windows."""
    spatial = len(kernel_size)
    result = to.step(
        "avg_pool", _with_batch(to, x, spatial), kernel_size=kernel_size,
        stride=_stride(stride, kernel_size), padding=padding_of(padding, spatial), ceil_mode=ceil_mode,
        count_include_pad=count_include_pad, divisor_override=divisor_override,
    )  # fmt: skip
    return _without_batch(to, result, x.rank)


def _stride(stride: Any, kernel_size: Any) -> Any:
    if not stride or list(stride) == list(kernel_size):
        return None
    return each(stride, len(kernel_size))


@operator("adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d", "_adaptive_avg_pool2d",
          "_adaptive_avg_pool3d")  # fmt: skip
def adaptive_avg_pool(to: Steps, x: Value, output_size: Any) -> Value:
    """The mean of windows of a given number."""
    result = to.step("adaptive_avg_pool", _with_batch(to, x, len(output_size)), output_size=output_size)
    return _without_batch(to, result, x.rank)


@operator("adaptive_max_pool1d", "adaptive_max_pool2d", "adaptive_max_pool3d")
def adaptive_max_pool(to: Steps, x: Value, output_size: Any) -> Any:
    """The maximum of windows of a given number."""
    result = to.step("adaptive_max_pool", _with_batch(to, x, len(output_size)), output_size=output_size)
    return _without_batch(to, result, x.rank), None


@operator("lp_pool1d", "lp_pool2d")
def lp_pool(to: Steps, x: Value, **_: Any) -> Value:
    """Powers of windows: PyTorch exports them as their parts."""
    del to, x
    raise Unreadable("no layer computes it")
