"""The JSON Schema says what the parser says, of files that are right and of files with one thing wrong."""

from __future__ import annotations

import json
import random
import re

import pytest
from jsonschema import Draft7Validator

from shapecalc.diagnostics import Source
from shapecalc.diagnostics.errors import ShapecalcError
from shapecalc.layers import layer_type
from shapecalc.parser.file_kind import FileKind, kind_of
from shapecalc.parser.grammar import FILE_KEYS, parse
from shapecalc.parser.include import diagnose_blocks
from shapecalc.parser.schema import schema
from tests.support.mutants import mutated, originals, read
from tests.support.rows import for_each
from tests.support.volume import NIGHTLY, volume

SCHEMA = schema()
VALIDATOR = Draft7Validator(SCHEMA)

STRUCTURAL = {
    *("SC005", "SC016", "SC101", "SC102", "SC106", "SC107", "SC108", "SC109", "SC110", "SC111"),
    *("SC201", "SC202", "SC203", "SC204"),
}
"""Codes of what one place of a file shows by itself; the others are about names, arithmetic and shapes."""

FROM_ELSEWHERE = (
    r"^block `\w*` expects (`\w+`( and )?)+, receives none",
    r"^`.*` expects branches, or several names",
    r"^`constant` expects (at most 512 numbers|lists of \d+ entries|a (list|number) here)",
    r"^`constant` expects .* in (float32|int64|bool) as",
    r"^`constant` expects values that .* can hold",
    r"^`repeat` expects lists of one length",
    r"has none whose `when` is true$",
)
"""Messages of these codes about what follows from another place: a block's parameters, how many names `from:` has, the
other lists of a constant, or its dtype."""


def findings(text: str):
    source = Source("net.yaml", text)
    if kind_of(source) is FileKind.BLOCKS:
        return diagnose_blocks(source, None)[0]
    try:
        return parse(source).diagnostics
    except ShapecalcError as error:
        return error.diagnostics


def verdict(text: str) -> bool | None:
    """Return whether the parser finds the structure right; None where it stops at a name before it can tell."""
    data, found = read(text), findings(text)
    has_blocks = isinstance(data, dict) and bool({"blocks", "include"} & data.keys())
    if any(stops(finding, has_blocks=has_blocks) for finding in found):
        return None
    return not any(is_structural(finding, text) for finding in found)


def stops(finding, *, has_blocks: bool) -> bool:
    if finding.code == "SC101":
        return has_blocks
    message = finding.message
    named = map(layer_type, re.findall(r"`(\w+)`", message))
    if has_blocks and any(cls is not None and not cls.reserves_name for cls in named):
        return True  # it may be the name of a block
    return message.startswith(("`sizes` gives", "unknown parameter")) or "` has no parameter, receives" in message


def is_structural(finding, text: str) -> bool:
    """Return whether one place of a file shows what is wrong by itself."""
    if finding.code == "SC103":
        return finding.message.startswith("a block expects a name of its own")
    if finding.code == "SC313":
        return finding.message.endswith("expects no input, has `from`")
    if finding.code == "SC316":
        return finding.message.endswith("expects a layer, receives none")
    if finding.code == "SC105":
        return finding.message.startswith("`where` expects comparisons")
    if finding.code not in STRUCTURAL or any(re.search(about, finding.message) for about in FROM_ELSEWHERE):
        return False
    # What is put in for `$name` is given elsewhere.
    line = text.split("\n")[finding.span.line - 1] if finding.span is not None else ""
    return finding.span is None or not line[finding.span.column - 1 :].lstrip("\"'").startswith("$")


def test_the_schema_is_one_of_draft_07() -> None:
    Draft7Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "http://json-schema.org/draft-07/schema#"


def test_every_reference_leads_to_a_definition_and_every_definition_is_used() -> None:
    named = set(re.findall(r'"#/definitions/([^"]+)"', json.dumps(SCHEMA)))
    assert named == SCHEMA["definitions"].keys()


def test_what_the_parser_takes_the_schema_takes() -> None:
    for original in originals():
        if "Infinity" in json.dumps(original):
            continue  # which is no number in YAML
        assert verdict(json.dumps(original)) is True
        assert list(VALIDATOR.iter_errors(original)) == []


def test_a_file_has_the_keys_that_the_parser_reads() -> None:
    assert tuple(SCHEMA["properties"]) == FILE_KEYS


def test_a_misspelt_field_is_named_at_its_place() -> None:
    errors = VALIDATOR.iter_errors(read("{input: [N, 3, 8, 8], layers: [{linear: {out_feature: 3}}]}"))
    assert {tuple(error.absolute_path) for error in errors} == {("layers", 0, "linear")}


def schemas(node, key=""):
    """Yield every schema in the schema with the key that it stands under."""
    if isinstance(node, dict):
        yield key, node
    for inner, value in node.items() if isinstance(node, dict) else enumerate(node):
        if isinstance(value, dict | list):
            yield from schemas(value, inner if isinstance(node, dict) else key)


