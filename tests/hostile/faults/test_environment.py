"""Terminals, locales, names of files, folders and variables that are not what a program likes to find."""

from __future__ import annotations

import json
import os
from itertools import product
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from tests.hostile.faults.processes import LIKE_ANYONE, NET, Ended, Fault, ends_as_expected, on_a_terminal
from tests.support.volume import eighth

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

TYPO = NET.replace("linear", "liner")


def net(folder: Path) -> None:
    (folder / "net.yaml").write_text(NET)
    (folder / "typo.yaml").write_text(TYPO)


ASCII: dict[str, dict[str, str | bytes | None]] = {
    "a C locale": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
    "ASCII streams": {"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"},
}

COMMANDS: dict[str, tuple[str, ...]] = {
    "inspect": ("inspect", "net.yaml"),
    "inspect, a mistake": ("inspect", "typo.yaml"),
    "inspect --graph": ("inspect", "net.yaml", "--graph", "mermaid"),
    "verify": ("verify", "net.yaml"),
    "verify --backward": ("verify", "net.yaml", "--backward"),
    "sweep": ("sweep", "net.yaml", "--set", "N=1:4"),
    "solve": ("solve", "vgg16"),
    "solve conv": ("solve", "conv", "--n", "32", "--out", "16"),
    "check": ("check", "net.yaml", "typo.yaml"),
    "diff": ("diff", "net.yaml", "lenet5"),
    "memory": ("memory", "resnet18"),
    "train-cost": ("train-cost", "net.yaml"),
    "train": ("train", "net.yaml", "--data", "digits", "--epochs", "1"),
    "conv": ("conv", "--n", "32", "--f", "3"),
    "pool": ("pool", "--n", "32", "--f", "3"),
    "linear": ("linear", "--in", "3", "--out", "4"),
    "lstm": ("lstm", "--input-size", "3", "--hidden-size", "4"),
    "embedding": ("embedding", "--num", "9", "--dim", "3"),
    "beam": ("beam", "--vocab", "9", "--beam", "3", "--length", "4"),
    "similar": ("similar", "国王"),
    "analogy": ("analogy", "summer", "hot", "winter"),
    "list": ("list",),
    "layers": ("layers",),
    "layers conv": ("layers", "conv"),
    "rule": ("rule", "SC301"),
    "show": ("show", "lenet5"),
    "a usage error": ("inspect", "net.yaml", "--set", "N"),
    "help": ("--help",),
}


def code(name: str) -> int:
    return {"inspect, a mistake": 1, "check": 1, "a usage error": 2}.get(name, 0)


# --- terminals ------------------------------------------------------------------------------------------------------

SIZES = {"20 columns": (24, 20), "1 column": (24, 1), "no columns": (0, 0)}


def shown(name: str, size: tuple[int, int], folder: Path) -> tuple[int, str]:
    """Run a command under a terminal of a size; return its exit code and what the terminal received."""
    code, received = on_a_terminal(Fault(name, COMMANDS[name], 0, prepare=net), folder, *size)
    return code, received.decode()


@pytest.mark.parametrize("row", eighth(product(COMMANDS, SIZES), "-".join))
def test_a_terminal_of_any_size_is_written_to(tmp_path: Path, row: tuple[str, str]) -> None:
    name, size = row
    ended, received = shown(name, SIZES[size], tmp_path)
    assert ended == code(name), received
    assert received.strip()
    assert "Traceback" not in received


# --- variables, folders ---------------------------------------------------------------------------------------------

# NumPy is loaded before: Python 3.13.0 stumbles over a folder that is gone where a module lacks a name.
NOWHERE = "import os, numpy, shapecalc.cli\nos.mkdir('gone')\nos.chdir('gone')\nos.rmdir('../gone')\n"
STRANGE: dict[str, str | bytes | None] = {
    **dict.fromkeys(("COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR", "LANG", "CI", "GITHUB_ACTIONS"), b"\xff\x1b[31m"),
    **dict.fromkeys(
        ("TERM", "HOME", "TMPDIR", "_SHAPECALC_COMPLETE", "SHAPECALC_COMPLETE", "PAGER"), b"\xfe\n::error::"
    ),
    "MPLCONFIGDIR": b"/dev/null/\xff",
}
# Played: to become a user that the system does not know takes root, and an interpreter that such a user may read.
UNKNOWN = """
import pwd
def unknown(_):
    raise KeyError("uid not found")
pwd.getpwuid = unknown
"""
SURROUNDINGS: list[tuple[str, dict[str, str | bytes | None], str]] = [
    ("no home", {"HOME": None}, ""),
    ("no home that is there", {"HOME": "/nowhere/at/all"}, ""),
    (
        "a user without a name",
        {"HOME": None, "USER": None, "LOGNAME": None},
        UNKNOWN,
    ),
    ("no TERM", {"TERM": None}, ""),
    ("a dumb terminal", {"TERM": "dumb"}, ""),
    ("20 columns by name", {"COLUMNS": "20"}, ""),
    ("columns that are no number", {"COLUMNS": "wide", "LINES": "-1"}, ""),
    ("no columns", {"COLUMNS": "0"}, ""),
    ("no place for temporary files", {"TMPDIR": "/nowhere/at/all"}, ""),
    ("strange bytes", STRANGE, ""),
    ("nothing in the environment but a path", dict.fromkeys(os.environ, None), ""),
]


