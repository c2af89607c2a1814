"""What layers of Keras have in common."""

from __future__ import annotations

import pytest

from shapecalc.layers.keras.base import KerasCall, KerasRefusal, axes_moved, expect, numbers, step


def call(moved: bool = False, **fields: object) -> KerasCall:
    return KerasCall("Layer", fields, ((2, 3, 8, 9),), moved)


@pytest.mark.parametrize(
    ("axis", "last", "first"), [(-1, -1, 1), (3, 3, 1), (1, 1, 2), (2, 2, 3), (0, 0, 0), (-2, -2, 3)]
)
def test_an_axis_of_keras_is_where_it_has_moved_to(axis: int, last: int, first: int) -> None:
    assert (call().axis(axis), call(moved=True).axis(axis)) == (last, first)


def test_an_axis_that_is_not_there_is_refused() -> None:
    with pytest.raises(KerasRefusal, match="axis 4 is not one of the 4 axes"):
        call().axis(4)


@pytest.mark.parametrize(("value", "found"), [(3, 3), ((3, 3), 3), ((3, 5), (3, 5))])
def test_a_number_for_each_axis_is_one_number_if_they_are_equal(value: object, found: object) -> None:
    assert numbers(call(size=value), "size", 2) == found


@pytest.mark.parametrize("value", ["3", (3,), (3, "x"), 3.0, True, None, (3, 4, 5)])
def test_other_values_are_refused(value: object) -> None:
    with pytest.raises(KerasRefusal, match="`size` of `Layer` expects an integer or a list of 2"):
        numbers(call(size=value), "size", 2)


def test_an_option_without_a_counterpart_is_named() -> None:
    expect(call(unroll=False), unroll=False)
    with pytest.raises(KerasRefusal, match="`unroll: true` of `Layer` has no counterpart here"):
        expect(call(unroll=True), unroll=False)


def test_a_step_has_the_fields_that_are_given() -> None:
    assert step("conv", stride=None, bias=False).fields == {"bias": False}


@pytest.mark.parametrize("rank", [3, 4, 5])
def test_moving_there_and_back_changes_nothing(rank: int) -> None:
    there, back = (axes_moved(rank, back=way).fields["dims"] for way in (False, True))
    assert [there[axis] for axis in back] == list(range(rank))
    assert there[1] == rank - 1
