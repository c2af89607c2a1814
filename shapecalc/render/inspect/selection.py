"""Which rows of an inspection are shown, and in which order: `--filter`, `--sort` and `--top`."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from fractions import Fraction
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.parser.quantities import read_quantity
from shapecalc.render.inspect.columns import column
from shapecalc.render.inspect.lines import layer_lines
from shapecalc.render.tables.model import Amount, Share

if TYPE_CHECKING:
    from collections.abc import Callable

    from shapecalc.render.inspect.columns import Column
    from shapecalc.render.inspect.lines import Line
    from shapecalc.render.tables.model import Value
    from shapecalc.shape_inference.report import Report

_CONDITION = re.compile(r"\s*([\w%]+)\s*(>=|<=|!=|=|>|<)\s*(.+?)\s*", re.DOTALL)
_COMPARED: dict[str, Callable[[Fraction, Fraction], bool]] = {
    ">": lambda value, bound: value > bound,
    "<": lambda value, bound: value < bound,
    ">=": lambda value, bound: value >= bound,
    "<=": lambda value, bound: value <= bound,
}


class RowFilter(NamedTuple):
    """A condition on a column, such as `type=conv`, `path=layer1.*` or `params>1M`."""

    column: Column
    sign: str
    text: str

    def allows(self, line: Line, report: Report) -> bool:
        """Return whether a line meets the condition; a blank or unknown value meets only `!=`."""
        value = self.column.of(line, report)
        number, bound = number_of(value), read_quantity(self.text, of_bytes=True)
        if self.sign in _COMPARED:
            return number is not None and bound is not None and _COMPARED[self.sign](number, bound)
        if number is not None and bound is not None:
            equal = number == bound
        else:
            equal = bool(value.exact()) and fnmatchcase(value.exact(), self.text)
        return equal == (self.sign == "=")


class RowSelection(NamedTuple):
    """The rows to show: those that meet every filter, sorted by a column if one is given, and the first of them."""

    filters: tuple[RowFilter, ...] = ()
    sort: Column | None = None
    top: int | None = None

    def lines(self, report: Report, depth: int | None = None) -> list[Line]:
        """Return the lines with their full paths: in the order of computation, or counts from the largest down.

        Blank and unknown values are last.
        """
        lines = [line for line in layer_lines(report, depth) if all(each.allows(line, report) for each in self.filters)]
        by = self.sort
        if by is not None:
            keys = [(by.of(line, report), line) for line in lines]
            known = [(number, line) for value, line in keys if (number := number_of(value)) is not None]
            texts = [(value.exact(), line) for value, line in keys if number_of(value) is None]
            known.sort(key=lambda each: -each[0])
            texts.sort(key=lambda each: (not each[0], each[0]))
            lines = [line for _, line in known] + [line for _, line in texts]
        return lines[: self.top]


def row_filter(text: str) -> RowFilter | None:
    """Return the filter that a text states, None if it is not one.

    >>> row_filter("type=conv").text, row_filter("macs >= 1G").sign, row_filter("weather=rain")
    ('conv', '>=', None)
    """
    match = _CONDITION.fullmatch(text)
    known = None if match is None else column(match[1].lower())
    if match is None or known is None:
        return None
    if match[2] in _COMPARED and read_quantity(match[3], of_bytes=True) is None:
        return None
    return RowFilter(known, match[2], match[3])


def number_of(value: Value) -> Fraction | None:
    """Return the number of a value: a count, a share in percent, a field's number; None for a text or an expression."""
    if isinstance(value, Share):
        if isinstance(value.part, int) and isinstance(value.total, int) and value.total != 0:
            return Fraction(100 * value.part, value.total)
        return None
    if isinstance(value, Amount):
        return Fraction(value.count) if isinstance(value.count, int) else None
    text = value.exact()
    return Fraction(text) if re.fullmatch(r"-?\d{1,40}(\.\d{1,20})?", text) else None
