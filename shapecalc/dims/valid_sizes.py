"""The sizes of one symbol at which conditions hold, decided exactly.

An expression in one symbol is a polynomial on each residue class of its period, because every innermost floor is
⌊(a·s + b)/c⌋, which grows by a·p/c if s grows by a multiple p of c. So a condition holds on a class everywhere,
nowhere, or between integers that can be computed exactly; one period of classes decides all sizes.
"""

from __future__ import annotations

from itertools import pairwise
from math import comb, lcm
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.dims.conditions import Condition, Relation
from shapecalc.dims.evaluation import evaluate
from shapecalc.dims.expression import Dim, Expr, collapsed, free_symbols, new_expr
from shapecalc.dims.sizes import Sizes
from shapecalc.dims.terms import DimLimitError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shapecalc.dims.terms import Terms

MOST_VALUES = 100_000
"""Values of expressions that may be computed, which takes about a second; what takes more is refused."""
MOST_NAMED = 100_000
"""Sizes that may be listed one by one."""


class Effort:
    """A budget of values to compute, shared by decisions, of which a file can require any number."""

    __slots__ = ("left",)

    def __init__(self, left: int = MOST_VALUES) -> None:
        self.left = left

    def take(self, values: int) -> None:
        """Subtract values from the budget; raise `DimLimitError` if it is exceeded."""
        if values > self.left:
            raise DimLimitError(f"that takes {values} values, more than the {self.left} left of {MOST_VALUES}")
        self.left -= values


def valid_sizes(conditions: Iterable[Condition], name: str, effort: Effort | None = None) -> Sizes:
    """Return the sizes of a symbol, from 1 on, at which all conditions hold; each must be in that symbol alone.

    Raises `DimLimitError` if that exceeds `effort`, by default `MOST_VALUES`, or if more than `MOST_NAMED` sizes would
    have to be listed.

    >>> from shapecalc.dims import parse
    >>> both = [Condition(parse("H - 2*(H//2)"), Relation.ZERO), Condition(parse("H - 7"), Relation.NONNEGATIVE)]
    >>> valid_sizes(both, "H")
    Sizes(early=(), start=8, period=2, residues=(0,))
    """
    plain = _plain(conditions, name)
    period = _common_period(plain)
    # A polynomial of degree d is evaluated at d + 1 points, and so are its differences.
    values = period * sum((_degree(entry.expr.terms) + 1) ** 2 for entry in plain)
    (effort or Effort()).take(values)
    classes = [_class(plain, name, residue, period) for residue in range(1, period + 1)]
    return _lowest(classes, period)


def _common_period(conditions: tuple[Condition, ...]) -> int:
    period = 1
    for entry in conditions:
        period = lcm(period, period_of(entry.expr))
        if period > MOST_VALUES:
            raise DimLimitError(f"`{entry}` repeats after {period} sizes, more than {MOST_VALUES}")
    return period


def _plain(conditions: Iterable[Condition], name: str) -> tuple[Condition, ...]:
    """Return each condition once, without floors that are not needed."""
    plain: dict[Condition, None] = {}
    for entry in conditions:
        others = [symbol for symbol in free_symbols(entry.expr) if symbol != name]
        if others:
            raise ValueError(f"`{entry}` is not in `{name}` alone")
        plain[_unfloored(entry)] = None
    return _tightest(plain, name)


