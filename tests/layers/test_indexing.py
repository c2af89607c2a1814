"""Selection by a condition, by indices and by a triangle: shapes, dtypes, constraints, and what does not fit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from shapecalc.diagnostics import LayerError
from shapecalc.dims import Condition, Relation, symbol
from shapecalc.layers.indexing import ConditionalSelection, Gather, MaskedFill, Take, Tril
from tests.support.layers import answer, refused, required
from tests.support.rows import for_each

if TYPE_CHECKING:
    from shapecalc.layers import Layer

T = symbol("T")


@for_each(
    "layer, inputs, y",
    [
        (ConditionalSelection(), ((2, 1), (3,), ()), (2, 3)),
        (ConditionalSelection(x=0.0), ((2, 1), (3,)), (2, 3)),
        (ConditionalSelection(y=0.0), ((3,), (2, 3)), (2, 3)),
        (ConditionalSelection(x=1.0, y=0.0), ((2, 3),), (2, 3)),
        (ConditionalSelection(y=0.0), ((3,),), "SC313"),
        (ConditionalSelection(), ((3,), (2, 3)), "SC313"),
        (ConditionalSelection(), ((3,), (2, 3), (2,)), "SC315"),
        (MaskedFill(value=0.0), ((2, 3, 4), (4,)), (2, 3, 4)),
        (MaskedFill(value=0.0), ((2, 1, 4), (2, 3, 4)), "SC315"),
        (MaskedFill(value=0.0), ((4,), (2, 4)), "SC315"),
        (Gather(dim=1), ((2, 9), (2, 30)), (2, 30)),
        (Gather(dim=1), ((2, 9), (1, 30)), (1, 30)),
        (Gather(dim=1), ((2, 9), (3, 30)), "SC315"),
        (Gather(dim=1), ((2, 9), (2,)), "SC315"),
        (Gather(dim=2), ((2, 9), (2, 9)), "SC310"),
        (Take(index=(0, -9), dim=1), ((2, 9),), (2, 2)),
        (Take(index=(0, 9), dim=1), ((2, 9),), "SC310"),
        (Take(index=(-10,), dim=1), ((2, 9),), "SC310"),
        (Take(index=(0,)), ((2, 9), (3,)), "SC313"),
        (Take(), ((2, 9),), "SC313"),
        (Take(dim=-1), ((2, 9), (3, 5)), (2, 3, 5)),
        (Tril(), ((9,),), "SC305"),
    ],
)
def test_shapes_and_what_does_not_fit(layer: Layer, inputs: Any, y: Any) -> None:
    assert answer(layer, *inputs) == y


def test_a_wrong_index_is_named_with_its_place() -> None:
    error = refused(Take(index=(0, 12, 3), dim=1), (2, 9))
    assert (error.field, error.index) == ("index", (1,))
    assert error.message == "expects an index from -9 to 8 of axis 1 of [2, 9], receives 12"


def test_what_a_symbol_must_be_is_required() -> None:
    assert required(Take(index=(4, -7, 2)), (T, 3)) == [Condition(T - 7, Relation.NONNEGATIVE)]
    assert required(Gather(dim=0), (9, T), (5, 4)) == [Condition(T - 4, Relation.NONNEGATIVE)]


@for_each(
    "layer, arriving, given",
    [
        (ConditionalSelection(), ("bool", "int64", "int64"), "int64"),
        (ConditionalSelection(y=1), ("bool", "int64"), "int64"),
        (ConditionalSelection(x=1.0, y=0.0), ("bool",), "float32"),
        (ConditionalSelection(), ("bool", "float32", "int64"), "SC206"),
        (ConditionalSelection(y=0.5), ("bool", "int64"), "SC202"),
        (ConditionalSelection(y=float("-inf")), ("bool", "int64"), "SC202"),
        (MaskedFill(value=float("-inf")), ("float32", "bool"), "float32"),
        (MaskedFill(value=float("-inf")), ("int64", "bool"), "SC202"),
        (MaskedFill(value=2), ("bool", "bool"), "SC202"),
        (Gather(dim=0), ("bool", "int64"), "bool"),
        (Take(), ("int64", "int64"), "int64"),
    ],
)
def test_dtypes(layer: Layer, arriving: tuple[str, ...], given: str) -> None:
    try:
        assert layer.output_dtype("output", arriving) == given
    except LayerError as error:
        assert error.code == given  # noqa: PT017 - the row names a dtype or a code


def test_indices_are_below_the_length_of_their_axis() -> None:
    assert Gather(dim=1).index_bound((2, 9), (2, 3)) == 9
    assert (Take(dim=-1).index_bound((2, 9), (3,)), Take(index=(0,)).index_bound((2, 9))) == (9, None)


def test_a_value_is_a_number() -> None:
    with pytest.raises(LayerError, match="expects a number as `value`"):
        MaskedFill(value=float("nan"))
