"""Numbers as messages and tables write them: exact, halves rounded up."""

from __future__ import annotations

import math

UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB")


def decimal(part: int, total: int, digits: int) -> str:
    """Return part / total with `digits` digits after the point.

    >>> decimal(1, 8, 2), decimal(12_345, 10, 1), decimal(5, 2, 0)
    ('0.13', '1,234.5', '3')
    """
    unit = 10**digits
    scaled = (2 * unit * part + total) // (2 * total)
    return f"{scaled // unit:,}.{scaled % unit:0{digits}}" if digits else f"{scaled:,}"


def byte_size(size: int) -> str:
    """Return bytes in binary units, with one decimal.

    >>> byte_size(246_824), byte_size(1023), byte_size(4 * 2**30)
    ('241.0 KiB', '1023 B', '4.0 GiB')
    """
    power = min(max(size.bit_length() - 1, 0) // 10, len(UNITS) - 1)
    if power < len(UNITS) - 1 and 20 * size >= 20_479 * 1024**power:
        power += 1  # 1023.95 KiB is rounded to 1.0 MiB
    return f"{decimal(size, 1024**power, 1)} {UNITS[power]}" if power else f"{size} B"


def option_size(size: int) -> str:
    """Return bytes as an option takes them, rounded up to the next unit.

    >>> option_size(5 * 2**30 + 1), option_size(13_000_000)
    ('6GiB', '13MiB')
    """
    power = 3 if size > 2**30 else 2
    return f"{-(-size // 1024**power)}{UNITS[power]}"


def operations(flops: int) -> str:
    """Return FLOPs in decimal units, with one decimal.

    >>> operations(30_960_211_968), operations(512)
    ('31.0 GFLOP', '512 FLOP')
    """
    for unit, letter in ((10**12, "T"), (10**9, "G"), (10**6, "M")):
        if flops >= unit:
            return f"{decimal(flops, unit, 1)} {letter}FLOP"
    return f"{flops} FLOP"


def percent(part: int, total: int) -> str:
    """Return a share in percent, in two digits.

    >>> percent(161, 10_000), percent(1, 90_000), percent(9, 1)
    ('1.6%', 'under 0.01%', '900%')
    """
    share = 100 * part / total
    if share < 0.01:  # noqa: PLR2004 - two digits
        return "under 0.01%"
    return f"{share:,.0f}%" if share >= 10 else f"{share:.2g}%"  # noqa: PLR2004 - two digits


def scientific(number: int) -> str:
    """Return a count as text: digits in groups of three below 10^18, above as a power of ten.

    >>> scientific(960_000), scientific(10**80), scientific(7 * 9**30), scientific(2**60)
    ('960,000', '10^80', '2.97·10^29', '1.15·10^18')
    """
    if number < 10**18:
        return f"{number:,}"
    exponent = _exponent(number)
    if number == 10**exponent:
        return f"10^{exponent}"
    hundredths = (number // 10 ** (exponent - 3) + 5) // 10
    if hundredths == 1000:  # noqa: PLR2004 - 9.996 is 10.00
        hundredths, exponent = 100, exponent + 1
    return f"{decimal(hundredths, 100, 2)}·10^{exponent}"


def _exponent(number: int) -> int:
    """Return the exponent of the power of ten at or below a number; exact for numbers too long for `str`."""
    exponent = (number.bit_length() - 1) * 30_103 // 100_000
    while 10 ** (exponent + 1) <= number:
        exponent += 1
    while 10**exponent > number:
        exponent -= 1
    return exponent


def finite(number: float | None) -> float | None:
    """Return a number as JSON has it: None where it is infinite, not a number, or None.

    >>> finite(0.5), finite(float("inf")), finite(float("nan"))
    (0.5, None, None)
    """
    return number if number is not None and math.isfinite(number) else None
