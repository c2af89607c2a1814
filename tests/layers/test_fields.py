"""The kinds of value that fields accept: what each refuses, with its code, and what was likely meant."""

from __future__ import annotations

from typing import Any

import pytest
from jsonschema import Draft7Validator

from shapecalc.diagnostics import LayerError
from shapecalc.layers.fields import (
    LARGEST_DIM,
    Flag,
    Integer,
    Kind,
    Number,
    OneOf,
    PaddingKind,
    Several,
    Size,
    SizeOrSame,
    SizesLike,
)
from tests.support.rows import for_each


def refused(kind: Kind, value: object) -> LayerError:
    with pytest.raises(LayerError) as caught:
        kind.check("size", value)
    assert caught.value.field == "size"
    return caught.value


@for_each(
    "kind, value",
    [
        (Integer(), 1),
        (Integer(), LARGEST_DIM),
        (Integer(minimum=0), 0),
        (Integer(minimum=None), -LARGEST_DIM),
        (Number(minimum=0, maximum=1), 0),
        (Number(minimum=0, maximum=1), 1.0),
        (Number(above=0), 5e-324),
        (Flag(), False),
        (OneOf(("tanh", "relu")), "relu"),
        (Several(Integer()), 3),
        (Several(Integer()), (3, 5)),
        (Several(Integer(), nullable=True), (3, None)),
        (Several(Integer(minimum=-1), single=False), (-1,)),
        (PaddingKind(), "same"),
        (PaddingKind(), 0),
        (PaddingKind(), (1, 2)),
        (PaddingKind(), ((0, 1), (2, 3))),
    ],
)
def test_bounds_themselves_and_every_notation_are_accepted(kind: Kind, value: object) -> None:
    kind.check("size", value)


@for_each(
    "kind, value, code, index",
    [
        pytest.param(Integer(), 0, "SC201", (), id="below the least"),
        pytest.param(Integer(), LARGEST_DIM + 1, "SC201", (), id="above the largest axis"),
        pytest.param(Integer(minimum=None), -LARGEST_DIM - 1, "SC201", (), id="below the largest axis, negative"),
        pytest.param(Integer(), True, "SC202", (), id="a flag is no integer"),
        pytest.param(Integer(), 2.5, "SC202", (), id="a fraction"),
        pytest.param(Number(minimum=0), -0.5, "SC201", (), id="a number below"),
        pytest.param(Number(maximum=1, minimum=0), 1.5, "SC201", (), id="a number above"),
        pytest.param(Number(above=0), 0, "SC201", (), id="an open bound"),
        pytest.param(Number(), float("nan"), "SC201", (), id="NaN"),
        pytest.param(Number(), float("inf"), "SC201", (), id="infinity"),
        pytest.param(Number(), "1", "SC202", (), id="a text"),
        pytest.param(Flag(), 1, "SC202", (), id="1 is no flag"),
        pytest.param(OneOf(("tanh", "relu")), "gelu", "SC203", (), id="another word"),
        pytest.param(OneOf(("tanh", "relu")), 3, "SC202", (), id="no word"),
        pytest.param(Several(Integer()), (), "SC204", (), id="an empty list"),
        pytest.param(Several(Integer()), (3, 0), "SC201", (1,), id="an entry"),
        pytest.param(Several(Integer()), (3, None), "SC202", (1,), id="null in a list"),
        pytest.param(Several(Integer()), None, "SC202", (), id="null"),
        pytest.param(Several(Integer(), single=False), 3, "SC202", (), id="a number for a list"),
        pytest.param(PaddingKind(), "some", "SC203", (), id="an unknown word"),
        pytest.param(PaddingKind(), "causal", "SC203", (), id="a word of another layer"),
        pytest.param(PaddingKind(), (), "SC204", (), id="no entry"),
        pytest.param(PaddingKind(), ((1, 2, 3),), "SC204", (0,), id="three numbers for an axis"),
        pytest.param(PaddingKind(), ((0, 1), (2, -1)), "SC201", (1, 1), id="the second number of the second axis"),
        pytest.param(PaddingKind(), (1, (2, 3)), "SC202", (), id="numbers and pairs"),
        pytest.param(PaddingKind(), 1.0, "SC202", (), id="a float"),
    ],
)
def test_a_value_is_refused_with_the_entry_that_is_wrong(kind: Kind, value: object, code: str, index: Any) -> None:
    error = refused(kind, value)
    assert (error.code, error.index) == (code, index)


