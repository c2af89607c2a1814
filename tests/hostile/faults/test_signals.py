"""Ctrl-C and the signals that end a process, at chosen places: nothing is left half done, and nothing is said."""

from __future__ import annotations

import ast
import inspect
import os
import signal
import subprocess
import time
from importlib import import_module
from itertools import product
from typing import TYPE_CHECKING

import pytest

from tests.hostile.faults.processes import (
    NET,
    SECONDS,
    Ended,
    Fault,
    environment,
    keeps_the_promise,
    on_a_terminal,
    words,
)
from tests.support.rows import for_each
from tests.support.volume import eighth

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

# At the first call of a function the process sends itself a signal: a real one, at a place that is always the same.
AT = """
import os, signal, sys, threading, time
def once():
    os.kill(os.getpid(), signal.{signal})
def again_and_again():
    once()
    def send():
        for _ in range(40):
            time.sleep(0.004)
            once()
    threading.Thread(target=send, daemon=True).start()
def watch(frame, event, argument):
    called = frame.f_globals.get("__name__"), frame.f_code.co_name
    if event == "call" and called == ({module!r}, {function!r}):
        sys.setprofile(None)
        {how}()
sys.setprofile(watch)
"""
TRAIN = ("train", "net.yaml", "--data", "digits", "--epochs", "1")
SWEEP = ("sweep", "net.yaml", "--set", "N=1:5000", "--format", "csv")

PLACES: list[tuple[str, tuple[str, ...], str, str]] = [
    ("while the command line loads", ("inspect", "net.yaml"), "typer", "<module>"),
    ("while a command loads", ("inspect", "net.yaml"), "shapecalc.cli.inspect", "<module>"),
    ("while options are read", ("inspect", "net.yaml"), "shapecalc.cli.options.architecture", "settings"),
    ("while help is written", ("--help",), "typer.core", "format_help"),
    ("while a file is read", ("inspect", "net.yaml"), "shapecalc.parser.files", "decode"),
    ("while YAML is read", ("inspect", "net.yaml"), "shapecalc.parser.grammar", "parse"),
    ("while a mistake is said", ("inspect", "typo.yaml"), "shapecalc.render.check.text", "render_errors"),
    ("in inference", ("inspect", "net.yaml"), "shapecalc.shape_inference.engine", "inspect_at"),
    ("while a table is drawn", ("inspect", "net.yaml"), "shapecalc.render.inspect.table", "inspection"),
    ("while NumPy loads", ("verify", "net.yaml"), "numpy", "<module>"),
    ("in a kernel", ("verify", "net.yaml"), "shapecalc.reference.linear", "linear"),
    ("on the way back", ("verify", "net.yaml", "--backward"), "shapecalc.reference.linear", "linear_backward"),
    ("in a sweep", SWEEP, "shapecalc.solving.sweep.run", "_results"),
    ("while a sweep is written", SWEEP, "shapecalc.render.sweep", "csv_lines"),
    ("in training", TRAIN, "shapecalc.execution.training.steps", "step"),
    ("while weights are written", (*TRAIN, "--export", "out.npz"), "shapecalc.files.atomic", "_umask"),
    ("while the lock is written", ("lock", "net.yaml"), "shapecalc.files.atomic", "_umask"),
    ("while a file is mended", ("check", "--fix", "typo.yaml"), "os", "fdopen"),
    ("while files are checked", ("check", "net.yaml"), "shapecalc.checking.check", "check_source"),
    ("while a file is watched", ("watch", "net.yaml"), "shapecalc.diffing.watch", "_is_missing_one"),
    ("between two looks", ("watch", "net.yaml"), "shapecalc.diffing.watch", "_texts"),
    ("in a search", ("solve", "net.yaml"), "shapecalc.solving.input_sizes", "solve"),
]

BAR_PLACES = (("rich.live", "start"), ("rich.control", "show_cursor"), ("rich.progress", "update"))


def files(folder: Path) -> None:
    (folder / "net.yaml").write_text(NET)
    (folder / "typo.yaml").write_text(NET.replace("linear", "liner"))


