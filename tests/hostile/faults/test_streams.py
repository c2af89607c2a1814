"""Readers that leave, disks that are full, streams that are closed: of standard input, output and error."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.hostile.faults.processes import NET, Ended, Fault, ends_as_expected
from tests.support.volume import eighth

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


def net(folder: Path) -> None:
    (folder / "net.yaml").write_text(NET)
    (folder / "typo.yaml").write_text(NET.replace("linear", "liner"))


def _in_formats(command: str, *formats: str) -> dict[str, tuple[str, ...]]:
    return {f"{command.split(maxsplit=1)[0]} {word}": (*command.split(), "--format", word) for word in formats}


COMMANDS = {
    **_in_formats("inspect resnet152", "table", "json", "csv", "markdown", "latex"),
    "inspect dot": ("inspect", "resnet152", "--graph", "dot"),
    "inspect mermaid": ("inspect", "resnet152", "--graph", "mermaid"),
    **_in_formats("verify lenet5", "table", "json"),
    "verify --backward": ("verify", "net.yaml", "--backward"),
    **_in_formats("sweep vgg16 --set N=1:2000", "table", "csv", "jsonl", "columns"),
    **_in_formats("solve vgg16", "text", "json"),
    **_in_formats("check resnet18 typo.yaml", "text", "json", "github", "gitlab", "sarif", "junit"),
    **_in_formats("diff resnet18 resnet152", "table", "json", "markdown"),
    "watch": ("watch", "net.yaml"),
    **_in_formats("memory resnet152", "table", "json"),
    **_in_formats("train-cost resnet152", "table", "json"),
    **_in_formats("train net.yaml --data digits --epochs 1", "table", "json"),
    **_in_formats("conv --n 32 --f 3", "text", "json"),
    **_in_formats("lstm --input-size 3 --hidden-size 4", "text", "json"),
    "beam": ("beam", "--vocab", "9", "--beam", "3", "--length", "4"),
    **_in_formats("similar king", "text", "json"),
    "analogy": ("analogy", "summer", "hot", "winter"),
    "lock": ("lock", "net.yaml"),
    "init": ("init", "new.yaml"),
    "show": ("show", "resnet152"),
    "schema": ("schema",),
    "rule": ("rule",),
    "list": ("list",),
    "layers": ("layers",),
    "help": ("--help",),
    "help on a command": ("check", "--help"),
    "version": ("--version",),
}
"""Every command, in every format that it has; what is long is as long as it gets."""

LONG = ("inspect json", "sweep table", "sweep csv", "sweep jsonl", "sweep columns", "diff json", "memory table")
LONG += ("memory json", "train-cost table", "train-cost json", "schema", "inspect table", "inspect dot", "layers")

COMPLAINTS = {
    "a mistake in a file": ("inspect", "typo.yaml"),
    "a missing file": ("inspect", "none.yaml"),
    "a usage error": ("inspect", "net.yaml", "--set", "N"),
    "an unknown command": ("frobnicate",),
    "an unknown option": ("inspect", "--frobnicate"),
    "no argument": (),
    "what cannot be written": ("check", "net.yaml", "--output", "."),
    "a note": ("sweep", "lenet5", "--set", "H=1:40"),
    "a moved lock": ("check", "typo.yaml", "--locked"),
}
"""What says something on standard error."""

GONE = """
import os
reading, writing = os.pipe()
os.close(reading)
"""
LEAVING = """
import fcntl, os, threading
reading, writing = os.pipe()
fcntl.fcntl(writing, 1031, 4096)  # F_SETPIPE_SZ: no more than a page is on its way
threading.Thread(target=lambda: (os.read(reading, 64), os.close(reading)), daemon=True).start()
"""


def left() -> Iterator[Fault]:
    """Yield readers that leave before the first byte, or after some."""
    for name, command in COMMANDS.items():
        yield Fault(f"before the first byte: {name}", command, 141, "", net, f"{GONE}os.dup2(writing, 1)")
    for name in LONG:
        yield Fault(f"in the middle: {name}", COMMANDS[name], 141, "", net, f"{LEAVING}os.dup2(writing, 1)")
        unbuffered = {"PYTHONUNBUFFERED": "1"}
        yield Fault(f"unbuffered: {name}", COMMANDS[name], 141, "", net, f"{LEAVING}os.dup2(writing, 1)", unbuffered)
    for name, command in COMPLAINTS.items():
        yield Fault(f"of errors: {name}", command, 141, "", net, f"{GONE}os.dup2(writing, 2)")
    for name, command in {"clean": COMMANDS["list"], "not": COMPLAINTS["a mistake in a file"]}.items():
        yield Fault(f"of both: {name}", command, 141, "", net, f"{GONE}os.dup2(writing, 1); os.dup2(writing, 2)")


@pytest.mark.parametrize("fault", eighth(left()))
def test_a_reader_that_leaves_hears_no_complaint(ended: Callable[[Fault], Ended], fault: Fault) -> None:
    ends_as_expected(fault, ended(fault))
    assert not ended(fault).err


def full() -> Iterator[Fault]:
    said = "error: the output cannot be written: no space left on device\n"
    for name, command in COMMANDS.items():
        if name != "list":  # tests/cli/test_exit_codes.py has it
            yield Fault(f"full: {name}", command, 2, said, net, shell=">/dev/full")
    for name, command in COMPLAINTS.items():
        yield Fault(f"full of errors: {name}", command, 2, "", net, shell="2>/dev/full")
        yield Fault(f"both full: {name}", command, 2, "", net, shell=">/dev/full 2>&1")


@pytest.mark.parametrize("fault", eighth(full()))
def test_a_full_disk_is_said_where_there_is_room_to_say_it(ended: Callable[[Fault], Ended], fault: Fault) -> None:
    ends_as_expected(fault, ended(fault))


CLOSED = [
    *(
        Fault(f"{shell}: {name}", COMMANDS[name], 0, prepare=net, shell=shell)
        for shell in (">&-", "2>&-", "<&-", ">&- 2>&- <&-")
        for name in ("verify table", "sweep csv", "train table", "help", "version", "lock", "init")
    ),
    *(
        Fault(f"{shell}: {name}", command, 1 if name == "a mistake in a file" else 2, prepare=net, shell=shell)
        for shell in ("2>&-", ">&- 2>&- <&-")
        for name, command in COMPLAINTS.items()
        if name != "a note"
    ),
    Fault("standard input closed and asked for", ("inspect", "-"), 2, "`<stdin>` is closed", shell="<&-"),
    Fault("standard input closed and asked for by check", ("check", "-"), 2, "`<stdin>` is closed", shell="<&-"),
    Fault("standard input is for writing alone", ("inspect", "-"), 2, "cannot be read", shell="0>written"),
    Fault("standard input never ends", ("inspect", "-"), 1, "SC010", shell="</dev/zero"),
    Fault("standard input is empty for ever", ("inspect", "-"), 1, "SC004", shell="</dev/null"),
    Fault(
        "standard output is for reading alone", ("list",), 2, "the output cannot be written", net, shell="1<net.yaml"
    ),
]


@pytest.mark.parametrize("fault", eighth(CLOSED))
def test_a_closed_stream_ends_nothing_that_does_not_need_it(ended: Callable[[Fault], Ended], fault: Fault) -> None:
    ends_as_expected(fault, ended(fault))
