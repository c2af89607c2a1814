"""Schemas of single values: shapes, inputs, figures, and the parameters that may replace them."""

from __future__ import annotations

from typing import Any

from shapecalc.architecture import DTYPES
from shapecalc.layers.fields import LARGEST_DIM
from shapecalc.parser.bounds import EXPECTED
from shapecalc.parser.expect import BYTES_KEYS, EXPECT_KEYS
from shapecalc.parser.expressions import NAME
from shapecalc.parser.shapes import SYMBOL

Schema = dict[str, Any]

USE = rf"^\$({NAME.pattern}|\{{.*\}})$"
"""A use of parameters, `$name` or `${…}`, whose value is not known to the schema."""

_NO_USE = "expects no text here but `$name` or `${…}`"
_NO_OTHER = "expects no text here but the name of a symbol, `$name` or `${…}`"

SINGLE = ["string", "number", "boolean", "null"]
ENTRY: Schema = {"type": SINGLE}
TEXT: Schema = {"type": ["string", "number"]}
ARGUMENT: Schema = {"type": [*SINGLE, "array"], "items": ENTRY}
CONDITION: Schema = {"type": ["boolean", "string"], "pattern": USE, "patternErrorMessage": _NO_USE}
NAMES: Schema = {"type": ["string", "array"], "items": {"type": "string"}, "minItems": 1}


def ref(name: str) -> Schema:
    """Return a reference to a definition."""
    return {"$ref": f"#/definitions/{name}"}


def full_match(pattern: str) -> str:
    """Return a pattern of whole texts; JSON Schema searches for patterns."""
    return f"^(?:{pattern})$"


def or_use(given: Schema) -> Schema:
    """Return a schema that also allows a use of parameters in place of each value."""
    if "enum" in given:
        return {"anyOf": [given, ref("use")]}
    widened = dict(given)
    if "items" in given:
        widened["items"] = or_use(given["items"])
    if "anyOf" in given:
        widened["anyOf"] = [or_use(choice) for choice in given["anyOf"]]
    if "pattern" in given:
        widened |= {"pattern": f"{given['pattern']}|{USE}", "patternErrorMessage": _NO_OTHER}
    elif "type" in given:
        widened |= {"type": [*given["type"], "string"], "pattern": USE, "patternErrorMessage": _NO_USE}
    return widened


def shape() -> Schema:
    """Return the schema of a shape such as `[N, 3, H, W]`."""
    return {
        "type": ["array", "string"],
        "items": {
            "type": ["integer", "string"],
            "minimum": 1,
            "maximum": LARGEST_DIM,
            "pattern": f"{full_match(SYMBOL.pattern)}|{USE}",
            "patternErrorMessage": "expects a size, or the name of a symbol",
        },
        "minItems": 1,
        "pattern": USE,
        "patternErrorMessage": "expects a shape such as [N, 3, 224, 224]",
    }


def input_schema() -> Schema:
    """Return the schema of an input: a shape, or a mapping of `shape:` and `dtype:`."""
    dtype = {"description": "The type of its elements; float32 by default.", "enum": list(DTYPES)}
    keys = {"shape": ref("shape"), "dtype": or_use(dtype)}
    return {
        **shape(),
        "type": ["array", "string", "object"],
        "properties": keys,
        "required": ["shape"],
        "additionalProperties": False,
    }


def expect() -> Schema:
    """Return the schema of `expect:`."""
    shapes = {"type": "object", "additionalProperties": ref("shape")}
    keys = {key: _figure(of_bytes=key in BYTES_KEYS) for key in EXPECT_KEYS}
    return {
        "type": "object",
        "properties": {**keys, "output": ref("shape"), "outputs": shapes},
        "additionalProperties": False,
    }


def _figure(*, of_bytes: bool) -> Schema:
    """Return the schema of an integer, or of a text for `parser.bounds`."""
    number = r"[0-9]{1,40}(\.[0-9]{1,20})?"
    unit = "([KkMmGgTt][Ii]?)?" + "[Bb]?" * of_bytes
    quantity = f"{number} ?{unit}"
    bound = f"(<=|>=|<|>|≤|≥) *{quantity}"
    tolerance = rf"{quantity} *(±|\+-|\+/-) *({quantity}|{number} *%)"
    figure = rf"^(?![0-9]+$) *({bound}|{tolerance}|{quantity} *\.\. *{quantity}|{quantity}) *$"
    return {
        "description": f'An integer{" of bytes" * of_bytes}, a bound ("<= 25.6M") or a tolerance ("61706 ± 2%").',
        "type": ["integer", "string"],
        "pattern": f"{figure}|{USE}",
        "patternErrorMessage": f"expects {EXPECTED}",
    }