def surrounded() -> Iterator[Fault]:
    for what, variables, before in SURROUNDINGS:
        for name in ("inspect", "check", "verify", "help", "a usage error"):
            kept: dict[str, str | bytes | None] = {"PATH": os.environ["PATH"], **variables}
            yield Fault(f"{what}: {name}", COMMANDS[name], code(name), "", net, before, kept)
    plot = ("sweep", "net.yaml", "--set", "N=1:4", "--plot", "a.svg")
    yield Fault("strange bytes: sweep --plot", plot, 0, "", net, "", STRANGE)
    for name, command, expected, said in (
        ("inspect", ("inspect", "lenet5"), 0, "61,706"),
        ("verify", ("verify", "lenet5"), 0, "verified"),
        ("check", ("check", "lenet5"), 0, "clean"),
        ("check of a file", ("check", "net.yaml"), 2, "`net.yaml` does not exist"),
        ("check of this folder", ("check", "."), 2, "no YAML file below it"),
        ("lock", ("lock", "net.yaml"), 2, "`net.yaml` does not exist"),
        ("lock of a file elsewhere", ("lock", "../net.yaml"), 2, "`shapecalc.lock.json` cannot be written"),
        ("check --locked", ("check", "lenet5", "--locked"), 2, "SC503"),
        ("check --output", ("check", "lenet5", "--output", "found"), 2, "`found` cannot be written: no such file"),
        ("check --fix", ("check", "--fix", "net.yaml"), 2, "does not exist"),
        ("init", ("init", "new.yaml"), 2, "`new.yaml` cannot be written: no such file"),
        ("diff", ("diff", "lenet5", "lenet5-1998"), 0, "params"),
        ("diff --base", ("diff", "net.yaml", "--base", "HEAD"), 2, "does not exist"),
        ("watch", ("watch", "net.yaml"), 2, "does not exist"),
        ("show", ("show", "lenet5"), 0, "LeNet"),
    ):
        yield Fault(f"a folder that is gone: {name}", command, expected, said, net, NOWHERE)
    read_only = f"{LIKE_ANYONE}os.chmod('.', 0o555)\n"
    for name, command, expected, said in (
        ("inspect", COMMANDS["inspect"], 0, "18,030"),
        ("verify", COMMANDS["verify"], 0, "verified"),
        ("check", ("check", "."), 1, "typo.yaml"),
        ("lock", ("lock", "net.yaml"), 2, "`shapecalc.lock.json` cannot be written: permission denied"),
        ("init", ("init", "new.yaml"), 2, "`new.yaml` cannot be written: permission denied"),
        ("check --fix", ("check", "--fix", "."), 2, "`typo.yaml` cannot be written: permission denied"),
    ):
        yield Fault(f"a folder for reading alone: {name}", command, expected, said, net, read_only)
    for what, page in (("a folder", "."), ("full", "/dev/full"), ("nowhere", "/nowhere/at/all")):
        yield Fault(f"a summary page that is {what}", ("check", "typo.yaml", "--format", "github"), 2,
                    f"error: `{page}` cannot be written", net, "", {"GITHUB_STEP_SUMMARY": page})  # fmt: skip


@pytest.mark.parametrize("fault", eighth(surrounded()))
def test_a_command_ends_as_ever_in_surroundings_like_these(ended: Callable[[Fault], Ended], fault: Fault) -> None:
    ends_as_expected(fault, ended(fault))


# --- names and locales ----------------------------------------------------------------------------------------------

