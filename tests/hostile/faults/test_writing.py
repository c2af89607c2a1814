"""Files that cannot be written, and processes that end in the middle of writing: the old file or the new one, whole."""

from __future__ import annotations

import errno
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from shapecalc.files.atomic import _replacing, write_atomic
from tests.hostile.faults.processes import LIKE_ANYONE, NET, Ended, Fault, ends_as_expected, environment
from tests.support.volume import eighth

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SLIP = NET.replace("linear", "liner")
OLD = "what was there before\n"


class Writer(NamedTuple):
    """A command that writes, the file that it writes, and how it ends where all is well."""

    command: tuple[str, ...]
    target: str
    code: int = 0


TRAIN = ("train", "net.yaml", "--data", "digits", "--epochs", "1", "--export")
WRITERS = {
    "lock": Writer(("lock", "net.yaml", "--file", "out/lock.json"), "out/lock.json"),
    **{
        f"check --output {word}": Writer(("check", "net.yaml", "--format", word, "--output", "out/found"), "out/found")
        for word in ("text", "sarif")
    },
    "check --fix": Writer(("check", "--fix", "out/slip.yaml"), "out/slip.yaml"),
    "init": Writer(("init", "out/new.yaml"), "out/new.yaml"),
    "schema": Writer(("schema", "--output", "out/schema.json"), "out/schema.json"),
    "train npz": Writer((*TRAIN, "out/weights.npz"), "out/weights.npz"),
    "train safetensors": Writer((*TRAIN, "out/weights.safetensors"), "out/weights.safetensors"),
    "sweep --plot": Writer(("sweep", "net.yaml", "--set", "N=1:3", "--plot", "out/plot.png"), "out/plot.png"),
}


def prepared(folder: Path) -> None:
    (folder / "out").mkdir()
    (folder / "net.yaml").write_text(NET)
    (folder / "other.yaml").write_text(NET.replace("10", "20"))
    (folder / "out/slip.yaml").write_text(SLIP)


def forbidden(folder: Path) -> None:
    prepared(folder)
    (folder / "out").chmod(0o555)


def gone(folder: Path) -> None:
    prepared(folder)
    (folder / "out/slip.yaml").unlink()
    (folder / "out").rmdir()


def folder_in_place_of(target: str) -> Callable[[Path], None]:
    def prepare(folder: Path) -> None:
        prepared(folder)
        (folder / target).mkdir()

    return prepare


SMALL_FILES = """
import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (10, 10))
"""
"""No file may have more than ten bytes: the system refuses the rest, as a full disk does."""


def unwritable() -> Iterator[Fault]:
    for name, (command, target, _) in WRITERS.items():
        said = f"error: `{target}` cannot be written: "
        if name == "lock --update":
            continue  # as `lock`, and its file is in the way of these
        yield Fault(f"disk full: {name}", command, 2, f"{said}file too large", prepared, SMALL_FILES)
        yield Fault(f"folder read-only: {name}", command, 2, f"{said}permission denied", forbidden, LIKE_ANYONE)
        if name == "check --fix":
            continue  # what it writes is what it has read
        place = "expects a folder that is there" if name.startswith("train") else f"{said}no such file or directory"
        yield Fault(f"no such folder: {name}", command, 2, place, gone)
        if name == "init":
            continue  # refuses whatever is there
        place = "is a directory"
        yield Fault(f"a folder is there: {name}", command, 2, place, folder_in_place_of(target))
        full = (*command[:-1], "/dev/full")
        if not name.startswith(("train", "sweep")):  # which go by the ending of the name
            yield Fault(f"/dev/full: {name}", full, 2, "`/dev/full`", prepared)


@pytest.mark.parametrize("fault", eighth(unwritable()))
def test_what_cannot_be_written_is_named_and_nothing_is_left(ended: Callable[[Fault], Ended], fault: Fault) -> None:
    outcome = ended(fault)
    ends_as_expected(fault, outcome)
    left = {path.name for path in (outcome.folder / "out").iterdir()} if (outcome.folder / "out").is_dir() else set()
    target = Path(next((word for word in map(str, fault.command) if word.startswith("out/")), "out/none")).name
    allowed = {"slip.yaml"} | ({target} if fault.name.startswith("a folder") else set())
    assert left <= allowed
    if "slip.yaml" in left:
        assert (outcome.folder / "out/slip.yaml").read_text() == SLIP


