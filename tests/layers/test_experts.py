"""Mixtures of experts: figures of known models, active parameters, and fields that contradict each other."""

from __future__ import annotations

from typing import Any

import pytest

from shapecalc.dims import symbol
from shapecalc.layers.experts import Experts
from tests.support.layers import answer, flops, macs, made, params, refused_fields
from tests.support.rows import for_each

MIXTRAL = {"count": 8, "top_k": 2, "hidden_features": 14336}
FEW = {"count": 6, "top_k": 2, "hidden_features": 5}
T = symbol("T")


def active(layer: Experts, *x: Any) -> Any:
    return sum(layer.active_parameters(*x).values())


def test_a_token_of_mixtral_uses_two_of_eight_experts() -> None:
    layer, x = Experts(**MIXTRAL), (1, T, 4096)
    router, expert = 8 * 4096, 3 * 4096 * 14336
    assert params(layer, x) == router + 8 * expert
    assert active(layer, x) == router + 2 * expert
    assert macs(layer, x) == T * (router + 2 * expert)


def test_shared_experts_are_active_for_every_token() -> None:
    """A layer of DeepSeek-V2-Lite: 64 experts of 1,408 features, of which 6 are used, and 2 shared ones."""
    layer, x = Experts(count=64, top_k=6, hidden_features=1408, shared_experts=2, normalize=False), (1, 2048)
    router, expert = 64 * 2048, 3 * 2048 * 1408
    assert (params(layer, x), active(layer, x)) == (router + 66 * expert, router + 8 * expert)
    assert macs(layer, x) == active(layer, x)


def test_all_parameters_are_active_if_all_experts_are_chosen() -> None:
    layer = Experts(count=3, top_k=3, hidden_features=5, bias=True, router_bias=True)
    assert active(layer, (7, 11)) == params(layer, (7, 11))


def test_a_layer_without_experts_is_active_as_a_whole() -> None:
    layer = made("linear", out_features=5)
    assert layer.active_parameters((2, 7)) == {"weight": 35, "bias": 5}


def test_biases_and_buffers_are_those_of_all_experts() -> None:
    layer = Experts(**FEW, bias=True, router_bias=True, correction_bias=True)
    shapes = layer.parameters((2, 7))
    assert shapes["experts.gate_up_proj_bias"] == (6, 10)
    assert shapes["experts.down_proj_bias"] == (6, 7)
    assert shapes["gate.bias"] == (6,)
    assert layer.buffers((2, 7)) == {"gate.e_score_correction_bias": (6,)}


def test_operations_are_those_of_softmax_choice_weights_and_hidden_features() -> None:
    router = 5 * 6 - 2
    choice = 5 + 4
    weights = 1 + 2
    expert = 5 * (5 + 1) + 7
    assert (
        flops(Experts(**FEW), (1, 7)) == 2 * macs(Experts(**FEW), (1, 7)) + router + choice + weights + 2 * expert + 7
    )


def test_only_the_products_with_the_input_are_spared_without_its_gradient() -> None:
    layer, x = Experts(**FEW), (3, 7)
    assert layer.spared_macs(x, x) == 3 * 7 * 6 + 3 * 2 * 2 * 5 * 7


CONTRADICTIONS = [
    ({"top_k": 7}, "top_k", "expects at most `count` (6) as `top_k`, receives 7", "write `top_k: 6`"),
    ({"shared_gate": True}, "shared_gate", "has `shared_gate` without `shared_experts`", None),
    ({"shared_features": 3}, "shared_features", "has `shared_features` without `shared_experts`", None),
    ({"gated": False, "limit": 7.0}, "limit", "has `limit`, which is of gated experts, and `gated: false`", None),
    ({"gated": False, "up_offset": 1.0}, "up_offset", None, "leave `up_offset` or `gated: false` out"),
    (
        {"groups": 4, "top_k_groups": 1},
        "groups",
        "expects a divisor of `count` (6) as `groups`, receives 4",
        "write `groups: 3`",
    ),
    ({"groups": 3}, "groups", "has `groups` without `top_k_groups`", None),
    ({"top_k_groups": 3}, "top_k_groups", "has `top_k_groups` without `groups`", None),
    ({"group_score": "top_2"}, "group_score", "has `group_score` without `groups`", None),
    (
        {"groups": 3, "top_k_groups": 4},
        "top_k_groups",
        "expects at most `groups` (3) as `top_k_groups`, receives 4",
        None,
    ),
    (
        {"groups": 6, "top_k_groups": 1},
        "top_k",
        "expects at most the experts of `top_k_groups` groups (1) as `top_k`, receives 2",
        "write `top_k: 1`",
    ),
    ({"groups": 6, "top_k_groups": 2, "group_score": "top_2"}, "group_score", None, "write `group_score: max`"),
]


@for_each("fields, field, message, help_text", CONTRADICTIONS)
def test_fields_that_contradict_each_other(
    fields: dict[str, Any], field: str, message: str | None, help_text: str | None
) -> None:
    error = refused_fields("experts", **{**FEW, **fields})
    assert (error.code, error.field) == ("SC205", field)
    assert message in (None, error.message)
    assert help_text in (None, error.help)
    assert error.help


def test_a_single_number_is_no_token() -> None:
    assert answer(Experts(**FEW), ()) == "SC305"


@pytest.mark.parametrize("name", ["gate.weight", "experts.up_proj", "experts.down_proj", "experts.down_proj_bias"])
def test_the_first_weights_are_drawn_as_those_of_a_linear_layer(name: str) -> None:
    layer = Experts(**FEW, gated=False, bias=True)
    assert layer.initial(name, (2, 7)).fan_in == (5 if "down" in name else 7)
