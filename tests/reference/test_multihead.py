"""Masks in heads: of numbers or of flags, for all samples or for some, and the gradient of one of numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from tests.support import kernels
from tests.support.rows import for_each

if TYPE_CHECKING:
    from shapecalc.reference.base import Array

random = np.random.default_rng(5)
Q, K, V = (random.standard_normal((2, 6, length, 4)) for length in (5, 7, 7))
X = random.standard_normal((2, 5, 12))
WEIGHTS = {
    "in_proj_weight": random.standard_normal((36, 12)),
    "in_proj_bias": random.standard_normal(36),
    "out_proj.weight": random.standard_normal((12, 12)),
    "out_proj.bias": random.standard_normal(12),
}
HEADS = {"num_heads": 3, "batch_first": True}


def hidden(mask: Array) -> Array:
    """A mask of flags as numbers to add."""
    return np.where(mask, 0.0, -np.inf)


@for_each("shape", [(5, 7), (2, 1, 1, 7), (6, 5, 7)])
@for_each("fields", [{}, {"softcap": 2.0}, {"is_causal": True, "window": 3}, {"enable_gqa": True}])
def test_flags_hide_what_minus_infinity_hides(shape: Any, fields: dict[str, Any]) -> None:
    mask = np.random.default_rng(1).random(shape) > 0.4
    k, v = (K[:, ::3], V[:, ::3]) if "enable_gqa" in fields else (K, V)
    by_flags, by_numbers = (
        kernels.run("scaled_dot_product_attention", Q, k, v, each, **fields) for each in (mask, hidden(mask))
    )
    np.testing.assert_array_equal(by_flags, by_numbers)
    assert np.isfinite(by_flags).all()


def test_a_query_that_sees_no_key_gets_zeros_and_gives_no_gradient() -> None:
    """As PyTorch 2.13 does with both of its kernels."""
    mask = np.ones((5, 7), dtype=bool)
    mask[2] = False
    call = kernels.call_of("scaled_dot_product_attention")
    output = kernels.run("scaled_dot_product_attention", Q, K, V, mask)
    assert not output[:, :, 2].any()
    assert output[:, :, [0, 1, 3, 4]].all()
    found = kernels.gradients_of(call, (Q, K, V, mask), np.ones_like(output))
    assert found.inputs[3] is None
    assert found.inputs[0] is not None
    assert not found.inputs[0][:, :, 2].any()


def test_a_causal_mask_as_input_is_is_causal() -> None:
    mask = np.tril(np.ones((5, 5), dtype=bool))
    own = kernels.run("multihead_attention", X, parameters=WEIGHTS, **HEADS, is_causal=True)
    given = kernels.run("multihead_attention", X, mask, parameters=WEIGHTS, **HEADS, attn_mask=True)
    np.testing.assert_allclose(own, given, rtol=1e-12)


def test_a_window_as_wide_as_the_sequence_hides_nothing_more() -> None:
    causal = kernels.run("scaled_dot_product_attention", Q, Q, Q, is_causal=True)
    wide = kernels.run("scaled_dot_product_attention", Q, Q, Q, is_causal=True, window=5)
    np.testing.assert_array_equal(causal, wide)
    narrow = kernels.run("scaled_dot_product_attention", Q, Q, Q, is_causal=True, window=1)
    np.testing.assert_allclose(narrow, Q, rtol=1e-12)


def test_a_sink_without_weight_changes_nothing_and_a_great_one_takes_all() -> None:
    plain = kernels.run("scaled_dot_product_attention", Q, K, V)
    low, high = (
        kernels.run("scaled_dot_product_attention", Q, K, V, parameters={"sinks": np.full(6, number)}, sinks=True)
        for number in (-1e9, 1e9)
    )
    np.testing.assert_allclose(low, plain, rtol=1e-12)
    assert not high.any()


def test_heads_of_another_size_than_stated_are_refused() -> None:
    with pytest.raises(ValueError, match="heads of 5 features"):
        kernels.run("multihead_attention", X, parameters=WEIGHTS, **HEADS, head_dim=5)
