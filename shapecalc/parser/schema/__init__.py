"""The format as JSON Schema (draft-07), for editors.

It is built from the layer classes and the parser's lists of keys, and so is always up to date. It cannot express what
depends on other places of a file: names of blocks and steps, and shapes.

Most keywords of JSON Schema constrain values of one type (`minimum` numbers, `items` lists) and ignore others. So
`{"type": ["integer", "array"], "minimum": 1, "items": …}` is a choice of two, for which an editor reports the one
mistake; for an `anyOf` it can only report that nothing matches. If a text does not match its pattern, an editor shows
`patternErrorMessage` in place of the pattern; validators ignore it, as they do a description.
"""

from __future__ import annotations

import json

from shapecalc.layers import layer_types
from shapecalc.layers.fields import LARGEST_DIM
from shapecalc.parser.expressions import NAME
from shapecalc.parser.include import INCLUDED_KEYS
from shapecalc.parser.names import NAME_PATTERN
from shapecalc.parser.schema.steps import counts, definition_name, layer, one_layer, step, steps
from shapecalc.parser.schema.values import (
    ARGUMENT,
    NAMES,
    TEXT,
    USE,
    Schema,
    expect,
    full_match,
    input_schema,
    or_use,
    ref,
    shape,
)

DRAFT = "http://json-schema.org/draft-07/schema#"


def schema() -> Schema:
    """Return the JSON Schema of an architecture file, or of a file of blocks for others to include.

    >>> schema()["definitions"]["layer-linear"]["required"]
    ['out_features']
    """
    layers = layer_types()
    has_blocks = {"anyOf": [{"required": ["blocks"]}, {"required": ["include"]}]}
    is_network = {"anyOf": [{"required": [key]} for key in ("layers", "input", "inputs")]}
    return {
        "$schema": DRAFT,
        "title": "shapecalc architecture",
        "description": "A neural network: its input, and its layers in order.",
        "type": "object",
        "properties": _file_keys(),
        "additionalProperties": False,
        "allOf": [
            {
                # In a file without blocks, an unknown layer type is a mistake.
                "if": has_blocks,
                "then": {"properties": {"layers": ref("steps-or-calls")}},
                "else": {"properties": {"layers": ref("steps")}},
            },
            {
                "if": {"allOf": [has_blocks, {"not": is_network}]},
                "then": {"propertyNames": {"enum": list(INCLUDED_KEYS)}},
                "else": {
                    "required": ["layers"],
                    "if": {"required": ["inputs"]},
                    "then": {"properties": {"input": False}},
                    "else": {"required": ["input"]},
                },
            },
        ],
        "definitions": {
            "use": {"type": "string", "pattern": USE},
            "shape": shape(),
            "input": input_schema(),
            "expect": expect(),
            "steps": steps(calls=False),
            "steps-or-calls": steps(calls=True),
            "step": step(layers, calls=False),
            "step-or-call": step(layers, calls=True),
            "one-layer": one_layer(layers),
            **counts(),
            **{definition_name(cls): layer(cls) for cls in layers.values()},
            **{definition_name(cls, calls=True): layer(cls, calls=True) for cls in layers.values() if cls.merges},
        },
    }


def schema_text() -> str:
    """Return the schema as the text of a file."""
    return json.dumps(schema(), indent=1, ensure_ascii=False) + "\n"


