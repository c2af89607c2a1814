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
from typing import TYPE_CHECKING, Any

from shapecalc.architecture import DTYPES
from shapecalc.diagnostics.limits import LIMITS
from shapecalc.layers import layer_types
from shapecalc.layers.base import fields_of
from shapecalc.layers.documentation import documentation
from shapecalc.layers.fields import LARGEST_DIM
from shapecalc.parser.bounds import EXPECTED
from shapecalc.parser.expect import BYTES_KEYS, EXPECT_KEYS
from shapecalc.parser.expressions import NAME
from shapecalc.parser.include import INCLUDED_KEYS
from shapecalc.parser.scopes import NAME as STEP_NAME
from shapecalc.parser.shapes import SYMBOL
from shapecalc.parser.step_keys import STEP_KEYS

if TYPE_CHECKING:
    from shapecalc.layers import Layer
    from shapecalc.layers.base import Field

Schema = dict[str, Any]

DRAFT = "http://json-schema.org/draft-07/schema#"

_USE = rf"^\$({NAME.pattern}|\{{.*\}})$"
"""A use of parameters, `$name` or `${…}`, whose value is not known to the schema."""

_NO_USE = "expects no text here but `$name` or `${…}`"

_SINGLE = ["string", "number", "boolean", "null"]
_ENTRY: Schema = {"type": _SINGLE}
_TEXT: Schema = {"type": ["string", "number"]}
_ARGUMENT: Schema = {"type": [*_SINGLE, "array"], "items": _ENTRY}
_CALL: Schema = {
    "type": [*_SINGLE, "array", "object"],
    "items": _ENTRY,
    "additionalProperties": _ARGUMENT,
    "description": "A call of a block: its parameters by name, or the first one alone.",
}
_NAMES: Schema = {"type": ["string", "array"], "items": {"type": "string"}, "minItems": 1}


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
                "then": {"properties": {"layers": _ref("steps-or-calls")}},
                "else": {"properties": {"layers": _ref("steps")}},
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
            "use": {"type": "string", "pattern": _USE},
            "shape": _shape(),
            "input": _input(),
            "expect": _expect(),
            "steps": _steps(calls=False),
            "steps-or-calls": _steps(calls=True),
            "step": _step(layers, calls=False),
            "step-or-call": _step(layers, calls=True),
            "one-layer": _one_layer(layers),
            **_counts(),
            **{_name(cls): _layer(cls) for cls in layers.values()},
            **{_name(cls, calls=True): _layer(cls, calls=True) for cls in layers.values() if cls.merges},
        },
    }


def schema_text() -> str:
    """Return the schema as the text of a file."""
    return json.dumps(schema(), indent=1, ensure_ascii=False) + "\n"


def _ref(name: str) -> Schema:
    return {"$ref": f"#/definitions/{name}"}


def _full_match(pattern: str) -> str:
    return f"^(?:{pattern})$"


def _or_use(given: Schema) -> Schema:
    """Return a schema that also allows a use of parameters in place of each value."""
    if "enum" in given:
        return {"anyOf": [given, _ref("use")]}
    widened = dict(given)
    if "items" in given:
        widened["items"] = _or_use(given["items"])
    if "anyOf" in given:
        widened["anyOf"] = [_or_use(choice) for choice in given["anyOf"]]
    if "type" in given:
        widened |= {"type": [*given["type"], "string"], "pattern": _USE, "patternErrorMessage": _NO_USE}
    return widened