NAMES = {
    "bytes that are no text": b"caf\xff\xe9.yaml",
    "a line break and a command": b"a\n::error::b.yaml",
    "escape codes": b"a\x1b[31m\x07\r\x9b.yaml",
    "markup": b"[bold]<b> '`@team`\"|[x].yaml",
    "signs beyond ASCII": "caf\u00e9 \u7573\u202e\u200b.yaml".encode(),
    "an option": b"-x.yaml",
}
FORMATS = ("text", "json", "github", "gitlab", "sarif", "junit")


def called(name: bytes, text: str = TYPO) -> Callable[[Path], None]:
    def prepare(folder: Path) -> None:
        inside = os.path.join(os.fsencode(folder), b"nets")  # noqa: PTH118 - a name of any bytes
        os.mkdir(inside)  # noqa: PTH102
        with open(os.path.join(inside, name), "w", encoding="utf-8") as file:  # noqa: PTH118, PTH123
            file.write(text)

    return prepare


def named() -> Iterator[Fault]:
    for what, name in NAMES.items():
        path = b"nets/" + name
        for word in FORMATS:
            yield Fault(f"{what}: check {word}", ("check", "nets", "--format", word), 1, "SC101", called(name))
        for command, expected in (
            (("inspect", path), 0),
            (("inspect", path, "--format", "markdown"), 0),
            (("verify", path), 0),
            (("lock", "nets"), 0),
            (("diff", path, "lenet5"), 0),
        ):
            words = " ".join(word for word in command if isinstance(word, str))
            yield Fault(f"{what}: {words}", command, expected, "", called(name, NET))
        yield Fault(f"{what}: a missing file", ("inspect", b"none/" + name), 2, "does not exist")
        yield Fault(f"{what}: --output", ("check", "lenet5", "--output", b"none/" + name), 2, "cannot be written")
        yield Fault(f"{what}: init", ("init", b"new" + name), 0, "was created")
        yield Fault(f"{what}: a setting", ("inspect", "lenet5", "--set", name), 2, "expects NAME=SIZE")
        yield Fault(f"{what}: a command", (b"x" + name,), 2, "is neither a command nor")
        yield Fault(f"{what}: a format", ("inspect", "lenet5", "--format", name), 2, "--format")


@pytest.mark.parametrize("fault", eighth(named()))
def test_no_name_of_a_file_is_obeyed(ended: Callable[[Fault], Ended], fault: Fault) -> None:
    ends_as_expected(fault, ended(fault))
    lines = ended(fault).said.splitlines()
    assert not any(line.strip().startswith("::error::b") for line in lines)
    if "json" in fault.command or "sarif" in fault.command or "gitlab" in fault.command:
        json.loads(ended(fault).out)
    if "junit" in fault.command:
        ET.fromstring(ended(fault).out)


def in_ascii() -> Iterator[Fault]:
    for what, variables in ASCII.items():
        for name, command in COMMANDS.items():
            if name != "show":  # prints a file as it is
                yield Fault(f"{what}: {name}", command, code(name), "", net, "", variables)
        for word in FORMATS:
            for name in ("bytes that are no text", "signs beyond ASCII"):
                command = ("check", "nets", "--format", word)
                yield Fault(f"{what}: {name}: {word}", command, 1, "SC101", called(NAMES[name]), "", variables)


@pytest.mark.parametrize("fault", eighth(in_ascii()))
def test_where_the_locale_knows_ascii_alone_nothing_else_is_written(
    ended: Callable[[Fault], Ended], fault: Fault
) -> None:
    ends_as_expected(fault, ended(fault))
    assert ended(fault).out.isascii()
    assert ended(fault).err.isascii()


SEEDED = {
    **{name: command for name, command in COMMANDS.items() if name not in ("verify", "verify --backward", "train")},
    **{f"check {word}": ("check", "net.yaml", "typo.yaml", "--format", word) for word in FORMATS},
    "inspect json": ("inspect", "googlenet", "--format", "json"),
    "train json": ("train", "net.yaml", "--data", "digits", "--epochs", "1", "--format", "json"),
    "schema": ("schema",),
}
"""Every command but those that say how long they took."""


@pytest.mark.parametrize("name", eighth(SEEDED))
def test_two_hash_seeds_give_the_same_bytes(ended: Callable[[Fault], Ended], name: str) -> None:
    first, second = (
        ended(Fault(f"{name}, {seed}", SEEDED[name], 0, "", net, "", {"PYTHONHASHSEED": seed})) for seed in "01"
    )
    assert (first.code, first.out, first.err) == (second.code, second.out, second.err)
