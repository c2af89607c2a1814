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
        ("--n 80 --f 11 --s 3 --out 250", "\np = 0 with `--output-padding 2`\ntried p from 0 to 7\n"),
        ("--n 16 --f 3 --s 2 --p 1 --out 32", "\no = 1: `--output-padding 1`\n"),
        ("--n 16 --f 3 --s 2 --out 32", "\np = 1 with `--output-padding 1`\ntried p from 0 to 7\n"),
        ("--n 16x17 --f 3 --s 2 --out 32x33", "\np = 1 with `--output-padding 1x0`\ntried p from 0 to 7\n"),
        ("--f 3 --s 2 --p 1 --out 32", "\nn = 16 with `--output-padding 1`\n"),
        ("--f 3 --s 2 --p 1 --out 32x33", "`--n 16x17` with `--output-padding 1x0`\n"),
        ("--n 16x17 --f 3 --s 2 --p 1 --out 32x33", "for example `--output-padding 1x0`\n"),
        ("--n 16 --f 3 --s 2 --padding same --out 32", "\no = 1: `--output-padding 1`\n"),
        ("--n 16 --f 3 --p 1 --out 32", "\ns = 2 with `--output-padding 1`\ntried s from 1 to 8\n"),
    ],
)
def test_out_in_place_of_a_number_solves_for_it(words: str, last: str) -> None:
    assert transposed(words).endswith(last)


OUTPUT_PADDING_SOLVED = """\
which o gives output = 32 with n = 16, f = 3, s = 2, p = 1?

  o = 1   (16 − 1)·2 − 2·1 + 3 + 1 = 32

o = 1: `--output-padding 1`
"""


def test_output_padding_is_solved_for_if_all_else_is_given() -> None:
    assert transposed("--n 16 --f 3 --s 2 --p 1 --out 32") == OUTPUT_PADDING_SOLVED


def test_an_output_padding_as_large_as_the_stride_is_no_solution() -> None:
    shown = transposed("--n 16 --f 3 --s 2 --p 1 --out 33", code=1)
    assert "  none; closest:\n  o = 1   (16 − 1)·2 − 2·1 + 3 + 1 = 32\n\nno o does\n" in shown


def test_json_has_the_values_with_output_padding_apart() -> None:
    (axis, _) = json.loads(transposed("--n 80 --f 11 --s 3 --out 250 --format json"))["axes"]
    assert (axis["solutions"], [one["value"] for one in axis["with_output_padding"]]) == ([], [0])
    assert (axis["with_output_padding"][0]["output_padding"], axis["with_output_padding"][0]["output"]) == (2, 250)


def test_the_words_of_keras_are_derived() -> None:
    shown = transposed("--n 14 --f 5 --s 2 --padding same")
    assert "output = n·s\n       = 14·2\n       = 28\n" in shown
    assert (
        "padding = max(f − s, 0)\n        = max(5 − 2, 0)\n        = max(3, 0)\n        = 3\n1 before and 2 after"
        in shown
    )
    assert "output = (n − 1)s + max(f, s)\n" in transposed("--n 4 --f 2 --s 3 --padding valid")


def test_a_size_that_is_jumped_over_shows_both_neighbours() -> None:
    shown = transposed("--f 4 --s 2 --p 1 --output-padding 0 --out 17", code=1)
    assert "  none; closest:\n  n = 8   (8 − 1)·2 − 2·1 + 4 = 16\n  n = 9   (9 − 1)·2 − 2·1 + 4 = 18\n" in shown


@pytest.mark.parametrize(
    ("words", "message", "help_text"),
    [
        ("--n 8 --f 3 --s 2 --output-padding 2", "error[SC308]: `--output-padding 2` expects", "`--output-padding 1`"),
        ("--n 8 --f 4 --padding causal", "error[SC203]: `--padding causal` expects an integer of at least 0", ""),
        (
            "--n 8 --f 4 --s 2 --p 1 --output-padding 0 --out 9",
            "`--p` and `--output-padding` left out, receives all five",
            "",
        ),
        ("--n 1 --f 1 --p 3", "error[SC302]: `--p 3` expects padding below", ""),
        ("--n 8 --f 4 --c 3 --k 5 --groups 3", "error[SC304]: `--groups 3` expects output channels", "`--groups 1`"),
        ("--n 8", "error[SC106]: `--f` is missing", "add `--f SIZE`, or `--out SIZE` to solve for it"),
    ],
)
def test_a_mistake_names_its_option_and_what_mends_it(words: str, message: str, help_text: str) -> None:
    shown = transposed(words, code=2)
    assert message in shown
    assert help_text in shown
