"""Shuffles of channels and positions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.importers.torch_export.operators import operator

if TYPE_CHECKING:
    from shapecalc.importers.graph import Value
    from shapecalc.importers.torch_export.steps import Steps


@operator("pixel_shuffle")
def pixel_shuffle(to: Steps, x: Value, upscale_factor: int) -> Value:
    """Channels that become positions."""
    return to.step("pixel_shuffle", x, upscale_factor=upscale_factor)


@operator("pixel_unshuffle")
def pixel_unshuffle(to: Steps, x: Value, downscale_factor: int) -> Value:
    """Positions that become channels."""
    return to.step("pixel_unshuffle", x, downscale_factor=downscale_factor)


@operator("channel_shuffle", "native_channel_shuffle")
def channel_shuffle(to: Steps, x: Value, groups: int) -> Value:
    """Groups of channels that are interleaved."""
    return to.step("channel_shuffle", x, groups=groups)