def as_json(value: object) -> object:
    return [as_json(entry) for entry in value] if isinstance(value, tuple) else value


@for_each(
    "kind, value, valid",
    [
        (Integer(), 1, True),
        (Integer(), 0, False),
        (Integer(minimum=None), -LARGEST_DIM, True),
        (Integer(minimum=None), -LARGEST_DIM - 1, False),
        (Integer(), LARGEST_DIM + 1, False),
        (Number(minimum=0, maximum=1), 1, True),
        (Number(minimum=0, maximum=1), 1.5, False),
        (Number(above=0), 0, False),
        (Flag(), 1, False),
        (OneOf(("tanh", "relu")), "relu", True),
        (OneOf(("tanh", "relu")), "gelu", False),
        (Several(Integer()), (3, 5), True),
        (Several(Integer()), (), False),
        (Several(Integer()), (3, 0), False),
        (Several(Integer()), (3, None), False),
        (Several(Integer(), nullable=True), (3, None), True),
        (Several(Integer(), single=False), 3, False),
        (PaddingKind(), "same", True),
        (PaddingKind(), "causal", False),
        (PaddingKind(choices=("same", "valid", "causal")), "causal", True),
        (PaddingKind(), ((0, 1), (2, 3)), True),
        (PaddingKind(), ((0, 1), (2,)), False),
        (PaddingKind(), ((0, 1, 2),), False),
        (PaddingKind(), (1, (2, 3)), False),
        (PaddingKind(), -1, False),
        (PaddingKind(), (), False),
    ],
)
def test_the_schema_accepts_the_values_that_the_kind_accepts(kind: Kind, value: object, valid: bool) -> None:
    assert Draft7Validator(kind.schema()).is_valid(as_json(value)) == valid
    if valid:
        kind.check("size", value)
    else:
        refused(kind, value)


@pytest.mark.parametrize("value", ["x", {}])
def test_a_value_that_is_neither_a_number_nor_a_list_is_refused_with_both(value: object) -> None:
    assert "expects a positive integer or a list of them as `size`" in refused(Several(Integer()), value).message


@pytest.mark.parametrize(
    ("kind", "value", "replacement", "safe"),
    [
        pytest.param(Integer(), 5.0, "5", False, id="an integer that is written as a float"),
        pytest.param(Integer(), "64", "64", True, id="a number in quotes"),
        pytest.param(Integer(), "010", "010", False, id="a number that YAML would refuse without quotes"),
        pytest.param(Number(), "0.5", "0.5", True, id="a fraction in quotes"),
        pytest.param(Flag(), "no", "false", False, id="YAML 1.1's no"),
        pytest.param(Flag(), "Yes", "true", False, id="YAML 1.1's yes"),
        pytest.param(Flag(), 0, "false", False, id="0 for a flag"),
        pytest.param(OneOf(("tanh", "relu")), "tahn", "tanh", False, id="a typo"),
        pytest.param(PaddingKind(), "smae", "same", False, id="a typo in a padding"),
        pytest.param(Integer(), "many", None, False, id="nothing that could be meant"),
    ],
)
def test_the_likely_value_is_offered(kind: Kind, value: object, replacement: str | None, safe: bool) -> None:
    error = refused(kind, value)
    assert (error.replacement, error.safe) == (replacement, safe)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (Integer(), "a positive integer"),
        (Integer(minimum=0), "an integer of at least 0"),
        (Integer(minimum=-1), "an integer of at least -1"),
        (Number(minimum=0, maximum=1), "a number from 0 to 1"),
        (Number(above=0), "a number above 0"),
        (Number(minimum=2), "a number of at least 2"),
        (OneOf(("a", "b", "c")), "`a`, `b` or `c`"),
        (Several(Integer(), nullable=True), "a positive integer or a list of them and null"),
        (Several(Integer(minimum=None), single=False), "a list, each entry an integer"),
    ],
)
def test_a_kind_describes_itself(kind: Kind, text: str) -> None:
    assert kind.describe() == text


def test_kinds_of_another_class_are_not_equal_although_their_numbers_are() -> None:
    """`Annotated` of equal kinds is one object: a field would have the kind of another."""
    kinds = [Integer(-1), Size(-1), SizeOrSame(), Several(Size(-1)), SizesLike(Size(-1)), Several(SizeOrSame())]
    assert len(set(kinds)) == len(kinds)
    assert all((one == other) == (one is other) for one in kinds for other in kinds)
    assert Size(-1) == Size(-1)
    assert SizesLike(Size()) == SizesLike(Size())
