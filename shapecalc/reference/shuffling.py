"""Permutations of channels, and of elements between channels and spatial axes."""

from __future__ import annotations

from shapecalc.reference.base import Array, Call, kernel, outputs_times
from shapecalc.reference.gradients import Context, Gradients, backward


def split(x: Array, axis: int, *lengths: int) -> Array:
    """Return an array with one axis split into several, in row-major order; −1 is inferred.

    Raises `ValueError` if the lengths do not divide the axis.
    """
    return x.reshape(*x.shape[:axis], *lengths, *x.shape[axis + 1 :])


@kernel("channel_shuffle", workspace=outputs_times(0))
def channel_shuffle(call: Call, x: Array) -> Array:
    """Return the first channel of each group, then the second of each, and so on.

    Raises `ValueError` if the groups do not divide the channels.
    Source: torch.nn.ChannelShuffle.
    """
    return split(x, 1, call.fields["groups"], -1).swapaxes(1, 2).reshape(x.shape)


@backward("channel_shuffle")
def channel_shuffle_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return the gradient with the channels in their original order: a shuffle with `groups` channels per group."""
    dealt = split(gradient, 1, -1, ctx.call.fields["groups"])
    return Gradients((dealt.swapaxes(1, 2).reshape(gradient.shape),))


@kernel("pixel_shuffle", workspace=outputs_times(0))
def pixel_shuffle(call: Call, x: Array) -> Array:
    """Return each group of `upscale_factor`^rank channels as one channel with blocks of that side.

    Raises `ValueError` if the elements of a block do not divide the channels.
    Source: torch.nn.PixelShuffle.
    """
    return channels_as_blocks(x, call.fields["upscale_factor"])


@backward("pixel_shuffle")
def pixel_shuffle_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return every block of the gradient as channels."""
    return Gradients((blocks_as_channels(gradient, ctx.call.fields["upscale_factor"]),))


@kernel("pixel_unshuffle", workspace=outputs_times(0))
def pixel_unshuffle(call: Call, x: Array) -> Array:
    """Return the elements of every block as channels of one element.

    Raises `ValueError` if the side of a block does not divide a spatial axis.
    Source: torch.nn.PixelUnshuffle.
    """
    return blocks_as_channels(x, call.fields["downscale_factor"])


@backward("pixel_unshuffle")
def pixel_unshuffle_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return the channels of the gradient as blocks."""
    return Gradients((channels_as_blocks(gradient, ctx.call.fields["downscale_factor"]),))


def channels_as_blocks(x: Array, side: int) -> Array:
    """Return each group of side^rank channels as one channel with blocks of that side."""
    rank = x.ndim - 2
    blocks = split(x, 1, -1, *(side,) * rank)
    axes = [each for axis in range(2, 2 + rank) for each in (axis + rank, axis)]
    elements = blocks.transpose(0, 1, *axes)
    for axis in range(2, 2 + rank):
        elements = elements.reshape(*elements.shape[:axis], -1, *elements.shape[axis + 2 :])
    return elements


def blocks_as_channels(x: Array, side: int) -> Array:
    """Return the elements of every block of that side as channels of one element."""
    blocks = x
    for axis in reversed(range(2, x.ndim)):
        blocks = split(blocks, axis, -1, side)
    within, axes = range(3, blocks.ndim, 2), range(2, blocks.ndim, 2)
    elements = blocks.transpose(0, 1, *within, *axes)
    return elements.reshape(len(x), -1, *elements.shape[-len(axes) :])
