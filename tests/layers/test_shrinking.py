"""Shrinkage: costs, the bound, and what is saved."""

from __future__ import annotations

from tests.support.layers import flops, made, refused_fields, saved
from tests.support.rows import for_each


@for_each(
    "word, cost, records",
    [("hard_shrink", 2, {"input": 6}), ("soft_shrink", 3, {"input": 6}), ("tanhshrink", 2, {"tanh": 6})],
)
def test_costs_and_saved_tensors_are_those_of_the_formula(word: str, cost: int, records: dict[str, int]) -> None:
    assert flops(made(word), (2, 3)) == cost * 6
    assert saved(made(word), (2, 3)) == records


def test_the_bound_is_not_negative() -> None:
    error = refused_fields("soft_shrink", lambd=-1)
    assert (error.code, error.field) == ("SC201", "lambd")