def test_no_editor_shows_a_pattern_where_a_value_is_wrong() -> None:
    patterned = [(key, each) for key, each in schemas(SCHEMA) if isinstance(each.get("pattern"), str)]
    silent = [each for key, each in patterned if "patternErrorMessage" not in each and key != "propertyNames"]
    # These stand beside words, which an editor lists.
    beside = [step["else"]["anyOf"] for step in map(SCHEMA["definitions"].get, ("step", "step-or-call"))]
    assert silent == [SCHEMA["definitions"]["use"], *(words[-1] for words in beside)]
    assert len(patterned) > 100


def test_no_list_of_words_is_empty() -> None:
    """Editors refuse a schema with one, although draft-07 itself only advises against it."""
    assert all(each["enum"] for _, each in schemas(SCHEMA) if isinstance(each.get("enum"), list))


@volume
def test_on_mutated_files_the_schema_and_the_parser_agree() -> None:
    """On a thousand, or thousands; where they cannot, for something stands elsewhere, is in the table below."""
    chance = random.Random(20)
    files = originals()
    compared = right = 0
    different = []
    while compared < (4000 if NIGHTLY else 1000):
        text = json.dumps(mutated(chance.choice(files), chance))
        said = verdict(text)
        if said is None:
            continue
        compared += 1
        right += said
        if VALIDATOR.is_valid(read(text)) is not said:
            different.append(text)
    assert 0.15 < right / compared < 0.5  # some mutants are right as well
    assert different == []


NET = "input: [N, 3, 8, 8]\n"
DIFFERENCES = {
    "3.0 is an integer to JSON Schema, a float to YAML": (NET + "layers: [linear: 3.0]", True),
    "`$name` is a text where there are no parameters": (NET + "layers: [linear: $width]", True),
    "the file's own `expect:` takes no parameters": (
        NET + "parameters: {n: 1}\nlayers: [relu]\nexpect: {params: $n}",
        True,
    ),
    "nothing can be at least 9 and at most 1": (NET + "layers: [relu]\nexpect: {params: 9 .. 1}", True),
    "a tolerance is below its figure": (NET + "layers: [relu]\nexpect: {params: 5 ± 9}", True),
    "of two sizes at most one can be left to find": (NET + "layers: [reshape: [-1, -1]]", True),
    "a layer without branches cannot have several inputs and one flow": (
        NET + "layers: [{relu: {}, name: a}, {add: {x: [], y: []}, from: [a, input]}]",
        True,
    ),
    "whether the parameter of a block is given": (
        NET + "blocks: {b: {parameters: [n], layers: [linear: $n]}}\nlayers: [b]",
        True,
    ),
    "a word that is no layer may be a block's, where there are blocks": (
        NET + "blocks: {b: {layers: [relu]}}\nlayers: [relo]",
        True,
    ),
    "a value is wrong only where a block uses it": (
        NET + "blocks: {b: {parameters: [n], layers: [linear: $n]}}\nlayers: [b: word]",
        True,
    ),
    "a key that `$name` stands for may be the one that is missing": (
        NET + "parameters: {key: out_features}\nlayers: [linear: {$key: 3}]",
        False,
    ),
    "a block that nobody calls is not read": (NET + "blocks: {b: {layers: [{linear: {}}]}}\nlayers: [relu]", False),
}
"""Files of which one says yes and the other no, by the reason; and what the schema says."""


@for_each("reason", DIFFERENCES)
def test_where_they_differ_there_is_a_reason(reason: str) -> None:
    text, says = DIFFERENCES[reason]
    assert VALIDATOR.is_valid(read(text)) is says
    assert (not findings(text)) is not says


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("blocks: {b: {layers: [relu]}}", True),
        ("include: other.yaml", True),
        ("{blocks: {b: {layers: [relu]}}, sizes: {H: 3}}", False),
        ("{name: nothing}", False),
    ],
)
def test_a_file_of_blocks_needs_no_network(text: str, *, says: bool) -> None:
    assert VALIDATOR.is_valid(read(text)) is says
    assert verdict(text) is says


@pytest.mark.parametrize(
    "text",
    [
        NET + "layers: [{relu: {}, name: a}]\noutputs: [[a]]",  # it would leave without a name
        NET + "blocks: {b: {inputs: [null], layers: [relu]}}\nlayers: [b]",
        NET + "layers: [{relu: {}, tanh: {}}]",
        NET + "layers: [{relu: {}, repet: 2}]",
        NET + "blocks: {b: {layers: [relu]}}\nlayers: [{b: {}, repet: 2}]",
        NET + "blocks: {b: {layers: [relu]}}\nlayers: [{b: {}, relu: {}}]",
        NET + "layers: [{name: a}]",
        NET + "layers: [{max_pool: []}]",
    ],
)
def test_both_refuse(text: str) -> None:
    assert verdict(text) is False
    assert not VALIDATOR.is_valid(read(text))


@pytest.mark.parametrize(
    "text",
    [
        NET + "layers: [{relu: {}, name: a}, {share: a, name: b, from: a}]",
        NET + "layers: [{linear: 8, name: a}, {linear: 8, share: a}]",
        NET + "blocks: {b: {layers: [relu]}}\nlayers: [{b: , name: a}, {b: {}, share: a, name: c, from: a}]",
    ],
)
def test_both_take(text: str) -> None:
    assert verdict(text) is True
    assert VALIDATOR.is_valid(read(text))
