"""`shapecalc watch`: every saved state once, halves never, and Ctrl-C ends it."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import pytest

from tests.cli.conftest import environment

NET = "input: [N, 8]\nlayers: [linear: 4, relu]\n"


WIDE = NET.replace("4", "6")


# Where tests run in the background Ctrl-C is ignored, which a process inherits.
INTERRUPTIBLE = """
import signal
from shapecalc.__main__ import main
signal.signal(signal.SIGINT, signal.default_int_handler)
main()
"""


BAD = NET.replace("relu", "rleu")


@pytest.fixture
def net(tmp_path):
    path = tmp_path / "net.yaml"
    path.write_text(NET)
    return path


def test_a_process_shows_saves_and_mistakes_and_ends_with_130(net, tmp_path) -> None:
    out, err = tmp_path / "out", tmp_path / "err"
    with out.open("wb") as stdout, err.open("wb") as stderr:
        process = subprocess.Popen(
            [sys.executable, "-c", INTERRUPTIBLE, "watch", "net.yaml", "--interval", "0.02"],
            cwd=tmp_path,
            stdout=stdout,
            stderr=stderr,
            env=environment(),
        )
    try:
        until(lambda: "linear 4" in out.read_text(), process)
        net.write_text(WIDE)
        until(lambda: "out_features 4 → 6" in out.read_text(), process)
        net.write_text(BAD)
        until(lambda: "SC101" in err.read_text(), process)
        net.write_text(WIDE)
        until(lambda: "no change in shapes" in out.read_text(), process)
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130
    finally:
        process.kill()
        process.wait()
    assert "net.yaml was saved\n" in out.read_text()
    assert "Traceback" not in err.read_text()


def until(holds, process) -> None:
    end = time.monotonic() + 30
    while not holds():
        assert process.poll() is None
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("-",), "`watch` expects a file, receives `-`"),
        (("nope.yaml",), "`nope.yaml` does not exist"),
        (("net.yaml", "--interval", "0"), "--interval"),
        (("net.yaml", "--set", "N"), "expects NAME=SIZE"),
    ],
)
@pytest.mark.usefixtures("net")
def test_what_cannot_be_watched_ends_at_once(run, words, said) -> None:
    ended = run("watch", *words)
    assert (ended.code, ended.out) == (2, "")
    assert said in " ".join(ended.err.split())
