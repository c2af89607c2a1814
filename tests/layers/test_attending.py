"""Which pairs a window hides, and which masks fit the scores."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, strategies as st

from shapecalc.dims import symbol
from tests.support.layers import answer, made, refused, refused_fields, required

if TYPE_CHECKING:
    from shapecalc.dims import Shape

lengths = st.integers(1, 12)
Q, K = (2, 6, 5, 8), (2, 6, 7, 8)


@given(lengths, lengths, lengths)
def test_the_useful_macs_of_a_window_are_those_of_the_pairs_in_it(queries: int, keys: int, window: int) -> None:
    distance = np.arange(queries)[:, None] - np.arange(keys)
    seen = int(((distance >= 0) & (distance < window)).sum())
    layer = made("scaled_dot_product_attention", is_causal=True, window=window)
    q, k = (3, queries, 4), (3, keys, 4)
    assert layer.useful_macs(q, k, k, q) == 3 * seen * 8
    heads = made("multihead_attention", num_heads=2, batch_first=True, is_causal=True, window=window)
    assert heads.useful_macs(q, k, q) == 3 * seen * 8


def test_of_a_symbol_the_useful_macs_of_a_window_are_not_known() -> None:
    t = symbol("T")
    layer = made("scaled_dot_product_attention", is_causal=True, window=4)
    assert layer.useful_macs((t, 8), (t, 8), (t, 8), (t, 8)) is None
    assert str(made("scaled_dot_product_attention", is_causal=True).useful_macs((t, 8), (t, 8), (t, 8), (t, 8))) == (
        "8*T**2 + 8*T"
    )


@pytest.mark.parametrize("word", ["scaled_dot_product_attention", "multihead_attention"])
def test_a_window_ends_at_the_query(word: str) -> None:
    fields = {"num_heads": 2} if word == "multihead_attention" else {}
    error = refused_fields(word, window=4, **fields)
    assert (error.code, error.field) == ("SC205", "window")


@pytest.mark.parametrize(
    ("mask", "expected"),
    [
        ((5, 7), Q),
        ((1, 7), Q),
        ((5, 1), Q),
        ((6, 5, 7), Q),
        ((2, 1, 1, 7), Q),
        ((7,), "SC305"),
        ((7, 5), "SC314"),
        ((3, 5, 7), "SC314"),
        ((1, 2, 6, 5, 7), "SC314"),
        ((2, 2, 5, 7), "SC314"),
    ],
)
def test_a_mask_broadcasts_to_the_scores_and_does_not_widen_them(mask: Shape, expected: Shape | str) -> None:
    """Each row as PyTorch 2.13 has it, by its product-by-product kernel: `mask` is added to the scores in place."""
    assert answer(made("scaled_dot_product_attention"), Q, K, K, mask) == expected


def test_a_mask_of_symbols_is_required_to_be_as_long_as_the_scores() -> None:
    t, s = symbol("T"), symbol("S")
    layer = made("scaled_dot_product_attention")
    q, k = (2, 6, t, 8), (2, 6, s, 8)
    assert required(layer, q, k, k, (1, 6, t, s)) == []
    assert [str(condition) for condition in required(layer, q, k, k, (t, t))] == ["S == T"]


def test_a_sink_needs_heads() -> None:
    layer = made("scaled_dot_product_attention", sinks=True)
    assert refused(layer, (5, 8), (7, 8), (7, 8)).code == "SC305"
    assert layer.parameters(Q, K, K) == {"sinks": (6,)}
