"""The format of counts, sizes and times in tables: `unknown` for None, expressions in mathematical signs."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Context, Decimal
from typing import TYPE_CHECKING

from shapecalc.diagnostics.numbers import byte_size, decimal
from shapecalc.dims import grouped as grouped_dim

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from fractions import Fraction

    from shapecalc.shape_inference.rows import Count

MILLION = 10**6
_UNITS = ((18, "E"), (15, "P"), (12, "T"), (9, "G"), (6, "M"))
_SMALL_EXPONENT = -4
_HUGE_LOSS = 10_000
"""The least loss that is written with an exponent."""


def grouped(count: Count) -> str:
    """Return a count with its digits in groups of three.

    >>> grouped(61_706), grouped(None)
    ('61,706', 'unknown')
    """
    return "unknown" if count is None else grouped_dim(count)


def rounded(count: Count) -> str:
    """Return a short count: from a million on, three digits with a unit.

    >>> rounded(999_999), rounded(1_849_688_064), rounded(102_764_544)
    ('999,999', '1.85 G', '103 M')
    """
    if not isinstance(count, int) or count < MILLION:
        return grouped(count)
    unit, letter = next((10**power, letter) for power, letter in _UNITS if count >= 10**power)
    texts = (decimal(count, unit, digits) for digits in (2, 1, 0))
    return f"{next(text for text in texts if '.' not in text or len(text) <= len('1.85'))} {letter}"


def exact(count: Count) -> str:
    """Return a count for programs: plain digits, an expression as `shapecalc.dims.parse` reads it, "" for None."""
    return "" if count is None else str(count)


def memory(size: Count) -> str:
    """Return bytes in binary units.

    >>> memory(246_824), memory(1023), memory(None)
    ('241.0 KiB', '1023 B', 'unknown')
    """
    if isinstance(size, int):
        return byte_size(size)
    return grouped(size) if size is None else f"{grouped(size)} bytes"


def share(part: Count, total: Count) -> str:
    """Return a part of a total in percent, rounded half up; "" if it is 0 or an expression.

    >>> share(117_600, 416_520), share(0, 416_520), share(1, 416_520)
    ('28.2 %', '', '<0.1 %')
    """
    if not isinstance(part, int) or not isinstance(total, int) or part == 0:
        return ""
    tenths = decimal(100 * part, total, 1)
    return "<0.1 %" if tenths == "0.0" else f"{tenths} %"


def times(part: Count, total: Count) -> str:
    """Return the ratio of a part to a total.

    >>> times(25, 10), times(3, 0)
    ('2.50 x', '')
    """
    if not isinstance(part, int) or not isinstance(total, int) or total == 0:
        return ""
    return f"{decimal(part, total, 2)} x"


def signed(delta: Count, write: Callable[[Count], str]) -> str:
    """Return a difference with its sign; "" if it is 0.

    >>> signed(1200, grouped), signed(-3, grouped), signed(0, grouped), signed(None, grouped)
    ('+1,200', '−3', '', 'unknown')
    """
    if delta is None:
        return "unknown"
    if isinstance(delta, int):
        return "" if delta == 0 else f"{'+' if delta > 0 else '−'}{write(abs(delta))}"
    text = write(delta)
    return text if text.startswith(("-", "−")) else f"+{text}"


def seconds(time: float) -> str:
    """Return a time in its unit.

    >>> seconds(0.003), seconds(0.24), seconds(65)
    ('3 ms', '0.24 s', '1 min 5 s')
    """
    if time < 0.1:  # noqa: PLR2004 - below it hundredths of a second say little
        return f"{time * 1000:.0f} ms" if time >= 0.001 else "below 1 ms"  # noqa: PLR2004
    minutes, rest = divmod(time, 60)
    return f"{int(minutes)} min {rest:.0f} s" if minutes else f"{time:.2f} s"


def error(relative: float | None) -> str:
    """Return a relative error with one significant digit.

    >>> error(3.14e-10), error(0.0)
    ('3e-10', '0')
    """
    return "0" if not relative else f"{relative:.0e}"


def loss(value: float, digits: int = 3) -> str:
    """Return a loss with `digits` digits after the point, from 10,000 on with three significant digits and an exponent.

    >>> loss(2.30258), loss(2.7e30)
    ('2.303', '2.7e+30')
    """
    return f"{value:.{digits}f}" if value < _HUGE_LOSS else f"{value:.3g}"


def significant(number: Fraction, digits: int = 4) -> str:
    """Return a number of at least 0 with at most `digits` significant digits, below 1/10,000 with an exponent.

    >>> from fractions import Fraction
    >>> significant(Fraction(33, 100)), significant(Fraction(2, 3)), significant(Fraction(1, 10**9))
    ('0.33', '0.6667', '1e-9')
    """
    if not number:
        return "0"
    quotient = _quotient(number, digits)
    if _SMALL_EXPONENT <= quotient.adjusted() <= digits:
        return f"{quotient:f}"
    return f"{quotient:e}".replace("e-0", "e-")


def significant_is_exact(number: Fraction, digits: int = 4) -> bool:
    """Return whether `significant` loses nothing of a number.

    >>> from fractions import Fraction
    >>> significant_is_exact(Fraction(1, 8)), significant_is_exact(Fraction(1, 3))
    (True, False)
    """
    return _quotient(number, digits).as_integer_ratio() == number.as_integer_ratio()


def _quotient(number: Fraction, digits: int) -> Decimal:
    context = Context(prec=digits, rounding=ROUND_HALF_UP, Emin=-(10**9), Emax=10**9)
    return context.divide(Decimal(number.numerator), Decimal(number.denominator))


def at_sizes(sizes: Mapping[str, int]) -> str:
    """Return the sizes of symbols.

    >>> at_sizes({"N": 1, "H": 224})
    'N = 1, H = 224'
    """
    return ", ".join(f"{name} = {size}" for name, size in sizes.items())
