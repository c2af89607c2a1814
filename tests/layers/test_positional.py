"""Positional encodings and the class token: tables of known models, and what does not fit."""

from __future__ import annotations

from typing import Any

import pytest

from shapecalc.dims import Condition, Relation, symbol
from shapecalc.layers.positional import ClassToken, PositionalEncoding
from tests.support.layers import flops, made, params, refused, refused_fields, required

T = symbol("T")


def test_the_table_of_gpt_2_has_a_row_for_each_of_1024_positions() -> None:
    layer = PositionalEncoding(kind="learned", max_length=1024, batch_first=True)
    assert params(layer, (1, 10, 768)) == 786_432
    assert layer.output_shape((1, 1024, 768)) == (1, 1024, 768)
    error = refused(layer, (1, 1025, 768))
    assert (error.code, error.field) == ("SC302", "max_length")
    assert error.message == "expects at most 1024 steps, receives 1025"


def test_sines_are_added_and_not_trained() -> None:
    assert params(PositionalEncoding(), (7, 2, 6)) == 0
    assert flops(PositionalEncoding(), (7, 2, 6)) == 7 * 2 * 6


def test_a_learned_table_needs_its_length() -> None:
    error = refused_fields("positional_encoding", kind="learned")
    assert (error.code, error.field) == ("SC205", "kind")
    assert error.help == "add `max_length`, or write `kind: sinusoidal`"


def test_a_class_token_is_one_vector_before_the_patches_of_vit() -> None:
    """ViT-B/16 at 224: 14 × 14 patches of 768 features, and the token."""
    assert ClassToken().output_shape((1, 14 * 14, 768)) == (1, 197, 768)
    assert (params(ClassToken(), (1, 196, 768)), flops(ClassToken(), (1, 196, 768))) == (768, 0)


@pytest.mark.parametrize(
    ("type_", "fields", "x", "code", "field"),
    [
        ("positional_encoding", {}, (7, 6), "SC305", None),
        ("positional_encoding", {"embed_dim": 8}, (7, 2, 6), "SC301", "embed_dim"),
        ("class_token", {}, (7, 6), "SC305", None),
        ("class_token", {"embed_dim": 8}, (2, 7, 6), "SC301", "embed_dim"),
    ],
)
def test_what_does_not_fit_names_the_field(type_: str, fields: Any, x: Any, code: str, field: str | None) -> None:
    error = refused(made(type_, **fields), x)
    assert (error.code, error.field) == (code, field)


def test_symbols_are_at_most_as_long_as_the_table() -> None:
    assert required(PositionalEncoding(max_length=9), (T, 2, 6)) == [Condition(9 - T, Relation.NONNEGATIVE)]


def test_trainable_vectors_are_initialized_close_to_zero() -> None:
    for layer in (PositionalEncoding(kind="learned", max_length=9), ClassToken()):
        first = layer.initial("weight", (2, 7, 6))
        assert (first.distribution, first.deviation) == ("normal", 0.02)
