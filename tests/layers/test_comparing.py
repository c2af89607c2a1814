"""Comparisons, logic and conversion: shapes, dtypes, and what does not fit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from shapecalc.diagnostics import LayerError
from shapecalc.layers.comparing import Cast, Equal, Greater, Less, LogicalAnd, NotEqual
from tests.support.layers import answer, flops, refused
from tests.support.rows import for_each

if TYPE_CHECKING:
    from shapecalc.layers import Layer


def test_a_comparison_with_a_number_is_a_flag_per_element() -> None:
    layer = NotEqual(other=1)
    assert layer.output_shape((2, 7)) == (2, 7)
    assert layer.output_dtype("output", ("int64",)) == "bool"
    assert flops(layer, (2, 7)) == 14


def test_two_inputs_broadcast() -> None:
    assert Less().output_shape((5, 1), (7,)) == (5, 7)
    assert LogicalAnd().output_shape((2, 1, 7), (7, 7)) == (2, 7, 7)
    assert answer(Greater(), (5, 3), (4,)) == "SC315"


@for_each(
    "layer, inputs, help_text",
    [
        (Equal(), ((2, 7),), "write `equal: …` with the number, or `from: [a, b]`"),
        (Equal(other=1), ((2, 7), (7,)), "leave `other` out"),
    ],
)
def test_there_are_two_inputs_or_a_number(layer: Layer, inputs: tuple[tuple[int, ...], ...], help_text: str) -> None:
    error = refused(layer, *inputs)
    assert (error.code, error.help) == ("SC313", help_text)


@for_each(
    "layer, arriving, code, message",
    [
        (Less(), ("int64", "float32"), "SC206", "expects inputs of one dtype, receives int64 and float32"),
        (
            Less(other=0.5),
            ("int64",),
            "SC202",
            "expects an integer, because the input is int64, as `other`, receives 0.5",
        ),
        (
            Equal(other=2),
            ("bool",),
            "SC202",
            "expects 0 or 1, false or true, because the input is bool, as `other`, receives 2",
        ),
    ],
)
def test_numbers_of_two_kinds_are_not_compared(
    layer: Layer, arriving: tuple[str, ...], code: str, message: str
) -> None:
    with pytest.raises(LayerError) as caught:
        layer.output_dtype("output", arriving)
    assert (caught.value.code, caught.value.message) == (code, message)


@for_each("dtype", ["float32", "int64", "bool"])
def test_a_cast_gives_its_dtype_whatever_arrives(dtype: str) -> None:
    layer = Cast(dtype=dtype)
    assert {layer.output_dtype("output", (arriving,)) for arriving in ("float32", "int64", "bool")} == {dtype}
    assert layer.output_shape((2, 7)) == (2, 7)
