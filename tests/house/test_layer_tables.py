"""What is known of a layer type is stated by its class: no other room lists layer types."""

from __future__ import annotations

import ast
import re
from collections import Counter
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import shapecalc
from shapecalc.diagnostics.foreign_names import WITHOUT_COUNTERPART
from shapecalc.diagnostics.suggestions import fold
from shapecalc.layers import Layer, layer_types
from shapecalc.layers.base import fields_of
from shapecalc.layers.foreign_names import Meaning, foreign_fields, foreign_types, meaningless_fields, names_of
from shapecalc.parser.grammar import FILE_KEYS
from shapecalc.parser.step_keys import STEP_KEYS
from tests.support.rows import for_each

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = Path(shapecalc.__file__).parent
ROOMS_OF_LAYERS = ("layers", "reference", "importers")
"""An importer says which layers an operator of another tool is, one function an operator."""
COMMON = frozenset({"parameter", "buffer", "constant"})
"""Types that are words for other things too."""
TYPES = frozenset(layer_types()) - COMMON

A_FIELD_OF_RECURRENT_LAYERS = frozenset({"dropout"})
ALLOWED = {
    # Commands that are named after a layer type, and what is particular to one of them.
    "cli/groups.py": frozenset(
        {"conv", "linear", "rnn", "lstm", "gru", "embedding", "sigmoid", "tanh", "relu", "relu6", "elu", "gelu", "silu"}
        | {"softplus", "hardsigmoid", "hardswish", "softmax", "dropout"}
    ),
    "cli/layer_command.py": frozenset({"softmax", "dropout", "local_response_norm", "scaled_dot_product_attention"}),
    "cli/solve.py": frozenset({"conv"}),
    "render/derivation.py": frozenset({"ceil", "conv", "slice", "sqrt"}),  # the part of an input that a window reads
    # Families, which are modules of layers.
    "render/families.py": frozenset({"conv", "linear", "embedding"}),
    # A value of `--type`.
    "cli/pool.py": frozenset({"max"}),
    # Operations, as they are written.
    "calculators/tracing.py": frozenset({"abs", "add", "ceil", "floor", "log", "max", "min", "round", "sqrt"}),
    "calculators/derivation.py": frozenset({"ceil"}),
    "parser/where.py": frozenset({"sign"}),
    "solving/sweep/where.py": frozenset({"sign"}),
    # Parts of a number, and how a layer states probabilities.
    "execution/exact_log.py": frozenset({"log", "sign"}),
    "execution/values/objective.py": frozenset({"log"}),
    # An attribute of typer's ranges.
    "cli/parsing.py": frozenset({"linear", "max", "min"}),
    # How a loss is reduced, and a figure of a tensor.
    "api/execute.py": frozenset({"mean", "sum"}),
    "api/rows.py": frozenset({"mean", "norm"}),
    # Kinds of expressions.
    "calculators/traced_sizes.py": frozenset({"floor", "negative", "sum"}),
    # An option.
    "cli/options/layer_values.py": frozenset({"mean", "var"}),
    # A heading of figures.
    "render/run.py": frozenset({"mean"}),
    # A group of a regular expression.
    "parser/expressions.py": frozenset({"sum"}),
    "cli/options/recurrent.py": A_FIELD_OF_RECURRENT_LAYERS | {"sum"},
    "cli/options/recurrent_values.py": frozenset({"mean", "sum"}),
    "cli/bptt.py": frozenset({"sum"}),
    "execution/bptt.py": frozenset({"mean", "norm"}),
    "execution/bptt_network.py": frozenset({"sum"}),
    "execution/recurrent_targets.py": frozenset({"sum"}),
    # The parts of a cross-entropy, by name.
    "render/bptt.py": frozenset({"mean", "softmax", "sum"}),
    # Keywords of JSON Schema, and a key of a file.
    "parser/schema/__init__.py": frozenset({"maximum", "minimum", "where"}),
    "parser/schema/steps.py": frozenset({"maximum", "minimum"}),
    "parser/schema/values.py": frozenset({"maximum", "minimum"}),
    # A way of drawing weights.
    "execution/training/initialization.py": frozenset({"norm"}),
    # A key of a configuration.
    "files/config.py": frozenset({"select"}),
    "files/config_keys.py": frozenset({"select"}),
    "render/config.py": frozenset({"select"}),
    # A key of a file.
    "parser/grammar.py": frozenset({"where"}),
    # A part of an explanation.
    "costs/explain.py": frozenset({"where"}),
    "costs/explanation.py": frozenset({"where"}),
    "render/explain.py": frozenset({"where"}),
    "cli/usage_errors.py": A_FIELD_OF_RECURRENT_LAYERS,
}
FILES = {
    path.relative_to(PACKAGE).as_posix(): path
    for path in sorted(PACKAGE.rglob("*.py"))
    if path.relative_to(PACKAGE).parts[0] not in ROOMS_OF_LAYERS
}


