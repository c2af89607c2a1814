"""`shapecalc conv`, as its readers see it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from shapecalc.cli import app

if TYPE_CHECKING:
    from tests.cli.conftest import Run
from tests.support.conv_command import conv

PLAIN = """\
n = 32 (input), f = 5 (window), s = 1 (stride), p = 0 (padding)

output = ⌊(n + 2p − f)/s⌋ + 1
       = (32 + 2·0 − 5)/1 + 1
       = 27/1 + 1
       = 27 + 1
       = 28

(32 + 2·0 − 5)/1 + 1 = 28
"""


FLOORED = """\
n = 224 (input), f = 3 (window), s = 2 (stride), p = 0 (padding)

output = ⌊(n + 2p − f)/s⌋ + 1
       = ⌊(224 + 2·0 − 3)/2⌋ + 1
       = ⌊221/2⌋ + 1
       = 110 + 1
       = 111

⌊(224 + 2·0 − 3)/2⌋ + 1 = 111

221/2 leaves 1 over, which floor drops: row 224 and column 224 are never read (counting from 1)
to read to the end: `--p 1`, `--n 223` or `--n 225`
"""


COSTS = """
output shape [N, 6, 28, 28], costs of one sample (N = 1):
c = 3 (channels in), k = 6 (channels out)

params = k·(c·f·f) + k
       = 6·(3·5·5) + 6
       = 456
MACs   = output·output·k·(c·f·f)
       = 28·28·6·(3·5·5)
       = 352,800
FLOPs  = 2·MACs + output·output·k
       = 2·352,800 + 28·28·6
       = 710,304
"""


SOLVED = """\
which n gives output = 16 with f = 3, s = 2, p = 1?

  n = 31   (31 + 2·1 − 3)/2 + 1 = 16
  n = 32   ⌊(32 + 2·1 − 3)/2⌋ + 1 = 16

