"""Numbers that remember the arithmetic that made them, so that a kernel run on them writes out its own working.

A kernel of `reference` runs on arrays of any scalar. Run on these, each element of its output has a value and the
expression that gave it: `0·1 + 1·1 + 1·1`. Nothing is derived a second time: what is shown is what was computed.
Values are floats, or with `Fraction` exact: then an operation without an exact result raises `InexactError`.
"""

from __future__ import annotations

import math
import operator
from fractions import Fraction
from itertools import groupby
from typing import TYPE_CHECKING, Any, Self, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

Value: TypeAlias = float | Fraction

SUM, PRODUCT, POWER, ATOM = range(4)
"""How closely an expression binds, for its parentheses."""

MOST_TERMS = 32
"""Terms of a sum that are written; of a longer one the first and last are."""
SHOWN_TERMS = 4

DIGITS = 6


def _is_nan(value: Value) -> bool:
    return isinstance(value, float) and math.isnan(value)


class InexactError(ArithmeticError):
    """An operation without an exact result as a fraction, where exact results are expected."""


def number(value: Value, digits: int = DIGITS) -> str:
    """Return a number in at most `digits` significant digits; a fraction exactly.

    >>> number(2.0), number(-0.1234567), number(Fraction(1, 3)), number(1e20), number(-0.0)
    ('2', '−0.123457', '1/3', '1e+20', '0')
    """
    if isinstance(value, Fraction):
        text = str(value)
    elif not math.isfinite(value):
        text = "NaN" if _is_nan(value) else "∞" if value > 0 else "-∞"
    else:
        text = f"{value:.{digits}g}"
        text = "0" if text == "-0" else text
    return text.replace("-", "−") if text.startswith("-") else text


def _exact(value: Any) -> Value:
    """Return a constant of a kernel as the fraction that it is written as: 0.1 is 1/10; infinity stays a float."""
    if isinstance(value, float):
        return Fraction(str(value)) if math.isfinite(value) else value
    return value if isinstance(value, Fraction) else Fraction(int(value))


class Traced:
    """A number and its expression.

    Operations on it and with it return such numbers. `part` is an operation and its operands, or None
    for a number that is given, whose `rank` orders factors: inputs (0) are written before weights (1).
    """

    __slots__ = ("origin", "part", "rank", "value")

    def __init__(self, value: Value | int, rank: int = 0, part: tuple[str, tuple[Traced, ...]] | None = None) -> None:
        self.value: Value = value if isinstance(value, Fraction) else float(value)
        self.part = part
        self.rank = rank
        self.origin: str | None = None
        """The element that this number is, if it is one of those given, by name: `x[0, 1]`."""

    def __repr__(self) -> str:
        """Return the expression and its value.

        >>> Traced(3) * Traced(2) + 1
        3·2 + 1 = 7
        """
        return self.equation()

    __hash__ = None  # type: ignore[assignment]

    def __float__(self) -> float:
        return float(self.value)

    def __bool__(self) -> bool:
        return bool(self.value)

    def of(self, other: object) -> Traced:
        """Return an operand as such a number, exact if this one is.

        Raises `TypeError` for what is not a number.
        """
        if not isinstance(other, Traced):
            return Traced(_exact(other) if isinstance(self.value, Fraction) else float(other))  # type: ignore[arg-type]
        if isinstance(self.value, Fraction) and not isinstance(other.value, Fraction):
            return Traced(_exact(other.value), other.rank, other.part)
        return other

    def equation(self, digits: int = DIGITS) -> str:
        """Return the expression, `=` and the value; only the value of a number that is given."""
        if self.part is None:
            return number(self.value, digits)
        return f"{self.text(digits)} = {number(self.value, digits)}"

    def text(self, digits: int = DIGITS) -> str:
        """Return the expression with its numbers."""
        return _text(self, digits)[0]

    def maximum(self, other: object) -> Traced:
        """Return the greater of two, as an expression that names both."""
        other = self.of(other)
        return self._chosen("max", other, self_wins=_is_nan(self.value) or self.value >= other.value)

    def minimum(self, other: object) -> Traced:
        """Return the smaller of two, as an expression that names both."""
        other = self.of(other)
        return self._chosen("min", other, self_wins=_is_nan(self.value) or self.value <= other.value)

    def _chosen(self, sign: str, other: Traced, *, self_wins: bool) -> Traced:
        """Return one of two numbers; it is an element of those given if the other one is too, or is padding."""
        wins, loses = (self, other) if self_wins else (other, self)
        chosen = Traced(wins.value, part=(sign, (self, other)))
        if loses.origin is not None or math.isinf(loses.value):
            chosen.origin = wins.origin
        return chosen

    def conjugate(self) -> Self:
        """Return itself: NumPy calls it for inner products."""
        return self


