"""`shapecalc conv-transpose`, as its readers see it."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from shapecalc.cli import app

DCGAN = """\
n = 8 (input), f = 4 (window), s = 2 (stride), p = 1 (padding)

output = (n − 1)s − 2p + f
       = (8 − 1)·2 − 2·1 + 4
       = 14 − 2 + 4
       = 16

(8 − 1)·2 − 2·1 + 4 = 16

output shape [N, 3, 16, 16], costs of one sample (N = 1):
c = 64 (channels in), k = 3 (channels out)

params = c·(k·f·f) + k
       = 64·(3·4·4) + 3
       = 3,075
MACs   = n·n·c·(k·f·f)
       = 8·8·64·(3·4·4)
       = 196,608
FLOPs  = 2·MACs + output·output·k
       = 2·196,608 + 16·16·3
       = 393,984
"""


def transposed(words: str, code: int = 0) -> str:
    result = CliRunner(env={"FORCE_COLOR": "", "NO_COLOR": "1"}).invoke(app, ["conv-transpose", *words.split()])
    assert result.exit_code == code, result.output
    return result.stderr if code == 2 else result.stdout


def test_the_page_is_as_agreed() -> None:
    assert transposed("--n 8 --f 4 --s 2 --p 1 --c 64 --k 3") == DCGAN


def test_output_padding_and_dilation_have_their_terms() -> None:
    shown = transposed("--n 8 --f 4 --s 2 --p 1 --d 2 --output-padding 1")
    assert "output = (n − 1)s − 2p + d(f − 1) + 1 + o\n       = (8 − 1)·2 − 2·1 + 2·(4 − 1) + 1 + 1\n" in shown
    assert "o = 1 (output padding)" in shown


def test_groups_divide_the_channels_that_an_input_cell_writes() -> None:
    assert "8·(6/2·3·3) + 6\n       = 222\n" in transposed("--n 5 --f 3 --c 8 --k 6 --groups 2")


def test_json_holds_the_numbers() -> None:
    found = json.loads(transposed("--n 8x5 --f 4 --s 2 --p 1 --c 64 --k 3 --format json"))
    assert (found["layer"], found["output"], found["params"]) == ("conv-transpose", [16, 10], 3075)
    assert found["axes"][1]["equation"] == "(5 − 1)·2 − 2·1 + 4 = 10"


@pytest.mark.parametrize(
    ("words", "last"),
    [
        ("--n 8 --s 2 --p 1 --out 16", "f = 4\ntried f from 1 to 15\n"),
        ("--f 4 --s 2 --p 1 --out 16", "\nn = 8\n"),
        ("--n 8 --f 4 --s 2 --out 16", "p = 1\ntried p from 0 to 7\n"),
        ("--n 8 --f 3 --s 2 --output-padding 1 --out 16", "p = 1\ntried p from 0 to 7\n"),
        ("--n 8 --f 4 --p 1 --out 16", "s = 2\ntried s from 1 to 8\n"),
    ],
)
def test_out_in_place_of_a_number_solves_for_it(words: str, last: str) -> None:
    assert transposed(words).endswith(last)


def test_a_size_that_is_jumped_over_shows_both_neighbours() -> None:
    shown = transposed("--f 4 --s 2 --p 1 --out 17", code=1)
    assert "  none; closest:\n  n = 8   (8 − 1)·2 − 2·1 + 4 = 16\n  n = 9   (9 − 1)·2 − 2·1 + 4 = 18\n" in shown


@pytest.mark.parametrize(
    ("words", "message", "help_text"),
    [
        ("--n 8 --f 3 --s 2 --output-padding 2", "error[SC308]: `--output-padding 2` expects", "`--output-padding 1`"),
        ("--n 8 --f 4 --padding same", "error[SC202]: `--padding same` expects an integer of at least 0", ""),
        ("--n 1 --f 1 --p 3", "error[SC302]: `--p 3` expects padding below", ""),
        ("--n 8 --f 4 --c 3 --k 5 --groups 3", "error[SC304]: `--groups 3` expects output channels", "`--groups 1`"),
        ("--n 8", "error[SC106]: `--f` is missing", "add `--f CELLS`, or `--out CELLS` to solve for it"),
    ],
)
def test_a_mistake_names_its_option_and_what_mends_it(words: str, message: str, help_text: str) -> None:
    shown = transposed(words, code=2)
    assert message in shown
    assert help_text in shown
