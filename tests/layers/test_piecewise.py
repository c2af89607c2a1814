"""Absolute values, signs, rounding and bounds: costs, dtypes, what is saved, and bounds that are not given."""

from __future__ import annotations

from typing import Any

from tests.support.layers import flops, made, refused_fields, saved
from tests.support.rows import for_each


def test_a_bound_costs_a_comparison() -> None:
    assert flops(made("clamp", min=0), (2, 3)) == 6
    assert flops(made("clamp", min=0, max=1), (2, 3)) == 12
    assert flops(made("sign"), (2, 3)) == 12
    assert {flops(made(word), (2, 3)) for word in ("abs", "negative", "floor", "ceil", "round")} == {6}


def test_a_clamp_has_a_bound() -> None:
    error = refused_fields("clamp")
    assert (error.code, error.message) == ("SC106", "expects `min`, `max` or both, receives none")


@for_each(
    "word, fields, records",
    [
        ("abs", {}, {"input": 6}),
        ("clamp", {"min": 0}, {"input": 6}),
        *((word, {}, {}) for word in ("negative", "sign", "floor", "ceil", "round")),
    ],
)
def test_only_what_a_slope_depends_on_is_saved(word: str, fields: dict[str, Any], records: dict[str, int]) -> None:
    assert saved(made(word, **fields), (2, 3)) == records


@for_each(
    "word, fields, gives",
    [
        *((word, {}, "int64") for word in ("abs", "negative", "sign", "square")),
        ("clamp", {"min": 0, "max": 5}, "int64"),
        ("clamp", {"min": 0, "max": 5.0}, "float32"),
    ],
)
def test_integers_stay_integers_between_integer_bounds(word: str, fields: dict[str, Any], gives: str) -> None:
    assert made(word, **fields).output_dtype("output", ("int64",)) == gives
