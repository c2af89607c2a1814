"""Distribution of files among several processes, none of which outlives the process that started them."""

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


def map_in_processes(
    function: Callable[[str], T],
    files: Sequence[str],
    processes: int,
    narrowed: Callable[[Sequence[str]], Callable[[str], T]] | None = None,
) -> Iterator[T]:
    """Yield what `function` returns for each file, in their order.

    `narrowed` returns a function for some of the files only, which is smaller to be sent to a process.
    If the caller is interrupted, the processes are terminated. Raises `MemoryError` if one of them was killed, as a
    system without free memory does.
    """
    try:
        with ProcessPoolExecutor(processes, initializer=_end_quietly) as pool:
            try:
                with _signals_blocked():
                    # `pool.map` cancels waiting calls, which fails in Python 3.11 if processes end.
                    pending = [
                        pool.submit(_each, narrowed(part) if narrowed else function, part)
                        for part in _parts(files, processes * 4)
                    ]
                for results in pending:
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


def _each(function: Callable[[str], T], files: Sequence[str]) -> list[T]:
    return [function(file) for file in files]


@contextmanager
def _signals_blocked() -> Iterator[None]:
    """Block signals for new processes until they have installed their handlers."""
    mask = getattr(signal, "pthread_sigmask", None)
    before = mask(signal.SIG_BLOCK, _ENDING) if mask else ()
    try:
        yield
    finally:
        if mask:
            mask(signal.SIG_SETMASK, before)


def _end_quietly() -> None:
    """End this process immediately at Ctrl-C, which a terminal sends to every process: only the first reports it."""
    for number in _ENDING:
        signal.signal(number, signal.SIG_DFL)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)
