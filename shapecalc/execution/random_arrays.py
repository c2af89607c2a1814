"""Random float32 arrays, the same for the same seed and any number of threads."""

from __future__ import annotations

import os
from math import prod
from threading import Thread
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from shapecalc.reference.base import Array, Shape

BLOCK = 2**17
"""Elements drawn and scaled at a time: half a megabyte, so that they are scaled in the cache."""

WORTH_A_THREAD = 2**20
"""Elements that take longer to draw than a thread takes to start: some milliseconds."""


def uniform(seed: tuple[int, ...], shape: Shape, scale: float, shift: float) -> Array:
    """Return `np.random.default_rng(seed).random(shape, dtype=np.float32) * scale + shift`, to the last bit.

    Large arrays are filled in parts, each by a thread that advances the generator to the part's first element.

    >>> uniform((0, 7), (2,), scale=2, shift=-1).tolist() == (
    ...     np.random.default_rng((0, 7)).random(2, dtype=np.float32) * np.float32(2) - np.float32(1)
    ... ).tolist()
    True
    """
    array = np.empty(prod(shape), dtype=np.float32)
    parts = min(os.cpu_count() or 1, max(1, array.size // WORTH_A_THREAD))
    length = max(1, -(-array.size // (BLOCK * parts))) * BLOCK
    threads = [
        Thread(target=_fill, args=(array[first : first + length], seed, first, scale, shift))
        for first in range(length, array.size, length)
    ]
    for thread in threads:
        thread.start()
    _fill(array[:length], seed, 0, scale, shift)
    for thread in threads:
        thread.join()
    return array.reshape(shape)


def _fill(part: Array, seed: tuple[int, ...], first: int, scale: float, shift: float) -> None:
    """Fill a part with the elements of the sequence from `first` on, which is even."""
    bits = np.random.PCG64(seed)
    bits.advance(first // 2)  # each 64-bit draw gives two float32 elements
    random = np.random.Generator(bits)
    for start in range(0, len(part), BLOCK):
        block = part[start : start + BLOCK]
        random.random(out=block, dtype=np.float32)
        block *= np.float32(scale)
        block += np.float32(shift)
