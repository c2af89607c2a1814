"""Attention, RMS norm and positions: costs read off runs on counting scalars, and what their kernels refuse."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest

from shapecalc.reference import find
from shapecalc.reference.base import Array, Call
from tests.support.counting import run_counted
from tests.support.rows import for_each

HEADS = {
    **dict.fromkeys(("num_kv_heads", "embed_dim", "kdim", "vdim", "head_dim", "window", "softcap")),
    **dict.fromkeys(("add_bias_kv", "add_zero_attn", "is_causal", "need_weights", "attn_mask", "sinks"), False),
    "bias": True,
    "batch_first": True,
    "dropout": 0.0,
}
DOT = {
    **dict.fromkeys(("scale", "window", "softcap")),
    **dict.fromkeys(("is_causal", "enable_gqa", "sinks"), False),
}
ROTARY = {
    **dict.fromkeys(("rotary_dim", "factor", "original_max_position_embeddings", "attention_factor")),
    "base": 10000,
    "interleaved": False,
    "rope_type": "default",
    "truncate": True,
}


@dataclass(frozen=True)
class Case:
    """A kernel on its inputs, its multiply-accumulates and its other operations, all counted by hand."""

    says: str
    kernel: str
    inputs: tuple[tuple[int, ...], ...]
    macs: int
    other: int
    fields: dict[str, Any] = field(default_factory=dict)
    parameters: dict[str, tuple[int, ...]] = field(default_factory=dict)


# Two samples, five queries, three keys; eight features in two heads.
CASES = [
    Case(
        "dot products: a scale per query number, a softmax of 5n − 2 per query",
        "scaled_dot_product_attention",
        ((2, 5, 8), (2, 3, 8), (2, 3, 4)),
        2 * 5 * 3 * 8 + 2 * 5 * 3 * 4,
        2 * 5 * 8 + 2 * 5 * (5 * 3 - 2),
        DOT,
    ),
    Case(
        "dot products: what a mask hides is computed all the same",
        "scaled_dot_product_attention",
        ((2, 5, 8), (2, 5, 8), (2, 5, 8)),
        2 * 2 * 5 * 5 * 8,
        2 * 5 * 8 + 2 * 5 * (5 * 5 - 2),
        DOT | {"is_causal": True},
    ),
    Case(
        "heads: three projections in, one out, a bias for each number of all four",
        "multihead_attention",
        ((2, 5, 8),),
        4 * 2 * 5 * 64 + 2 * 2 * 5 * 5 * 8,
        4 * 2 * 5 * 8 + 2 * 5 * 8 + 2 * 2 * 5 * (5 * 5 - 2),
        HEADS | {"num_heads": 2},
        {"in_proj_weight": (24, 8), "in_proj_bias": (24,), "out_proj.weight": (8, 8), "out_proj.bias": (8,)},
    ),
    Case(
        "heads: to another sequence without biases, and the mean of the weights over two heads",
        "multihead_attention",
        ((2, 5, 8), (2, 3, 8)),
        2 * 2 * 5 * 64 + 2 * 2 * 3 * 64 + 2 * 2 * 5 * 3 * 8,
        2 * 5 * 8 + 2 * 2 * 5 * (5 * 3 - 2) + 2 * 5 * 3 * 2,
        HEADS | {"num_heads": 2, "bias": False, "need_weights": True},
        {"in_proj_weight": (24, 8), "out_proj.weight": (8, 8)},
    ),
    Case(
        "rms_norm: 3n + 2 a group, and the weight",
        "rms_norm",
        ((2, 3, 5),),
        0,
        6 * (3 * 5 + 2) + 30,
        {"normalized_shape": None, "eps": 1e-5, "elementwise_affine": True},
        {"weight": (5,)},
    ),
    Case(
        "positional_encoding: an addition per number, its sines are a table",
        "positional_encoding",
        ((3, 2, 5),),
        0,
        30,
        {"kind": "sinusoidal", "max_length": None, "batch_first": False, "embed_dim": None},
    ),
    Case(
        "rotary_embedding: two products and a sum per number",
        "rotary_embedding",
        ((2, 3, 4),),
        0,
        3 * 24,
        ROTARY,
    ),
    Case("class_token: nothing", "class_token", ((2, 3, 4),), 0, 0, {"embed_dim": None}, {"token": (1, 1, 4)}),
]
each = for_each("case", [pytest.param(case, id=case.says) for case in CASES])


def arrays(case: Case) -> list[Array]:
    rng = np.random.default_rng(5)
    return [rng.standard_normal(shape) for shape in case.inputs]


def call_of(case: Case) -> Call:
    rng = np.random.default_rng(6)
    parameters = {name: rng.standard_normal(shape) for name, shape in case.parameters.items()}
    return Call("layer", case.kernel, case.fields, parameters, ("x",), ("y",))


@each
def test_executed_operations_are_those_counted_by_hand(case: Case) -> None:
    call = call_of(case)
    weighed = Call(
        *[getattr(call, name) for name in ("path", "kernel", "fields")], dict(call.parameters), ("x",), ("y",)
    )
    _, done = run_counted(weighed, *arrays(case))
    assert done.total() == 2 * case.macs + case.other
    assert weighed.work.macs == case.macs


@each
def test_counting_scalars_get_the_numbers_that_floats_get(case: Case) -> None:
    values, _ = run_counted(call_of(case), *arrays(case))
    expected = find(case.kernel).run(call_of(case), *arrays(case))
    for one, other in zip(*(x if isinstance(x, tuple) else (x,) for x in (values, expected)), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-14)


def test_the_weights_of_each_query_sum_to_one_and_a_causal_one_looks_at_nothing_to_come() -> None:
    case = CASES[3]
    fields = case.fields | {"is_causal": True, "add_zero_attn": True}
    call = Call("layer", case.kernel, fields, call_of(case).parameters, ("x",), ("y", "weights"))
    _, weights = find(case.kernel).run(call, arrays(case)[0], arrays(case)[0])
    np.testing.assert_allclose(weights.sum(axis=-1), 1, rtol=1e-12)
    assert not np.triu(weights[..., :5], k=1).any()
    assert weights[..., 5].all()  # the key of zeros is none of those to come


@pytest.mark.parametrize(
    ("kernel", "fields", "shapes", "says"),
    [
        ("scaled_dot_product_attention", DOT, ((2, 5, 8), (3, 3, 8), (3, 3, 4)), "broadcast"),
        ("rotary_embedding", ROTARY | {"interleaved": True}, ((2, 3, 5),), "even number of features"),
        ("rms_norm", {"normalized_shape": (4,), "eps": 0, "elementwise_affine": False}, ((2, 5),), "normalizes over"),
    ],
)
def test_what_does_not_fit_is_refused(kernel: str, fields: dict[str, Any], shapes: Any, says: str) -> None:
    call = Call("layer", kernel, fields, {}, ("x",), ("y",))
    with pytest.raises(ValueError, match=says):
        find(kernel).run(call, *(np.ones(shape) for shape in shapes))
