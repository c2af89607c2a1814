"""The discrete Fourier transform as it is defined: for each axis a product with the matrix of cosines and sines."""

from __future__ import annotations

from math import prod, sqrt
from typing import TYPE_CHECKING

import numpy as np

from shapecalc.reference.base import Array, Call, Work, constant, kernel
from shapecalc.reference.gradients import Context, Gradients, backward

if TYPE_CHECKING:
    from shapecalc.reference.base import Fields, RunShapes


def matrix(x: Array, length: int, fields: Fields) -> Array:
    """Return the matrix that [real, imaginary] rows of an axis are multiplied with, in the dtype of an array.

    e^(∓iθ) = cos θ ∓ i sin θ, θ = 2π·jk/n; jk is reduced modulo n first, so that large angles lose no digits.
    """
    places = np.arange(length)
    angles = 2 * np.pi / length * (np.outer(places, places) % length)
    direction = 1 if fields["inverse"] else -1
    cosines, sines = np.cos(angles), direction * np.sin(angles)
    divisor = {"ortho": sqrt(length), "backward": length if fields["inverse"] else 1}
    divisor["forward"] = 1 if fields["inverse"] else length
    rotation = np.block([[cosines, sines], [-sines, cosines]]) / divisor[fields["norm"]]
    if x.dtype != object:
        return rotation.astype(x.dtype)
    return np.array([constant(x, value) for value in rotation.ravel().tolist()], dtype=object).reshape(rotation.shape)


def axes_of(fields: Fields) -> tuple[int, ...]:
    """Return the axes of a transform."""
    return tuple(fields["dim"]) if isinstance(fields["dim"], (tuple, list)) else (fields["dim"],)


def transformed(parts: tuple[Array, ...], axis: int, fields: Fields) -> tuple[Array, Array]:
    """Return the transform along one axis of a real part, or of a real and an imaginary one."""
    length = parts[0].shape[axis]
    rows = np.concatenate([np.moveaxis(part, axis, -1) for part in parts], axis=-1)
    columns = matrix(parts[0], length, fields)[: rows.shape[-1]]
    both = Work().matmul(rows.reshape(-1, rows.shape[-1]), columns).reshape(*rows.shape[:-1], 2 * length)
    real, imaginary = (np.moveaxis(part, -1, axis) for part in (both[..., :length], both[..., length:]))
    return real, imaginary


def transform_workspace(run: RunShapes) -> int:
    """Return the bytes of both parts in another order of axes before and after a transform, and of its matrix."""
    longest = max(run.inputs[0][axis] for axis in axes_of(run.fields))
    return run.itemsize * (8 * prod(run.inputs[0]) + 4 * longest * longest) + 40 * 8 * longest * longest


@kernel("fft", workspace=transform_workspace)
def fft(call: Call, *parts: Array) -> tuple[Array, Array]:
    """Return the real and the imaginary part of the transform.

    Raises `ValueError` if the parts of the input have different shapes.
    Source: torch.fft.fftn.
    """
    if len({part.shape for part in parts}) > 1:
        raise ValueError(f"reads two parts of one shape, receives {[list(part.shape) for part in parts]}")
    for axis in axes_of(call.fields):
        parts = transformed(parts, axis, call.fields)
    real, imaginary = (np.array(part, order="C") for part in parts)
    return real, imaginary


@backward("fft")
def fft_backward(ctx: Context, *gradients: Array | None) -> Gradients:
    """Return the gradients with respect to the parts: along each axis a product with the transposed matrix."""
    fields, known = ctx.call.fields, [each for each in gradients if each is not None]
    given = [np.zeros_like(known[0]) if each is None else each for each in gradients]
    for axis in reversed(axes_of(fields)):
        length = given[0].shape[axis]
        rows = np.concatenate([np.moveaxis(part, axis, -1) for part in given], axis=-1)
        both = rows @ matrix(known[0], length, fields).T
        given = [np.moveaxis(part, -1, axis) for part in (both[..., :length], both[..., length:])]
    return Gradients(tuple(np.array(part, order="C") for part in given[: len(ctx.inputs)]))
