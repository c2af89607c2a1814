"""Channels dealt out anew, and numbers moved between channels and space."""

from __future__ import annotations

from shapecalc.reference.base import Array, Call, kernel, outputs_times
from shapecalc.reference.gradients import Gradients, Past, backward


def split(x: Array, axis: int, *lengths: int) -> Array:
    """One axis as several, the last of which runs fastest; −1 stands for what is left.

    Raises `ValueError` where the lengths do not divide the axis.
    """
    return x.reshape(*x.shape[:axis], *lengths, *x.shape[axis + 1 :])


@kernel("channel_shuffle", workspace=outputs_times(0))
def channel_shuffle(call: Call, x: Array) -> Array:
    """The first channel of each group, then the second of each, and so on.

    Raises `ValueError` where the groups do not divide the channels.
    Source: torch.nn.ChannelShuffle.
    """
    return split(x, 1, call.fields["groups"], -1).swapaxes(1, 2).reshape(x.shape)


@backward("channel_shuffle")
def channel_shuffle_backward(past: Past, gradient: Array) -> Gradients:
    """The channels dealt back: a group has as many as there were groups."""
    dealt = split(gradient, 1, -1, past.call.fields["groups"])
    return Gradients((dealt.swapaxes(1, 2).reshape(gradient.shape),))


@kernel("pixel_shuffle", workspace=outputs_times(0))
def pixel_shuffle(call: Call, x: Array) -> Array:
    """As many channels as a block has cells, laid out as that block.

    Raises `ValueError` where the cells of a block do not divide the channels.
    Source: torch.nn.PixelShuffle.
    """
    return channels_as_blocks(x, call.fields["upscale_factor"])


@backward("pixel_shuffle")
def pixel_shuffle_backward(past: Past, gradient: Array) -> Gradients:
    """Every block as channels again."""
    return Gradients((blocks_as_channels(gradient, past.call.fields["upscale_factor"]),))


@kernel("pixel_unshuffle", workspace=outputs_times(0))
def pixel_unshuffle(call: Call, x: Array) -> Array:
    """The cells of every block as channels of one cell.

    Raises `ValueError` where the blocks leave cells over.
    Source: torch.nn.PixelUnshuffle.
    """
    return blocks_as_channels(x, call.fields["downscale_factor"])


@backward("pixel_unshuffle")
def pixel_unshuffle_backward(past: Past, gradient: Array) -> Gradients:
    """The channels laid out as blocks again."""
    return Gradients((channels_as_blocks(gradient, past.call.fields["downscale_factor"]),))


def channels_as_blocks(x: Array, side: int) -> Array:
    """As many channels as a block of that side has cells, laid out as that block."""
    rank = x.ndim - 2
    blocks = split(x, 1, -1, *(side,) * rank)
    places = [place for axis in range(2, 2 + rank) for place in (axis + rank, axis)]
    cells = blocks.transpose(0, 1, *places)
    for axis in range(2, 2 + rank):
        cells = cells.reshape(*cells.shape[:axis], -1, *cells.shape[axis + 2 :])
    return cells


def blocks_as_channels(x: Array, side: int) -> Array:
    """The cells of every block of that side as channels of one cell."""
    blocks = x
    for axis in reversed(range(2, x.ndim)):
        blocks = split(blocks, axis, -1, side)
    within, places = range(3, blocks.ndim, 2), range(2, blocks.ndim, 2)
    cells = blocks.transpose(0, 1, *within, *places)
    return cells.reshape(len(x), -1, *cells.shape[-len(places) :])