def _file_keys() -> dict[str, Schema]:
    name = {"propertyNames": {"pattern": _full_match(NAME.pattern)}}
    comparison = {
        "type": "string",
        "pattern": "^[^<>=!]+(==|>=|<=|>|<)[^<>=!]+$",
        "patternErrorMessage": 'expects a comparison of symbols, such as "H % 16 == 0"',
        "maxLength": 500,
    }
    described = {
        "name": ("The name in tables and drawings.", _TEXT),
        "source": ("The publication, or the source of the numbers.", _TEXT),
        "parameters": (
            "Values by name, for `$name` and `${…}` below `layers:` and in inputs; `--set` replaces them.",
            {"type": "object", **name, "additionalProperties": {**_ARGUMENT, "not": _ref("use")}},
        ),
        "widths": ("The parameters that are widths of the network: `verify --scale` divides them.", _NAMES),
        "input": ("The shape of the input: sizes and names of symbols, such as [N, 3, H, W].", _ref("input")),
        "inputs": (
            "The inputs by name, if there are several.",
            {"type": "object", **name, "additionalProperties": _ref("input"), "minProperties": 1},
        ),
        "outputs": (
            "The steps that are outputs of the network; by default the last one.",
            {**_NAMES, "type": ["string", "array", "object"], "additionalProperties": _NAMES, "minProperties": 1},
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
        "include": ("Files whose blocks are used, in this folder or below.", _NAMES | {"minLength": 1}),
        "blocks": ("Templates of steps, by name.", _blocks()),
        "layers": ("The steps in order: each reads the output of the one before it.", {}),
        "expect": ("Expected figures of the whole network.", _ref("expect")),
        "decode": ("The loop of `shapecalc decode`, which uses each chosen symbol as the next input.", _decode()),
    }
    # In draft-07, keywords next to `$ref` are ignored.
    return {
        key: {"description": text, **({"allOf": [given]} if "$ref" in given else given)}
        for key, (text, given) in described.items()
    }


def _shape() -> Schema:
    return {
        "type": ["array", "string"],
        "items": {
            "type": ["integer", "string"],
            "minimum": 1,
            "maximum": LARGEST_DIM,
            "pattern": f"{_full_match(SYMBOL.pattern)}|{_USE}",
            "patternErrorMessage": "expects a size, or the name of a symbol",
        },
        "minItems": 1,
        "pattern": _USE,
        "patternErrorMessage": "expects a shape such as [N, 3, 224, 224]",
    }


def _input() -> Schema:
    dtype = {"description": "The type of its elements; float32 by default.", "enum": list(DTYPES)}
    keys = {"shape": _ref("shape"), "dtype": _or_use(dtype)}
    shape = _shape()
    return {
        **shape,
        "type": [*shape["type"], "object"],
        "properties": keys,
        "required": ["shape"],
        "additionalProperties": False,
    }


def _blocks() -> Schema:
    name = {
        "type": "string",
        "pattern": _full_match(NAME.pattern),
        "patternErrorMessage": "expects a name: a letter, then letters, digits or `_`",
    }
    parameter = {
        **name,
        "type": ["string", "object"],
        "propertyNames": name,
        "additionalProperties": _ARGUMENT,
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
        "layers": {"description": "Its steps.", "allOf": [_ref("steps-or-calls")]},
    }
    block = {"type": "object", "properties": keys, "required": ["layers"], "additionalProperties": False}
    own = {**name, "not": {"enum": list(layer_types())}}
    return {"type": "object", "propertyNames": own, "additionalProperties": block}


def _expect() -> Schema:
    shapes = {"type": "object", "additionalProperties": _ref("shape")}
    keys = {key: _figure(of_bytes=key in BYTES_KEYS) for key in EXPECT_KEYS}
    return {
        "type": "object",
        "properties": {**keys, "output": _ref("shape"), "outputs": shapes},
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
        "pattern": f"{figure}|{_USE}",
        "patternErrorMessage": f"expects {EXPECTED}",
    }


def _steps(*, calls: bool) -> Schema:
    return {
        "type": ["array", "string"],
        "items": _ref("step-or-call" if calls else "step"),
        "minItems": 1,
        "pattern": _USE,
        "patternErrorMessage": "expects a list of steps",
    }


def _step_keys() -> dict[str, Schema]:
    described: dict[str, tuple[str, Schema]] = {
        "name": (
            "The name for references; by default its type and position.",
            {
                "type": "string",
                "pattern": f"{_full_match(STEP_NAME.pattern)}|{_USE}",
                "patternErrorMessage": "expects a letter, then letters, digits, `_`, `.`, `-` or `/`",
            },
        ),
        "from": ("The step or steps that it reads; by default the one before it.", _NAMES),
        "repeat": (
            "The number of copies, one after another.",
            _or_use({"type": ["integer"], "minimum": 1, "maximum": LIMITS.layers}),
        ),
        "share": ("The earlier step whose weights it uses.", {"type": "string"}),
        "expect": ("Expected figures of this step.", {"allOf": [_ref("expect")]}),
    }
    return {key: {"description": described[key][0], **described[key][1]} for key in STEP_KEYS}


def _step(layers: Any, *, calls: bool) -> Schema:
    alone = [word for word, cls in layers.items() if not _required(cls)]
    known = {"enum": alone, "markdownEnumDescriptions": [documentation(layers[word]).summary for word in alone]}
    needing = [word for word in layers if word not in alone]
    # Types with required fields are a pattern, which an editor does not offer for completion, with its own message.
    others = {"type": "string", "pattern": _full_match(NAME.pattern if calls else "|".join(needing))}
    words = {
        "anyOf": [known, _ref("use"), others],
        "if": {"enum": needing},
        "then": {"pattern": "(?!)", "patternErrorMessage": "this layer expects its fields, below it or behind a colon"},
    }
    step: Schema = {
        "type": "object",
        "allOf": [_ref("one-layer")],
        "properties": {
            **{word: _ref(_name(cls, calls=calls and cls.merges)) for word, cls in layers.items()},
            **_step_keys(),
        },
        "patternProperties": {r"^\$": {}},
        "additionalProperties": _CALL if calls else False,
    }
    if calls:
        step["propertyNames"] = {"pattern": f"{_full_match(NAME.pattern)}|{_USE}"}
    # Split by type, so that an editor never reports a mapping as an unknown word.
    return {"if": {"type": "object"}, "then": step, "else": words}


def _decode() -> Schema:
    counts = {
        key: _or_use({"type": ["integer"], "minimum": least, "maximum": LARGEST_DIM})
        for key, least in (("start", 0), ("end", 0), ("max_length", 1), ("beam", 1))
    }
    described: dict[str, Schema] = {
        "token": {"type": "string", "description": "The integer input that receives the chosen symbol."},
        "scores": {
            **_NAMES,
            "maxItems": 1,
            "description": "The step that rates the next symbol; by default the output.",
        },
        "states": {**_NAMES, "description": "Recurrent steps that continue from their own last states."},
        **counts,
    }
    return {"type": "object", "properties": described, "additionalProperties": False, "required": ["token"]}


def _one_layer(layers: Any) -> Schema:
    """Return the schema of a mapping with one layer or call in addition to the step's own keys."""
    return {
        "dependencies": {word: {"propertyNames": {"enum": [word, *STEP_KEYS]}} for word in layers},
        "if": {"propertyNames": {"not": {"enum": list(layers)}}},
        "then": _ref("count-0-0"),
    }


def _counts() -> dict[str, Schema]:
    """Return schemas of mappings with one key in addition to the step's own, or without one if `share` is given.

    JSON Schema cannot count keys of a kind, but can test them in turn: in `count-i-n` the first i keys are tested, and
    n of them present.
    """
    *tested, last = (*(key for key in STEP_KEYS if key != "share"), "share")
    counts: dict[str, Schema] = {}
    for position, key in enumerate(tested):
        for present in range(position + 1):
            then, otherwise = (_ref(f"count-{position + 1}-{present + more}") for more in (1, 0))
            counts[f"count-{position}-{present}"] = {"if": {"required": [key]}, "then": then, "else": otherwise}
    for present in range(len(tested) + 1):
        counts[f"count-{len(tested)}-{present}"] = {
            "minProperties": present + 1,
            "if": {"required": [last]},
            "then": {"maxProperties": present + 2},
            "else": {"maxProperties": present + 1},
        }
    return counts


def _name(cls: type[Layer], *, calls: bool = False) -> str:
    return f"layer-{cls.type}{'-or-calls' * calls}"


def _required(cls: type[Layer]) -> list[str]:
    return [field.name for field in fields_of(cls).values() if field.required]


def _layer(cls: type[Layer], *, calls: bool = False) -> Schema:
    """Return the schema of the value of a layer type: its fields by name, the main one alone, or nothing."""
    required = _required(cls)
    documented = documentation(cls)
    branch = {
        **_steps(calls=calls),
        "minItems": 0,
        "description": "A branch: its steps, none for the identity.",
    }
    fields: Schema = {
        "type": ["object"] if required else ["object", "null"],
        "properties": {name: _field(field) for name, field in fields_of(cls).items()},
        "additionalProperties": branch if cls.merges else False,
    }
    if required:
        fields["required"] = required
    if cls.merges:
        fields["propertyNames"] = {"pattern": f"{_full_match(NAME.pattern)}|{_USE}"}
    sections = "\n".join(f"{name}: {text}" for name, text in documented.sections.items())
    shown = {"title": cls.type, "description": f"{documented.summary}\n\n{sections}"}
    if cls.main is None or set(required) - {cls.main}:
        return {**shown, **fields}
    single = _or_use(fields_of(cls)[cls.main].kind.schema())
    if "type" in single and not single.keys() & fields.keys() - {"type"}:
        single["patternErrorMessage"] = f"`{cls.type}` expects its fields by name, or `{cls.main}` alone"
        return {**shown, **fields, **single, "type": [*fields["type"], *single["type"]]}
    return {**shown, "anyOf": [fields, single]}


def _field(field: Field) -> Schema:
    given = field.kind.schema()
    if field.nullable:
        assert "type" in given, f"`{field.name}` is of a kind that null cannot be added to"
        given = {**given, "type": [*given["type"], "null"]}
    default = "required" if field.required else f"{_value_text(field.default)} by default"
    shown: Schema = {"description": f"{field.description} Expects {field.kind.describe()}; {default}."}
    if not field.required:
        shown["default"] = field.default
    taken = _or_use(given)
    if "pattern" in taken:
        taken["patternErrorMessage"] = f"`{field.name}` expects {field.kind.describe()}"
    return {**shown, **taken}


def _value_text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "null" if value is None else str(value)