def named(source: str) -> Iterator[str]:
    """The layer types in the strings of a module, docstrings aside: of one that is a type, or a list of types."""
    tree = ast.parse(source)
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            words = node.value.split()
            if node.value in TYPES or (len(words) > 1 and TYPES.issuperset(words)):
                yield from words


@for_each("name", FILES)
def test_a_file_outside_the_rooms_of_layers_names_no_layer_type(name: str) -> None:
    found = set(named(FILES[name].read_text(encoding="utf-8")))
    assert found - ALLOWED.get(name, frozenset()) == set()


@pytest.mark.parametrize("name", ALLOWED)
def test_what_is_allowed_to_be_named_is_named(name: str) -> None:
    assert set(named(FILES[name].read_text(encoding="utf-8"))) == ALLOWED[name]


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('BACK = ("rnn", "lstm")', ["rnn", "lstm"]),
        ('if row.type == "concat": pass', ["concat"]),
        ('match word:\n    case "softmax": pass', ["softmax"]),
        ('NAMES = "conv linear".split()', ["conv", "linear"]),
        ('CELLS = {"gru": 3}', ["gru"]),
        ('"""softmax"""\nx: int = 0\n"""conv"""', []),
        ('message = "`linear` expects features"', []),
        ('text = f"add {name}"', []),
    ],
)
def test_a_table_of_layer_types_would_be_found(source: str, found: list[str]) -> None:
    assert sorted(named(source)) == sorted(found)


class Maxout(Layer):
    """A layer that states a foreign name which has no counterpart so far."""

    foreign_names = "maxout"


class Snake(Layer):
    """A layer that is itself called by such a name."""


def test_a_name_that_a_layer_has_is_not_without_a_counterpart() -> None:
    assert {"maxout", "snake"} <= set(WITHOUT_COUNTERPART.split())
    names = names_of({**layer_types(), "leaky": Maxout, "snake": Snake})
    assert names["maxout"] == Meaning("leaky")
    assert "snake" not in names


def test_no_foreign_name_belongs_to_two_layers() -> None:
    without = set(names_of({}))
    names = [name for cls in layer_types().values() for name in names_of({cls.type: cls}) if name not in without]
    assert sorted(names) == sorted(set(names))
    assert [cls.type for cls in layer_types().values() if without.intersection(cls.foreign_names.split())] == []


def test_a_name_without_a_counterpart_is_listed_once() -> None:
    paragraphs = [paragraph.partition(" | ")[0].split() for paragraph in WITHOUT_COUNTERPART.split("\n\n")]
    assert [name for name, count in Counter(chain(*paragraphs)).items() if count > 1] == []


@for_each("cls", layer_types().values(), ids=list(layer_types()))
def test_a_note_is_of_a_rough_name_and_a_caveat_of_an_exact_one(cls: type[Layer]) -> None:
    names = names_of({cls.type: cls})
    for line in cls.foreign_notes:
        noted = {name for written in line.partition(" | ")[0].split() for name in (written.replace("#", "2d"),)}
        assert {name for name in noted if names[name].word != cls.type or names[name].exact} == set(), line
    for line in cls.foreign_caveats:
        named = {name.replace("#", "2d") for name in line.partition(": ")[0].split()}
        assert all(name == fold(cls.type) or names[name] == Meaning(cls.type) for name in named), line


NOTES = sorted(
    set(meaningless_fields().values())
    | {meaning.note for meaning in foreign_types().values()}
    | {meaning.note for cls in layer_types().values() for meaning in foreign_fields(cls).values()}
    | {line.partition(" | ")[2] for cls in layer_types().values() for line in cls.foreign_caveats}
)
WORDS = {*layer_types(), *STEP_KEYS, *FILE_KEYS, *(name for cls in layer_types().values() for name in fields_of(cls))}


@for_each("note", NOTES)
def test_what_a_note_says_to_write_exists(note: str) -> None:
    """The first word in backticks is a layer, a field or a key, unless it is the other tool's own code."""
    for written in re.findall(r"`([^`]+)`", note):
        first = re.split(r"[:\s]", written.removeprefix("- "))[0]
        assert first in WORDS or "(" in written or written in OTHERS, (note, written)


OTHERS = {"output_mode: one_hot"}


@for_each("cls", layer_types().values(), ids=list(layer_types()))
def test_the_foreign_names_of_fields_are_of_fields_that_there_are(cls: type[Layer]) -> None:
    assert {meaning.word for meaning in foreign_fields(cls).values() if meaning.word} <= set(fields_of(cls))
