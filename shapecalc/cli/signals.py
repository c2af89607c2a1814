"""Ctrl-C, and the signals by which a system ends a process: what was begun is put away first, and once."""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from types import FrameType

AT_ONCE = 1.0
"""Seconds after a Ctrl-C in which another is passed over: it would stop what the first has begun to put away."""


class Terminated(KeyboardInterrupt):
    """The system, or its user, ends this process: as Ctrl-C does, but for how it ends."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


def heed_signals() -> None:
    """Raise `KeyboardInterrupt` for Ctrl-C and `Terminated` for SIGTERM and SIGHUP, unless they are ignored already."""
    last = float("-inf")

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last > AT_ONCE:
            last = now
            raise KeyboardInterrupt

    def terminate(number: int, _frame: FrameType | None) -> NoReturn:
        signal.signal(number, signal.SIG_DFL)  # the next one ends it there and then
        raise Terminated(number)

    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, interrupt)
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)  # Windows has one of them
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, terminate)


def ignore_interrupts() -> None:
    """Let no Ctrl-C stop the interpreter while it closes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def end_as_told(number: int) -> None:
    """End by the signal that asked for it, so that whoever sent it sees that it did."""
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
