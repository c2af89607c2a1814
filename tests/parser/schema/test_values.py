"""Schemas of single values allow a use of parameters, and otherwise what the parser reads."""

from __future__ import annotations

import pytest
from jsonschema import Draft7Validator

from shapecalc.parser.schema.values import USE, Schema, expect, full_match, input_schema, or_use, ref, shape

DEFINITIONS: Schema = {"use": {"type": "string", "pattern": USE}, "shape": shape()}


def valid(schema: Schema, value: object) -> bool:
    return Draft7Validator({"definitions": DEFINITIONS, "allOf": [schema]}).is_valid(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [(3, True), ("$width", True), ("${2 * width}", True), (0, False), ("width", False), (True, False)],
)
def test_a_use_of_parameters_replaces_a_value_but_no_other_text_does(value: object, *, expected: bool) -> None:
    assert valid(or_use({"type": ["integer"], "minimum": 1}), value) is expected


def test_a_use_of_parameters_replaces_an_entry_of_a_list() -> None:
    given = or_use({"type": ["array"], "items": {"type": ["integer"]}})
    assert valid(given, [3, "$width"])
    assert not valid(given, [3, "width"])


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (["N", 3, 2**31 - 1], True),
        (["$width"], True),
        ("$input", True),
        ([], False),
        ([2**31], False),
        (["2N"], False),
        ("N", False),
    ],
)
def test_a_shape_is_a_list_of_sizes_and_symbols(value: object, *, expected: bool) -> None:
    assert valid(shape(), value) is expected
    assert valid(input_schema(), value) is expected


def test_an_input_may_have_a_dtype() -> None:
    assert valid(input_schema(), {"shape": ["N", 3], "dtype": "int64"})
    assert not valid(input_schema(), {"shape": ["N", 3], "dtype": "int8"})
    assert not valid(input_schema(), {"dtype": "int64"})


@pytest.mark.parametrize(
    ("figures", "expected"),
    [
        ({"params": 61706}, True),
        ({"params": "<= 25.6M"}, True),
        ({"memory": "1GiB .. 2GB"}, True),
        ({"params": "1GB"}, False),
        ({"params": "61706"}, False),
        ({"output": ["N", 10]}, True),
        ({"outputs": {"classes": ["N", 10]}}, True),
        ({"parms": 1}, False),
    ],
)
def test_figures_are_integers_bounds_and_shapes(figures: Schema, *, expected: bool) -> None:
    assert valid(expect(), figures) is expected


def test_patterns_match_whole_texts_and_references_name_definitions() -> None:
    assert valid({"pattern": full_match("a|b")}, "b")
    assert not valid({"pattern": full_match("a|b")}, "ab")
    assert ref("use") == {"$ref": "#/definitions/use"}
