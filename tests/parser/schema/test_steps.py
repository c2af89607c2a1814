"""Schemas of steps describe every layer and field, and separate words from mappings."""

from __future__ import annotations

import pytest

from shapecalc.layers import layer_types
from shapecalc.layers.base import fields_of
from shapecalc.parser.schema.steps import counts, layer, step
from shapecalc.parser.step_keys import STEP_KEYS
from tests.support.rows import for_each


@for_each("type_name", layer_types())
def test_every_layer_and_field_says_what_it_is(type_name: str) -> None:
    given = layer(layer_types()[type_name])
    below = given["anyOf"][0] if "anyOf" in given else given
    assert given["title"] == type_name
    assert len(given["description"]) > 20
    assert list(below["properties"]) == list(fields_of(layer_types()[type_name]))
    for name, field in fields_of(layer_types()[type_name]).items():
        said = below["properties"][name]
        assert said["description"].startswith(field.description)
        assert field.kind.describe() in said["description"]
        assert ("default" in said) is not field.required


@pytest.mark.parametrize("calls", [False, True])
def test_a_mapping_is_never_reported_as_an_unknown_word(*, calls: bool) -> None:
    """An editor reports one alternative of an `anyOf`; of words and a mapping that would be the words."""
    schema = step(layer_types(), calls=calls)
    assert schema["if"] == {"type": "object"}
    assert "anyOf" not in schema


def test_counts_test_each_key_of_a_step_once_and_end_at_share() -> None:
    definitions = counts()
    tested = len(STEP_KEYS) - 1
    assert len(definitions) == (tested + 1) * (tested + 2) // 2
    assert definitions["count-0-0"]["then"] == {"$ref": "#/definitions/count-1-1"}
    assert definitions["count-0-0"]["else"] == {"$ref": "#/definitions/count-1-0"}
    assert definitions[f"count-{tested}-2"] == {
        "minProperties": 3,
        "if": {"required": ["share"]},
        "then": {
            "maxProperties": 4,
            "if": {"maxProperties": 3},
            "then": {"properties": {"share": {"type": "string"}}},
        },
        "else": {"maxProperties": 3},
    }
