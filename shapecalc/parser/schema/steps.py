"""Schemas of steps: layers with their fields, calls of blocks, and the keys next to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shapecalc.diagnostics.limits import LIMITS
from shapecalc.layers.base import fields_of
from shapecalc.layers.documentation import documentation
from shapecalc.layers.fields import Number
from shapecalc.parser.expressions import NAME
from shapecalc.parser.names import NAME_PATTERN, STEP_NAME_PATTERN
from shapecalc.parser.schema.values import (
    ARGUMENT,
    CONDITION,
    ENTRY,
    NAMES,
    SINGLE,
    USE,
    Schema,
    full_match,
    or_use,
    ref,
)
from shapecalc.parser.step_keys import STEP_KEYS

if TYPE_CHECKING:
    from shapecalc.layers import Layer
    from shapecalc.layers.base import Field

_CALL: Schema = {
    "type": [*SINGLE, "array", "object"],
    "items": ENTRY,
    "additionalProperties": ARGUMENT,
    "description": "A call of a block: its parameters by name, or the first one alone.",
}

_VALUES_OF_RUNS: Schema = {
    "type": ["array", "integer", "string"],
    "items": ARGUMENT,
    "minItems": 1,
    "minimum": 1,
    "maximum": LIMITS.layers,
    "pattern": USE,
    "patternErrorMessage": "expects a list, with the value of each run",
}


def steps(*, calls: bool) -> Schema:
    """Return the schema of a list of steps, among which calls of blocks are allowed or not."""
    return {
        "type": ["array", "string"],
        "items": ref("step-or-call" if calls else "step"),
        "minItems": 1,
        "pattern": USE,
        "patternErrorMessage": "expects a list of steps",
    }


def _step_keys() -> dict[str, Schema]:
    described: dict[str, tuple[str, Schema]] = {
        "name": (
            "The name for references; by default its type and position.",
            {
                "type": "string",
                "pattern": f"{full_match(STEP_NAME_PATTERN)}|{USE}",
                "patternErrorMessage": "expects a letter or digit, then letters, digits, `_`, `.`, `-` or `/`",
            },
        ),
        "from": ("The step or steps that it reads; by default the one before it.", NAMES),
        "repeat": (
            "The number of runs, one after another; or names with lists, of a value for each run.",
            or_use(
                {
                    "type": ["integer", "object"],
                    "minimum": 1,
                    "maximum": LIMITS.layers,
                    "minProperties": 1,
                    "propertyNames": {"pattern": full_match(NAME.pattern)},
                    "additionalProperties": _VALUES_OF_RUNS,
                }
            ),
        ),
        "share": ("The earlier step whose weights it uses, or single tensors by name.", _share()),
        "expect": ("Expected figures of this step.", {"allOf": [ref("expect")]}),
        "when": ("Whether the step is there: a parameter that is a flag, or a condition in `${…}`.", CONDITION),
    }
    return {key: {"description": described[key][0], **described[key][1]} for key in STEP_KEYS}


def _share() -> Schema:
    tensor: Schema = {
        "type": ["string", "object"],
        "description": "A tensor of an earlier step, such as `embedding.weight`.",
        "properties": {"of": {"type": "string"}, "transposed": or_use({"type": ["boolean"]})},
        "required": ["of"],
        "additionalProperties": False,
    }
    return {"type": ["string", "object"], "additionalProperties": tensor, "minProperties": 1}


def step(layers: Any, *, calls: bool) -> Schema:
    """Return the schema of a step: a layer type, or a mapping with one."""
    alone = [word for word, cls in layers.items() if not _required(cls)]
    known = {"enum": alone, "markdownEnumDescriptions": [documentation(layers[word]).summary for word in alone]}
    # A block may have the name of a type that does not reserve it, with or without arguments.
    also_blocks = {word for word, cls in layers.items() if calls and not cls.reserves_name}
    needing = [word for word in layers if word not in alone and word not in also_blocks]
    # Types with required fields are a pattern, which an editor does not offer for completion, with its own message.
    others = {"type": "string", "pattern": full_match(NAME_PATTERN if calls else "|".join(needing))}
    words = {
        "anyOf": [known, ref("use"), others],
        "if": {"enum": needing},
        "then": {"pattern": "(?!)", "patternErrorMessage": "this layer expects its fields, below it or behind a colon"},
    }
    mapping: Schema = {
        "type": "object",
        "allOf": [ref("one-layer")],
        "properties": {
            **{
                word: {"anyOf": [given, _CALL]} if word in also_blocks else given
                for word, cls in layers.items()
                for given in (ref(definition_name(cls, calls=calls and cls.merges)),)
            },
            **_step_keys(),
        },
        "patternProperties": {r"^\$": {}},
        "additionalProperties": _CALL if calls else False,
    }
    if calls:
        mapping["propertyNames"] = {"pattern": f"{full_match(NAME_PATTERN)}|{USE}"}
    # Split by type, so that an editor never reports a mapping as an unknown word.
    return {"if": {"type": "object"}, "then": mapping, "else": words}


def one_layer(layers: Any) -> Schema:
    """Return the schema of a mapping with one layer or call in addition to the step's own keys."""
    return {
        "dependencies": {word: {"propertyNames": {"enum": [word, *_keys_of(cls)]}} for word, cls in layers.items()},
        "if": {"propertyNames": {"not": {"enum": list(layers)}}},
        "then": ref("count-0-0"),
    }