def _two_sided(sign: str, operate: Callable[[Any, Any], Any], *, identity: int | None) -> tuple[Any, Any]:
    def apply(left: Traced, right: Traced) -> Traced:
        left = right.of(left)
        try:
            value = operate(left.value, right.value)
        except ZeroDivisionError:
            if isinstance(left.value, Fraction):
                raise InexactError(f"{number(left.value)}/0") from None
            value = math.nan if not left.value else math.copysign(math.inf, left.value)
        except OverflowError:
            value = math.inf
        return Traced(_real(value, left, sign, right), part=(sign, (left, right)))

    def forward(self: Traced, other: object) -> Traced:
        if type(other) is int and other == identity:  # no number of the user's: those are Traced
            return self
        return apply(self, self.of(other))

    def reflected(self: Traced, other: object) -> Traced:
        if type(other) is int and other == identity and sign in "+·":
            return self
        return apply(self.of(other), self)

    return forward, reflected


def _real(value: Any, left: Traced, sign: str, right: Traced) -> Value:
    """Return the value of an operation; raises `InexactError` for a root of a fraction, which Python rounds."""
    if isinstance(value, complex):
        value = math.nan
    if isinstance(value, float) and isinstance(left.value, Fraction) and isinstance(right.value, Fraction):
        raise InexactError(f"({number(left.value)}){sign}({number(right.value)})")
    result: Value = value
    return result


def _comparison(compare: Callable[[Any, Any], bool]) -> Any:
    def compared(self: Traced, other: object) -> bool:
        return compare(self.value, self.of(other).value)

    return compared


def _one_sided(name: str, apply: Callable[[float], float]) -> Any:
    def applied(self: Traced) -> Traced:
        if isinstance(self.value, Fraction):
            raise InexactError(name)
        try:
            value = apply(self.value)
        except OverflowError:
            value = math.inf
        except ValueError:  # of no real result
            value = -math.inf if name == "log" and not self.value else math.nan
        return Traced(value, part=(name, (self,)))

    return applied


def _square_root(self: Traced) -> Traced:
    value = self.value
    if isinstance(value, Fraction):
        root = Fraction(math.isqrt(abs(value.numerator)), math.isqrt(value.denominator))
        if root * root != value:
            text = number(value)
            raise InexactError(f"√{text}" if text.isdigit() else f"√({text})")
        return Traced(root, part=("√", (self,)))
    return Traced(math.sqrt(value) if value >= 0 else math.nan, part=("√", (self,)))


def _negative(self: Traced) -> Traced:
    value: Value = -self.value
    return Traced(value, part=("neg", (self,)))


def _absolute(self: Traced) -> Traced:
    value: Value = -self.value if self.value < 0 else self.value
    return Traced(value, part=("abs", (self,)))


def _rounding(name: str, apply: Callable[[Any], int]) -> Any:
    def applied(self: Traced) -> Traced:
        value = self.value
        if math.isfinite(value):
            value = Fraction(apply(value)) if isinstance(value, Fraction) else float(apply(value))
        return Traced(value, part=(name, (self,)))

    return applied


for _name, _symbol, _operate, _identity in (
    ("add", "+", operator.add, 0),
    ("sub", "−", operator.sub, 0),
    ("mul", "·", operator.mul, 1),
    ("truediv", "/", operator.truediv, 1),
    ("pow", "^", operator.pow, 1),
):
    _forward, _reflected = _two_sided(_symbol, _operate, identity=_identity)
    setattr(Traced, f"__{_name}__", _forward)
    setattr(Traced, f"__r{_name}__", _reflected)
for _name in ("lt", "le", "gt", "ge", "eq", "ne"):
    setattr(Traced, f"__{_name}__", _comparison(getattr(operator, _name)))
for _function in (math.exp, math.expm1, math.log, math.log1p, math.tanh, math.sin, math.cos, math.erf):
    setattr(Traced, _function.__name__, _one_sided(_function.__name__, _function))
