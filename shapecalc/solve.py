"""Which value gives a size: found by asking the rule itself, never by turning a formula round.

A rule here is a function of the one value that is missing; it returns a size, or raises `LayerError` where the value
does not fit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeVar

from shapecalc.diagnostics.errors import LayerError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from shapecalc.derivation import Axis
    from shapecalc.layers.windows import Pair

    Value = int | Pair
    """A length, a window, a stride, or a padding: one number, or before and after."""

V = TypeVar("V")

SMALL = {"f": range(1, 16), "s": range(1, 9), "p": range(8)}
"""The windows, strides and paddings that networks use; all of them are tried."""

UNEVEN = tuple((p, p + 1) for p in SMALL["p"][:-1])
"""Paddings with one cell more after than before, as `same` has them where the window is even."""


class Interval(NamedTuple):
    """All lengths from `low` to `high`."""

    low: int
    high: int


class Answer(NamedTuple):
    """The values of one letter that give `target` along an axis, each with its derivation."""

    letter: str
    target: int
    found: tuple[tuple[Value, Axis], ...]
    """Every value; of an interval of lengths the two ends."""
    interval: Interval | None = None
    near: tuple[tuple[Value, Axis], ...] = ()
    """Where nothing gives the target: what comes closest below and above."""


def missing(letter: str, derive: Callable[[Value], Axis], target: int, most: int) -> Answer:
    """Solve for `letter`, one of n, f, s and p; `derive` gives the axis for a value of it.

    Windows, strides and paddings are those of `SMALL`, and where no even padding fits, those of `UNEVEN`. Lengths are
    all from 1 to `most`. Raises `LayerError` where no value of the letter fits at all, whatever comes out.
    """

    def rule(value: Value) -> int:
        return derive(value).output.result

    if letter == "n":
        lengths = interval(rule, target, most)
        if lengths is not None:
            return Answer(letter, target, tuple((n, derive(n)) for n in sorted(set(lengths))), lengths)
        above = first_at_least(rule, target, most)
        tried: tuple[Value, ...] = tuple(n for n in (above - 1, above) if 1 <= n <= most)
    else:
        tried = tuple(SMALL[letter])
        found = choices(rule, tried, target) or (choices(rule, UNEVEN, target) if letter == "p" else ())
        if found:
            return Answer(letter, target, tuple((value, derive(value)) for value in found))
    near = nearest(rule, tried, target)
    if not near:
        rule(tried[-1])  # nothing fits at all, and the rule says why
    return Answer(letter, target, (), near=tuple((value, derive(value)) for value, _ in near))


def choices(rule: Callable[[V], int], candidates: Iterable[V], target: int) -> tuple[V, ...]:
    """Return the candidates that give the target.

    >>> choices(lambda stride: (224 + 2 * 3 - 7) // stride + 1, SMALL["s"], 112)
    (2,)
    """
    return tuple(value for value in candidates if _asked(rule, value) == target)


def nearest(rule: Callable[[V], int], candidates: Iterable[V], target: int) -> tuple[tuple[V, int], ...]:
    """Return what comes closest to the target below and above it: candidates with the size that they give.

    >>> nearest(lambda stride: 16 // stride, (1, 2, 3, 4, 5), 7)
    ((3, 5), (2, 8))
    """
    found = [(value, size) for value in candidates if (size := _asked(rule, value)) is not None]
    below = max((pair for pair in found if pair[1] < target), key=lambda pair: pair[1], default=None)
    above = min((pair for pair in found if pair[1] > target), key=lambda pair: pair[1], default=None)
    return tuple(pair for pair in (below, above) if pair is not None)


def interval(rule: Callable[[int], int], target: int, most: int) -> Interval | None:
    """Return all lengths from 1 to `most` that give the target, or None where none does.

    The rule must not fall as the length grows, and may refuse lengths only for being short. Raises `LayerError` where
    it refuses `most` itself: then the length is not what is wrong.

    >>> interval(lambda length: (length - 3) // 2 + 1, target=31, most=1000)
    Interval(low=63, high=64)
    """
    rule(most)
    low = first_at_least(rule, target, most)
    high = first_at_least(rule, target + 1, most) - 1
    return Interval(low, high) if low <= high else None


def first_at_least(rule: Callable[[int], int], target: int, most: int) -> int:
    """Return the smallest length from 1 to `most` whose size is at least the target, `most` + 1 where there is none."""
    low, high = 1, most + 1
    while low < high:
        middle = (low + high) // 2
        size = _asked(rule, middle)
        if size is not None and size >= target:
            high = middle
        else:
            low = middle + 1
    return low


def _asked(rule: Callable[[V], int], value: V) -> int | None:
    try:
        return rule(value)
    except LayerError:
        return None