def _tightest(conditions: Iterable[Condition], name: str) -> tuple[Condition, ...]:
    """Return conditions without the bounds a·s + b ≥ 0 that another one implies: each layer of a chain adds one."""
    bounds: dict[bool, tuple[int, Condition]] = {}  # the strongest from below, and from above
    others = []
    for entry in conditions:
        factor = entry.expr.terms.get(((name, 1),), 0)
        if entry.relation is not Relation.NONNEGATIVE or not factor or len(entry.expr.terms) > 1:
            others.append(entry)
            continue
        # s ≥ ⌈−b/a⌉ if a > 0, and −s ≥ ⌈−b/−a⌉ if a < 0.
        least = -(entry.expr.constant // abs(factor))
        known = bounds.get(factor > 0)
        if known is None or least > known[0]:
            bounds[factor > 0] = least, entry
    return (*others, *(entry for _, entry in bounds.values()))


def _unfloored(entry: Condition) -> Condition:
    """Return a bound of a floor as a bound of its dividend: ⌊x/c⌋ ≥ k ⇔ x ≥ c·k, ≤ k ⇔ x ≤ c·k + c − 1.

    Each floor multiplies the period; a bound on one side does not need it.
    """
    while entry.relation is Relation.NONNEGATIVE and len(entry.expr.terms) == 1:
        ((monomial, factor),) = entry.expr.terms.items()
        ((atom, power), *more) = monomial
        if more or power != 1 or isinstance(atom, str):
            break
        inner = collapsed(atom.terms, atom.constant)
        if factor > 0:
            bounded = inner - atom.divisor * -(entry.expr.constant // factor)
        else:
            bounded = atom.divisor * (entry.expr.constant // -factor + 1) - 1 - inner
        assert isinstance(bounded, Expr)  # a floor holds a symbol
        entry = Condition(bounded, Relation.NONNEGATIVE)
    return entry


def period_of(dim: Dim) -> int:
    """Return a period of a dim in one symbol: on each residue class modulo the period, the dim is a polynomial.

    >>> from shapecalc.dims import parse
    >>> period_of(parse("(H + 31)//32 + H//6")), period_of(parse("(H//2 + H//3)//5"))
    (96, 30)
    """
    if isinstance(dim, int):
        return 1
    return _period(dim.terms)


def _period(terms: Terms) -> int:
    """Return a number p such that the sum at s + p·t is a polynomial in t with integer coefficients for every s."""
    period = 1
    for monomial in terms:
        for atom, _ in monomial:
            if isinstance(atom, str):
                continue
            # The inner sum is a polynomial in t on classes of its own period q, with integer values; at steps of q·c
            # it grows by multiples of c, which the floor divides exactly.
            inner = _period(atom.terms)
            period = lcm(period, inner * atom.divisor)
            if period > MOST_VALUES**2:
                raise DimLimitError(f"`{new_expr({((atom, 1),): 1}, 0)}` repeats after more than {MOST_VALUES} sizes")
    return period


class _Class(NamedTuple):
    """One residue class, sizes r + p·t: the t below `settled` where all conditions hold, and whether they do after."""

    early: tuple[int, ...]
    settled: int
    after: bool


def _class(conditions: tuple[Condition, ...], name: str, residue: int, period: int) -> _Class:
    settled = 0
    polynomials = []
    for entry in conditions:
        polynomial = _polynomial(entry.expr, name, residue, period)
        polynomials.append((polynomial, entry.relation))
        settled = max(settled, _settled(polynomial))

    def holds(at: int) -> bool:
        return all(_true(_value(polynomial, at), relation) for polynomial, relation in polynomials)

    after = holds(settled)
    points: set[int] = set()
    for polynomial, _ in polynomials:
        points |= _breaks(polynomial, settled)
    early: list[int] = []
    marks = sorted({0, *points, settled})
    for low, high in pairwise(marks):
        # Between two breaks no polynomial changes its sign: one size decides for all.
        if not holds(low):
            continue
        if high - low > MOST_NAMED:
            raise DimLimitError(f"more than {MOST_NAMED} single sizes of `{name}` would have to be named")
        early += range(low, high)
    return _Class(tuple(early), settled, after)


def _true(value: int, relation: Relation) -> bool:
    return value == 0 if relation is Relation.ZERO else value >= 0


def _polynomial(expr: Expr, name: str, residue: int, period: int) -> tuple[int, ...]:
    """Return an expression at s = r + p·t as a polynomial in t: Newton's forward differences at t = 0."""
    degree = _degree(expr.terms)
    values: list[int] = []
    for at in range(degree + 1):
        value = evaluate(expr, {name: residue + period * at})
        assert isinstance(value, int)  # the one symbol is bound
        values.append(value)
    differences = []
    while values:
        differences.append(values[0])
        values = [second - first for first, second in pairwise(values)]
    while len(differences) > 1 and differences[-1] == 0:
        differences.pop()
    return tuple(differences)


def _degree(terms: Terms) -> int:
    return max(
        sum(power * (1 if isinstance(atom, str) else _degree(atom.terms)) for atom, power in monomial)
        for monomial in terms
    )


def _value(differences: tuple[int, ...], at: int) -> int:
    return sum(difference * comb(at, order) for order, difference in enumerate(differences))


def _settled(differences: tuple[int, ...]) -> int:
    """Return a t from which on the sign is constant, because every difference has the sign of the highest."""
    if len(differences) == 1:
        return 0
    if len(differences) == 2:  # noqa: PLR2004 - a linear polynomial, which crosses 0 once
        value, slope = differences
        return max(0, -value // slope + 1)
    at = 1
    while True:
        shifted = _shifted(differences, at)
        if all(difference > 0 for difference in shifted) or all(difference < 0 for difference in shifted):
            return at
        at *= 2


def _shifted(differences: tuple[int, ...], by: int) -> list[int]:
    """Return the forward differences at t = `by`: Δᵏ(t + b) = Σ C(b, j) Δᵏ⁺ʲ(t)."""
    count = len(differences)
    return [sum(comb(by, j) * differences[k + j] for j in range(count - k)) for k in range(count)]


def _breaks(differences: tuple[int, ...], until: int) -> set[int]:
    """Return every t up to `until` at which the sign may differ from that at t − 1, and the t after it.

    Between two breaks of its first difference a polynomial is monotone, so bisection finds where it crosses 0.
    """
    if len(differences) == 1:
        return set()
    marks = sorted({0, *_breaks(differences[1:], until), until})
    breaks: set[int] = set(marks)
    for low, high in pairwise(marks):
        for bound in (0, 1):
            at = _first(differences, low, high, bound)
            breaks |= {t for t in (at, at + 1) if t <= until}
    return breaks


def _first(differences: tuple[int, ...], low: int, high: int, bound: int) -> int:
    """Return the first t of a monotone interval whose value is on the other side of `bound` than that at `low`."""
    above = _value(differences, low) >= bound
    if len(differences) == 2:  # noqa: PLR2004 - a linear polynomial, solved without bisection
        value, slope = differences
        if above == (slope > 0):
            return high
        return min(high, -((value - bound) // slope) if slope > 0 else (value - bound) // -slope + 1)
    left, right = low, high
    while left < right:
        middle = (left + right) // 2
        if (_value(differences, middle) >= bound) == above:
            left = middle + 1
        else:
            right = middle
    return left


def _lowest(classes: list[_Class], period: int) -> Sizes:
    """Return the sizes in lowest terms; class i has the sizes i + 1 + period·t."""
    start = max(index + 1 + period * entry.settled for index, entry in enumerate(classes))
    residues = {(index + 1) % period for index, entry in enumerate(classes) if entry.after}
    early = set()
    for index, entry in enumerate(classes):
        early |= {index + 1 + period * at for at in entry.early}
        if entry.after:
            first = index + 1 + period * entry.settled
            if (start - first) // period > MOST_NAMED:
                raise DimLimitError(f"more than {MOST_NAMED} single sizes would have to be named")
            early |= set(range(first, start, period))
    for divisor in range(1, period + 1):
        if (
            period % divisor == 0
            and len({residue % divisor for residue in residues}) * period == len(residues) * divisor
        ):
            residues, period = {residue % divisor for residue in residues}, divisor
            break
    if not residues:
        start = max(early, default=0) + 1  # no size is valid from there on
    while start > 1 and ((start - 1) in early) == ((start - 1) % period in residues):
        start -= 1
        early.discard(start)
    if residues and not early:
        # The first valid size is a clearer start than an invalid one.
        while start % period not in residues:
            start += 1
    return Sizes(tuple(sorted(early)), start, period, tuple(sorted(residues)))
