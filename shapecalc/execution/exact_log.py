"""Logarithms of products of exact factors, for searches that add and compare log-probabilities."""

from __future__ import annotations

from fractions import Fraction
from math import inf, log, log1p

CLOSE = 1e-9
"""The relative difference of two logarithms in floating point below which the products decide."""


class ExactLog:
    """The logarithm of a product of numbers from 0 to 1: a sum of logarithms is the product of their factors.

    >>> score = ExactLog(Fraction(3, 5)) + ExactLog(Fraction(1, 2))
    >>> score.product, score.factors, score < ExactLog(Fraction(1))
    (Fraction(3, 10), (Fraction(3, 5), Fraction(1, 2)), True)
    """

    __slots__ = ("before", "factor", "known", "log", "sign")

    def __init__(self, factor: Fraction) -> None:
        self.factor = factor
        """The last factor."""
        self.before: ExactLog | None = None
        """The logarithm of the other factors, None if there is only one."""
        self.log = logarithm(factor)
        """The value in floating point."""
        self.sign = 1
        self.known: Fraction | None = factor
        """The product, None if it has not been needed."""

    @property
    def possible(self) -> bool:
        """Whether the product is not 0."""
        return self.log != -inf

    @property
    def factors(self) -> tuple[Fraction, ...]:
        """The factors, the first one first."""
        return tuple(each.factor for each in reversed(self._chain()))

    @property
    def product(self) -> Fraction:
        """The product of the factors."""
        if self.known is None:
            result = Fraction(1)
            for each in reversed(self._chain(to_the_first=False)):
                result = each.known = result * each.factor if each.known is None else each.known
        assert self.known is not None
        return self.known

    def _chain(self, *, to_the_first: bool = True) -> list[ExactLog]:
        """Return this and the ones before it, back to the first, or to one whose product is known."""
        chain = [self]
        while chain[-1].before is not None and (to_the_first or chain[-1].known is None):
            chain.append(chain[-1].before)
        return chain

    def __add__(self, other: ExactLog) -> ExactLog:
        assert other.before is None
        result = ExactLog.__new__(ExactLog)
        result.factor, result.before, result.log = other.factor, self, self.log + other.log
        result.sign, result.known = 1, None if self.possible and other.possible else Fraction(0)
        return result

    def __radd__(self, zero: float) -> ExactLog:
        """Return 0 + this, the start of a sum."""
        assert zero == 0
        return self

    def __truediv__(self, penalty: float) -> ExactLog:
        """Return this, as no length is penalized."""
        assert penalty == 1
        return self

    def __neg__(self) -> ExactLog:
        """Return a value in the reverse order, for sorting."""
        result = ExactLog.__new__(ExactLog)
        result.factor, result.before, result.log = self.factor, self.before, self.log
        result.sign, result.known = -self.sign, self.known
        return result

    def __lt__(self, other: ExactLog) -> bool:
        low, high = (self, other) if self.sign > 0 else (other, self)
        if abs(low.log - high.log) > CLOSE * (1 - max(low.log, high.log)):
            return low.log < high.log
        if low.before is high.before and low.possible:
            return low.factor < high.factor
        return low.product < high.product

    def __gt__(self, other: ExactLog) -> bool:
        return other < self


def logarithm(number: Fraction) -> float:
    """Return ln of a number from 0 to 1, accurate near 1 and for numbers that no float can be; −∞ of 0.

    >>> round(logarithm(Fraction(1, 10**400)), 9), logarithm(Fraction(10**12 - 1, 10**12))
    (-921.034037198, -1.0000000000005e-12)
    """
    if not number:
        return -inf
    if number > Fraction(1, 2):
        return log1p(float(number - 1))
    return log(number.numerator) - log(number.denominator)