ENDS = {"SIGINT": 130, "SIGTERM": -signal.SIGTERM, "SIGHUP": -signal.SIGHUP}
ROWS = [
    Fault(f"{name} {place}{', again and again' if again else ''}", command, ENDS[name], "", files,
          AT.format(signal=name, module=module, function=function, how="again_and_again" if again else "once"))
    for place, command, module, function in PLACES
    for name, again in (("SIGINT", False), ("SIGINT", True), ("SIGTERM", False), ("SIGHUP", False))
    if not (name == "SIGHUP" and place not in ("in a kernel", "while the lock is written"))
    # Before there is a handler the system ends the process by itself.
    if not (name != "SIGINT" and place == "while the command line loads")
]  # fmt: skip


@for_each("module, function", [*(place[2:] for place in PLACES), *BAR_PLACES])
def test_a_place_is_a_function_of_its_module(module: str, function: str) -> None:
    """A signal at a function that has moved would never be sent."""
    tree = ast.parse(inspect.getsource(import_module(module)))
    defined = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    assert function in {*defined, "<module>"}


@pytest.mark.parametrize("fault", eighth(ROWS))
def test_a_signal_ends_a_command_quietly_and_leaves_nothing(ended: Callable[[Fault], Ended], fault: Fault) -> None:
    outcome = ended(fault)
    keeps_the_promise(outcome, tuple(ENDS.values()))
    assert (outcome.code, outcome.err) == (fault.code, b"")
    assert sorted(path.name for path in outcome.folder.iterdir()) == ["net.yaml", "typo.yaml"]
    assert (outcome.folder / "typo.yaml").read_text() == NET.replace("linear", "liner")


HURRIED = "import shapecalc.cli.progress as progress\nassert progress.PATIENCE\nprogress.PATIENCE = 0\n"
SHOW, HIDE = b"\x1b[?25h", b"\x1b[?25l"


BARS = product(
    (("verify", "net.yaml"), TRAIN),
    (("SIGINT", "once"), ("SIGINT", "again_and_again"), ("SIGTERM", "once")),
    BAR_PLACES,
)


@pytest.mark.parametrize("row", eighth(BARS, lambda row: f"{row[2][1]}-{'-'.join(row[1])}-{' '.join(row[0])}"))
def test_the_cursor_is_shown_again(
    tmp_path: Path, row: tuple[tuple[str, ...], tuple[str, str], tuple[str, str]]
) -> None:
    command, (name, how), (module, function) = row
    before = HURRIED + AT.format(signal=name, module=module, function=function, how=how)
    code, received = on_a_terminal(Fault("", command, ENDS[name], "", files, before), tmp_path)
    assert code == ENDS[name], received
    assert b"Traceback" not in received
    assert received.rfind(SHOW) >= received.rfind(HIDE), received


PAUSE = """
import shapecalc.checking.check as checking, time
def slow(*words, **options):
    open(f"working-{__import__('os').getpid()}", "w").close()
    time.sleep(600)
checking.check_source = slow
"""


def many(folder: Path) -> None:
    (folder / "nets").mkdir()
    for number in range(70):
        (folder / f"nets/{number}.yaml").write_text(NET)


def workers(folder: Path) -> list[int]:
    """Wait until two processes are at work; return their numbers."""
    for _ in range(15_000):
        found = [int(path.name.removeprefix("working-")) for path in folder.glob("working-*")]
        if len(found) == 2:
            return found
        time.sleep(0.02)
    raise AssertionError("no two processes at work")


@pytest.mark.parametrize(
    ("sent_to", "number", "code", "said"),
    [
        ("all of them, as a terminal does", signal.SIGINT, 130, b""),
        ("the first", signal.SIGINT, 130, b""),
        ("the first", signal.SIGTERM, -signal.SIGTERM, b""),
        ("another", signal.SIGKILL, 1, b"error: out of memory: a process that checked files was killed\n"),
        ("another", signal.SIGINT, 1, b"error: out of memory: a process that checked files was killed\n"),
    ],
)
def test_no_process_outlives_the_check_that_made_it(
    tmp_path: Path, sent_to: str, number: int, code: int, said: bytes
) -> None:
    many(tmp_path)
    process = subprocess.Popen(
        words(Fault("", ("check", "nets", "--processes", "2"), code, before=PAUSE)),
        cwd=tmp_path,
        env=environment({}),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    others = workers(tmp_path)
    if sent_to.startswith("all"):
        os.killpg(process.pid, number)
    else:
        os.kill(process.pid if sent_to == "the first" else others[0], number)
    out, err = process.communicate(timeout=SECONDS)
    assert (process.returncode, out, err) == (code, b"", said)
    for other in others:
        with pytest.raises(ProcessLookupError):
            os.kill(other, 0)
