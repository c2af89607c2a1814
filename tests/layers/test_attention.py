"""What attention costs: by what its products are for, in closed form, and what of it a causal mask leaves useful."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, strategies as st

import shapecalc
from shapecalc.dims import symbol
from shapecalc.layers.attention import ScaledDotProductAttention
from tests.support.layers import made, refused, required

if TYPE_CHECKING:
    from shapecalc.dims import Shape

lengths = st.integers(1, 12)


def seen(queries: int, keys: int, added: int = 0) -> int:
    """Pairs of query and key that stand on or below the diagonal, counted one by one."""
    return int(np.tril(np.ones((queries, keys), dtype=int)).sum()) + queries * added


@given(lengths, lengths, st.integers(1, 5), st.integers(1, 5), st.integers(1, 3))
def test_the_useful_macs_of_a_causal_product_are_those_of_the_pairs_below_the_diagonal(
    queries: int, keys: int, features: int, width: int, batch: int
) -> None:
    q, k, v = (batch, queries, features), (batch, keys, features), (batch, keys, width)
    layer = ScaledDotProductAttention(is_causal=True)
    y = layer.output_shape(q, k, v)
    assert layer.useful_macs(q, k, v, y) == batch * seen(queries, keys) * (features + width)
    assert layer.macs(q, k, v, y) == batch * queries * keys * (features + width)
    assert ScaledDotProductAttention().useful_macs(q, k, v, y) is None


def test_the_square_of_the_length_is_to_be_seen_in_the_cost() -> None:
    report = shapecalc.inspect(
        shapecalc.loads("{input: [N, T, 64], layers: [{multihead_attention: {num_heads: 4, batch_first: true}}]}")
    )
    assert str(report.totals.macs) == "128*T**2 + 16384*T"
    assert report.products is not None
    assert {name: str(count) for name, count in report.products.parts.items()} == {
        "projections": "16384*T",
        "QKᵀ": "64*T**2",
        "AV": "64*T**2",
    }
    assert report.products.masked == 0


def test_a_causal_network_says_what_it_counts_and_what_of_it_is_useful() -> None:
    text = "{input: [2, 10, 64], layers: [{multihead_attention: {num_heads: 4, batch_first: true, is_causal: true}}]}"
    report = shapecalc.inspect(shapecalc.loads(text))
    assert report.products is not None
    assert (report.products.masked, report.products.useful) == (2 * 2 * 100 * 64, 2 * 2 * 55 * 64)
    totals = report.to_dict()["totals"]
    assert totals["macs"] == sum(totals["macs_parts"].values()) == 353_280
    assert (totals["masked_macs"], totals["useful_macs"]) == (25_600, 14_080)


def test_networks_without_attention_say_nothing_of_it() -> None:
    report = shapecalc.inspect(shapecalc.load("lenet5"))
    assert report.products is None
    assert "macs_parts" not in report.to_dict()["totals"]


@pytest.mark.parametrize(
    ("fields", "q", "k", "v", "output"),
    [
        pytest.param({}, (1, 71, 32, 64), (1, 1, 32, 64), (1, 1, 32, 64), (1, 71, 32, 64), id="Falcon 7B"),
        pytest.param({}, (2, 1, 7, 8), (2, 1, 5, 8), (2, 6, 5, 9), (2, 6, 7, 9), id="values for more heads"),
        pytest.param({}, (7, 8), (3, 5, 8), (5, 9), (3, 7, 9), id="other ranks"),
        pytest.param({"enable_gqa": True}, (2, 6, 7, 8), (3, 5, 8), (1, 2, 5, 9), (2, 6, 7, 9), id="heads in groups"),
    ],
)
def test_leading_axes_broadcast(fields: dict[str, Any], q: Shape, k: Shape, v: Shape, output: Shape) -> None:
    assert made("scaled_dot_product_attention", **fields).output_shape(q, k, v) == output


@pytest.mark.parametrize(
    ("fields", "q", "k", "v", "code"),
    [
        ({}, (2, 6, 7, 8), (2, 3, 5, 8), (2, 3, 5, 8), "SC314"),
        ({}, (2, 6, 7, 8), (2, 6, 5, 8), (2, 6, 1, 8), "SC314"),
        ({}, (2, 7, 8), (2, 5, 8), (3, 5, 8), "SC314"),
        ({}, (8,), (5, 8), (5, 8), "SC305"),
        ({"enable_gqa": True}, (2, 6, 7, 8), (2, 4, 5, 8), (2, 4, 5, 8), "SC304"),
        ({"enable_gqa": True}, (2, 6, 7, 8), (2, 3, 5, 8), (2, 4, 5, 8), "SC304"),
        ({"enable_gqa": True}, (2, 6, 7, 8), (3, 3, 5, 8), (3, 3, 5, 8), "SC314"),
        ({"enable_gqa": True}, (6, 7, 8), (5, 8), (5, 8), "SC305"),
    ],
)
def test_what_pytorch_does_not_broadcast_is_refused(
    fields: dict[str, Any], q: Shape, k: Shape, v: Shape, code: str
) -> None:
    assert refused(made("scaled_dot_product_attention", **fields), q, k, v).code == code


def test_falcons_costs_are_those_of_the_broadcast_heads() -> None:
    """71 · 32 · 32 · (64 + 64), as FlopCounterMode has it; twice that in the backward pass."""
    layer, q, k = made("scaled_dot_product_attention"), (1, 71, 32, 64), (1, 1, 32, 64)
    assert layer.macs(q, k, k, q) == 9306112
    assert layer.backward_macs(q, k, k, q) == (2 * 9306112, 0)


def test_a_symbol_is_not_assumed_to_be_one() -> None:
    layer, n = made("scaled_dot_product_attention"), symbol("N")
    assert required(layer, (n, 3, 7, 8), (1, 3, 5, 8), (1, 3, 5, 8)) == []
    conditions = required(layer, (n, 3, 7, 8), (2, 3, 5, 8), (2, 3, 5, 8))
    assert [str(condition) for condition in conditions] == ["N == 2"]
