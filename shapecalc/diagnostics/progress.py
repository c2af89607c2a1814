"""Progress of reading, inference and rendering of a large input, reported to a callback."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, TypeAlias, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    T = TypeVar("T")
    Tell: TypeAlias = Callable[[str, int, int], None]

EVERY = 4096
"""Items between two reports; fewer items are not reported."""

_watcher: ContextVar[Tell | None] = ContextVar("watcher", default=None)


@contextmanager
def watched_by(tell: Tell) -> Iterator[None]:
    """Call `tell(what, done, total)` at intervals while a large input is processed."""
    token = _watcher.set(tell)
    try:
        yield
    finally:
        _watcher.reset(token)


def told(items: Iterable[T], what: str, total: int, place: Callable[[T], int] | None = None) -> Iterable[T]:
    """Return the items, and report progress while they are iterated over, if there are many and a callback is set.

    `place` returns the position of an item within `total`, such as its line, if the number of items is not known.

    >>> seen = []
    >>> with watched_by(lambda what, done, total: seen.append((what, done, total))):
    ...     count = sum(1 for _ in told(range(10_000), "steps", 10_000))
    >>> count, seen
    (10000, [('steps', 0, 10000), ('steps', 4096, 10000), ('steps', 8192, 10000)])
    """
    tell = _watcher.get()
    return items if tell is None or total < EVERY else _telling(items, what, total, place, tell)


def _telling(items: Iterable[T], what: str, total: int, place: Callable[[T], int] | None, tell: Tell) -> Iterator[T]:
    for number, item in enumerate(items):
        if not number % EVERY:
            tell(what, number if place is None else place(item), total)
        yield item
