"""Values of a window's parameters that give an output size, found by evaluating the rule, never by inverting a formula.

A rule is a function of the one unknown value; it returns a size, or raises `LayerError` if the value does not fit.
"""

from __future__ import annotations

from functools import partial
from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from shapecalc.calculators.derivation import sliding_axes
from shapecalc.diagnostics.errors import LayerError
from shapecalc.layers.conv import Conv
from shapecalc.layers.pooling import MaxPool
from shapecalc.layers.windows import span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from shapecalc.calculators.derivation import DerivedAxis
    from shapecalc.layers.windows import Pair

    Value = int | Pair
    """A length, a window, a stride, or a padding: one integer, or before and after."""

V = TypeVar("V")

SMALL = {"f": range(1, 16), "s": range(1, 9), "p": range(8)}
"""The windows, strides and paddings that are tried: those that networks use."""

DILATIONS = range(1, 5)
"""The dilations that are tried."""

UNEVEN = tuple((p, p + 1) for p in SMALL["p"][:-1])
"""Paddings with one element more after than before, as `same` has if the window is even."""


class Interval(NamedTuple):
    """All lengths from `low` to `high`."""

    low: int
    high: int


class Answer(NamedTuple):
    """The values of one letter that give `target` along an axis, each with its derivation."""

    letter: str
    target: int
    solutions: tuple[tuple[Value, DerivedAxis], ...]
    """Every value; of an interval of lengths the two ends."""
    interval: Interval | None = None
    closest: tuple[tuple[Value, DerivedAxis], ...] = ()
    """Without solutions: the values whose sizes are closest to the target, below and above."""
    with_output_padding: tuple[tuple[Value, DerivedAxis], ...] = ()
    """The values that give it with an output padding above 0, if none does without; least output padding first."""


class WindowFields(NamedTuple):
    """A window with its stride, padding on each side and dilation, and the derivation of each axis."""

    f: int
    s: int
    p: int
    d: int
    axes: tuple[DerivedAxis, ...] = ()

    @property
    def simplicity(self) -> Rank:
        """The sort key of `simplicity`; `misses` is whether elements are unread along an axis."""
        misses = any(axis.reading and (axis.reading.unread or axis.reading.stepped_over) for axis in self.axes)
        return simplicity(self.f, self.s, self.p, self.d, misses=misses)


class Windows(NamedTuple):
    """Every window that gives the target sizes, simplest first; if none does, the closest ones."""

    solutions: tuple[WindowFields, ...]
    closest: tuple[WindowFields, ...] = ()


Rank = tuple[int, bool, bool, int, int, int]


def simplicity(f: int, s: int, p: int, d: int, *, misses: bool = False) -> Rank:
    """Return a sort key of windows, simplest first.

    By, in this order: least dilation, every element read, padding of at most half of the window, smallest window,
    shortest stride, least padding.

    >>> sorted([(3, 2, 1, 1), (9, 1, 0, 2), (2, 2, 0, 1)], key=lambda window: simplicity(*window))
    [(2, 2, 0, 1), (3, 2, 1, 1), (9, 1, 0, 2)]
    """
    return d, misses or s > span(f, d), 2 * p > span(f, d), f, s, p


def windows(
    kind: str, n: tuple[int, ...], targets: tuple[int, ...], fixed: Mapping[str, int], *, ceil: bool = False
) -> Windows:
    """Return every window of a `conv` or a `pool` that makes sizes `targets` of sizes `n`, simplest first.

    f, s and d are those of `fixed`, else all of `SMALL` and `DILATIONS`. p goes up to the last padding with which every
    window of a `conv` reads an element, and to half of the window of a `pool`.

    >>> windows("conv", (224,), (112,), {"f": 7, "d": 1}).solutions[0].p
    3
    """
    x = (1, 1, *n)
    solutions: list[WindowFields] = []
    missed: list[tuple[WindowFields, int]] = []
    for f, s, d in product(*(_range(letter, fixed) for letter in "fsd")):
        most = span(f, d) - 1 if kind == Conv.type else f // 2
        paddings: Sequence[int] = (fixed["p"],) if "p" in fixed else range(most + 1)

        def sizes(p: int, f: int = f, s: int = s, d: int = d) -> tuple[int, ...]:
            shape = _layer(kind, WindowFields(f, s, p, d), ceil=ceil).output_shape(x)
            return tuple(size for size in shape[2:] if isinstance(size, int))

        for p, given in _about(sizes, paddings, targets[0]):
            if given == targets:
                solutions.append(WindowFields(f, s, p, d))
            elif given[0] != targets[0]:
                missed.append((WindowFields(f, s, p, d), given[0]))
    shown = solutions or _nearest(missed, targets[0])
    derived = (window._replace(axes=sliding_axes(_layer(kind, window, ceil=ceil), x)) for window in shown)
    return Windows(tuple(sorted(derived, key=_simplicity))) if solutions else Windows((), tuple(derived))


def _layer(kind: str, window: WindowFields, *, ceil: bool) -> Conv | MaxPool:
    fields: dict[str, Any] = {"kernel_size": window.f, "stride": window.s, "padding": window.p, "dilation": window.d}
    return Conv(out_channels=1, **fields) if kind == Conv.type else MaxPool(**fields, ceil_mode=ceil)


def _range(letter: str, fixed: Mapping[str, int]) -> Iterable[int]:
    if letter in fixed:
        return (fixed[letter],)
    return DILATIONS if letter == "d" else SMALL[letter]


