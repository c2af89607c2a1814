"""`shapecalc` as a process of its own that starts warm: a server that has imported the package forks for each run.

An interpreter that starts and imports the package takes three quarters of the time of a short command. What the
interpreter reads when it starts, such as the locale, cannot be told to a fork: other values have another server.
"""

from __future__ import annotations

import atexit
import gc
import io
import os
import pickle
import resource
import runpy
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.cli.groups import BY_HAND, COMMANDS, LOSSES_BY_HAND, module_name
from shapecalc.layers import layer_types

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ROOT = Path(__file__).parents[2]
READ_AT_THE_START = ("PYTHON", "LC_", "LANG", "LD_", "OPENBLAS_", "MPL")
"""Variables that begin so are those of the interpreter and of libraries."""
TO_CHECK = ("shapecalc.cli.check", "shapecalc.checking.check", "shapecalc.files.load", "yaml.cyaml")
LOADED = (
    *TO_CHECK,
    *(module_name(name) for name in COMMANDS if name not in (*BY_HAND, *LOSSES_BY_HAND)),
    "shapecalc.execution.verify",
)
LOADED += ("numpy.random",)
"""What a server has imported, and so each of its processes: for little memory `TO_CHECK`, else what commands share."""

_SERVE = "import sys; from tests.support.forked import serve; serve(int(sys.argv[1]), sys.argv[2:])"


class Ended(NamedTuple):
    """What is left of a process: its time on a processor, and the largest resident set, in bytes."""

    code: int
    out: bytes
    err: bytes
    seconds: float
    peak: int


def run(
    arguments: Sequence[str | bytes],
    *,
    folder: Path,
    env: Mapping[str, str],
    stdin: bytes = b"",
    seconds: float = 120,
    limits: Mapping[int, int] | None = None,
    code: str = "",
    loaded: tuple[str, ...] = LOADED,
) -> Ended:
    """Run `shapecalc`, or Python code, in a folder with the limits of `resource`; it is killed after `seconds`."""
    first = {name: value for name, value in env.items() if name.startswith(READ_AT_THE_START)}
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, tempfile.TemporaryFile() as source:
        source.write(stdin)
        source.seek(0)
        files = [file.fileno() for file in (source, out, err)]
        server = _server(tuple(sorted(first.items())), loaded)
        _send(server, pickle.dumps((arguments, folder, dict(env), dict(limits or {}), code)), files)
        (child,) = pickle.loads(_received(server)[0])
        timer = threading.Timer(seconds, os.kill, (child, signal.SIGKILL))
        timer.start()
        try:
            code, used, peak = pickle.loads(_received(server)[0])
        finally:
            timer.cancel()
        out.seek(0)
        err.seek(0)
        return Ended(code, out.read(), err.read(), used, peak * (1 if sys.platform == "darwin" else 1024))


@cache
def _server(first: tuple[tuple[str, str], ...], loaded: tuple[str, ...]) -> socket.socket:
    """Start a server whose interpreter has begun with these variables."""
    ours, theirs = socket.socketpair()
    path = {"PATH": os.environ.get("PATH", os.defpath)}
    process = subprocess.Popen(
        [sys.executable, "-c", _SERVE, str(theirs.fileno()), *loaded],
        env={**path, **dict(first), "PYTHONPATH": str(ROOT)},
        cwd=ROOT,
        pass_fds=(theirs.fileno(),),
        start_new_session=True,
    )
    theirs.close()

    def close() -> None:
        ours.close()
        process.wait()

    atexit.register(close)
    return ours


def serve(channel_number: int, loaded: Sequence[str]) -> None:
    """Fork and run `shapecalc` for each request, until the channel is closed."""
    for name in loaded:
        import_module(name)
    layer_types()
    gc.freeze()
    channel = socket.socket(fileno=channel_number)
    while True:
        text, files = _received(channel)
        if not text:
            return
        child = os.fork()
        if not child:
            channel.close()
            *request, code = pickle.loads(text)
            _become(*request, files)
            if code:
                exec(code, vars(sys.modules["__main__"]))
            else:
                runpy.run_module("shapecalc", run_name="__main__", alter_sys=True)
            return
        for file in files:
            os.close(file)
        _send(channel, pickle.dumps((child,)))
        _, status, usage = os.wait4(child, 0)
        used = usage.ru_utime + usage.ru_stime
        _send(channel, pickle.dumps((os.waitstatus_to_exitcode(status), used, usage.ru_maxrss)))


def _become(
    arguments: Sequence[str | bytes], folder: Path, env: Mapping[str, str], limits: Mapping[int, int], files: list[int]
) -> None:
    """Be the process that `python -m shapecalc` would be in a folder, with an environment and three streams."""
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(env)
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    sys.stdin, sys.stdout, sys.stderr = (
        io.TextIOWrapper(
            open(number, mode, closefd=False),  # noqa: SIM115
            stream.encoding,
            stream.errors,
            newline="\n",
            line_buffering=number == 2,
        )
        for number, mode, stream in ((0, "rb", sys.stdin), (1, "wb", sys.stdout), (2, "wb", sys.stderr))
    )
    sys.__stdin__, sys.__stdout__, sys.__stderr__ = sys.stdin, sys.stdout, sys.stderr  # type: ignore[misc]
    sys.argv[1:] = [os.fsdecode(argument) for argument in arguments]
    sys.path[0] = str(folder)
    for limit, value in limits.items():
        resource.setrlimit(limit, (value, value))


def _send(channel: socket.socket, text: bytes, files: Sequence[int] = ()) -> None:
    socket.send_fds(channel, [struct.pack("I", len(text))], files)
    channel.sendall(text)


def _received(channel: socket.socket) -> tuple[bytes, list[int]]:
    """Return a message and the files sent with it; nothing at the end."""
    head, files, _, _ = socket.recv_fds(channel, 4, 3)
    if not head:
        return b"", files
    (length,) = struct.unpack("I", head)
    text = b""
    while len(text) < length:
        text += channel.recv(length - len(text))
    return text, files
