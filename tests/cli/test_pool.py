"""`shapecalc pool`, as its readers see it."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from shapecalc.cli import app


def pool(words: str, code: int = 0) -> str:
    result = CliRunner(env={"FORCE_COLOR": "", "NO_COLOR": "1"}).invoke(app, ["pool", *words.split()])
    assert result.exit_code == code, result.output
    return result.stderr if code == 2 else result.stdout


def test_the_stride_is_the_window_unless_given() -> None:
    shown = pool("--n 28 --f 2")
    assert "s = 2 (stride)" in shown
    assert "\n(28 + 2·0 − 2)/2 + 1 = 14\n\n26/2 is exact: floor drops nothing\n" in shown
    assert "/3 + 1 = 9" in pool("--n 28 --f 4 --s 3")


def test_ceil_mode_shows_the_rule_for_the_last_window() -> None:
    shown = pool("--n 112 --f 3 --s 2 --ceil")
    assert "output = min(⌈(n + 2p − f)/s⌉ + 1, ⌈(n + p)/s⌉)\n" in shown
    assert "       = min(56, 56)\n       = 56\n" in shown
    assert "ceil keeps a last window that reaches 1 cell past the end" in shown


def test_ceil_mode_says_that_a_window_was_dropped() -> None:
    shown = pool("--n 4 --f 2 --s 3 --p 1 --ceil")
    assert "min(3, 2)\n       = 2\n" in shown
    assert "the second term drops it" in shown


def test_ceil_mode_says_where_it_changes_nothing() -> None:
    assert "ceil and floor give the same" in pool("--n 8 --f 2 --ceil")


def test_ceil_is_among_what_mends_a_lost_row() -> None:
    assert "to read to the end: `--p 1`, `--n 54`, `--n 56` or `--ceil`" in pool("--n 55 --f 2")


def test_cells_between_windows_are_told() -> None:
    assert "the windows step over 1 of every 3 rows and columns" in pool("--n 8 --f 2 --s 3")


@pytest.mark.parametrize(
    ("type_", "formula", "flops"), [("max", "(f·f − 1)", 6 * 14 * 14 * 3), ("avg", "f·f", 6 * 14 * 14 * 4)]
)
def test_a_pool_has_operations_but_neither_parameters_nor_macs(type_: str, formula: str, flops: int) -> None:
    words = f"--n 28 --f 2 --c 6 --type {type_}"
    assert f"params = 0\nMACs   = 0\nFLOPs  = c·output·output·{formula}\n" in pool(words)
    found = json.loads(pool(f"{words} --format json"))
    assert (found["layer"], found["output_shape"]) == (f"{type_}-pool", ["N", 6, 14, 14])
    assert (found["params"], found["macs"], found["flops"]) == (0, 0, flops)


@pytest.mark.parametrize(
    ("words", "last"),
    [
        ("--f 2 --out 14", "n from 28 to 29\n"),
        ("--f 2 --ceil --out 14", "n from 27 to 28\n"),
        ("--n 28 --out 14", "f = 2\ntried f from 1 to 15\n"),
        ("--n 112 --f 3 --s 2 --out 56", "p = 1\ntried p from 0 to 7\n"),
    ],
)
def test_out_in_place_of_a_number_solves_for_it(words: str, last: str) -> None:
    assert pool(words).endswith(last)


@pytest.mark.parametrize(
    ("words", "message", "help_text"),
    [
        ("--n 32 --f 3 --p 2", "error[SC306]: `--p 2` expects padding of at most half of the window", "`--p 1`"),
        ("--f 3 --p 2 --out 9", "error[SC306]: `--p 2` expects padding of at most half of the window", "`--p 1`"),
        ("--n 32 --f 3 --d 2 --type avg", "`--d 2` expects `--type max`, receives `--type avg`", "leave `--d` out"),
        ("--n 2 --f 3", "error[SC302]: `--f 3` expects at least 3 cells, receives 2", "`--f 2`"),
        ("--n 2 --f 2 --c none", "error[SC202]: `--c none` expects a whole number", ""),
        ("--n 2 --f 2 --type min", "`--type` expects max or avg, receives `min`", ""),
        ("", "error[SC106]: `--n` and `--f` are missing", ""),
    ],
)
def test_a_mistake_names_its_option_and_what_mends_it(words: str, message: str, help_text: str) -> None:
    shown = pool(words, code=2)
    assert message in shown
    assert help_text in shown
    assert "`pad`" not in shown
