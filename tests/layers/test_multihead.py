"""What the projections of multi-head attention hold, and which inputs it reads."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, strategies as st

import shapecalc
from shapecalc.layers.multihead import MultiheadAttention
from tests.layers.test_attention import lengths, seen
from tests.support.layers import made, params, refused


@given(lengths, lengths, st.booleans(), st.booleans())
def test_a_mask_hides_no_key_that_is_added(queries: int, keys: int, bias: bool, zero: bool) -> None:
    layer = MultiheadAttention(num_heads=2, is_causal=True, add_bias_kv=bias, add_zero_attn=zero)
    query, key = (queries, 3, 8), (keys, 3, 8)
    assert layer.useful_macs(query, key, query) == 2 * 3 * seen(queries, keys, bias + zero) * 8


@pytest.mark.parametrize(("heads", "shared", "separate"), [(8, None, False), (8, 8, False), (8, 2, True), (8, 1, True)])
def test_fewer_heads_of_keys_are_projected_by_smaller_matrices(heads: int, shared: int | None, separate: bool) -> None:
    layer = MultiheadAttention(num_heads=heads, num_kv_heads=shared, bias=False)
    tensors = layer.parameters((5, 2, 64))
    assert ("k_proj_weight" in tensors) is separate
    if separate:
        assert tensors["k_proj_weight"] == tensors["v_proj_weight"] == (8 * (shared or heads), 64)


def test_heads_wider_than_the_features_have_the_parameters_of_keras() -> None:
    """keras.layers.MultiHeadAttention(4, key_dim=256) on [N, 500, 1]; (2, key_dim=32) on [N, 200, 32]."""
    assert params(made("multihead_attention", num_heads=4, head_dim=256, batch_first=True), (2, 500, 1)) == 7169
    assert params(made("multihead_attention", num_heads=2, head_dim=32, batch_first=True), (2, 200, 32)) == 8416


def test_qwen3s_projection_of_the_query_is_twice_as_wide_as_its_input() -> None:
    layer = made("multihead_attention", num_heads=16, num_kv_heads=8, head_dim=128, bias=False, batch_first=True)
    assert layer.parameters((1, 7, 1024)) == {
        "q_proj_weight": (2048, 1024),
        "k_proj_weight": (1024, 1024),
        "v_proj_weight": (1024, 1024),
        "out_proj.weight": (1024, 2048),
    }
    assert layer.cached((1, 7, 1024)) == 2 * 7 * 1024


def test_heads_of_the_default_size_are_those_of_no_size() -> None:
    x = (5, 3, 12)
    one, other = made("multihead_attention", num_heads=4, head_dim=3), made("multihead_attention", num_heads=4)
    assert one.parameters(x) == other.parameters(x)
    assert one.macs(x, x) == other.macs(x, x)
    assert one.flops(x, x) == other.flops(x, x)
    assert one.saved(x, x) == other.saved(x, x)


@pytest.mark.parametrize(
    ("fields", "inputs", "code"),
    [
        ({"attn_mask": True}, ((5, 3, 8),), "SC314"),
        ({}, ((5, 3, 8), (7, 3, 8), (7, 3, 8), (5, 7)), "SC314"),
        ({"attn_mask": True}, ((5, 3, 8), (7, 5)), "SC314"),
        ({"attn_mask": True}, ((5, 3, 8), (6, 5, 5)), "SC314"),
        ({}, ((5, 3, 8), (5, 5)), "SC305"),
    ],
)
def test_a_mask_that_does_not_fit_or_is_not_expected_is_refused(fields: Any, inputs: Any, code: str) -> None:
    assert refused(made("multihead_attention", num_heads=2, **fields), *inputs).code == code


@pytest.mark.parametrize("mask", [(5, 5), (2, 5, 5), (3, 1, 1, 5), (3, 2, 5, 5)])
def test_a_mask_is_one_input_more(mask: Any) -> None:
    layer, x = made("multihead_attention", num_heads=2, attn_mask=True), (5, 3, 8)
    assert layer.output_shape(x, mask) == x
    assert layer.parameters(x, mask) == made("multihead_attention", num_heads=2).parameters(x)
    assert layer.operations(x, mask, x) - made("multihead_attention", num_heads=2).operations(x, x) == 3 * 2 * 5 * 5


def test_the_help_for_a_mask_that_is_not_expected_names_the_field() -> None:
    error = refused(made("multihead_attention", num_heads=2), (5, 3, 8), (5, 5))
    assert error.help == "add `attn_mask: true` if the last input is a mask"
    assert refused(made("multihead_attention", num_heads=2), (5, 8)).help is None


def test_a_mask_of_integers_is_told_to_be_of_flags() -> None:
    text = """\
inputs: {x: [2, 5, 8], m: {shape: [5, 5], dtype: int64}}
layers: [{multihead_attention: {num_heads: 2, batch_first: true, attn_mask: true}, from: [x, m]}]
"""
    with pytest.raises(shapecalc.ShapecalcError) as caught:
        shapecalc.inspect(shapecalc.loads(text))
    (diagnostic,) = caught.value.diagnostics
    assert (diagnostic.code, diagnostic.help) == (
        "SC206",
        "write `dtype: bool` for it, or put `cast: bool` before this",
    )
