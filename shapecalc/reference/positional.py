"""Positional encodings, fixed, trainable or rotary; and the class token."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from shapecalc.reference.base import Array, Call, constant, kernel, outputs_times
from shapecalc.reference.gradients import Context, Gradients, backward

if TYPE_CHECKING:
    from shapecalc.reference.base import Fields


@kernel("positional_encoding", workspace=outputs_times(4))
def positional_encoding(call: Call, x: Array) -> Array:
    """Return each step plus the vector of its position.

    Raises `ValueError` if a table has fewer rows than there are steps, or rows of another length.
    Source: Vaswani et al. 2017, section 3.5.
    """
    steps = x.swapaxes(0, 1) if call.fields["batch_first"] else x
    if call.fields["kind"] == "learned":
        table = call.parameters["weight"]
        if table.shape != (call.fields["max_length"], x.shape[-1]):
            raise ValueError(f"a table of {table.shape} for {call.fields['max_length']} places of {x.shape[-1]}")
        vectors = table[: len(steps)]
    else:
        angles = position_angles(len(steps), x.shape[-1], 10000.0)
        sines, cosines = waves(angles, x)
        vectors = np.stack([sines, cosines], axis=-1).reshape(len(steps), -1)[:, : x.shape[-1]]
    result = steps + vectors[:, None]
    return np.ascontiguousarray(result.swapaxes(0, 1)) if call.fields["batch_first"] else result


@backward("positional_encoding")
def positional_encoding_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return the gradient; for each trainable row its sum over samples, 0 for positions after the last step."""
    if ctx.call.fields["kind"] != "learned":
        return Gradients((gradient,))
    steps = gradient.swapaxes(0, 1) if ctx.call.fields["batch_first"] else gradient
    table = np.zeros_like(ctx.call.parameters["weight"], dtype=gradient.dtype)
    table[: len(steps)] = steps.sum(axis=1)
    return Gradients((gradient,), {"weight": table})


@kernel("rotary_embedding", workspace=outputs_times(4))
def rotary_embedding(call: Call, x: Array) -> Array:
    """Return each pair of features rotated by the angle of its position.

    Raises `ValueError` if the number of features is odd.
    Source: Su et al. 2021, equation 34.
    """
    return rotated(call, x, 1)


@backward("rotary_embedding")
def rotary_embedding_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return each pair of the gradient rotated by the opposite angle."""
    return Gradients((rotated(ctx.call, gradient, -1),))


def rotated(call: Call, x: Array, direction: int) -> Array:
    """Return each pair of features rotated by the angle of its position times `direction`, 1 or −1."""
    angles = direction * position_angles(x.shape[-2], x.shape[-1], call.fields["base"])
    sines, cosines = waves(angles, x)
    first, second = pairs(x, call.fields)
    result = np.empty_like(x)
    onto_first, onto_second = pairs(result, call.fields)
    onto_first[...] = first * cosines - second * sines
    onto_second[...] = second * cosines + first * sines
    return result


@kernel("class_token", workspace=outputs_times(0))
def class_token(call: Call, x: Array) -> Array:
    """Return the token followed by the sequence, for every sample.

    Raises `ValueError` if the token is not one vector of the length of the others.
    """
    token = call.parameters["token"]
    if token.shape[:2] != (1, 1):
        raise ValueError(f"a token is one vector, receives {token.shape}")
    return np.concatenate([np.repeat(token, len(x), axis=0), x], axis=1)


@backward("class_token")
def class_token_backward(_past: Context, gradient: Array) -> Gradients:
    """Return the gradient of the sequence; for the token that of the first step, summed over samples."""
    return Gradients((gradient[:, 1:].copy(),), {"token": gradient[:, :1].sum(axis=0, keepdims=True)})


def position_angles(steps: int, features: int, base: float) -> Array:
    """Return t / base^(2i/E) for each step t and pair of features i; an odd last feature is half a pair."""
    frequencies = base ** -(np.arange(0, features, 2) / features)
    return np.arange(steps)[:, None] * frequencies


def pairs(x: Array, fields: Fields) -> tuple[Array, Array]:
    """Return the first and the second features of all pairs, as views."""
    if x.shape[-1] % 2:
        raise ValueError(f"expects an even number of features, receives {x.shape[-1]}")
    if fields["interleaved"]:
        return x[..., 0::2], x[..., 1::2]
    first, second = np.split(x, 2, axis=-1)
    return first, second


def waves(angles: Array, x: Array) -> tuple[Array, Array]:
    """Return the sines and cosines of angles in float64, in the dtype of x; those of scalars that have their own."""
    if x.dtype == object and x.size and hasattr(x.flat[0], "of"):
        angles = np.frompyfunc(lambda angle: constant(x, angle), 1, 1)(angles)
        return np.sin(angles), np.cos(angles)
    kind = np.float64 if x.dtype == object else x.dtype
    return np.sin(angles).astype(kind), np.cos(angles).astype(kind)
