"""The figures that a text of an `expect:` block allows.

    figure     = bound | tolerance | range | quantity
    bound      = ( "<=" | "<" | ">=" | ">" ) quantity
    tolerance  = quantity ( "±" | "+-" ) ( quantity | number "%" )
    range      = quantity ".." quantity
    quantity   = number [unit]

Units are those of `quantities`. Figures are integers, so each of these is exactly a least and a greatest integer.
"""

from __future__ import annotations

import re
from math import ceil, floor
from typing import TYPE_CHECKING

from shapecalc.architecture import Bounds
from shapecalc.parser.quantities import UNITS, read_quantity

if TYPE_CHECKING:
    from fractions import Fraction

EXPECTED = 'a whole number, a bound such as "<= 25.6M" or a tolerance such as "61706 ± 2%"'

_LONGEST = 200
_BOUND = re.compile(r"(<=|>=|<|>|≤|≥) *([^ ].*)")
_TOLERANCE = re.compile(r" *(?:±|\+-|\+/-) *")
_TYPOS = ((r"^=<", "<="), (r"^=>", ">="), (r"^([<>]) +=", r"\1="), (r"^==? *", ""))
_SEPARATOR = re.compile(r"(?<=[0-9])[,_' ](?=[0-9]{3})")
_OF_BYTES = re.compile(r"(?<=[0-9KMGTikmgt])[Bb]\b")


class BoundsError(ValueError):
    """What is expected instead of a text that is not a bound or allows no figure, perhaps with `help`."""

    def __init__(self, expected: str = EXPECTED, help_text: str | None = None) -> None:
        super().__init__(expected)
        self.help = help_text


def read_bounds(text: str, *, of_bytes: bool = False) -> Bounds:
    """Return the figures that a text allows; raise `BoundsError` if it is not a bound or allows no figure.

    >>> read_bounds("< 25.6M")
    Bounds(least=0, most=25599999, text='< 25.6M')
    >>> read_bounds("61706 ± 2%")[:2], read_bounds("1K .. 2K")[:2]
    ((60472, 62940), (1000, 2000))
    """
    text = text.strip(" ")
    if len(text) > _LONGEST:
        raise BoundsError
    low, high = _ends(text, of_bytes=of_bytes)
    least, most = max(ceil(low), 0), None if high is None else floor(high)
    if most is not None and most < least:
        raise BoundsError("what some whole number from 0 on can be")
    return Bounds(least, most, text)


def corrected(text: str, *, of_bytes: bool = False) -> str | None:
    """Return a bound with its typos corrected, None if that does not make it readable.

    >>> corrected("=< 25,600,000"), corrected("<= 5MB"), corrected("5 million")
    ('<= 25600000', '<= 5M', None)
    """
    if len(text) > _LONGEST:
        return None
    right = text.strip()
    for typo, meant in _TYPOS:
        right = re.sub(typo, meant, right)
    right = _SEPARATOR.sub("", right)
    if not of_bytes:
        right = _OF_BYTES.sub("", right)
    try:
        read_bounds(right, of_bytes=of_bytes)
    except BoundsError:
        return None
    return right


def _ends(text: str, *, of_bytes: bool) -> tuple[Fraction | int, Fraction | int | None]:
    bound = _BOUND.fullmatch(text)
    if bound is not None:
        number = _quantity(bound[2], of_bytes=of_bytes)
        match bound[1]:
            case "<":
                return 0, ceil(number) - 1
            case "<=" | "≤":
                return 0, number
            case ">":
                return floor(number) + 1, None
            case _:
                return number, None
    middle, *tolerance = _TOLERANCE.split(text)
    if len(tolerance) == 1:
        number = _quantity(middle, of_bytes=of_bytes)
        if tolerance[0].endswith("%"):
            off = number * _quantity(tolerance[0].removesuffix("%").rstrip(" "), of_bytes=False) / 100
        else:
            off = _quantity(tolerance[0], of_bytes=of_bytes)
        if off and off >= number:
            raise BoundsError("a tolerance below the figure itself")
        return number - off, number + off
    low, dots, high = text.partition("..")
    least = _quantity(low.rstrip(" ") if dots else text, of_bytes=of_bytes)
    return least, _quantity(high.lstrip(" "), of_bytes=of_bytes) if dots else least


def _quantity(text: str, *, of_bytes: bool) -> Fraction:
    number = read_quantity(text, of_bytes=of_bytes)
    if number is None:
        unit = re.fullmatch(r"[0-9.]+ ?([A-Za-z]+)", text)
        if unit is None:
            raise BoundsError
        known = ", ".join(unit + "B" * of_bytes for unit in UNITS if unit)
        raise BoundsError(f"a unit that it knows behind {text.removesuffix(unit[1]).rstrip()}", f"units: {known}")
    return number
