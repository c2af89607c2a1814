"""Positional encodings, fixed or trainable; and the class token."""

from __future__ import annotations

import numpy as np

from shapecalc.reference.base import Array, Call, constant, kernel, outputs_times
from shapecalc.reference.gradients import Context, Gradients, backward


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
        angles = np.arange(len(steps))[:, None] * 10000.0 ** -(np.arange(0, x.shape[-1], 2) / x.shape[-1])
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


def waves(angles: Array, x: Array) -> tuple[Array, Array]:
    """Return the sines and cosines of angles in float64, in the dtype of x; those of scalars that have their own."""
    if x.dtype == object and x.size and hasattr(x.flat[0], "of"):
        angles = np.frompyfunc(lambda angle: constant(x, angle), 1, 1)(angles)
        return np.sin(angles), np.cos(angles)
    kind = np.float64 if x.dtype == object else x.dtype
    return np.sin(angles).astype(kind), np.cos(angles).astype(kind)