def _file_keys() -> dict[str, Schema]:
    name, parameter = ({"propertyNames": {"pattern": full_match(pattern)}} for pattern in (NAME_PATTERN, NAME.pattern))
    comparison = {
        "type": "string",
        "pattern": "^[^<>=!]+(==|>=|<=|>|<)[^<>=!]+$",
        "patternErrorMessage": 'expects a comparison of symbols, such as "H % 16 == 0"',
        "maxLength": 500,
    }
    described = {
        "name": ("The name in tables and drawings.", TEXT),
        "source": ("The publication, or the source of the numbers.", TEXT),
        "parameters": (
            "Values by name, for `$name` and `${…}` below `layers:` and in inputs; `--set` replaces them.",
            {"type": "object", **parameter, "additionalProperties": {**ARGUMENT, "not": ref("use")}},
        ),
        "widths": ("The parameters that are widths of the network: `verify --scale` divides them.", NAMES),
        "input": ("The shape of the input: sizes and names of symbols, such as [N, 3, H, W].", ref("input")),
        "inputs": (
            "The inputs by name, if there are several.",
            {"type": "object", **name, "additionalProperties": ref("input"), "minProperties": 1},
        ),
        "outputs": (
            "The steps that are outputs of the network; by default the last one.",
            {**NAMES, "type": ["string", "array", "object"], "additionalProperties": NAMES, "minProperties": 1},
        ),
        "sizes": (
            "The usual values of the inputs' symbols.",
            {
                "type": "object",
                "additionalProperties": {"type": "integer", "minimum": 1, "maximum": LARGEST_DIM},
            },
        ),
        "where": (
            "Conditions on the inputs' symbols, such as `H % 16 == 0`.",
            {**comparison, "type": ["string", "array"], "items": comparison},
        ),
        "include": ("Files whose blocks are used, in this folder or below.", NAMES | {"minLength": 1}),
        "blocks": ("Templates of steps, by name.", _blocks()),
        "layers": ("The steps in order: each reads the output of the one before it.", {}),
        "expect": ("Expected figures of the whole network.", ref("expect")),
        "decode": ("The loop of `shapecalc decode`, which uses each chosen symbol as the next input.", _decode()),
    }
    # In draft-07, keywords next to `$ref` are ignored.
    return {
        key: {"description": text, **({"allOf": [given]} if "$ref" in given else given)}
        for key, (text, given) in described.items()
    }


def _blocks() -> Schema:
    name = {
        "type": "string",
        "pattern": full_match(NAME_PATTERN),
        "patternErrorMessage": "expects a name: a letter, then letters, digits or `_`",
    }
    ascii_name = {**name, "pattern": full_match(NAME.pattern)}
    parameter = {
        **ascii_name,
        "type": ["string", "object"],
        "propertyNames": ascii_name,
        "additionalProperties": ARGUMENT,
        "minProperties": 1,
        "maxProperties": 1,
    }
    keys = {
        "parameters": {
            "description": "Names, such as [channels, stride: 1]; one without a value is required in calls.",
            "type": "array",
            "items": parameter,
        },
        "inputs": {
            "description": "The names of its inputs; by default `input`.",
            **name,
            "type": ["string", "array"],
            "items": name,
            "minItems": 1,
            "uniqueItems": True,
        },
        "layers": {"description": "Its steps.", "allOf": [ref("steps-or-calls")]},
        "outputs": {
            "description": "Its steps that others read as `call.name`; the first is what the next step reads.",
            **name,
            "type": ["string", "array", "object"],
            "items": name,
            "minItems": 1,
            "uniqueItems": True,
            "minProperties": 1,
            "propertyNames": name,
            "additionalProperties": {**NAMES, "maxItems": 1},
        },
    }
    block = {"type": "object", "properties": keys, "required": ["layers"], "additionalProperties": False}
    reserved = [word for word, cls in layer_types().items() if cls.reserves_name]
    own = {**name, "not": {"enum": reserved}}
    return {"type": "object", "propertyNames": own, "additionalProperties": block}


def _decode() -> Schema:
    counts = {
        key: or_use({"type": ["integer"], "minimum": least, "maximum": LARGEST_DIM})
        for key, least in (("start", 0), ("end", 0), ("max_length", 1), ("beam", 1))
    }
    described: dict[str, Schema] = {
        "token": {"type": "string", "description": "The integer input that receives the chosen symbol."},
        "scores": {
            **NAMES,
            "maxItems": 1,
            "description": "The step that rates the next symbol; by default the output.",
        },
        "states": {**NAMES, "description": "Recurrent steps that continue from their own last states."},
        **counts,
    }
    return {"type": "object", "properties": described, "additionalProperties": False, "required": ["token"]}
