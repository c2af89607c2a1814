"""Files that cannot be read, or that change while they are read, under every command that reads one."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

import pytest

from tests.hostile.faults.processes import LIKE_ANYONE, NET, Ended, Fault, ends_as_expected, keeps_the_promise
from tests.support.volume import eighth

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


@pytest.mark.parametrize("fault", eighth(unreadable()))
def test_what_cannot_be_read_is_said_and_ends_in_two(ended: Callable[[Fault], Ended], fault: Fault) -> None:
    ends_as_expected(fault, ended(fault))


def lock_of(what: Callable[[Path], object]) -> Callable[[Path], None]:
    def prepare(folder: Path) -> None:
        (folder / "net.yaml").write_text(NET)
        what(folder / "net.lock")

    return prepare


def included(what: Callable[[Path], object]) -> Callable[[Path], None]:
    def prepare(folder: Path) -> None:
        (folder / "net.yaml").write_text("include: lib/blocks.yaml\n" + NET)
        (folder / "lib").mkdir()
        what(folder / "lib/blocks.yaml")

    return prepare


def closed(path: Path) -> None:
    path.write_text("blocks: {}\n")
    path.chmod(0)


def circle(path: Path) -> None:
    path.symlink_to(path.name)


def endless(path: Path) -> None:
    path.symlink_to("/dev/zero")


def outside(path: Path) -> None:
    path.symlink_to("/etc/passwd")


def beside() -> Iterator[Fault]:
    """Yield files that a command reads besides the one that it names: a lock, what is included, a page of data."""
    locks: list[tuple[str, Callable[[Path], object], str]] = [
        ("missing", lambda _: None, "there is no lock file"),
        ("a folder", lambda path: path.mkdir(), "is a directory"),
        ("a pipe", os.mkfifo, "not a regular file"),
        ("a device", endless, "not a regular file"),
        ("a circle", circle, "links form a circle"),
        ("forbidden", closed, "permission denied"),
        ("no UTF-8", lambda path: path.write_bytes(b"\xff"), "is not UTF-8"),
        ("empty", lambda path: path.touch(), "is not JSON"),
    ]
    for what, prepare, says in locks:
        before = LIKE_ANYONE if what == "forbidden" else ""
        command = ("check", "net.yaml", "--locked", "--lock-file", "net.lock")
        yield Fault(f"a lock, {what}: check", command, 2, says, lock_of(prepare), before)
        if what != "missing":
            yield Fault(f"a lock, {what}: lock", ("lock", "net.yaml", "--file", "net.lock"), 2, says, lock_of(prepare),
                        before)  # fmt: skip
    includes: list[tuple[str, Callable[[Path], object], str]] = [
        ("missing", lambda _: None, "does not exist"),
        ("a folder", lambda path: path.mkdir(), "is a directory"),
        ("a pipe", os.mkfifo, "not a regular file"),
        ("a device", endless, "error[SC"),
        ("a circle", circle, "error[SC"),
        ("forbidden", closed, "permission denied"),
        ("a link that leads out", outside, "error[SC"),
    ]
    for what, prepare, says in includes:
        before = LIKE_ANYONE if what == "forbidden" else ""
        for name in ("inspect", "check", "check --fix", "lock", "sweep"):
            yield Fault(f"included, {what}: {name}", READERS[name], 1, says, included(prepare), before)


@pytest.mark.parametrize("fault", eighth(beside()))
def test_what_else_cannot_be_read_is_said(ended: Callable[[Fault], Ended], fault: Fault) -> None:
    ends_as_expected(fault, ended(fault))
    assert "root:" not in ended(fault).said, "nothing of what lies outside is shown"


# What happens to the file between two steps of its reading, in the process that reads it.
BETWEEN = """
import os
really = os.{step}
def changed(path, *rest, **options):
    if str(path).endswith("net.yaml"):
        {change}
    return really(path, *rest, **options)
os.{step} = changed
"""
GROWING = """
import threading, time
def write():
    with open("net.yaml", "a") as file:
        while file.tell() < 2**24:
            file.write("# more of it\\n" * 1000)
            file.flush()
            time.sleep(0.001)
threading.Thread(target=write, daemon=True).start()
"""
REPLACED = """
import threading
def replace():
    turn = 0
    while True:
        turn += 1
        with open("next", "w") as file:
            file.write({texts}[turn % 2])
        os.replace("next", "net.yaml")
threading.Thread(target=replace, daemon=True).start()
"""
CHANGES = [
    ("deleted before it is opened", BETWEEN.format(step="open", change='os.unlink("net.yaml")'), 2, "does not exist"),
    ("a folder in its place", BETWEEN.format(step="open", change='os.unlink("net.yaml"); os.mkdir("net.yaml")'), 2,
     "is a directory"),
    ("a pipe in its place", BETWEEN.format(step="open", change='os.unlink("net.yaml"); os.mkfifo("net.yaml")'), 2,
     "not a regular file"),
    ("a device in its place",
     BETWEEN.format(step="open", change='os.unlink("net.yaml"); os.symlink("/dev/zero", "net.yaml")'), 2,
     "not a regular file"),
    ("emptied before it is read", BETWEEN.format(step="open", change='os.truncate("net.yaml", 0)'), 1, "SC004"),
    ("cut before it is read", BETWEEN.format(step="open", change='os.truncate("net.yaml", 30)'), 1, "error[SC"),
]  # fmt: skip


def changing() -> Iterator[Fault]:
    for what, before, expected, says in CHANGES:
        for name in ("inspect", "check", "lock", "verify", "sweep", "diff, the new", "train"):
            # A text that is cut to `input:` alone is a mistake of the file; a file that is away for others is an error.
            yield Fault(f"{what}: {name}", READERS[name], expected, says, net, before)


def net(folder: Path) -> None:
    (folder / "net.yaml").write_text(NET)


@pytest.mark.parametrize("fault", eighth(changing()))
def test_a_file_that_changes_before_it_is_read_is_what_it_has_become(
    ended: Callable[[Fault], Ended], fault: Fault
) -> None:
    ends_as_expected(fault, ended(fault))


RACES = [
    Fault(f"{what}: {name}", READERS[name], 0, "", net, before)
    for what, before in (
        ("growing", GROWING),
        ("replaced", "import os\n" + REPLACED.format(texts=(NET, NET.replace("linear", "liner")))),
    )
    for name in ("inspect", "check", "lock", "check --fix")
]


@pytest.mark.parametrize("fault", RACES, ids=str)
def test_a_file_that_changes_while_it_is_read_is_read_whole_or_refused(
    ended: Callable[[Fault], Ended], fault: Fault
) -> None:
    outcome = ended(fault)
    keeps_the_promise(outcome)
    codes = {"SC010", "SC101", "SC001"}
    assert outcome.code == 0 or any(found in outcome.said for found in codes), outcome.said
