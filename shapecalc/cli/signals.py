"""Ctrl-C and the signals that end a process: temporary files are removed first, and only once."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from types import FrameType

IGNORED_FOR = 1.0
"""Seconds after a Ctrl-C in which another is ignored: it would interrupt the cleanup that the first began."""


class Terminated(KeyboardInterrupt):
    """Interrupt by a signal other than Ctrl-C; the process then ends by that signal."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


def handle_signals() -> None:
    """Raise `KeyboardInterrupt` for Ctrl-C and `Terminated` for SIGTERM and SIGHUP, unless they are ignored already."""
    last = float("-inf")

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last > IGNORED_FOR:
            last = now
            raise KeyboardInterrupt

    def terminate(number: int, _frame: FrameType | None) -> NoReturn:
        signal.signal(number, signal.SIG_DFL)  # the next signal ends the process immediately
        raise Terminated(number)

    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, interrupt)
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)  # Windows has only one of the two
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, terminate)


def ignore_interrupts() -> None:
    """Ignore Ctrl-C while the interpreter closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def end_by_signal(number: int) -> None:
    """End the process by the signal that it received, so that the sender sees the cause."""
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
