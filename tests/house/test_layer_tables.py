"""What is known of a layer type is stated by its class: no other room lists layer types."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import shapecalc
from shapecalc.diagnostics.foreign_names import WITHOUT_COUNTERPART
from shapecalc.diagnostics.suggestions import Near, nearest
from shapecalc.layers import Layer, layer_types
from shapecalc.layers.base import fields_of
from shapecalc.layers.foreign_names import foreign_fields, names_of

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGE = Path(shapecalc.__file__).parent
ROOMS_OF_LAYERS = ("layers", "reference")
TYPES = frozenset(layer_types())

A_FIELD_OF_RECURRENT_LAYERS = frozenset({"dropout"})
ALLOWED = {
    # Commands that are named after a layer type, and what is particular to one of them.
    "cli/__init__.py": frozenset({"conv", "linear", "rnn", "lstm", "gru", "embedding"}),
    "cli/solve.py": frozenset({"conv"}),
    "render/derivation.py": frozenset({"conv"}),
    # A value of `--type`.
    "cli/pool.py": frozenset({"max"}),
    # A group of a regular expression.
    "parser/expressions.py": frozenset({"sum"}),
    "cli/options/recurrent.py": A_FIELD_OF_RECURRENT_LAYERS,
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


@pytest.mark.parametrize("name", FILES)
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


class Prelu(Layer):
    """A layer that states a foreign name which has no counterpart so far."""

    foreign_names = "prelu"


class Hardtanh(Layer):
    """A layer that is itself called by such a name."""


def test_a_name_that_a_layer_has_is_not_without_a_counterpart() -> None:
    assert {"prelu", "hardtanh"} <= set(WITHOUT_COUNTERPART.split())
    types = {**layer_types(), "leaky": Prelu, "hardtanh": Hardtanh}
    names = names_of(types)
    assert names.meanings["prelu"] == "leaky"
    assert nearest("hardtan", tuple(types), *names) == Near("hardtanh", sure=True)


def test_no_foreign_name_belongs_to_two_layers() -> None:
    names = [name for cls in layer_types().values() for name in names_of({cls.type: cls}).meanings]
    without = set(names_of({}).meanings)
    assert sorted(name for name in names if name not in without) == sorted(set(names) - without)
    assert [cls.type for cls in layer_types().values() if without.intersection(cls.foreign_names.split())] == []


@pytest.mark.parametrize("cls", layer_types().values(), ids=list(layer_types()))
def test_the_foreign_names_of_fields_are_of_fields_that_there_are(cls: type[Layer]) -> None:
    assert {field for field in foreign_fields(cls).meanings.values() if field} <= set(fields_of(cls))
