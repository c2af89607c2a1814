"""Examples of mixtures of experts."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

from tests.support.examples.table import TABLE, TOKENS, VECTOR, Example, example

if TYPE_CHECKING:
    from shapecalc.layers.experts import Experts
    from tests.support.examples.table import Axes

OF_ACTIVATIONS = {"silu": 1, "gelu": 3, "gelu_tanh": 6, "quick_gelu": 2, "relu": 0, "relu_squared": 1}
"""The multiplications of each activation."""


def multiplications(layer: Experts, x: tuple[int, ...]) -> int:
    """Those of weights, activations and gates, which are not of matrix products."""
    each = OF_ACTIVATIONS[layer.activation] + layer.gated
    hidden = layer.top_k * layer.hidden_features
    hidden += layer.shared_experts * (layer.shared_features or layer.hidden_features)
    weights = layer.top_k * (layer.scaling_factor != 1) + (layer.top_k + layer.shared_gate) * x[-1]
    return prod(x[:-1]) * (hidden * each + weights)


def mixture(reason: str, x: Axes, **fields: Any) -> Example:
    return example("experts", reason, x, **{"count": 5, "top_k": 2, "hidden_features": 3, **fields})


EXPERTS = [
    mixture("two of five, as in Mixtral", TOKENS),
    mixture("one token, and no other axis", VECTOR, count=3, hidden_features=4),
    mixture("all experts, weights that do not add up to 1", TABLE, count=2, normalize=False),
    mixture("one expert, not gated, with biases", TABLE, top_k=1, gated=False, activation="relu", bias=True),
    mixture("biases of router and gated experts", TABLE, bias=True, router_bias=True, activation="gelu"),
    mixture(
        "the best of two groups of three, by the sum of two, as in DeepSeek-V3",
        TABLE,
        count=9,
        top_k=4,
        router="sigmoid",
        correction_bias=True,
        groups=3,
        top_k_groups=2,
        group_score="top_2",
        scaling_factor=2.5,
        shared_experts=1,
    ),
    mixture(
        "the best of one group by its best, two shared experts, as in DeepSeek-V2",
        TABLE,
        count=8,
        groups=4,
        top_k_groups=1,
        normalize=False,
        scaling_factor=16.0,
        shared_experts=2,
    ),
    mixture(
        "a shared expert of its own width behind a gate, as in Qwen2-MoE",
        TABLE,
        normalize=False,
        shared_experts=1,
        shared_features=7,
        shared_gate=True,
    ),
    mixture(
        "bounded, with an offset, as in gpt-oss",
        TABLE,
        activation="quick_gelu",
        limit=0.5,
        up_offset=1.0,
        bias=True,
        router_bias=True,
    ),
    mixture(
        "shared experts without a gate, with biases",
        TABLE,
        gated=False,
        activation="relu_squared",
        shared_experts=1,
        bias=True,
    ),
    mixture("bounded on both sides, shared too", TABLE, activation="relu", limit=0.25, shared_experts=1),
    mixture("an offset, the tanh formula", TABLE, activation="gelu_tanh", up_offset=-0.5, bias=True, shared_experts=1),
]
