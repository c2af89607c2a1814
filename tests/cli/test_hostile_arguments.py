"""Arguments are shown where they are wrong: none of them commands a terminal or a CI's log, whoever complains."""

from __future__ import annotations

import os
import random
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from shapecalc.cli import COMMANDS, app
from tests.render.check.decoding import commands
from tests.render.renaming import drawn, seed
from tests.render.test_sinks import INVISIBLE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ARGUMENTS = 1_500
CHOICES = "Choose from:\n\tdigits,\n\tdigits8,\n\ttext\n"
"""How typer lists the words of an option that is missing."""
WRONG = (
    *((name,) for name in ("{}", "-{}", "--{}")),
    *((name, option) for name in COMMANDS for option in ("--{}", "-{}", "{}", "--color={}", "--format={}")),
    *((name, "lenet5", "{}", "{}") for name in COMMANDS),
    *((name, "lenet5", option, "{}") for name in ("inspect", "diff") for option in ("--set", "--columns", "--base")),
    *(("inspect", "lenet5", option, "{}") for option in ("--depth", "--graph", "--set=H={}", "--set={}=1")),
    *(("verify", "lenet5", option, "{}") for option in ("--max-memory", "--scale", "--seed", "--set", "--truncate")),
    *(("solve", "lenet5", option, "{}") for option in ("--near", "--output", "--at", "--unknown", "--f", "--most")),
    *(("sweep", "lenet5", option, "{}") for option in ("--where", "--by", "--pareto", "--sum", "--set", "--set=N={}")),
    ("sweep", "lenet5", "--set", "N=1,2", "--plot", "{}"),
    ("solve", "conv", "--n", "{}", "--out", "7"),
    ("solve", "conv", "--n", " 32{}", "--out", "16", "--f", "3"),
    ("diff", "lenet5", "lenet5", "--fail-on", "{}"),
    ("diff", "lenet5", "lenet5", "--fail-on", "params > {}"),
    *(("check", "lenet5", option, "{}") for option in ("--select", "--ignore", "--exclude", "--processes")),
    ("check", "--locked", "--lock-file", "{}", "lenet5"),
    *(("lock", option, "{}") for option in ("{}", "--file")),
    ("lock", "{}", "--file", "{}"),
    *((name, option, "{}") for name in ("conv", "pool", "conv-transpose") for option in ("--n", "--f", "--input")),
    *((name, option, "{}") for name in ("lstm", "gru", "rnn", "linear", "embedding") for option in ("--x", "--in")),
    *(("beam", option, "{}") for option in ("--vocabulary", "--length", "--beam")),
    *(("decode", "char-rnn", option, "{}") for option in ("--beam", "--length", "--set")),
    *(("train", "mlp", "--data", "digits", option, "{}") for option in ("--export", "--lr", "--scale", "--batch")),
    *(("train-cost", "mlp", option, "{}") for option in ("--batch", "--memory", "--checkpoint", "--dtype")),
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
