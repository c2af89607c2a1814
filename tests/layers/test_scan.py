"""Scans: costs of known mixers, the size of each axis by its letter, and what does not fit."""

from __future__ import annotations

from typing import Any

from shapecalc.dims import Condition, Relation, symbol
from tests.support.layers import answer, flops, macs, made, params, refused, required
from tests.support.rows import for_each

T = symbol("T")
MAMBA = ((1, T, 1536), (1, T, 1536), (1536, 16), (1, T, 16), (1, T, 16), (1536,), (1, T, 1536))
MAMBA_2 = ((1, T, 24, 64), (1, T, 24), (24,), (1, T, 2, 128), (1, T, 2, 128))
FIVE_GROUPS = (1, T, 5, 128)


def test_a_scan_of_mamba_130m_multiplies_each_state_with_c_and_has_no_tensor_of_its_own() -> None:
    """transformers' loop has one product, of the states and C: FlopCounterMode counts 1,536 · 16 a token."""
    layer = made("selective_scan")
    assert (macs(layer, *MAMBA), params(layer, *MAMBA)) == (T * 1536 * 16, 0)
    assert layer.outputs(*MAMBA) == {"output": (1, T, 1536), "last_state": (1, 1536, 16)}


def test_the_first_state_is_the_input_and_takes_no_operation() -> None:
    layer, one, two = made("linear_recurrence"), (3, 1, 5), (3, 2, 5)
    assert (flops(layer, one, one), flops(layer, two, two)) == (0, 2 * 15)


def test_a_scan_of_mamba_2_has_a_state_of_features_by_numbers_for_each_head() -> None:
    layer = made("ssd")
    assert layer.outputs(*MAMBA_2)["last_state"] == (1, 24, 64, 128)
    assert macs(layer, *MAMBA_2) == T * 24 * 64 * 128


REFUSED = [
    ("selective_scan", {0: (1, 5)}, "SC305", "expects [N, L, D] as u, receives [1, 5]"),
    ("selective_scan", {2: (1535, 16)}, "SC314", "expects [D, S] as A with D = 1536, receives [1535, 16]"),
    ("selective_scan", {4: (1, T, 8)}, "SC314", "expects [N, L, S] as C with S = 16, receives [1, T, 8]"),
    ("selective_scan", {6: (2, T, 1536)}, "SC314", "expects [N, L, D] as z with N = 1, receives [2, T, 1536]"),
    (
        "ssd",
        {3: (1, T, 5, 128), 4: (1, T, 5, 128)},
        "SC314",
        "expects heads that 5 groups divide, receives [1, T, 24, 64]",
    ),
    ("ssd", {2: (23,)}, "SC314", "expects [H] as A with H = 24, receives [23]"),
]


@for_each("type_, other, code, message", REFUSED)
def test_an_input_that_does_not_fit_is_named_with_its_axes(
    type_: str, other: dict[int, Any], code: str, message: str
) -> None:
    given = [other.get(place, x) for place, x in enumerate(MAMBA if type_ == "selective_scan" else MAMBA_2)]
    error = refused(made(type_), *given)
    assert (error.code, error.message) == (code, message)


def test_lengths_that_may_be_equal_are_required_to_be() -> None:
    given = [(1, 9, *x[2:]) if index == 1 else x for index, x in enumerate(MAMBA)]
    assert required(made("selective_scan"), *given)[0] == Condition(T - 9, Relation.ZERO)


def test_decays_and_inputs_of_a_recurrence_have_one_shape() -> None:
    layer = made("linear_recurrence", dim=2)
    assert answer(layer, (2, 5, 7), (2, 5, 1)) == "SC314"
    assert answer(layer, (2, 5), (2, 5)) == "SC310"
