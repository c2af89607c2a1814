"""Rotary embeddings: which fields belong together, which angles fit, and what of the features is rotated."""

from __future__ import annotations

from typing import Any

from shapecalc.dims import Condition, Relation, symbol
from shapecalc.layers.rotary import OPTIONAL, REQUIRED, SCALING, RotaryEmbedding
from tests.support.layers import answer, flops, made, params, refused, refused_fields, required
from tests.support.rows import for_each

T, E = symbol("T"), symbol("E")
LLAMA3 = {"factor": 8, "low_freq_factor": 1, "high_freq_factor": 4, "original_max_position_embeddings": 8192}


def test_a_rotation_is_two_products_and_a_sum_for_each_feature() -> None:
    assert RotaryEmbedding().output_shape((2, 32, T, 128)) == (2, 32, T, 128)
    assert flops(RotaryEmbedding(), (2, 7, 6)) == 3 * 84
    assert params(RotaryEmbedding(), (2, 7, 6)) == 0


def test_features_after_the_rotated_ones_cost_nothing() -> None:
    assert flops(RotaryEmbedding(rotary_dim=4), (2, 7, 6)) == 3 * 2 * 7 * 4
    assert flops(RotaryEmbedding(rotary_dim=4), (2, 7, 6), (7, 2), (7, 2)) == 3 * 2 * 7 * 4


def test_pairs_of_a_symbol_are_even() -> None:
    assert required(RotaryEmbedding(), (7, E)) == [Condition(E % 2, Relation.ZERO)]
    assert required(RotaryEmbedding(), (7, 2 * E)) == []
    assert required(RotaryEmbedding(rotary_dim=4), (7, E)) == [Condition(E - 4, Relation.NONNEGATIVE)]


def test_every_field_of_a_scaling_has_a_type_that_reads_it() -> None:
    assert {name for names in (*REQUIRED.values(), *OPTIONAL.values()) for name in names} == set(SCALING)


@for_each(
    "fields, field",
    [
        ({"rope_type": "linear"}, "rope_type"),
        ({"rope_type": "yarn", "factor": 4}, "rope_type"),
        ({"factor": 4}, "factor"),
        ({"rope_type": "linear", "factor": 4, "beta_fast": 3}, "beta_fast"),
        ({"rope_type": "llama3", **LLAMA3, "high_freq_factor": 1}, "high_freq_factor"),
        ({"rope_type": "yarn", "factor": 4, "original_max_position_embeddings": 9, "base": 1}, "base"),
        ({"rotary_dim": 5}, "rotary_dim"),
    ],
)
def test_fields_that_contradict_each_other_are_refused(fields: dict[str, Any], field: str) -> None:
    error = refused_fields("rotary_embedding", **fields)
    assert (error.code, error.field) == ("SC205", field)


@for_each(
    "fields, inputs, expected",
    [
        ({}, ((6,),), "SC305"),
        ({}, ((7, 5),), "SC304"),
        ({"rotary_dim": 8}, ((7, 6),), "SC304"),
        ({"rope_type": "dynamic", "factor": 2, "original_max_position_embeddings": 4}, ((7, 2),), "SC304"),
        ({}, ((2, 7, 6), (7, 6)), "SC314"),
        ({"rope_type": "linear", "factor": 2}, ((2, 7, 6), (7, 6), (7, 6)), "SC205"),
        ({}, ((2, 7, 6), (7, 6), (7, 6)), (2, 7, 6)),
        ({}, ((2, 7, 6), (2, 7, 3), (1, 6)), (2, 7, 6)),
        ({}, ((2, 7, 6), (7, 4), (7, 4)), "SC314"),
        ({}, ((2, 7, 6), (5, 6), (5, 6)), "SC314"),
        ({}, ((2, 7, 6), (3, 7, 6), (7, 6)), "SC314"),
        ({}, ((7, 6), (2, 7, 6), (7, 6)), "SC314"),
        ({"rotary_dim": 4}, ((2, 7, 6), (7, 2), (7, 4)), (2, 7, 6)),
        ({"rotary_dim": 4}, ((2, 7, 6), (7, 6), (7, 6)), "SC314"),
    ],
)
def test_angles_are_given_for_each_rotated_feature_or_pair(fields: Any, inputs: Any, expected: Any) -> None:
    assert answer(made("rotary_embedding", **fields), *inputs) == expected


def test_the_message_names_both_lengths_that_angles_may_have() -> None:
    error = refused(made("rotary_embedding"), (2, 7, 6), (7, 4), (7, 3))
    assert error.message == "expects cosines that broadcast to [2, 7, 6], or 3 features, receives [7, 4]"
