"""Numbers in nested lists: which are accepted, and the entry that is wrong of those that are not."""

from __future__ import annotations

from typing import Any

import pytest

from shapecalc.diagnostics import LayerError
from shapecalc.layers.nested_values import MOST_AXES, MOST_VALUES, Values, entries_of, shape_of
from tests.support.rows import for_each


def nested(axes: int) -> Any:
    return (nested(axes - 1),) if axes else 1


@for_each("value", [0.5, True, (1, 2), ((1, 2), (3, float("inf"))), (0,) * MOST_VALUES, nested(MOST_AXES)])
def test_numbers_and_lists_of_equal_lengths_are_accepted(value: Any) -> None:
    Values().check("value", value)
    assert len(shape_of(value)) == max(len(index) for index, _ in entries_of(value))


@for_each(
    "value, code, index",
    [
        ("1", "SC202", ()),
        ((1, "2"), "SC202", (1,)),
        ((1, float("nan")), "SC201", (1,)),
        ((0,) * (MOST_VALUES + 1), "SC204", ()),
        (nested(MOST_AXES + 1), "SC204", ()),
        (((1, 2), (3,)), "SC204", (1,)),
        (((1, 2), 3), "SC204", (1,)),
        ((1, (2,)), "SC204", (1,)),
        (((1,), ()), "SC204", (1,)),
    ],
)
def test_what_is_wrong_is_named_by_its_place(value: Any, code: str, index: tuple[int, ...]) -> None:
    with pytest.raises(LayerError) as caught:
        Values().check("value", value)
    assert (caught.value.code, caught.value.index) == (code, index)


def test_an_empty_list_is_named_as_such_beside_numbers_and_beside_lists() -> None:
    for value, index in (((1, ()), (1,)), (((1, ()), (2, 3)), (0, 1)), (((), ()), (0,)), ((), ())):
        with pytest.raises(LayerError, match="at least one number in each list") as caught:
            Values().check("value", value)
        assert caught.value.index == index, value
