"""Arguments are shown where they are wrong: none of them commands a terminal or a CI's log, whoever complains."""

from __future__ import annotations

import os
import random
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from shapecalc.cli import COMMANDS, app
from tests.house.test_sinks import INVISIBLE
from tests.support.check_inputs import quoted
from tests.support.ci_logs import commands
from tests.support.renaming import drawn, seed
from tests.support.volume import NIGHTLY, volume

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ARGUMENTS = 1_500 if NIGHTLY else 300
CHOICES = "Choose from:\n\tdigits,\n\tdigits8,\n\ttext\n"
"""How typer lists the words of an option that is missing."""
WRONG = (
    *((name,) for name in ("{}", "-{}", "--{}")),
    *((name, option) for name in COMMANDS for option in ("--{}", "-{}", "{}", "--color={}", "--format={}")),
    *((name, "lenet5", "{}", "{}") for name in COMMANDS),
    *((name, "lenet5", option, "{}") for name in ("inspect", "diff") for option in ("--set", "--columns", "--base")),
    *(("inspect", "lenet5", option, "{}") for option in ("--depth", "--graph", "--set=H={}", "--set={}=1")),
    *(("verify", "lenet5", option, "{}") for option in ("--max-memory", "--scale", "--seed", "--set", "--truncate")),
    *(("solve", "lenet5", option, "{}") for option in ("--near", "--output", "--at", "--unknown", "--f", "--top")),
    *(("sweep", "lenet5", option, "{}") for option in ("--where", "--by", "--pareto", "--sum", "--set", "--set=N={}")),
    ("sweep", "lenet5", "--set", "N=1,2", "--plot", "{}"),
    ("solve", "conv", "--n", "{}", "--out", "7"),
    ("solve", "conv", "--n", " 32{}", "--out", "16", "--f", "3"),
    ("diff", "lenet5", "lenet5", "--fail-on", "{}"),
    ("diff", "lenet5", "lenet5", "--fail-on", "params > {}"),
    *(("check", "lenet5", option, "{}") for option in ("--select", "--ignore", "--exclude", "--jobs")),
    ("check", "--locked", "--lock-file", "{}", "lenet5"),
    *(("lock", option, "{}") for option in ("{}", "--lock-file")),
    ("lock", "{}", "--lock-file", "{}"),
    *((name, option, "{}") for name in ("conv", "pool", "conv-transpose") for option in ("--n", "--f", "--input")),
    *((name, option, "{}") for name in ("lstm", "gru", "rnn", "linear", "embedding") for option in ("--x", "--in")),
    *(("beam", option, "{}") for option in ("--vocabulary", "--length", "--beam", "--probabilities")),
    *(("beam", "--probabilities", "[[0.5, 0.5]]", option, "{}") for option in ("--end", "--length", "--beam")),
    *((name, *words) for name in ("similar", "analogy") for words in (("{}", "{}", "{}"), ("{}", "--vectors", "{}"))),
    *(("decode", "char-rnn", option, "{}") for option in ("--beam", "--length", "--set")),
    *(("train", "mlp", "--data", "digits", option, "{}") for option in ("--export", "--lr", "--scale", "--batch")),
    *(("explain", "mlp", "{}", option, "{}") for option in ("--key", "--levels", "--set", "--optimizer")),
    *(("train-cost", "mlp", option, "{}") for option in ("--batch", "--max-memory", "--checkpoint", "--dtype")),
    ("init", "{}", "--from", "{}"),
    ("schema", "--output", "{}/x/y"),
    ("watch", "{}"),
)


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GITHUB_ACTIONS", "true")


def given() -> Iterator[tuple[str, ...]]:
    """Yield wrong command lines, each with other arguments: as an operating system passes them on."""
    names = [name.replace("\0", "") for name in drawn(random.Random(seed()), ARGUMENTS)]
    for place, name in enumerate(names):
        safe = os.fsdecode(os.fsencode("".join(sign for sign in name if not "\ud800" <= sign <= "\udc7f")))
        yield tuple(part.replace("{}", safe) for part in WRONG[place % len(WRONG)])


@pytest.mark.parametrize("command", [("solve", "conv"), ("conv", "--s", "2", "--p", "1")])
@pytest.mark.parametrize("space", ["\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\n"])
def test_a_number_that_an_answer_quotes_is_shown(command: tuple[str, ...], space: str) -> None:
    ended = CliRunner().invoke(app, [*command, "--n", f"32{space}", "--out", f"16{space}"], color=True)
    assert ended.exit_code == 0
    assert "16\\u{" in ended.output
    assert not INVISIBLE.search(ended.output)


@volume
def test_no_usage_error_is_obeyed() -> None:
    refused = 0
    for arguments in given():
        ended = CliRunner().invoke(app, arguments, color=True)
        assert ended.exception is None or isinstance(ended.exception, SystemExit), (arguments, ended.exception)
        assert ended.exit_code in (0, 1, 2), arguments
        refused += ended.exit_code == 2
        for written in (ended.stdout, ended.stderr.replace(CHOICES, "")):
            assert not INVISIBLE.search(written), arguments
            assert not commands(written), arguments
    assert refused > 0.9 * ARGUMENTS


FILES = ("::error::x##[error]y\x1b[31m\u202e.yaml", "=@team <b>|`x`.yaml", "\udcff$(x)%0A.yaml")
READING = (
    *(("inspect", "--format", written) for written in ("table", "json", "csv", "markdown", "latex")),
    *(("inspect", "--graph", language) for language in ("mermaid", "dot")),
    *(("diff", "lenet5", "--format", written) for written in ("table", "json", "markdown")),
    *(("check", "--format", written) for written in ("text", "json", "github", "gitlab", "sarif", "junit")),
    *(("sweep", "--set", "N=1,2", "--format", written) for written in ("table", "csv", "jsonl", "columns")),
    *((name,) for name in ("verify", "memory", "train-cost", "solve", "lock", "init")),
)


@pytest.mark.parametrize("command", READING, ids=" ".join)
@pytest.mark.parametrize("file", FILES, ids=ascii)
def test_no_command_obeys_a_file_nor_its_name(command: tuple[str, ...], file: str, tmp_path: Path) -> None:
    name = quoted(f"\n{file}")
    (tmp_path / file).write_text(f"name: {name}\nsource: {name}\ninput: [N, 4]\nlayers: [linear: 4]\n")
    ended = CliRunner().invoke(app, [*command, file], color=True)
    assert ended.exit_code in (0, 1, 2), ended.exception
    for written in (ended.stdout, ended.stderr):
        assert not INVISIBLE.search(written)
        assert {found.word for found in commands(written)} <= ({"error", "warning"} if "github" in command else set())
