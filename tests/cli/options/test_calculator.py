"""What calculators share: `--out` in place of a number."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from shapecalc.cli import app
from tests.support.conv_command import conv


def test_json_of_what_is_solved_for_has_every_value() -> None:
    found = json.loads(conv("--n 32 --f 5 --s 1 --out 32 --format json"))
    assert (found["solved_for"], found["tried"]) == ("p", [0, 7])
    assert [[answer["value"] for answer in axis["solutions"]] for axis in found["axes"]] == [[2], [2]]


@pytest.mark.parametrize(
    ("words", "last"),
    [
        ("--n 32 --s 1 --p 0 --out 28", "f = 5\ntried f from 1 to 15\n"),
        ("--n 32 --out 28", "f = 5\ntried f from 1 to 15\n"),
        ("--n 224 --f 7 --p 3 --out 112", "s = 2\ntried s from 1 to 8\n"),
        ("--n 32 --f 5 --s 1 --out 32", "p = 2\ntried p from 0 to 7\n"),
        ("--n 7 --f 3 --s 4 --out 2", "p = 0, 1\ntried p from 0 to 7\n"),
        ("--n 32 --f 4 --s 1 --out 32", "p = 1:2 (before:after; no even padding does)\ntried p from 0 to 7\n"),
        ("--f 5 --out 28x30", "no lone n does for all axes; for example `--n 32x34`\n"),
        ("--n 224x320 --f 3 --p 1 --out 112x160", "s = 2\ntried s from 1 to 8\n"),
        ("--n 224x320 --f 3 --p 1 --out 112x320", "for example `--s 2x1`\ntried s from 1 to 8\n"),
        ("--f 3 --s 2 --padding same --out 16", "n from 31 to 32\n"),
    ],
)  # fmt: skip
def test_out_in_place_of_a_number_solves_for_it(words: str, last: str) -> None:
    assert conv(words).endswith(last)


def test_what_has_no_solution_shows_what_comes_closest_and_exits_with_1() -> None:
    result = CliRunner().invoke(app, ["conv", *["--n", "32", "--f", "5", "--p", "0", "--out", "27"]])
    assert result.exit_code == 1
    assert "none; closest:\n  s = 2   ⌊(32 + 2·0 − 5)/2⌋ + 1 = 14 " in result.stdout
    assert result.stdout.endswith("\nno s does\ntried s from 1 to 8\n")
