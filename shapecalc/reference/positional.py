"""Places in a sequence as sines and cosines, as learnt rows, as turns; and the token before all others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from shapecalc.reference.base import Array, Call, kernel, outputs_times

if TYPE_CHECKING:
    from shapecalc.reference.base import Fields


@kernel("positional_encoding", workspace=outputs_times(4))
def positional_encoding(call: Call, x: Array) -> Array:
    """Each step plus the vector of its place.

    Raises `ValueError` where a table has fewer rows than there are steps, or rows of another length.
    Source: Vaswani et al. 2017, section 3.5.
    """
    steps = x.swapaxes(0, 1) if call.fields["batch_first"] else x
    if call.fields["kind"] == "learned":
        table = call.parameters["weight"]
        if table.shape != (call.fields["max_length"], x.shape[-1]):
            raise ValueError(f"a table of {table.shape} for {call.fields['max_length']} places of {x.shape[-1]}")
        places = table[: len(steps)]
    else:
        angles = angles_of(len(steps), x.shape[-1], 10000.0)
        sines = np.empty((len(steps), 2 * angles.shape[1]))
        sines[:, 0::2], sines[:, 1::2] = np.sin(angles), np.cos(angles)
        places = like(sines[:, : x.shape[-1]], x)
    result = steps + places[:, None]
    return np.ascontiguousarray(result.swapaxes(0, 1)) if call.fields["batch_first"] else result


@kernel("rotary_embedding", workspace=outputs_times(4))
def rotary_embedding(call: Call, x: Array) -> Array:
    """Each pair of features turned by the angle of its place.

    Raises `ValueError` where a feature has no other to pair with.
    Source: Su et al. 2021, equation 34.
    """
    angles = angles_of(x.shape[-2], x.shape[-1], call.fields["base"])
    cosines, sines = like(np.cos(angles), x), like(np.sin(angles), x)
    first, second = pairs(x, call.fields)
    turned = np.empty_like(x)
    onto_first, onto_second = pairs(turned, call.fields)
    onto_first[...] = first * cosines - second * sines
    onto_second[...] = second * cosines + first * sines
    return turned


@kernel("class_token", workspace=outputs_times(0))
def class_token(call: Call, x: Array) -> Array:
    """The token of every sample, and then its sequence.

    Raises `ValueError` where the token is not one vector as long as the others.
    """
    token = call.parameters["token"]
    if token.shape[:2] != (1, 1):
        raise ValueError(f"a token is one vector, receives {token.shape}")
    return np.concatenate([np.repeat(token, len(x), axis=0), x], axis=1)


def angles_of(steps: int, features: int, base: float) -> Array:
    """T / base^(2i/E) for each step t and pair of features i; an odd last feature has half a pair."""
    frequencies = base ** -(np.arange(0, features, 2) / features)
    return np.arange(steps)[:, None] * frequencies


def pairs(x: Array, fields: Fields) -> tuple[Array, Array]:
    """The two features of each pair, as views."""
    if x.shape[-1] % 2:
        raise ValueError(f"expects an even number of features, receives {x.shape[-1]}")
    if fields["interleaved"]:
        return x[..., 0::2], x[..., 1::2]
    first, second = np.split(x, 2, axis=-1)
    return first, second


def like(table: Array, x: Array) -> Array:
    """A table of float64 as numbers of the kind that it meets; counting scalars are met by plain ones."""
    return table if x.dtype == object else table.astype(x.dtype)
