"""`shapecalc linear`, as its readers see it."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from shapecalc.cli import app

LENETS_F5 = """\
output shape [1, 120]
n = 1 (rows), in = 400 (features in), out = 120 (features out)

params = in·out + out
       = 400·120 + 120
       = 48,120
MACs   = n·in·out
       = 1·400·120
       = 48,000
FLOPs  = 2·MACs + n·out
       = 2·48,000 + 1·120
       = 96,120
"""


def linear(words: str, code: int = 0) -> str:
    result = CliRunner(env={"FORCE_COLOR": "", "NO_COLOR": "1"}).invoke(app, ["linear", *words.split()])
    assert result.exit_code == code, result.output
    return result.stderr if code == 2 else result.stdout


def test_the_page_is_as_agreed() -> None:
    assert linear("--in 400 --out 120") == LENETS_F5


def test_without_bias_nothing_is_added() -> None:
    shown = linear("--in-features 400 --out-features 120 --no-bias")
    assert "params = in·out\n       = 400·120\n       = 48,000\n" in shown
    assert "FLOPs  = 2·MACs\n       = 2·48,000\n" in shown


def test_rows_multiply_the_work_and_not_the_parameters() -> None:
    found = json.loads(linear("--in 400 --out 120 --n 7 --format json"))
    assert (found["layer"], found["output_shape"]) == ("linear", [7, 120])
    assert (found["params"], found["macs"], found["flops"]) == (48_120, 7 * 48_000, 2 * 7 * 48_000 + 7 * 120)
    assert "costs_at" not in found


@pytest.mark.parametrize(
    ("words", "message", "help_text"),
    [
        ("", "error[SC106]: `--in` and `--out` are missing", "add `--in FEATURES` and `--out FEATURES`"),
        ("--in 400", "error[SC106]: `--out` is missing", "add `--out FEATURES`"),
        ("--in 400 --out 0", "error[SC201]: `--out 0` expects a positive integer, receives 0", ""),
        ("--in -4 --out 3", "error[SC201]: `--in -4` expects a positive integer, receives -4", ""),
        ("--in 4 --out 3 --n 0", "error[SC201]: `--n 0` expects a positive integer, receives 0", ""),
        ("--in 4x5 --out 3", "error[SC202]: `--in 4x5` expects a whole number\n", ""),
        (f"--in {10**30} --out 3", f"error[SC201]: `--in {10**30}` expects at most 2147483647", ""),
    ],
)
def test_a_mistake_names_its_option_and_what_mends_it(words: str, message: str, help_text: str) -> None:
    shown = linear(words, code=2)
    assert message in shown
    assert help_text in shown
