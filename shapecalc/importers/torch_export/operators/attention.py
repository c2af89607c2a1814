"""Attention."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from shapecalc.importers.torch_export.operators import operator

if TYPE_CHECKING:
    from shapecalc.importers.graph import Value
    from shapecalc.importers.torch_export.steps import Steps


@operator("scaled_dot_product_attention")
def attention(
    to: Steps, query: Value, key: Value, value: Value, attn_mask: Value | None = None, dropout_p: float = 0.0,
    is_causal: bool = False, scale: float | None = None, enable_gqa: bool = False,
) -> Value:  # fmt: skip
    """Attention of queries to keys."""
    del dropout_p
    features = query.shape[-1]
    usual = isinstance(features, int) and scale is not None and math.isclose(scale, features**-0.5, rel_tol=1e-9)
    reads: tuple[Value, ...] = (query, key, value) if attn_mask is None else (query, key, value, attn_mask)
    alone = query.rank == 2  # noqa: PLR2004 - a matrix, without an axis of heads
    if alone:
        reads = tuple(to.step("unsqueeze", each, dim=0) for each in reads)
    grouped = enable_gqa and key.shape[-3] != query.shape[-3]
    result = to.step("scaled_dot_product_attention", *reads, is_causal=is_causal, scale=None if usual else scale,
                     enable_gqa=grouped)  # fmt: skip
    return to.step("squeeze", result, dim=0) if alone else result


@operator("_scaled_dot_product_flash_attention_for_cpu", "_scaled_dot_product_flash_attention",
          "_scaled_dot_product_efficient_attention", "_scaled_dot_product_fused_attention_overrideable")  # fmt: skip
def fused_attention(to: Steps, query: Value, key: Value, value: Value, attn_mask: Value | None = None,
                    attn_bias: Value | None = None, is_causal: bool = False, scale: float | None = None,
                    **_: Any) -> Any:  # fmt: skip
    """Attention by a fused kernel, with what its gradient needs."""
    mask = attn_bias if attn_mask is None else attn_mask
    return (attention(to, query, key, value, mask, 0.0, is_causal, scale), *(None,) * 8)
