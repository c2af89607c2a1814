"""Relative position biases: tables of known models, and fields that contradict each other."""

from __future__ import annotations

from typing import Any

import shapecalc
from shapecalc.costs.saved_tensors import saved_tensors
from shapecalc.dims import symbol
from tests.support.layers import answer, made, params, refused_fields, required
from tests.support.rows import for_each

T = symbol("T")


def test_the_tables_of_t5_small_and_swin_t() -> None:
    """32 buckets of 8 heads; 13 · 13 offsets of 3 heads."""
    assert params(made("relative_position_bias", num_heads=8), (1, 10, 512)) == 256
    swin = made("relative_position_bias", num_heads=3, kind="swin", window_size=(7, 7))
    assert params(swin, (64, 49, 96)) == 507
    assert params(made("relative_position_bias", num_heads=8, kind="alibi"), (1, 10, 512)) == 0


def test_lengths_of_symbols_stay_symbols() -> None:
    assert made("relative_position_bias", num_heads=8).output_shape((2, T, 512)) == (1, 8, T, T)
    layer = made("relative_position_bias", num_heads=8, kind="swin", window_size=4)
    assert [str(each) for each in required(layer, (2, T, 8))] == ["T == 16"]


@for_each(
    "fields, inputs, expected",
    [
        ({}, ((5,),), "SC305"),
        ({"kind": "swin", "window_size": 3}, ((2, 8, 4),), "SC314"),
        ({"kind": "swin", "window_size": 3}, ((2, 9, 4), (2, 8, 4)), "SC314"),
        ({"kind": "swin", "window_size": (2, 3, 2)}, ((2, 12, 4),), (1, 2, 12, 12)),
    ],
)
def test_a_window_has_as_many_positions_as_the_sequence(fields: Any, inputs: Any, expected: Any) -> None:
    assert answer(made("relative_position_bias", num_heads=2, **fields), *inputs) == expected


@for_each(
    "fields, field",
    [
        ({"kind": "swin"}, "kind"),
        ({"kind": "alibi", "num_buckets": 8}, "num_buckets"),
        ({"kind": "alibi", "bidirectional": False}, "bidirectional"),
        ({"kind": "swin", "window_size": 3, "max_distance": 8}, "max_distance"),
        ({"window_size": 3}, "window_size"),
        ({"num_buckets": 3}, "num_buckets"),
        ({"max_distance": 8}, "max_distance"),
        ({"max_distance": 16, "bidirectional": False}, "max_distance"),
    ],
)
def test_fields_that_contradict_the_kind_are_refused(fields: dict[str, Any], field: str) -> None:
    error = refused_fields("relative_position_bias", num_heads=2, **fields)
    assert (error.code, error.field) == ("SC205", field)


def test_a_bias_without_a_table_leaves_attention_to_the_fused_kernel_and_one_with_a_table_does_not() -> None:
    """Its input requires a gradient, which its slopes do not depend on."""
    text = """\
input: [2, 5, 12]
layers:
  - {{linear: 12, name: q}}
  - {{reshape: [2, 5, 3, 4]}}
  - {{permute: [0, 2, 1, 3], name: heads}}
  - {{relative_position_bias: {{num_heads: 3, kind: {kind}}}, from: q, name: bias}}
  - {{scaled_dot_product_attention: , from: [heads, heads, heads, bias]}}
"""
    names = {
        kind: {
            tensor.name
            for tensor in saved_tensors(shapecalc.inspect(shapecalc.loads(text.format(kind=kind)))).layers[-1].tensors
        }
        for kind in ("t5", "alibi")
    }
    assert names["t5"] == {"weights", "scaled queries", "scaled keys", "values"}
    assert "log-sum-exp" in names["alibi"]
