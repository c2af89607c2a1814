"""Rotary position embedding, by angles of positions, scaled or not, or by cosines and sines that are given."""

from __future__ import annotations

from math import ceil, floor, log, pi
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from shapecalc.reference.arithmetic import sum_to_shape
from shapecalc.reference.base import Array, Call, kernel, outputs_times
from shapecalc.reference.gradients import Context, Gradients, backward
from shapecalc.reference.positional import waves

if TYPE_CHECKING:
    from shapecalc.reference.base import Fields, Shape


class Waves(NamedTuple):
    """Cosines and sines of the first and of the second features of all pairs."""

    cosines: tuple[Array, Array]
    sines: tuple[Array, Array]


@kernel("rotary_embedding", workspace=outputs_times(4))
def rotary_embedding(call: Call, x: Array, *given: Array) -> Array:
    """Return each pair of features rotated by the angle of its position; features after the rotated ones as they are.

    Raises `ValueError` if the number of rotated features is odd, or cosines and sines do not fit.
    Source: Su et al. 2021, equation 34.
    """
    (cos_first, cos_second), (sin_first, sin_second) = waves_of(call, x, given)
    first, second = pairs(x, call.fields)
    result = x.copy()
    onto_first, onto_second = pairs(result, call.fields)
    onto_first[...] = first * cos_first - second * sin_first
    onto_second[...] = second * cos_second + first * sin_second
    return result


@backward("rotary_embedding")
def rotary_embedding_backward(ctx: Context, gradient: Array) -> Gradients:
    """Return each pair of the gradient rotated back, and the gradients of cosines and sines that are given."""
    x, *given = ctx.inputs
    fields = ctx.call.fields
    (cos_first, cos_second), (sin_first, sin_second) = waves_of(ctx.call, x, tuple(given))
    grad_first, grad_second = pairs(gradient, fields)
    grad_x = gradient.copy()
    onto_first, onto_second = pairs(grad_x, fields)
    onto_first[...] = grad_first * cos_first + grad_second * sin_second
    onto_second[...] = grad_second * cos_second - grad_first * sin_first
    if not given:
        return Gradients((grad_x,))
    first, second = pairs(x, fields)
    grad_cos = grad_first * first, grad_second * second
    grad_sin = -grad_first * second, grad_second * first
    both = zip((grad_cos, grad_sin), given, strict=True)
    return Gradients((grad_x, *(of_given(*each, each_given, fields) for each, each_given in both)))


def waves_of(call: Call, x: Array, given: tuple[Array, ...]) -> Waves:
    """Return the cosines and sines that are given, or those of the positions.

    Raises `ValueError` if there is neither one for each rotated feature nor one for each pair, or none for a position.
    """
    rotated = rotated_features(x, call.fields)
    if not given:
        frequencies, amplitude = scaled_frequencies(call.fields, rotated, x.shape[-2])
        sines, cosines = waves(np.arange(x.shape[-2])[:, None] * frequencies, x)
        if amplitude != 1:
            sines, cosines = sines * amplitude, cosines * amplitude
        return Waves((cosines, cosines), (sines, sines))
    for each in given:
        if 2 * each.shape[-1] != rotated and each.shape[-1] != rotated:
            raise ValueError(f"expects an angle for each of {rotated} features or for each pair, receives {each.shape}")
        np.broadcast_to(each[..., :1], (*x.shape[:-1], 1))  # raises what does not fit
    return Waves(*(of_pairs(each, rotated, call.fields) for each in given))


def of_pairs(given: Array, rotated: int, fields: Fields) -> tuple[Array, Array]:
    """Return given cosines or sines of the first and of the second features of all pairs."""
    return pairs(given, {**fields, "rotary_dim": None}) if given.shape[-1] == rotated else (given, given)


def of_given(first: Array, second: Array, given: Array, fields: Fields) -> Array:
    """Return the gradient of given cosines or sines from those of the first and second features of each pair."""
    if given.shape[-1] == first.shape[-1]:
        return sum_to_shape(first + second, given.shape)
    shape: Shape = (*first.shape[:-1], given.shape[-1])
    joined = np.empty(shape, dtype=first.dtype)
    onto_first, onto_second = pairs(joined, {**fields, "rotary_dim": None})
    onto_first[...], onto_second[...] = first, second
    return sum_to_shape(joined, given.shape)


def rotated_features(x: Array, fields: Fields) -> int:
    """Return the number of rotated features."""
    return int(x.shape[-1] if fields["rotary_dim"] is None else fields["rotary_dim"])


def scaled_frequencies(fields: Fields, features: int, length: int) -> tuple[Array, float]:
    """Return the angle per position of each pair, and the factor of the sines and cosines.

    Source: transformers, modeling_rope_utils.py; Peng et al. 2023, sections 3.1 and 3.2 (YaRN).
    """
    kind, base, factor = fields["rope_type"], float(fields["base"]), fields["factor"]
    trained = fields["original_max_position_embeddings"]
    if kind == "dynamic":
        longer = max(length, trained) / trained
        base *= (factor * longer - (factor - 1)) ** (features / (features - 2))
    plain: Array = base ** -(np.arange(0, features, 2) / features)
    if kind == "linear":
        return plain / factor, 1.0
    if kind == "yarn":
        amplitude = fields["attention_factor"]
        if amplitude is None:
            amplitude = 0.1 * log(factor) + 1 if factor > 1 else 1.0
        return yarn(fields, plain, features), float(amplitude)
    if kind == "llama3":
        # The share that is not scaled grows from 0 for low frequencies to 1 for high ones.
        turns = trained * plain / (2 * pi)
        low, high = fields["low_freq_factor"], fields["high_freq_factor"]
        share = np.clip((turns - low) / (high - low), 0, 1)
        return (1 - share) * plain / factor + share * plain, 1.0
    return plain, 1.0


def yarn(fields: Fields, plain: Array, features: int) -> Array:
    """Return frequencies of which those that turn seldom in the original length are divided by the factor."""
    trained = fields["original_max_position_embeddings"]

    def pair_that_turns(times: float) -> float:
        return features * log(trained / (times * 2 * pi)) / (2 * log(fields["base"]))

    first, last = pair_that_turns(fields["beta_fast"] or 32), pair_that_turns(fields["beta_slow"] or 1)
    if fields["truncate"]:
        first, last = floor(first), ceil(last)
    first, last = max(first, 0), min(last, features - 1)
    if first == last:
        last += 0.001
    scaled: Array = np.clip((np.arange(len(plain)) - first) / (last - first), 0, 1)
    mixed: Array = plain / fields["factor"] * scaled + plain * (1 - scaled)
    return mixed


def pairs(x: Array, fields: Fields) -> tuple[Array, Array]:
    """Return the first and the second features of all rotated pairs, as views.

    Raises `ValueError` for an odd number of features, and for fewer than are rotated.
    """
    features = rotated_features(x, fields)
    if features % 2:
        raise ValueError(f"expects an even number of features, receives {features}")
    if features > x.shape[-1]:
        raise ValueError(f"rotates {features} features, receives {x.shape[-1]}")
    x = x[..., :features]
    if fields["interleaved"]:
        return x[..., 0::2], x[..., 1::2]
    first, second = np.split(x, 2, axis=-1)
    return first, second
