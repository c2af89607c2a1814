"""Files that cannot be read, or that change while they are read, under every command that reads one."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

import pytest

from tests.faults.processes import LIKE_ANYONE, NET, Ended, Fault, ends_as_expected

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

READERS: dict[str, tuple[str, ...]] = {
    "inspect": ("inspect", "net.yaml"),
    "verify": ("verify", "net.yaml"),
    "verify --backward": ("verify", "net.yaml", "--backward"),
    "sweep": ("sweep", "net.yaml", "--set", "N=1:4"),
    "solve": ("solve", "net.yaml"),
    "show": ("show", "net.yaml"),
    "check": ("check", "net.yaml"),
    "check --run": ("check", "--run", "net.yaml"),
    "check --fix": ("check", "--fix", "net.yaml"),
    "lock": ("lock", "net.yaml"),
    "diff, the old": ("diff", "net.yaml", "lenet5"),
    "diff, the new": ("diff", "lenet5", "net.yaml"),
    "watch": ("watch", "net.yaml"),
    "decode": ("decode", "net.yaml"),
    "memory": ("memory", "net.yaml"),
    "train-cost": ("train-cost", "net.yaml"),
    "train": ("train", "net.yaml", "--data", "digits"),
}
"""Every command that reads an architecture, and how it is told which."""


def forbidden(folder: Path) -> None:
    (folder / "net.yaml").write_text(NET)
    (folder / "net.yaml").chmod(0)


def link_in_a_circle(folder: Path) -> None:
    (folder / "net.yaml").symlink_to("other.yaml")
    (folder / "other.yaml").symlink_to("net.yaml")


def device(folder: Path) -> None:
    (folder / "net.yaml").symlink_to("/dev/zero")


def bound_socket(folder: Path) -> None:
    here = os.getcwd()  # noqa: PTH109
    os.chdir(folder)  # the name of a socket may have 107 bytes
    try:
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind("net.yaml")
    finally:
        os.chdir(here)


WHAT_IS_THERE: list[tuple[str, Callable[[Path], object], str]] = [
    ("missing", lambda _: None, "does not exist"),
    ("a folder", lambda folder: (folder / "net.yaml").mkdir(), "is a directory"),
    ("a pipe", lambda folder: os.mkfifo(folder / "net.yaml"), "not a regular file"),
    ("a device", device, "not a regular file"),
    ("a socket", bound_socket, "not a regular file"),
    ("links in a circle", link_in_a_circle, "links form a circle"),
]
# A folder is walked by these; what is no file otherwise is one of many paths into the parser, which `READERS` share.
WALKERS = ("check", "check --run", "check --fix", "lock")
CHEAP = ("sweep", "check", "check --fix", "lock", "diff, the new", "watch", "train")


def unreadable() -> Iterator[Fault]:
    for what, prepare, says in WHAT_IS_THERE:
        for name, command in READERS.items():
            if name == "inspect" and what != "a socket":
                continue  # tests/cli/test_exit_codes.py has these
            if what in ("a device", "links in a circle") and name not in CHEAP:
                continue
            expected = "no YAML file below it" if what == "a folder" and name in WALKERS else says
            yield Fault(f"{what}: {name}", command, 2, expected, prepare)
    for name, command in READERS.items():
        yield Fault(f"forbidden: {name}", command, 2, "permission denied", forbidden, LIKE_ANYONE)


@pytest.mark.parametrize("fault", list(unreadable()), ids=str)
def test_what_cannot_be_read_is_said_and_ends_in_two(ended: Callable[[Fault], Ended], fault: Fault) -> None:
    ends_as_expected(fault, ended(fault))
