"""What PyTorch refuses, and what only our format refuses, with the reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

from layer_cases import SHAPES, Case, refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

LINE, PLANE, VOLUME = SHAPES[1], SHAPES[2], SHAPES[3]


def cases() -> Iterator[Case]:
    """Every refusal."""
    yield from _conv()
    yield from _conv_transpose()
    yield from _pools()
    yield from _normalization()
    yield from _reshaping()
    yield from _ours()


def _conv() -> Iterator[Case]:
    yield refusal("a window longer than the line", "conv", LINE, out_channels=4, kernel_size=12)
    yield refusal("a window longer than one axis of the plane", "conv", PLANE, out_channels=4, kernel_size=8)
    yield refusal(
        "a dilated window longer than the padded axis",
        "conv",
        PLANE,
        out_channels=4,
        kernel_size=3,
        dilation=5,
        padding=1,
    )
    yield refusal("a window longer than one axis of the volume", "conv", VOLUME, out_channels=4, kernel_size=[2, 2, 8])
    yield refusal(
        "groups that do not divide the input channels", "conv", PLANE, out_channels=4, kernel_size=3, groups=2
    )
    yield refusal(
        "groups that do not divide the output channels", "conv", PLANE, out_channels=4, kernel_size=3, groups=3
    )
    yield refusal(
        "stated input channels that do not arrive", "conv", PLANE, out_channels=4, kernel_size=3, in_channels=4
    )
    yield refusal(
        "reflected padding as long as the axis",
        "conv",
        PLANE,
        out_channels=4,
        kernel_size=3,
        padding=7,
        padding_mode="reflect",
    )
    yield refusal(
        "circular padding longer than the axis",
        "conv",
        PLANE,
        out_channels=4,
        kernel_size=3,
        padding=8,
        padding_mode="circular",
    )
    yield refusal("a window with three sizes on a plane", "conv", PLANE, out_channels=4, kernel_size=[3, 3, 3])
    yield refusal("a stride of 0", "conv", PLANE, out_channels=4, kernel_size=3, stride=0)


def _conv_transpose() -> Iterator[Case]:
    layer = "conv_transpose"
    yield refusal(
        "output_padding of the stride", layer, LINE, out_channels=4, kernel_size=3, stride=2, output_padding=2
    )
    yield refusal("output_padding at stride 1", layer, PLANE, out_channels=4, kernel_size=3, output_padding=1)
    yield refusal(
        "output_padding of the larger of stride and dilation",
        layer,
        PLANE,
        out_channels=4,
        kernel_size=3,
        stride=2,
        dilation=3,
        output_padding=3,
    )
    yield refusal("cropped to nothing", layer, (2, 3, 2), out_channels=4, kernel_size=1, padding=1)
    yield refusal("cropped to less than nothing", layer, (2, 3, 1, 1), out_channels=4, kernel_size=2, padding=2)
    yield refusal("groups that do not divide the input channels", layer, PLANE, out_channels=4, kernel_size=3, groups=2)
    yield refusal(
        "groups that do not divide the output channels", layer, PLANE, out_channels=4, kernel_size=3, groups=3
    )
    yield refusal(
        "stated input channels that do not arrive", layer, PLANE, out_channels=4, kernel_size=3, in_channels=5
    )


def _pools() -> Iterator[Case]:
    for layer in ("max_pool", "avg_pool"):
        yield refusal("a window longer than the line", layer, (2, 3, 2), kernel_size=3)
        yield refusal("a window longer than one axis of the plane", layer, PLANE, kernel_size=[2, 12])
        yield refusal(
            "ceil_mode with a window beyond even that", layer, (2, 3, 1), kernel_size=3, stride=2, ceil_mode=True
        )
        yield refusal("padding over half of the window", layer, PLANE, kernel_size=3, padding=2)
        yield refusal("padding over half of an even window", layer, LINE, kernel_size=4, padding=3)
        yield refusal("padding over half on one axis", layer, PLANE, kernel_size=[3, 2], padding=[1, 2])
        yield refusal("a window with three sizes on a plane", layer, PLANE, kernel_size=[2, 2, 2])
    yield refusal("a dilated window longer than the map", "max_pool", PLANE, kernel_size=3, dilation=4)
    yield refusal(
        "padding over half of the window, though not of the dilated one",
        "max_pool",
        PLANE,
        kernel_size=3,
        stride=1,
        padding=2,
        dilation=2,
    )
    yield refusal(
        "3-D, a padded axis holds the window, the axis itself does not",
        "avg_pool",
        (2, 1, 2, 3, 5),
        alone="AvgPool3d holds the window against the unpadded axis; AvgPool1d, AvgPool2d and MaxPool3d do not",
        kernel_size=3,
        padding=1,
    )
    yield refusal("a divisor of 0", "avg_pool", PLANE, kernel_size=2, divisor_override=0)
    for layer in ("adaptive_avg_pool", "adaptive_max_pool"):
        yield refusal("three sizes for a plane", layer, PLANE, output_size=[2, 2, 2])


def _normalization() -> Iterator[Case]:
    yield refusal("stated features that do not arrive", "batch_norm", PLANE, num_features=4)
    yield refusal("one value a channel has no statistics", "batch_norm", (1, 3), track_running_stats=False)
    yield refusal("stated features that do not arrive", "instance_norm", PLANE, num_features=4, affine=True)
    yield refusal("a map of one cell has no statistics", "instance_norm", (2, 3, 1))
    yield refusal("a shape that is not the last axes", "layer_norm", PLANE, normalized_shape=[3, 7])
    yield refusal("a size that is not the last axis", "layer_norm", PLANE, normalized_shape=7)
    yield refusal("more axes than the input has", "layer_norm", (2, 3), normalized_shape=[1, 2, 3])
    yield refusal("groups that do not divide the channels", "group_norm", PLANE, num_groups=2)
    yield refusal("more groups than channels", "group_norm", PLANE, num_groups=6)
    yield refusal("stated channels that do not arrive", "group_norm", PLANE, num_groups=2, num_channels=4)
    yield refusal("one value a group has no statistics", "group_norm", (1, 2), num_groups=2)
    yield refusal("rank 2", "local_response_norm", (2, 3), size=3)


def _reshaping() -> Iterator[Case]:
    yield refusal("stated features that do not arrive", "linear", (2, 11), out_features=7, in_features=12)
    yield refusal("another element count", "reshape", (2, 3, 4), shape=[5, 5])
    yield refusal("-1 that does not come out even", "reshape", (2, 3, 4), shape=[5, -1])
    yield refusal("two -1", "reshape", (2, 3, 4), shape=[-1, -1])
    yield refusal("too few axes", "permute", PLANE, dims=[0, 2, 1])
    yield refusal("an axis twice", "permute", PLANE, dims=[0, 1, 1, 2])
    yield refusal("an axis that is not there", "permute", PLANE, dims=[0, 1, 2, 4])
    yield refusal("a start past the end", "flatten", PLANE, start_dim=3, end_dim=1)
    yield refusal("an axis that is not there", "flatten", PLANE, start_dim=4)
    yield refusal("a reflection as long as the axis", "pad", LINE, padding=11, mode="reflect")
    yield refusal("circular more than once around", "pad", LINE, padding=12, mode="circular")
    yield refusal("an odd number of entries", "pad", PLANE, padding=[1, 2, 3])
    yield refusal("more entries than axes", "pad", (2, 5), padding=[1, 1, 1, 1, 1, 1])
    yield refusal("neither size nor factor", "upsample", PLANE)
    yield refusal("both size and factor", "upsample", PLANE, size=[14, 22], scale_factor=2)
    yield refusal("a factor that leaves nothing", "upsample", (2, 3, 3), scale_factor=0.25)
    yield refusal("bilinear on a line", "upsample", LINE, scale_factor=2, mode="bilinear")
    yield refusal("linear on a plane", "upsample", PLANE, scale_factor=2, mode="linear")
    yield refusal("aligned corners in nearest", "upsample", PLANE, scale_factor=2, align_corners=True)
    yield refusal("two factors on a volume", "upsample", VOLUME, scale_factor=[2, 2])
    yield refusal("an axis that is not there", "softmax", LINE, dim=3)
    yield refusal("an axis that is not there, from the end", "log_softmax", LINE, dim=-4)


def _ours() -> Iterator[Case]:
    empty = "every size of the format is 1 or more"
    yield refusal("a batch of 0", "conv", (0, 3, 7, 11), ours=empty, out_channels=4, kernel_size=3)
    yield refusal("a batch of 0", "linear", (0, 11), ours=empty, out_features=7)
    yield refusal("a batch of 0", "max_pool", (0, 3, 7, 11), ours=empty, kernel_size=2)