n from 31 to 32
"""


def refused(words: str, code: int = 2) -> str:
    result = CliRunner(env={"FORCE_COLOR": "", "NO_COLOR": "1"}).invoke(app, ["conv", *words.split(" ")])
    assert result.exit_code == code, result.output
    assert not result.stdout
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.stderr


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ("--n 32 --f 5 --s 1 --p 0", PLAIN),
        ("--size 32 --kernel-size 5 --stride 1 --padding valid --dilation 1", PLAIN),
        ("--n 224 --f 3 --s 2", FLOORED),
        ("--n 32 --f 5 --c 3 --k 6", PLAIN + COSTS),
        ("--f 3 --s 2 --p 1 --out 16", SOLVED),
    ],
    ids=["the formula", "long names", "what floor drops", "costs", "solved"],
)
def test_the_page_is_as_agreed(words: str, shown: str) -> None:
    assert conv(words) == shown


def test_json_holds_every_number_once_more_as_a_number() -> None:
    found = json.loads(conv("--n 224x225 --f 3 --s 2 --c 3 --k 8 --format json"))
    assert found["schema_version"] == 1
    assert (found["output"], found["output_shape"]) == ([111, 112], ["N", 8, 111, 112])
    assert (found["params"], found["macs"]) == (224, 111 * 112 * 8 * 27)
    height, width = found["axes"]
    assert (height["axis"], height["left_over"], height["unread"]) == (
        "height", 1, {"cells": 1, "first": 224, "last": 224},
    )  # fmt: skip
    assert (width["left_over"], width["unread"], width["equation"]) == (0, None, "(225 + 2·0 − 3)/2 + 1 = 112")
    assert found["costs"]["params"]["equation"] == "8·(3·3·3) + 8 = 224"


REFUSED = [
    ("--n 5 --f 7", "error[SC302]: `--f 7` expects at least 7 cells, receives 5", "write `--f 5` or less, or `--p`"),
    ("--n 9x5 --f 7", "error[SC302]: `--f 7` expects at least 7 cells along the width, receives 5", "`--f 5`"),
    ("--n 0 --f 3", "error[SC201]: `--n 0` expects a positive integer, receives 0", ""),
    ("--n -3 --f 3", "error[SC201]: `--n -3` expects a positive integer, receives -3", ""),
    ("--n abc --f 3", "error[SC202]: `--n abc` expects a whole number, or one per axis (224x320)", ""),
    ("--n  --f 3", "error[SC202]: `--n` expects a whole number", ""),
    ("--n 3x --f 3", "error[SC202]: `--n 3x` expects a whole number", ""),
    ("--n 1.5 --f 3", "error[SC202]: `--n 1.5` expects a whole number", ""),
    ("--n 3x4x5x6 --f 2", "error[SC305]: `--n 3x4x5x6` expects 1 to 3 axes, receives 4", ""),
    ("--n 3x4x5 --f 2x2", "error[SC204]: `--f 2x2` expects 1 size, or 3 as the other options have, receives 2", ""),
    ("--n 32x32 --f 3 --rank 3", "error[SC205]: `--rank 3` expects 3 sizes", ""),
    (f"--n {10**25} --f 3", f"error[SC201]: `--n {10**25}` expects at most 2147483647", ""),
    ("--n 2147483648 --f 3", "error[SC201]: `--n 2147483648` expects at most 2147483647", ""),
    (f"--n 9 --f {'9' * 5000}", f"error[SC201]: `--f {'9' * 60}...` expects at most 2147483647", ""),
    ("--n 9 --f 3 --s 0", "error[SC201]: `--s 0` expects a positive integer, receives 0", ""),
    ("--n 9 --f 3 --p -1", "error[SC201]: `--p -1` expects an integer of at least 0, receives -1", ""),
    ("--n 9 --f 3 --p 1:x", "error[SC202]: `--p 1:x` expects a whole number", "before:after 0:1"),
    ("--n 9 --f 3 --padding sane", "error[SC203]: `--padding sane` expects", "write `--padding same`"),
    ("--n 9 --f 3 --padding same --p 1", "`--p` and `--padding` mean the same", "leave one of them out"),
    ("--n 9 --f 3 --c 4 --k 6 --groups 4", "`--groups 4` expects output channels that 4 groups divide", "`--groups 2`"),
    ("--n 9 --f 3 --c 4", "error[SC106]: `--c 4` requires `--k`", ""),
    ("--n 9 --f 3 --groups 2", "error[SC106]: `--groups 2` requires `--c` and `--k`", ""),
    ("--n 9 --f 3 --c 0 --k 2", "error[SC201]: `--c 0` expects a positive integer", ""),
    ("--n 9 --f 3 --c 2 --k many", "error[SC202]: `--k many` expects a whole number", ""),
    ("--f 3", "error[SC106]: `--n` is missing", "add `--n SIZE`, or `--out SIZE` to solve for it"),
    ("--s 3", "error[SC106]: `--n` and `--f` are missing", "add `--n SIZE` and `--f SIZE`"),
    ("--n 9 --f 3 --out 4", "`--out 4` solves for one number, and both `--s` and `--p` are left out", "add `--s`"),
    ("--out 4", "`--out 4` solves for one number, and both `--n` and `--f` are left out", "add `--n` to solve for f"),
    ("--n 9 --f 3 --s 1 --p 0 --out 4", "`--out 4` expects one of `--n`, `--f`, `--s` and `--p` left out", ""),
    ("--n 9 --f 3 --s 1 --out 0", "error[SC201]: `--out 0` expects a positive integer", ""),
    ("--n 9 --f 3 --s 1 --out 9 --c 1 --k 1", "`--out` solves for sizes", "leave `--c` out"),
    ("--n 5 --f 7 --p 0 --out 3", "error[SC302]: `--f 7` expects at least 7 cells, receives 5", ""),
    ("--n 9 --f 3 --rank 4", "`--rank` expects a whole number from 1 to 3, receives `4`", ""),
    ("--n 9 --f 3 --format yaml", "`--format` expects text or json", ""),
    ("--n 9 --filter 3", "there is no option `--filter`", ""),
]


@pytest.mark.parametrize(("words", "message", "help_text"), REFUSED, ids=[words[:40] for words, _, _ in REFUSED])
def test_a_mistake_names_its_option_and_what_mends_it(words: str, message: str, help_text: str) -> None:
    shown = refused(words)
    assert message in shown
    assert help_text in shown
    assert "kernel_size" not in shown


@pytest.mark.parametrize(
    ("words", "mended"),
    [("--n 5 --f 7", "--n 5 --f 5"), ("--n 9 --f 3 --c 4 --k 6 --groups 4", "--n 9 --f 3 --c 4 --k 6 --groups 2")],
)
def test_what_the_help_proposes_is_accepted(words: str, mended: str) -> None:
    assert mended.rpartition("--")[2] in refused(words)
    assert conv(mended)


def test_the_largest_numbers_are_exact() -> None:
    most = 2**31 - 1
    found = json.loads(conv(f"--n {most} --f {most} --c {most} --k {most} --format json"))
    assert found["output"] == [1, 1]
    assert found["macs"] == most**4


def test_a_process_writes_the_page_and_ends_with_0(run: Run) -> None:
    ended = run("conv", "--n", "32", "--f", "5", "--s", "1", "--p", "0")
    assert (ended.code, ended.out, ended.err) == (0, PLAIN, "")


def test_json_survives_an_output_that_takes_nothing_but_ascii(run: Run) -> None:
    ended = run("conv", "--n", "7", "--f", "2", "--s", "3", "--format", "json", env={"PYTHONIOENCODING": "ascii"})
    assert json.loads(ended.out)["axes"][0]["equation"] == "floor((7 + 2*0 - 2)/3) + 1 = 2"


@pytest.mark.parametrize(
    ("words", "code"),
    [("--n 5 --f 7", 2), ("--n abc --f 7", 2), ("--n 32 --f 5 --p 0 --out 27", 1), ("--help", 0), ("", 2)],
    ids=["too long a window", "no number", "no solution", "help", "nothing"],
)
def test_a_process_ends_as_documented(run: Run, words: str, code: int) -> None:
    ended = run("conv", *words.split())
    assert ended.code == code
    assert bool(ended.err) == (code == 2)


def test_who_has_read_enough_is_not_complained_to(run: Run) -> None:
    assert not run(shell="conv --n 32 --f 5 | true").err
