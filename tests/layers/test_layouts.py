"""Orders of axes that a shape shows."""

from __future__ import annotations

import numpy as np
import pytest

from shapecalc.dims import parse, show
from shapecalc.layers import layer_type
from shapecalc.layers.layouts import (
    as_pictures,
    channels_last_order,
    missing_axis,
    moved,
    reordered,
    reordering,
    window_of,
)
from tests.support.rows import for_each


def dims(text: str):
    return tuple(parse(part) for part in text.split())


@for_each(
    "shape, window, why",
    [
        ("5 28 28 1", (3, 3), "a digit"),
        ("5 8 8 1", (3, 3), "a digit of scikit-learn"),
        ("5 32 32 3", (1, 1), "a square picture, whatever the window"),
        ("5 32 100 3", (3, 3), "a line of text"),
        ("5 480 640 4", (3, 3), "a picture with transparency"),
        ("N H W 3", (3, 3), "rows and columns of any number"),
        ("N T 40 1", (3, 3), "frames of a spectrogram"),
        ("5 16 112 112 3", (3, 3, 3), "a film"),
        ("5 100 3", (3,), "a series of three sensors"),
        ("N T 1", (3,), "a series"),
        ("5 7 7 2048", (1, 1), "deep maps of ResNet-50"),
        ("N H W 12", (3, 3), "rows and columns have their names"),
        ("N D H W 2", (3, 3, 3), "rows and columns have their names"),
        ("N H W C", (3, 3), "all have their names"),
        ("5 32 32 3", None, "a batch norm"),
    ],
)
def test_the_last_axis_holds_the_channels(shape: str, window: tuple[int, ...] | None, why: str) -> None:
    x = dims(shape)
    assert channels_last_order(x, window) == (0, len(x) - 1, *range(1, len(x) - 1)), why


@for_each(
    "shape, window, why",
    [
        ("5 3 32 32", (3, 3), "channels first"),
        ("5 1 64 4", (3, 3), "one channel of four bands"),
        ("5 64 3 3", (3, 3), "a deep map"),
        ("5 16 4 4", (3, 3), "a deep map"),
        ("5 512 1 1", (1, 1), "a pooled map"),
        ("5 64 7 3", (3, 3), "a map that is not square"),
        ("5 64 32 4", (3, 3), "a tall map"),
        ("5 22 1125 1", (25, 1), "a window over time alone"),
        ("5 128 64 1", (1, 1), "a single column"),
        ("N C 64 3", (3, 3), "the channels have their name"),
        ("5 64 T 3", (3, 3), "64 may be channels"),
        ("5 64 4", (3,), "a short series of a decoder"),
        ("5 512 1", (1,), "a pooled series"),
        ("5 3 100", (3,), "channels first"),
        ("5 12", None, "a table"),
        ("5 3 4 5 6 7", None, "no layer reads six axes"),
        ("5 32 8 8 4", (3, 3, 3), "a deep volume"),
        ("5 8 8 512", (3, 3), "8 channels of a long strip"),
        ("5 7 7 100", (3, 3), "7 channels of a strip"),
        ("5 16 1 112 112", (1, 3, 3), "16 channels of one frame"),
    ],
)
def test_the_channels_may_be_axis_one(shape: str, window: tuple[int, ...] | None, why: str) -> None:
    x = dims(shape)
    assert channels_last_order(x, window) is None, why


def test_channels_between_rows_and_columns() -> None:
    assert channels_last_order((5, 28, 1, 28), (3, 3)) == (0, 2, 1, 3)
    assert channels_last_order((5, 64, 1, 64), (1, 3)) is None


def test_frames_before_colours() -> None:
    assert channels_last_order((5, 16, 3, 112, 112), (3, 3, 3)) == (0, 2, 1, 3, 4)


@for_each(
    "shape, expected",
    [
        ("3 224 224", "[N, 3, 224, 224]"),
        ("1 28 28", "[N, 1, 28, 28]"),
        ("28 28 1", "[N, 1, 28, 28]"),
        ("3 480 640", "[N, 3, 480, 640]"),
        ("4 84 84", "[N, 4, 84, 84]"),
        ("C H W", "[N, C, H, W]"),
        ("H W C", "[N, C, H, W]"),
        ("3 H W", "[N, 3, H, W]"),
        ("N H W", "[N, 1, H, W]"),
        ("N 28 28", "[N, 1, 28, 28]"),
        ("64 28 28", "[64, 1, 28, 28]"),
        ("4 128 128", None),
        ("3 40 1000", None),
        ("1 80 3000", None),
        ("8 3 100", None),
        ("1 8 8", None),
        ("N C T", None),
        ("1 N T", None),
        ("3 224", None),
        ("N 64 64", None),
        ("N 100 100", None),
        ("5 H 64", None),
        ("1 3 224 224", None),
    ],
)
def test_one_picture_without_its_batch(shape: str, expected: str | None) -> None:
    wanted = as_pictures(dims(shape))
    assert (None if wanted is None else show(wanted)) == expected


@pytest.mark.parametrize(
    ("shape", "axis"), [("3 224 224", "batch axis"), ("28 28 1", "batch axis"), ("N 28 28", "channel axis")]
)
def test_the_axis_that_a_shape_of_pictures_lacks(shape: str, axis: str) -> None:
    wanted = as_pictures(dims(shape))
    assert wanted is not None
    assert missing_axis(dims(shape), wanted) == axis


@pytest.mark.parametrize("rank", [3, 4, 5])
def test_an_order_is_that_of_numpy(rank: int) -> None:
    x = np.empty((2, 3, 5, 7, 11)[:rank])
    for axis in range(rank):
        for to in range(rank):
            assert reordered(x.shape, moved(rank, axis, to)) == np.moveaxis(x, axis, to).shape


def test_the_help_gives_two_ways_to_the_same_shape() -> None:
    text = reordering((5, 28, 29, 1), (0, 3, 1, 2))
    assert text == "write the input as [5, 1, 28, 29], or put `permute: [0, 3, 1, 2]` before the first step"
    assert np.empty((5, 28, 29, 1)).transpose(0, 3, 1, 2).shape == (5, 1, 28, 29)


def test_a_window_has_a_size_for_each_axis() -> None:
    conv, pool, relu = layer_type("conv"), layer_type("max_pool"), layer_type("relu")
    assert conv is not None
    assert pool is not None
    assert relu is not None
    assert window_of(conv(out_channels=1, kernel_size=3), (1, 2, 5, 7)) == (3, 3)
    assert window_of(pool(kernel_size=(2, 3)), (1, 2, 5, 7)) == (2, 3)
    assert window_of(pool(kernel_size=(2, 3)), (1, 2, 5)) is None
    assert window_of(relu(), (1, 2, 5)) is None