def _keys_of(cls: type[Layer]) -> tuple[str, ...]:
    """Return the keys that are valid next to a layer type."""
    return tuple(key for key in STEP_KEYS if not cls.is_tensor or key not in ("from", "repeat", "share"))


def counts() -> dict[str, Schema]:
    """Return schemas of mappings with one key in addition to the step's own, or without one if `share` is given.

    JSON Schema cannot count keys of a kind, but can test them in turn: in `count-i-n` the first i keys are tested, and
    n of them present.
    """
    *tested, last = (*(key for key in STEP_KEYS if key != "share"), "share")
    counts: dict[str, Schema] = {}
    for position, key in enumerate(tested):
        for present in range(position + 1):
            then, otherwise = (ref(f"count-{position + 1}-{present + more}") for more in (1, 0))
            counts[f"count-{position}-{present}"] = {"if": {"required": [key]}, "then": then, "else": otherwise}
    for present in range(len(tested) + 1):
        counts[f"count-{len(tested)}-{present}"] = {
            "minProperties": present + 1,
            "if": {"required": [last]},
            "then": {
                "maxProperties": present + 2,
                "if": {"maxProperties": present + 1},
                "then": {"properties": {last: {"type": "string"}}},  # single tensors are those of a layer
            },
            "else": {"maxProperties": present + 1},
        }
    return counts


def definition_name(cls: type[Layer], *, calls: bool = False) -> str:
    """Return the name of the definition of a layer type."""
    return f"layer-{cls.type}{'-or-calls' * calls}"


def _required(cls: type[Layer]) -> list[str]:
    return [field.name for field in fields_of(cls).values() if field.required]


def layer(cls: type[Layer], *, calls: bool = False) -> Schema:
    """Return the schema of the value of a layer type: its fields by name, the main one alone, or nothing."""
    required = _required(cls)
    documented = documentation(cls)
    branch = {
        **steps(calls=calls),
        "type": ["array", "string", "object"],
        "minItems": 0,
        "properties": {"when": CONDITION, "layers": {**steps(calls=calls), "minItems": 0}},
        "required": ["when", "layers"],
        "additionalProperties": False,
        "description": "A branch: its steps, none for the identity; or `{when: …, layers: […]}`.",
    }
    fields: Schema = {
        "type": ["object"] if required else ["object", "null"],
        "properties": {name: _field_or_branch(field, branch) for name, field in fields_of(cls).items()},
        "additionalProperties": branch if cls.merges else False,
    }
    if required:
        fields["required"] = [name for name in required if name not in cls.spared_by]
        for name, flag in cls.spared_by.items():
            # `$flag` may be true.
            spares = {"required": [flag], "properties": {flag: {"not": {"const": False}}}}
            fields |= {"if": {"not": spares}, "then": {"required": [name]}}
    if cls.merges:
        fields["propertyNames"] = {"pattern": f"{full_match(NAME_PATTERN)}|{USE}"}
    sections = "\n".join(f"{name}: {text}" for name, text in documented.sections.items())
    shown = {"title": cls.type, "description": f"{documented.summary}\n\n{sections}"}
    if cls.main is None or set(required) - {cls.main}:
        return {**shown, **fields}
    single = or_use(fields_of(cls)[cls.main].kind.schema())
    if "type" in single and not single.keys() & fields.keys() - {"type"}:
        single["patternErrorMessage"] = f"`{cls.type}` expects its fields by name, or `{cls.main}` alone"
        return {**shown, **fields, **single, "type": [*fields["type"], *single["type"]]}
    return {**shown, "anyOf": [fields, single]}


def _field_or_branch(field: Field, branch: Schema) -> Schema:
    """Return the schema of a field; of one that is a number of a merge, a list of steps is a branch of that name."""
    shown = _field(field)
    if not field.layer.merges or not isinstance(field.kind, Number):
        return shown
    annotations: Schema = {key: shown.pop(key) for key in ("description", "default") if key in shown}
    steps_alone = {key: value for key, value in branch.items() if key != "description"}
    return {**annotations, "if": {"type": "array"}, "then": steps_alone, "else": shown}


def _field(field: Field) -> Schema:
    given = field.kind.schema()
    if field.nullable:
        assert "type" in given, f"`{field.name}` is of a kind that null cannot be added to"
        given = {**given, "type": [*given["type"], "null"]}
    default = "required" if field.required else f"{_value_text(field.default)} by default"
    shown: Schema = {"description": f"{field.description} Expects {field.kind.describe()}; {default}."}
    if not field.required:
        shown["default"] = field.default
    taken = or_use(given)
    if "pattern" in taken:
        taken["patternErrorMessage"] = f"`{field.name}` expects {field.kind.describe()}"
    return {**shown, **taken}


def _value_text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "null" if value is None else str(value)
