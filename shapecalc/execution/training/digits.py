"""Synthetic digits: strokes on a square, moved, slanted and thickened at random, with noise; the same for one seed.

They need no download, and a network that does not learn them has wrong gradients; they do not replace real handwriting.
"""

from __future__ import annotations

from itertools import pairwise
from math import cos, pi, sin
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from shapecalc.reference.base import Array

SMALLEST = 8
"""Pixels along a side: with fewer, a three looks like an eight."""

CHUNK = 64
"""Pictures of one digit that are drawn together: few enough for all distances to stay in the cache."""

Point = tuple[float, float]


def _ring(x: float, y: float, across: float, down: float) -> tuple[Point, ...]:
    return tuple((x + across * cos(k * pi / 6), y + down * sin(k * pi / 6)) for k in range(13))


_SIX: tuple[Point, ...] = (
    *((0.66, 0.11), (0.45, 0.24), (0.31, 0.47), (0.29, 0.7), (0.37, 0.86), (0.52, 0.9), (0.67, 0.82), (0.7, 0.67)),
    *((0.62, 0.54), (0.48, 0.51), (0.35, 0.58), (0.29, 0.7)),
)

STROKES: tuple[tuple[tuple[Point, ...], ...], ...] = (
    (_ring(0.5, 0.5, 0.25, 0.39),),
    (((0.34, 0.27), (0.53, 0.11), (0.53, 0.89)),),
    (((0.27, 0.3), (0.33, 0.17), (0.5, 0.1), (0.67, 0.18), (0.7, 0.34), (0.6, 0.52), (0.26, 0.89), (0.75, 0.89)),),
    (
        ((0.28, 0.15), (0.5, 0.1), (0.68, 0.2), (0.67, 0.37), (0.46, 0.47)),
        ((0.46, 0.47), (0.7, 0.56), (0.73, 0.75), (0.55, 0.9), (0.27, 0.84)),
    ),
    (((0.62, 0.9), (0.62, 0.1), (0.23, 0.63), (0.8, 0.63)),),
    (((0.71, 0.11), (0.34, 0.11), (0.3, 0.46), (0.52, 0.4), (0.7, 0.51), (0.72, 0.72), (0.55, 0.89), (0.27, 0.83)),),
    (_SIX,),
    (((0.25, 0.11), (0.76, 0.11), (0.44, 0.89)),),
    (_ring(0.5, 0.29, 0.19, 0.18), _ring(0.5, 0.68, 0.23, 0.21)),
    (tuple((1 - x, 1 - y) for x, y in _SIX),),
)
"""The lines of each digit, point by point, in a square of side 1 with y downwards."""


def draw_digits(count: int, size: int, *, seed: int = 0) -> tuple[Array, Array]:
    """Return pictures [count, size, size], of mean near 0 and deviation near 1, and their digits, in random order.

    Raises `ValueError` if `size` is below 8.

    >>> pictures, digits = draw_digits(50, 8)
    >>> pictures.shape, sorted(digits.tolist()) == sorted(5 * list(range(10)))
    ((50, 8, 8), True)
    """
    if size < SMALLEST:
        raise ValueError(f"draws digits on {SMALLEST} pixels a side or more, receives {size}")
    random = np.random.default_rng([seed, size])
    digits = random.permutation(np.arange(count) % len(STROKES))
    pictures = np.empty((count, size, size), dtype=np.float32)
    for digit in range(len(STROKES)):
        indices = np.flatnonzero(digits == digit)
        for first in range(0, len(indices), CHUNK):
            chunk = indices[first : first + CHUNK]
            pictures[chunk] = _pictures(digit, len(chunk), size, random)
    noise = random.standard_normal(pictures.shape, dtype=np.float32)
    # Ink covers about a fifth of the square: the mean is then near 0.
    return (pictures - np.float32(0.2)) / np.float32(0.4) + np.float32(0.25) * noise, digits


def _pictures(digit: int, count: int, size: int, random: np.random.Generator) -> Array:
    """Return ink between 0 and 1: 1 within half a stroke's width of a line, then falling to 0 over one pixel."""
    lines = np.array([pair for stroke in STROKES[digit] for pair in pairwise(stroke)])
    moved = _moved(lines, count, random).astype(np.float32)
    centres = (np.arange(size, dtype=np.float32) + 0.5) / size
    x, y = moved[:, :, 0, 0, None], moved[:, :, 0, 1, None]
    across, down = moved[:, :, 1, 0, None] - x, moved[:, :, 1, 1, None] - y
    length = across * across + down * down
    # The nearest point of a line: how far along it, between its ends; rows are y, columns x.
    share = ((centres - y) * down / length)[..., :, None] + ((centres - x) * across / length)[..., None, :]
    np.clip(share, 0, 1, out=share)
    right = (centres - x)[..., None, :] - share * across[..., None]
    below = (centres - y)[..., :, None] - share * down[..., None]
    distance = np.sqrt((right * right + below * below).min(axis=1))
    half = random.uniform(0.035, 0.07, (count, 1, 1))
    ink: Array = np.clip((half - distance) * size + 0.5, 0, 1)
    return ink


def _moved(lines: Array, count: int, random: np.random.Generator) -> Array:
    """Return the lines [lines, ends, 2] of a digit, turned, slanted, stretched and shifted `count` times."""
    angle = random.normal(0, 0.12, count)
    slant = random.normal(0.1, 0.15, count)
    stretch = random.uniform(0.75, 1.1, (count, 2))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]).transpose(2, 0, 1)
    lean = np.zeros((count, 2, 2))
    lean[:, 0, 0], lean[:, 1, 1], lean[:, 0, 1] = stretch[:, 0], stretch[:, 1], -slant
    shift = random.uniform(-0.08, 0.08, (count, 2))
    moved: Array = np.einsum("nij,lej->nlei", turn @ lean, lines - 0.5) + 0.5 + shift[:, None, None]
    return moved