def _about(
    sizes: Callable[[int], tuple[int, ...]], paddings: Sequence[int], target: int
) -> Iterator[tuple[int, tuple[int, ...]]]:
    """Yield the paddings that give the target along the first axis, and those just before and after, with all sizes."""
    first = first_at_least(lambda position: sizes(paddings[position - 1])[0], target, len(paddings)) - 1
    for padding in paddings[max(first - 1, 0) :]:
        try:
            given = sizes(padding)
        except LayerError:
            continue  # the window does not fit even with this padding
        yield padding, given
        if given[0] > target:
            return


def _simplicity(window: WindowFields) -> Rank:
    return window.simplicity


def _nearest(missed: list[tuple[WindowFields, int]], target: int) -> tuple[WindowFields, ...]:
    """Return the simplest of the windows whose sizes are closest to the target, below it and above it."""
    below = max((size for _, size in missed if size < target), default=None)
    above = min((size for _, size in missed if size > target), default=None)
    return tuple(
        min((window for window, size in missed if size == wanted), key=_simplicity)
        for wanted in (below, above)
        if wanted is not None
    )


def missing(letter: str, derive: Callable[[Value], DerivedAxis], target: int, most: int) -> Answer:
    """Return the values of `letter`, one of n, f, s and p, that give a target; `derive` returns the axis for a value.

    Tried are the windows, strides and paddings of `SMALL`, the paddings of `UNEVEN` if none of those solves, and all
    lengths from 1 to `most`. Raises `LayerError` if no value of the letter fits, whatever the output size.
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
        solutions = choices(rule, tried, target) or (choices(rule, UNEVEN, target) if letter == "p" else ())
        if solutions:
            return Answer(letter, target, tuple((value, derive(value)) for value in solutions))
    closest = nearest(rule, tried, target)
    if not closest:
        rule(tried[-1])  # no value fits, and the rule raises the reason
    return Answer(letter, target, (), closest=tuple((value, derive(value)) for value, _ in closest))


def missing_output_padding(derive: Callable[[int], DerivedAxis], target: int, bound: int) -> Answer:
    """Return the output padding below `bound` that gives a target; `derive` returns the axis for a value.

    Raises `LayerError` if none fits, whatever the output size.
    """

    def rule(extra: int) -> int:
        return derive(extra).output.result

    least = first_at_least(lambda count: rule(count - 1), target, bound) - 1
    tried = tuple(extra for extra in (least - 1, least) if 0 <= extra < bound)
    solutions = choices(rule, tried, target)
    if solutions:
        return Answer("o", target, tuple((extra, derive(extra)) for extra in solutions))
    closest = nearest(rule, tried, target)
    if not closest:
        rule(tried[-1])  # no value fits, and the rule raises the reason
    return Answer("o", target, (), closest=tuple((extra, derive(extra)) for extra, _ in closest))


def with_output_padding(
    letter: str,
    derive: Callable[[Value, int], DerivedAxis],
    bound: Callable[[Value], int],
    target: int,
    most: int,
) -> tuple[tuple[Value, DerivedAxis], ...]:
    """Return the values of `letter` that give a target with an output padding above 0, the least of it first.

    Tried are the values that `missing` tries, except uneven paddings; `bound` returns the least output padding that is
    too large for a value.
    """
    values: Iterable[Value] = SMALL.get(letter, ())
    if letter == "n":
        values = (max(first_at_least(lambda n: derive(n, 0).output.result, target + 1, most) - 1, 1),)
    pairs = []
    for value in values:
        try:
            answer = missing_output_padding(partial(derive, value), target, bound(value))
        except LayerError:
            continue  # the value does not fit
        pairs += [(value, axis) for _, axis in answer.solutions if axis.output_padding]
    return tuple(sorted(pairs, key=lambda pair: pair[1].output_padding))


def choices(rule: Callable[[V], int], candidates: Iterable[V], target: int) -> tuple[V, ...]:
    """Return the candidates that give the target.

    >>> choices(lambda stride: (224 + 2 * 3 - 7) // stride + 1, SMALL["s"], 112)
    (2,)
    """
    return tuple(value for value in candidates if _size(rule, value) == target)


def nearest(rule: Callable[[V], int], candidates: Iterable[V], target: int) -> tuple[tuple[V, int], ...]:
    """Return the candidates whose sizes are closest to the target, below and above it, with these sizes.

    >>> nearest(lambda stride: 16 // stride, (1, 2, 3, 4, 5), 7)
    ((3, 5), (2, 8))
    """
    pairs = [(value, size) for value in candidates if (size := _size(rule, value)) is not None]
    below = max((pair for pair in pairs if pair[1] < target), key=lambda pair: pair[1], default=None)
    above = min((pair for pair in pairs if pair[1] > target), key=lambda pair: pair[1], default=None)
    return tuple(pair for pair in (below, above) if pair is not None)


def interval(rule: Callable[[int], int], target: int, most: int) -> Interval | None:
    """Return all lengths from 1 to `most` that give the target, or None if none does.

    The rule must be non-decreasing in the length, and may refuse lengths only for being too short. Raises `LayerError`
    if it refuses `most`: then the mistake is not in the length.

    >>> interval(lambda length: (length - 3) // 2 + 1, target=31, most=1000)
    Interval(low=63, high=64)
    """
    rule(most)
    low = first_at_least(rule, target, most)
    high = first_at_least(rule, target + 1, most) - 1
    return Interval(low, high) if low <= high else None


def first_at_least(rule: Callable[[int], int], target: int, most: int) -> int:
    """Return the smallest length from 1 to `most` whose size is at least the target, `most` + 1 if there is none."""
    low, high = 1, most + 1
    while low < high:
        middle = (low + high) // 2
        size = _size(rule, middle)
        if size is not None and size >= target:
            high = middle
        else:
            low = middle + 1
    return low


def _size(rule: Callable[[V], int], value: V) -> int | None:
    """Return the size that a value gives, None if it does not fit."""
    try:
        return rule(value)
    except LayerError:
        return None
