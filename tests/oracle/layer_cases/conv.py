"""Convolutions in one, two and three dimensions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from layer_cases import SHAPES, Case, case

if TYPE_CHECKING:
    from collections.abc import Iterator

KERAS_SPLIT = "F.pad by Keras's split (the odd cell after), then the convolution unpadded: PyTorch has no strided same"
PADDED_FIRST = "F.pad, then the convolution unpadded: PyTorch's module takes one padding for both sides"

# What holds for any rank, as one number for all axes.
ANY_RANK: tuple[tuple[str, dict[str, Any]], ...] = (
    ("a plain window of 3", {"kernel_size": 3}),
    ("a window of 1 without bias", {"kernel_size": 1, "bias": False}),
    ("an even window that halves", {"kernel_size": 2, "stride": 2}),
    ("a stride longer than the window skips cells", {"kernel_size": 2, "stride": 3}),
    ("a window of 1 samples every third cell", {"kernel_size": 1, "stride": 3}),
    ("padding keeps the size", {"kernel_size": 3, "padding": 1}),
    ("padding longer than the window makes the map grow", {"kernel_size": 2, "padding": 3}),
    ("a stride that leaves cells over", {"kernel_size": 3, "stride": 2, "padding": 1}),
    ("dilation 2", {"kernel_size": 3, "dilation": 2}),
    ("dilation, stride and padding together", {"kernel_size": 3, "dilation": 2, "stride": 2, "padding": 2}),
    ("valid is no padding", {"kernel_size": 3, "padding": "valid", "stride": 2}),
    ("same with an odd window", {"kernel_size": 3, "padding": "same"}),
    ("same with a window of 2 pads only after", {"kernel_size": 2, "padding": "same"}),
    ("same with a window of 4 pads one more after", {"kernel_size": 4, "padding": "same"}),
    ("same with an even window and dilation 3", {"kernel_size": 2, "padding": "same", "dilation": 3}),
    ("same with an odd window and dilation 2", {"kernel_size": 3, "padding": "same", "dilation": 2}),
    ("reflected padding leaves the border out", {"kernel_size": 3, "padding": 2, "padding_mode": "reflect"}),
    ("replicated padding", {"kernel_size": 3, "padding": 2, "stride": 2, "padding_mode": "replicate"}),
    ("circular padding", {"kernel_size": 5, "padding": 2, "stride": 3, "padding_mode": "circular"}),
    (
        "same, an even window and circular padding",
        {"kernel_size": 4, "padding": "same", "padding_mode": "circular"},
    ),
    ("same, an even window and reflected padding", {"kernel_size": 4, "padding": "same", "padding_mode": "reflect"}),
    ("stated input channels that arrive", {"kernel_size": 3, "in_channels": 3}),
)
STRIDED_SAME: tuple[tuple[str, dict[str, Any]], ...] = (
    ("same with stride 2", {"kernel_size": 3, "stride": 2}),
    ("same with stride 3 and an even window", {"kernel_size": 4, "stride": 3}),
    ("same with a stride longer than the window", {"kernel_size": 2, "stride": 3}),
    ("same with stride 2 and dilation 2", {"kernel_size": 3, "stride": 2, "dilation": 2}),
    ("same with stride 2 and replicated padding", {"kernel_size": 4, "stride": 2, "padding_mode": "replicate"}),
)


def cases() -> Iterator[Case]:
    """Every convolution."""
    for rank, shape in SHAPES.items():
        for name, fields in ANY_RANK:
            yield case(f"{rank}-D, {name}", "conv", shape, out_channels=4, **fields)
        for name, fields in STRIDED_SAME:
            yield case(f"{rank}-D, {name}", "conv", shape, out_channels=4, padding="same", note=KERAS_SPLIT, **fields)
        yield from _asymmetric(rank, shape)
        yield from _grouped(rank, shape)
    yield from _one_number_per_axis()
    yield from _at_the_edge()


def _asymmetric(rank: int, shape: tuple[int, ...]) -> Iterator[Case]:
    before_only = [[1, 0], [2, 0], [3, 0]][:rank]
    mixed = [[0, 2], [3, 1], [1, 0]][:rank]
    causal = [[2, 0]] * rank
    yield case(
        f"{rank}-D, padding before only",
        "conv",
        shape,
        note=PADDED_FIRST,
        out_channels=4,
        kernel_size=3,
        padding=before_only,
    )
    yield case(
        f"{rank}-D, different padding on both sides",
        "conv",
        shape,
        note=PADDED_FIRST,
        out_channels=4,
        kernel_size=2,
        stride=2,
        padding=mixed,
    )
    yield case(
        f"{rank}-D, causal padding with replicated cells",
        "conv",
        shape,
        note=PADDED_FIRST,
        out_channels=4,
        kernel_size=3,
        padding=causal,
        padding_mode="replicate",
    )


def _grouped(rank: int, shape: tuple[int, ...]) -> Iterator[Case]:
    wide = (shape[0], 6, *shape[2:])
    yield case(f"{rank}-D, depthwise", "conv", shape, out_channels=3, kernel_size=3, groups=3, padding=1)
    yield case(f"{rank}-D, depthwise, two filters a channel", "conv", shape, out_channels=6, kernel_size=2, groups=3)
    yield case(f"{rank}-D, two groups of three", "conv", wide, out_channels=4, kernel_size=3, groups=2, bias=False)
    yield case(f"{rank}-D, three groups, stride 2", "conv", wide, out_channels=9, kernel_size=2, groups=3, stride=2)


def _one_number_per_axis() -> Iterator[Case]:
    plane, volume = SHAPES[2], SHAPES[3]
    yield case(
        "a list of one number in 1-D", "conv", SHAPES[1], out_channels=4, kernel_size=[3], stride=[2], padding=[1]
    )
    yield case("a window of 3 x 5", "conv", plane, out_channels=4, kernel_size=[3, 5])
    yield case("a stride per axis", "conv", plane, out_channels=4, kernel_size=3, stride=[1, 3])
    yield case("padding per axis", "conv", plane, out_channels=4, kernel_size=[1, 3], padding=[0, 2])
    yield case("dilation per axis", "conv", plane, out_channels=4, kernel_size=2, dilation=[3, 5])
    yield case(
        "everything per axis",
        "conv",
        plane,
        out_channels=5,
        kernel_size=[3, 2],
        stride=[2, 3],
        padding=[1, 2],
        dilation=[2, 4],
    )
    yield case(
        "everything per axis, circular",
        "conv",
        plane,
        out_channels=5,
        kernel_size=[2, 3],
        stride=[3, 2],
        padding=[2, 1],
        padding_mode="circular",
    )
    yield case(
        "same with a window of 2 x 4 and a stride of 3 x 2",
        "conv",
        plane,
        note=KERAS_SPLIT,
        out_channels=4,
        kernel_size=[2, 4],
        stride=[3, 2],
        padding="same",
    )
    yield case("same with a window of 4 x 1", "conv", plane, out_channels=4, kernel_size=[4, 1], padding="same")
    yield case(
        "everything per axis in 3-D",
        "conv",
        volume,
        out_channels=4,
        kernel_size=[1, 2, 3],
        stride=[3, 2, 1],
        padding=[0, 1, 2],
        dilation=[1, 3, 2],
    )


def _at_the_edge() -> Iterator[Case]:
    yield case("a window as long as the map gives one cell", "conv", SHAPES[2], out_channels=4, kernel_size=[7, 11])
    yield case("a window as long as the padded map", "conv", (2, 3, 5), out_channels=4, kernel_size=7, padding=1)
    yield case("one cell, all the rest padding", "conv", (2, 3, 1, 1), out_channels=4, kernel_size=3, padding=1)
    yield case("a stride longer than the map", "conv", SHAPES[1], out_channels=4, kernel_size=3, stride=13)
    yield case("a batch of one", "conv", (1, 3, 7, 11), out_channels=1, kernel_size=3)
    yield case("one channel in, one out, no bias", "conv", (2, 1, 7, 11), out_channels=1, kernel_size=3, bias=False)
    yield case("a map of one cell", "conv", (2, 3, 1), out_channels=5, kernel_size=1)
    yield case(
        "circular padding as long as the map",
        "conv",
        (2, 3, 4),
        out_channels=2,
        kernel_size=3,
        padding=4,
        padding_mode="circular",
    )
    yield case(
        "reflection one short of the map",
        "conv",
        (2, 3, 4),
        out_channels=2,
        kernel_size=3,
        padding=3,
        padding_mode="reflect",
    )
    yield case(
        "replication far beyond the map",
        "conv",
        (2, 3, 2),
        out_channels=2,
        kernel_size=3,
        padding=7,
        padding_mode="replicate",
    )
