"""Conditions on a change, in one line: `params > +2%`, `memory > 4GiB`, `layers != +0`.

    CONDITION {"and" CONDITION} {"or" CONDITION {"and" CONDITION}}
    CONDITION: METRIC SIGN [+|-]NUMBER[UNIT|%]

METRIC is params, buffers, macs, flops, memory, activations, layers or active_params; SIGN one of > >= < <= == !=. A
number with a sign is compared with the change, after − before; with a percent sign it is a share of the value before. A
number without a sign is compared with the value after. Units are those of `expect:`, K M G T and Ki Mi Gi Ti; of memory
and activations, which are bytes, followed by B. Numbers are exact: `+0.1%` of 3,000 is 3, and 3 is not more than that.
"""

from __future__ import annotations

import re
from math import inf
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.dims import free_symbols, greatest, least
from shapecalc.dims.reader import COMPARISONS
from shapecalc.parser.quantities import UNITS, read_quantity

if TYPE_CHECKING:
    from fractions import Fraction

    from shapecalc.dims import Dim

METRICS = ("params", "buffers", "macs", "flops", "memory", "activations", "layers", "active_params")
"""The figures of a network (`shapecalc.diffing.diff.Figures`), each before and after a change."""
OF_BYTES = frozenset({"memory", "activations"})
_ALSO = {"≥": ">=", "≤": "<=", "=": "==", "≠": "!="}
_CONDITION = re.compile(r"\s*(\w+)\s*(>=|<=|==|!=|[><=≥≤≠])\s*([+\-−]?)\s*([^\s%+\-−][^%+\-−]*?)\s*(%?)\s*")


class Threshold(NamedTuple):
    """One condition, and how it was written; `signed` is about the change, `percent` about its share of what was."""

    metric: str
    sign: str
    number: Fraction
    signed: bool
    percent: bool
    text: str

    def holds(self, figures: Any) -> bool | None:
        """Return whether the condition holds of `Figures`, whatever free symbols are; None if that depends on them.

        None also if the figure itself is unknown.
        """
        excess = self._excess(figures)
        if excess is None:
            return None
        compare = COMPARISONS[self.sign]
        if isinstance(excess, int):
            return bool(compare(excess, 0))
        least_excess, greatest_excess = least(excess), greatest(excess)
        low = -inf if least_excess is None else least_excess
        high = inf if greatest_excess is None else greatest_excess
        if compare(low, 0) != compare(high, 0) or (self.sign in ("==", "!=") and low <= 0 <= high):
            return None
        return bool(compare(low, 0))

    def open_symbols(self, figures: Any) -> tuple[str, ...]:
        """Return the symbols that the answer depends on."""
        excess = self._excess(figures)
        return () if excess is None else free_symbols(excess)

    def _excess(self, figures: Any) -> Dim | None:
        """Return the value minus the stated number, times a positive factor that makes it an integer."""
        change = getattr(figures, self.metric)
        value: Dim | None = change.delta if self.signed else change.after
        if value is None:
            return None
        if not self.percent:
            return value * self.number.denominator - self.number.numerator
        before: Dim = change.before  # known, because the delta is
        share = self.number / 100
        return value * share.denominator - before * share.numerator


Alternatives = tuple[tuple[Threshold, ...], ...]
"""Groups of conditions: one group must hold, with all of its conditions."""


def compares_change(alternatives: Alternatives) -> bool:
    """Return whether a condition compares the change, which one network does not have.

    >>> compares_change(read_thresholds("params > 25M and macs > +2%"))
    True
    """
    return any(threshold.signed for group in alternatives for threshold in group)


class ThresholdError(ValueError):
    """A text that is not a condition; the message is what was expected."""


def read_thresholds(text: str) -> Alternatives:
    """Read conditions joined by `and`, which binds tighter, and `or`; raise `ThresholdError` for any other text.

    >>> [[one.text for one in group] for group in read_thresholds("macs > 4G or params > +2% and layers > +0")]
    [['macs > 4G'], ['params > +2%', 'layers > +0']]
    """
    return tuple(
        tuple(read_threshold(part) for part in re.split(r"\s+and\s+", group, flags=re.IGNORECASE))
        for group in re.split(r"\s+or\s+", text, flags=re.IGNORECASE)
    )


def judged(alternatives: Alternatives, figures: Any) -> tuple[bool | None, tuple[Threshold, ...]]:
    """Return whether one group holds, None if that depends on unbound symbols, and the conditions that decide it.

    They are those of the first group that holds, or those that depend on symbols.
    """
    undecided: list[Threshold] = []
    for group in alternatives:
        answers = [threshold.holds(figures) for threshold in group]
        if all(answers):
            return True, group
        if False not in answers:
            undecided += [threshold for threshold, answer in zip(group, answers, strict=True) if answer is None]
    return (None if undecided else False), tuple(undecided)


def read_threshold(text: str) -> Threshold:
    """Read a condition; raise `ThresholdError` for any other text.

    >>> read_threshold("params > +2%")[:5]
    ('params', '>', Fraction(2, 1), True, True)
    >>> read_threshold("memory<=4GiB").number
    Fraction(4294967296, 1)
    """
    match = _CONDITION.fullmatch(text)
    if match is None:
        raise ThresholdError("expects METRIC SIGN NUMBER such as `params > +2%`")
    metric, sign, direction, digits, percent = match.groups()
    metric = metric.lower()
    if metric not in METRICS:
        raise ThresholdError(_unknown(metric))
    if percent and not direction:
        raise ThresholdError(f"compares a percentage with a total: for the change write `{metric} {sign} +{digits}%`")
    number = read_quantity(digits, of_bytes=metric in OF_BYTES and not percent)
    if number is None or (percent and not digits[-1].isdigit()):
        units = ", ".join(f"{unit}B" if metric in OF_BYTES else unit for unit in UNITS if unit)
        raise ThresholdError(f"expects a number, as in `+2%`, `-10` or with a unit ({units}), receives `{digits}`")
    number = number if direction in ("", "+") else -number
    return Threshold(metric, _ALSO.get(sign, sign), number, bool(direction), bool(percent), text.strip())


def _unknown(metric: str) -> str:
    from shapecalc.diagnostics.suggestions import closest  # noqa: PLC0415 - only a mistake needs it

    near = closest(metric, METRICS)
    return f"has no metric `{metric}`; " + (f"did you mean `{near}`?" if near else f"metrics: {', '.join(METRICS)}")
