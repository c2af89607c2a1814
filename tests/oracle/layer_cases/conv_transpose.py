"""Transposed convolutions in one, two and three dimensions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from layer_cases import Case, case

if TYPE_CHECKING:
    from collections.abc import Iterator

SHAPES: dict[int, tuple[int, ...]] = {1: (2, 3, 7), 2: (2, 3, 5, 7), 3: (1, 3, 2, 4, 5)}
CROPPED = "computed unpadded, then cropped: PyTorch's module takes one padding for both sides"

ANY_RANK: tuple[tuple[str, dict[str, Any]], ...] = (
    ("a plain window of 3", {"kernel_size": 3}),
    ("stride 2", {"kernel_size": 3, "stride": 2}),
    ("a stride longer than the window leaves cells with bias alone", {"kernel_size": 2, "stride": 3}),
    ("padding crops", {"kernel_size": 3, "stride": 2, "padding": 1}),
    ("output_padding adds after", {"kernel_size": 3, "stride": 2, "padding": 1, "output_padding": 1}),
    ("doubling with an even window", {"kernel_size": 4, "stride": 2, "padding": 1}),
    ("output_padding past the last window", {"kernel_size": 1, "stride": 3, "output_padding": 2}),
    ("dilation 2 without bias", {"kernel_size": 2, "dilation": 2, "bias": False}),
    (
        "output_padding below dilation though not below stride",
        {"kernel_size": 2, "stride": 2, "dilation": 3, "output_padding": 2},
    ),
    ("stated input channels that arrive", {"kernel_size": 2, "in_channels": 3}),
)


def cases() -> Iterator[Case]:
    """Every transposed convolution."""
    for rank, shape in SHAPES.items():
        wide = (shape[0], 6, *shape[2:])
        for name, fields in ANY_RANK:
            yield case(f"{rank}-D, {name}", "conv_transpose", shape, out_channels=4, **fields)
        yield case(f"{rank}-D, depthwise", "conv_transpose", shape, out_channels=3, kernel_size=3, groups=3, stride=2)
        yield case(
            f"{rank}-D, depthwise, two filters a channel",
            "conv_transpose",
            shape,
            out_channels=6,
            kernel_size=2,
            groups=3,
        )
        yield case(
            f"{rank}-D, groups with dilation and stride",
            "conv_transpose",
            wide,
            out_channels=4,
            kernel_size=2,
            groups=2,
            dilation=2,
            stride=3,
            padding=1,
            output_padding=1,
            bias=False,
        )
        yield case(
            f"{rank}-D, different padding on both sides",
            "conv_transpose",
            shape,
            note=CROPPED,
            out_channels=4,
            kernel_size=3,
            stride=2,
            padding=[[0, 1], [2, 0], [1, 2]][:rank],
        )
    yield from _planes()


def _planes() -> Iterator[Case]:
    plane = SHAPES[2]
    yield case("a window of 2 x 5", "conv_transpose", plane, out_channels=4, kernel_size=[2, 5])
    yield case(
        "everything per axis",
        "conv_transpose",
        plane,
        out_channels=4,
        kernel_size=[3, 2],
        stride=[2, 3],
        padding=[1, 0],
        output_padding=[1, 2],
        dilation=[1, 2],
    )
    yield case(
        "output_padding after uneven cropping",
        "conv_transpose",
        plane,
        note=CROPPED,
        out_channels=2,
        kernel_size=3,
        stride=2,
        padding=[[1, 0], [0, 2]],
        output_padding=[0, 1],
    )
    yield case(
        "everything per axis in 3-D",
        "conv_transpose",
        SHAPES[3],
        out_channels=2,
        kernel_size=[1, 2, 3],
        stride=[3, 2, 1],
        padding=[0, 1, 2],
        dilation=[1, 1, 2],
    )
    yield case(
        "one cell spreads to a window", "conv_transpose", (2, 3, 1, 1), out_channels=4, kernel_size=[3, 5], stride=7
    )
    yield case("a window of 1 changes channels only", "conv_transpose", plane, out_channels=5, kernel_size=1)
    yield case("cropped to one cell", "conv_transpose", (2, 3, 2), out_channels=4, kernel_size=2, padding=1)
