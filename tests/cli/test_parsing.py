"""Old spellings, the usage line, and mistakes in the words of shapecalc."""

from __future__ import annotations

import re

from typer.testing import CliRunner

from shapecalc.cli import COMMANDS, app
from shapecalc.cli.parsing import OLD_SPELLINGS


def printed(*words: str) -> tuple[int, str]:
    result = CliRunner(env={"NO_COLOR": "1", "CI": ""}).invoke(app, words)
    return result.exit_code, result.output


def test_an_old_spelling_is_read_and_not_shown() -> None:
    for command, spellings in OLD_SPELLINGS.items():
        shown = printed(command, "--help")[1]
        for old, new in spellings.items():
            assert not re.search(rf"{old}\b", shown), old
            assert new in shown, new
    with_old = ("solve", "conv", "--n", "32", "--out", "16", "--most", "2")
    assert printed(*with_old) == printed(*with_old[:-2], "--top=2") == printed(*with_old[:-2], "--most=2")
    checked = ("check", "mlp", "lenet5")
    assert printed(*checked, "--processes", "2") == printed(*checked, "-j", "2") == printed(*checked, "--jobs=2")
    cost = ("train-cost", "mlp")
    assert printed(*cost, "--memory", "1GiB") == printed(*cost, "--max-memory", "1GiB")
    assert printed(*cost, "--memory", "1GiB") != printed(*cost)


def test_help_names_values_plainly() -> None:
    for command in COMMANDS:
        shown = printed(command, "--help")[1]
        assert "{" not in shown.partition("\n")[0], shown.partition("\n")[0]
        assert not re.search(r"<[a-z| 0-9-]+>", shown), command


def test_a_mistake_says_what_is_expected_and_what_is_received() -> None:
    for words, message in (
        (("inspect",), "`ARCH` is missing"),
        (("check",), "`PATH...` is missing"),
        (("train", "mlp"), "`--data` is missing: digits, digits8 or text"),
        (("inspect", "lenet5", "--depth", "x"), "`--depth` expects a whole number of at least 1, receives `x`"),
        (("inspect", "lenet5", "--depth", "0"), "`--depth` expects a whole number of at least 1, receives `0`"),
        (("conv", "--rank=7"), "`--rank` expects a whole number from 1 to 3, receives `7`"),
        (("train", "mlp", "--data", "text", "--lr", "it's"), "`--lr` expects a number, receives `it's`"),
        (("rnn", "--params-as", "'tf'"), "`--params-as` expects pytorch, keras or textbook, receives `'tf'`"),
        (("inspect", "lenet5", "--set"), "`--set` expects a value, receives none"),
        (("inspect", "lenet5", "--expand=3"), "`--expand` expects no value"),
        (("inspect", "lenet5", "--symbolc"), "there is no option `--symbolc`; did you mean `--symbolic`?"),
        (("inspect", "lenet5", "-x"), "there is no option `-x`"),
        (("inspect", "lenet5", "mlp", "x"), "unexpected argument `mlp x`"),
        (("inspect", "lenet5", "\x1b"), "unexpected argument `"),
    ):
        code, shown = printed(*words)
        first, second = shown.splitlines()
        assert code == 2, words
        assert first.startswith(f"error: {message}"), first
        assert "\x1b" not in shown
        assert second == f"  = help: `shapecalc {words[0]} --help` shows its options"
    assert printed("--foo") == (
        2, "error: there is no option `--foo`\n  = help: `shapecalc --help` shows its options\n",
    )  # fmt: skip
