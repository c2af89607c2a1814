"""Worked examples of textbooks and courses, each computed by a command, to the digits that are right."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import numpy as np
from typer.testing import CliRunner

from shapecalc.cli import app
from tests.oracle.worked_commands import EXAMPLES, NUMBERS, SHOWN, Shown
from tests.support.rows import for_each


@cache
def document(words: tuple[str, ...], stdin: str) -> Any:
    result = CliRunner().invoke(app, [*words, "--format", "json"], input=stdin)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def part(whole: Any, place: str) -> Any:
    for step in place.split("/"):
        if isinstance(whole, dict):
            whole = whole[step]
        elif step.isdigit():
            whole = whole[int(step)]
        else:
            whole = next(entry for entry in whole if step in (entry.get("path"), entry.get("name")))
    return whole


def shown(example: str, quantity: str) -> Any:
    """Run the command of a quantity and return what it prints: a word, or numbers in one row."""
    entry = SHOWN[example][quantity]
    command, places, stdin, factor = Shown(entry) if isinstance(entry, str) else entry
    numbers = EXAMPLES[example]["setup"] | NUMBERS.get(example, {})
    texts = {name: json.dumps(value) for name, value in numbers.items()}
    whole = document(tuple(word.format(**texts) for word in command.split()), stdin)
    parts = [part(whole, place) for place in places.split(" + ")]
    if parts[0] == str(parts[0]):
        return parts[0]
    return factor * np.concatenate([np.ravel(each).astype(float) for each in parts])


def row(value: Any) -> Any:
    """Return a word as it is, and numbers of nested lists, ragged ones too, in one row."""
    if isinstance(value, list):
        return np.concatenate([row(each) for each in value])
    return value if isinstance(value, str) else np.asarray([value], dtype=float)


@for_each("example", SHOWN)
def test_a_command_computes_the_right_values_of_a_worked_example(example: str) -> None:
    for quantity in SHOWN[example]:
        found, right = shown(example, quantity), row(EXAMPLES[example]["right"][quantity])
        if isinstance(right, str):
            assert found == right
        else:
            np.testing.assert_allclose(found, right, rtol=1e-9, atol=1e-11, err_msg=quantity)


@for_each("example", [name for name, example in EXAMPLES.items() if example["published"]])
def test_published_values_agree_unless_they_are_wrong(example: str) -> None:
    known = EXAMPLES[example]
    rounding = known.get("published_rounding", 5e-12)
    agree = []
    for quantity, published in known["published"].items():
        found = shown(example, quantity)
        is_word = isinstance(found, str)
        agree.append(found == published if is_word else np.allclose(found, row(published), rtol=0, atol=rounding))
    assert all(agree) == known["published_is_right"]


def test_each_quantity_of_each_example_has_a_command() -> None:
    assert {name: set(shown) for name, shown in SHOWN.items()} == {
        name: set(example["right"]) for name, example in EXAMPLES.items()
    }
