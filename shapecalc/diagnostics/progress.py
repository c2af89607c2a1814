"""Progress of reading, inference and rendering of a large input, reported to a callback."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, TypeAlias, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    T = TypeVar("T")
    Callback: TypeAlias = Callable[[str, int, int], None]

EVERY = 4096
"""Items between two reports; fewer items are not reported."""

_callback: ContextVar[Callback | None] = ContextVar("callback", default=None)


@contextmanager
def watched_by(callback: Callback) -> Iterator[None]:
    """Call `callback(what, done, total)` at intervals while a large input is processed."""
    token = _callback.set(callback)
    try:
        yield
    finally:
        _callback.reset(token)


def tracked(items: Iterable[T], what: str, total: int, position: Callable[[T], int] | None = None) -> Iterable[T]:
    """Return the items, and report progress while they are iterated over, if there are many and a callback is set.

    `position` returns the position of an item within `total`, such as its line, if the number of items is not known.

    >>> seen = []
    >>> with watched_by(lambda what, done, total: seen.append((what, done, total))):
    ...     count = sum(1 for _ in tracked(range(10_000), "steps", 10_000))
    >>> count, seen
    (10000, [('steps', 0, 10000), ('steps', 4096, 10000), ('steps', 8192, 10000)])
    """
    callback = _callback.get()
    return items if callback is None or total < EVERY else _tracked(items, what, total, position, callback)


def _tracked(
    items: Iterable[T], what: str, total: int, position: Callable[[T], int] | None, callback: Callback
) -> Iterator[T]:
    for number, item in enumerate(items):
        if not number % EVERY:
            callback(what, number if position is None else position(item), total)
        yield item