class Step:
    """Calls `act` at the n-th event, of a function called or left, while a file is written."""

    def __init__(self, number: int, act: Callable[[], object]) -> None:
        self.number = number
        self.act = act
        self.seen = 0
        self.inside = False

    def __call__(self, frame: Any, event: str, _: object) -> None:
        if frame.f_code is _replacing.__wrapped__.__code__ and event in ("call", "return"):
            self.inside = event == "call"
        writes = frame.f_code is write_atomic.__code__ and event.startswith("c_")
        if (self.inside or writes) and frame.f_code is not Step.__call__.__code__:
            self.seen += 1
            if self.seen == self.number:
                self.inside = False
                sys.setprofile(None)
                self.act()


def stepped(number: int, act: Callable[[], object], path: Path, text: str) -> int:
    """Write a file, with something done at one step; return how many steps were seen."""
    step = Step(number, act)
    sys.setprofile(step)
    try:
        write_atomic(path, text)
    finally:
        sys.setprofile(None)
    return step.seen


def raising(error: BaseException) -> Callable[[], object]:
    def act() -> None:
        raise error

    return act


ERRORS = [OSError(errno.ENOSPC, "No space"), OSError(errno.EIO, "No disk"), KeyboardInterrupt(), MemoryError()]


# Where what opens a file is stopped on its way out, the file is closed when it is collected, with a warning.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("error", ERRORS, ids=repr)
@pytest.mark.parametrize("old", [OLD, None], ids=["over an old file", "a new file"])
def test_whatever_ends_the_writing_and_whenever_one_file_is_there_whole(
    tmp_path: Path, error: BaseException, old: str | None
) -> None:
    path = tmp_path / "file"
    steps = stepped(0, lambda: None, path, "new")
    assert steps > 30
    ends = set()
    for number in range(1, steps + 1):
        if old is None:
            path.unlink(missing_ok=True)
        else:
            path.write_text(old)
        try:
            stepped(number, raising(error), path, "new")
        except type(error):
            pass
        else:
            continue  # where a failure is passed over on purpose
        ends.add(path.read_text() if path.exists() else None)
        assert ends <= {old, "new"}, number
        assert [found.name for found in tmp_path.iterdir() if found.name != "file"] == [], number
    assert ends == {old, "new"}


KILLED = """
import os, signal, sys
from pathlib import Path
from tests.hostile.faults.test_writing import OLD, stepped

path = Path("nets/net.yaml")
path.parent.mkdir()
path.write_text(OLD)
steps = stepped(0, lambda: None, path, "new")
ends = set()
for number in range(1, steps + 1):
    path.write_text(OLD)
    child = os.fork()
    if not child:
        stepped(number, lambda: os.kill(os.getpid(), signal.SIGKILL), path, "new")
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL, number
    ends.add(path.read_text())
assert ends == {OLD, "new"}, ends
left = [name for name in os.listdir("nets") if name != "net.yaml"]
assert left and all(name.startswith(".") and name.endswith(".tmp") for name in left), left
"""


def test_what_a_killed_process_leaves_disturbs_nobody(tmp_path: Path) -> None:
    """Kill a process at every step of its writing, then check and lock the folder that it wrote into."""

    def start(*words: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [sys.executable, *words], cwd=tmp_path, env=environment({}), capture_output=True, timeout=60, check=False
        )

    done = start("-c", KILLED)
    assert done.returncode == 0, done.stderr.decode()
    (tmp_path / "nets/net.yaml").write_text(NET)
    for words in (["check", "nets"], ["lock", "nets", "--file", "nets/lock.json"], ["lock", "nets"]):
        ended = start("-m", "shapecalc", *words)
        assert ended.returncode == 0, ended.stderr.decode()
        assert b"1 file" in ended.stdout
