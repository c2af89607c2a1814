"""Files shared among several processes, none of which outlives what asked for them."""

from __future__ import annotations

import signal
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import active_children
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

T = TypeVar("T")

_ENDING = (signal.SIGINT, signal.SIGTERM)


def shared(one: Callable[[str], T], files: Sequence[str], processes: int) -> Iterator[T]:
    """Yield what `one` returns for each file, in their order.

    Where the caller is interrupted the processes are ended with it. Raises `MemoryError` where one of them was killed:
    a system that has no memory left does that.
    """
    try:
        with ProcessPoolExecutor(processes, initializer=_end_quietly) as pool:
            try:
                with _signals_held():
                    # Not `pool.map`: it cancels what waits, and Python 3.11 stumbles over that where processes end.
                    waiting = [pool.submit(_each, one, part) for part in _parts(files, processes * 4)]
                for results in waiting:
                    yield from results.result()
            except BaseException:
                for process in active_children():
                    process.terminate()
                raise
    except BrokenProcessPool:
        raise MemoryError("a process that checked files was killed") from None


def _parts(files: Sequence[str], number: int) -> Iterator[Sequence[str]]:
    size = max(1, len(files) // number)
    for start in range(0, len(files), size):
        yield files[start : start + size]


def _each(one: Callable[[str], T], files: Sequence[str]) -> list[T]:
    return [one(file) for file in files]


@contextmanager
def _signals_held() -> Iterator[None]:
    """Let no signal reach a process that has just been made and does not know yet how to end."""
    hold = getattr(signal, "pthread_sigmask", None)
    before = hold(signal.SIG_BLOCK, _ENDING) if hold else ()
    try:
        yield
    finally:
        if hold:
            hold(signal.SIG_SETMASK, before)


def _end_quietly() -> None:
    """Let Ctrl-C, which a terminal sends to every process, end this one there and then: the first speaks for all."""
    for number in _ENDING:
        signal.signal(number, signal.SIG_DFL)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)
