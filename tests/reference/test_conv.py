"""Convolution, compared with sums over each element."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from shapecalc.reference import conv as kernels, workspace
from shapecalc.reference.base import Array, Call
from shapecalc.reference.conv import conv, conv_transpose
from shapecalc.reference.windows import Window, slide

CONV = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1, "bias": False, "padding_mode": "zeros"}
TRANSPOSED = {"stride": 1, "padding": 0, "output_padding": 0, "dilation": 1, "groups": 1, "bias": False}


def random(*shape: int) -> Array:
    return np.random.default_rng(len(shape)).standard_normal(shape)


def call(kernel: str, weight: Array, bias: Array | None = None, **fields: Any) -> Call:
    defaults = CONV if kernel == "conv" else TRANSPOSED
    given = {**defaults, "kernel_size": weight.shape[2:], **fields, "bias": bias is not None}
    return Call("c", kernel, given, {"weight": weight} | ({} if bias is None else {"bias": bias}), ("x",), ("y",))


def conv_cell_by_cell(x: Array, weight: Array) -> Array:
    reach = weight.shape[2:]
    y = np.zeros((len(x), len(weight), *(n - k + 1 for n, k in zip(x.shape[2:], reach, strict=True))))
    for index in np.ndindex(y.shape):
        sample, channel, *start = index
        cells = tuple(slice(first, first + k) for first, k in zip(start, reach, strict=True))
        y[index] = (x[(sample, slice(None), *cells)] * weight[channel]).sum()
    return y


@pytest.mark.parametrize("spatial", [(13,), (7, 11), (4, 5, 6)])
def test_convolution_is_the_sum_over_every_window(spatial: tuple[int, ...]) -> None:
    x, weight = random(2, 3, *spatial), random(5, 3, *range(2, 2 + len(spatial)))
    np.testing.assert_allclose(conv(call("conv", weight), x), conv_cell_by_cell(x, weight), atol=1e-12)


def test_tiles_join_without_a_seam(monkeypatch: pytest.MonkeyPatch) -> None:
    x, weight, bias = random(2, 3, 11, 7), random(5, 3, 2, 3), random(5)
    whole = conv(call("conv", weight, bias, padding=1), x)
    for bytes_per_tile in (1, 700, 3000):
        monkeypatch.setattr(kernels, "TILE_BYTES", bytes_per_tile)
        np.testing.assert_allclose(conv(call("conv", weight, bias, padding=1), x), whole, rtol=1e-13, atol=1e-13)


def test_tiles_are_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    windows = slide(random(1, 3, 12, 8), Window(size=(3, 2), stride=(1, 1), dilation=(1, 1)))
    one_row = 3 * 6 * 7 * 8
    monkeypatch.setattr(kernels, "TILE_BYTES", 8 * one_row)  # ten rows: not eight and two
    assert [gathered.nbytes // one_row for _, _, gathered in kernels.columns(windows, 2)] == [5, 5]


def test_a_window_of_one_element_is_a_linear_layer_over_the_channels() -> None:
    x, weight = random(2, 3, 5, 7), random(4, 3, 1, 1)
    np.testing.assert_allclose(conv(call("conv", weight), x), np.einsum("nchw,kc->nkhw", x, weight[:, :, 0, 0]))


def test_a_group_per_channel_sees_one_channel() -> None:
    x, weight = random(2, 3, 9), random(3, 1, 4)
    alone = [conv_cell_by_cell(x[:, [c]], weight[[c]]) for c in range(3)]
    np.testing.assert_allclose(conv(call("conv", weight, groups=3), x), np.concatenate(alone, axis=1))


def test_the_transpose_is_the_adjoint_of_the_convolution() -> None:
    x, weight = random(2, 4, 9, 8), random(6, 2, 3, 2)
    fields = {"stride": (3, 2), "padding": (1, 0), "dilation": (1, 3), "groups": 2}
    y = conv(call("conv", weight, **fields), x)
    back = random(*y.shape)
    # 9 + 2 - 3 leaves 2 over at stride 3, 8 - 4 leaves none at stride 2: output_padding gives them back.
    placed = conv_transpose(call("conv_transpose", weight, output_padding=(2, 0), **fields), back)
    assert placed.shape == x.shape
    assert (y * back).sum() == pytest.approx((x * placed).sum())


def test_output_padding_restores_elements_that_padding_would_remove() -> None:
    weight = np.array([[[1.0, 2.0, 3.0]]])
    x = np.array([[[1.0, 10.0]]])
    shown = [conv_transpose(call("conv_transpose", weight, stride=2, padding=1, output_padding=o), x) for o in (0, 1)]
    assert shown[0].tolist() == [[[2.0, 13.0, 20.0]]]
    assert shown[1].tolist() == [[[2.0, 13.0, 20.0, 30.0]]]


@pytest.mark.parametrize("kernel", ["conv", "conv_transpose"])
def test_a_weight_of_other_windows_does_not_fit_even_with_equal_size(kernel: str) -> None:
    run = {"conv": conv, "conv_transpose": conv_transpose}[kernel]
    with pytest.raises(ValueError, match=r"does not hold windows of \(3, 2\)"):
        run(call(kernel, random(4, 4, 2, 3), kernel_size=(3, 2)), random(1, 4, 7, 7))


@pytest.mark.parametrize("kernel", ["conv", "conv_transpose"])
def test_a_weight_for_other_channels_does_not_fit(kernel: str) -> None:
    run = {"conv": conv, "conv_transpose": conv_transpose}[kernel]
    with pytest.raises(ValueError, match="mismatch"):
        run(call(kernel, random(5, 5, 3)), random(2, 4, 10))


def test_workspace_is_a_tile_and_the_padded_input() -> None:
    shapes = ((1, 64, 224, 224),), {"weight": (64, 64, 3, 3)}, ((1, 64, 224, 224),)
    fields = {**CONV, "kernel_size": 3}
    assert workspace("conv", {**fields, "padding": 1}, *shapes, itemsize=4) == kernels.TILE_BYTES + 4 * 64 * 226 * 226


def test_workspace_holds_at_least_one_row() -> None:
    shapes = ((1, 512, 3, 4000),), {"weight": (8, 512, 3, 3)}, ((1, 8, 1, 3998),)
    assert workspace("conv", {**CONV, "kernel_size": 3}, *shapes, itemsize=4) == 4 * 512 * 9 * 3998