for _name, _method in (("sqrt", _square_root), ("__neg__", _negative), ("__abs__", _absolute)):
    setattr(Traced, _name, _method)
for _name, _written, _apply in (
    ("__floor__", "floor", math.floor),
    ("__ceil__", "ceil", math.ceil),
    ("rint", "round", round),
):
    setattr(Traced, _name, _rounding(_written, _apply))


def _text(traced: Traced, digits: int) -> tuple[str, int]:
    """Return an expression and how closely it binds."""
    if traced.part is None:
        text = number(traced.value, digits)
        return text, SUM if text[0] == "−" or "/" in text else ATOM
    sign, operands = traced.part
    if sign in _SIGNS:
        return _SIGNS[sign](traced, operands, digits)
    return f"{sign}({operands[0].text(digits)})", ATOM


def _product(traced: Traced, _operands: tuple[Traced, ...], digits: int) -> tuple[str, int]:
    factors = sorted(_chain(traced, "·"), key=lambda factor: factor.rank)
    texts = [
        f"{_bound(factor, ATOM, digits)}^{1 + len(equal)}" if equal else _bound(factor, PRODUCT, digits)
        for factor, *equal in ([*group] for _, group in groupby(factors, key=id))
    ]
    return "·".join(texts), PRODUCT if len(texts) > 1 else POWER


def _quotient(_traced: Traced, operands: tuple[Traced, ...], digits: int) -> tuple[str, int]:
    above, below = operands
    return f"{_bound(above, PRODUCT, digits)}/{_bound(below, POWER, digits)}", PRODUCT


def _power(_traced: Traced, operands: tuple[Traced, ...], digits: int) -> tuple[str, int]:
    base, exponent = operands
    return f"{_bound(base, ATOM, digits)}^{_bound(exponent, ATOM, digits)}", POWER


def _extreme(traced: Traced, _operands: tuple[Traced, ...], digits: int) -> tuple[str, int]:
    assert traced.part is not None
    sign = traced.part[0]
    return f"{sign}({', '.join(_elided([part.text(digits) for part in _chain(traced, sign)]))})", ATOM


def _bound(traced: Traced, tightness: int, digits: int) -> str:
    text, binds = _text(traced, digits)
    return text if binds >= tightness else f"({text})"


def _sum(traced: Traced, _operands: tuple[Traced, ...], digits: int) -> tuple[str, int]:
    (_, first), *others = _terms(traced)  # the leftmost operand is not subtracted
    head, binds = _text(first, digits)
    texts = [head if binds >= PRODUCT or first.part is None else f"({head})"]
    texts += [f" {sign} {_bound(term, PRODUCT, digits)}" for sign, term in others]
    return "".join(_elided(texts, f" + … ({len(texts) - 2 * SHOWN_TERMS} terms)")), SUM


def _elided(parts: list[str], gap: str = "…") -> list[str]:
    return [*parts[:SHOWN_TERMS], gap, *parts[-SHOWN_TERMS:]] if len(parts) > MOST_TERMS else parts


def _terms(traced: Traced) -> Iterator[tuple[str, Traced]]:
    """Yield the signs and terms of a sum; one of a thousand terms is a thousand levels deep on its left."""
    pending: list[tuple[str, Traced]] = []
    while traced.part is not None and traced.part[0] in "+−":
        sign, (left, right) = traced.part
        pending.append((sign, right))
        traced = left
    yield "+", traced
    yield from reversed(pending)


def _chain(traced: Traced, sign: str) -> list[Traced]:
    """Return the operands of a chain of one operation, in order."""
    pending: list[Traced] = []
    while traced.part is not None and traced.part[0] == sign:
        left, right = traced.part[1]
        pending.append(right)
        traced = left
    return [traced, *reversed(pending)]


_SIGNS: Mapping[str, Callable[[Traced, tuple[Traced, ...], int], tuple[str, int]]] = {
    "+": _sum,
    "−": _sum,
    "·": _product,
    "/": _quotient,
    "^": _power,
    "max": _extreme,
    "min": _extreme,
    "√": lambda _, operands, digits: (f"√{_bound(operands[0], ATOM, digits)}", ATOM),
    "neg": lambda _, operands, digits: (f"−{_bound(operands[0], PRODUCT, digits)}", SUM),
    "abs": lambda _, operands, digits: (f"|{operands[0].text(digits)}|", ATOM),
}
"""How each operation is written; any other is a function of one operand."""
