"""What must hold of symbols for shapes to fit, and for which sizes of one symbol it does: decided, never guessed.

An expression in one symbol is a polynomial on each residue class of its period, because every floor in it is
⌊(a·s + b)/c⌋ at bottom, which grows by a·p/c whenever s grows by a multiple p of c. So a condition holds on a class
everywhere, nowhere, or between whole numbers that can be found exactly; one period of classes decides all sizes.
"""

from __future__ import annotations

from enum import Enum
from itertools import pairwise
from math import comb, lcm
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.dims.bounds import greatest, least
from shapecalc.dims.evaluation import evaluate
from shapecalc.dims.expression import Dim, Expr, collapsed, free_symbols
from shapecalc.dims.printing import pretty
from shapecalc.dims.terms import DimLimitError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from shapecalc.dims.terms import Terms

MOST_CLASSES = 100_000
"""Residue classes that are looked at: a longer period is refused rather than waited for."""


MOST_NAMED = 10
"""Runs of sizes that a sentence names one by one."""


class Relation(Enum):
    """How an expression stands to 0."""

    ZERO = "== 0"
    NONNEGATIVE = ">= 0"


class Condition(NamedTuple):
    """An expression that must be 0, or at least 0."""

    expr: Expr
    relation: Relation

    def holds(self, sizes: Mapping[str, int]) -> bool:
        """Return whether it holds at these sizes, which must bind every symbol of it."""
        value = evaluate(self.expr, sizes)
        assert isinstance(value, int), f"`{self}` expects a size for {', '.join(free_symbols(value))}"
        return value == 0 if self.relation is Relation.ZERO else value >= 0

    def at(self, sizes: Mapping[str, Dim]) -> Condition | bool:
        """Return what is left of it at these sizes: a condition, or whether it holds."""
        value = evaluate(self.expr, sizes)
        return condition(value, self.relation)

    def __str__(self) -> str:
        return _spoken(self.expr, self.relation, str)

    @property
    def pretty(self) -> str:
        """The condition as people read it: `⌊(H + 1)/2⌋ == 2·⌊H/4⌋`."""
        return _spoken(self.expr, self.relation, pretty)


def condition(value: Dim, relation: Relation) -> Condition | bool:
    """Return the condition that a dim is 0, or at least 0; True or False where that is known.

    >>> from shapecalc.dims import parse
    >>> condition(parse("H - 5"), Relation.NONNEGATIVE)
    Condition(expr=Expr('H - 5'), relation=<Relation.NONNEGATIVE: '>= 0'>)
    >>> condition(parse("H + 5"), Relation.NONNEGATIVE), condition(parse("2*H + 3"), Relation.ZERO)
    (True, False)
    """
    if isinstance(value, int):
        return value == 0 if relation is Relation.ZERO else value >= 0
    low, high = least(value), greatest(value)
    if relation is Relation.NONNEGATIVE:
        if low is not None and low >= 0:
            return True
        return False if high is not None and high < 0 else Condition(value, relation)
    return False if (low is not None and low > 0) or (high is not None and high < 0) else Condition(value, relation)


def _spoken(expr: Expr, relation: Relation, write: Callable[[Dim], str]) -> str:
    """Write `left == right` with what is added on the left and what is subtracted on the right."""
    left = {monomial: coefficient for monomial, coefficient in expr.terms.items() if coefficient > 0}
    right = {monomial: -coefficient for monomial, coefficient in expr.terms.items() if coefficient < 0}
    sign = "==" if relation is Relation.ZERO else ">="
    if not left and relation is Relation.NONNEGATIVE:
        return f"{write(collapsed(right, 0))} <= {expr.constant}"
    above, below = max(expr.constant, 0), max(-expr.constant, 0)
    if not left and relation is Relation.ZERO:
        return f"{write(collapsed(right, 0))} == {expr.constant}"
    return f"{write(collapsed(left, above))} {sign} {write(collapsed(right, below))}"


class Sizes(NamedTuple):
    """The sizes of one symbol at which conditions hold: those below `start` one by one, from there on by remainder.

    A size s of `start` and more is legal where s mod `period` is one of `residues`. In lowest terms: no smaller period
    or start says the same.
    """

    early: tuple[int, ...]
    start: int
    period: int
    residues: tuple[int, ...]

    def __contains__(self, size: object) -> bool:
        if not isinstance(size, int) or size < 1:
            return False
        return size in self.early if size < self.start else size % self.period in self.residues

    @property
    def smallest(self) -> int | None:
        """The smallest legal size, None where there is none."""
        return self.from_(1)

    def from_(self, size: int) -> int | None:
        """Return the smallest legal size that is not below `size`."""
        size = max(size, 1)
        later = [early for early in self.early if early >= size]
        if later:
            return later[0]
        if not self.residues:
            return None
        size = max(size, self.start)
        return min(size + (residue - size) % self.period for residue in self.residues)

    def up_to(self, size: int) -> int | None:
        """Return the largest legal size that is not above `size`."""
        if size >= self.start and self.residues:
            below = max(size - (size - residue) % self.period for residue in self.residues)
            if below >= self.start:
                return below
        return max((early for early in self.early if early <= size), default=None)

    def first(self, count: int) -> tuple[int, ...]:
        """Return the `count` smallest legal sizes, fewer where there are no more."""
        found: list[int] = []
        at = self.from_(1)
        while at is not None and len(found) < count:
            found.append(at)
            at = self.from_(at + 1)
        return tuple(found)

    def spoken(self, name: str) -> str:
        """Write the sizes as a sentence about a symbol.

        >>> Sizes((), 32, 16, (0,)).spoken("H")
        'H must be a multiple of 16, and at least 32'
        """
        return _sentence(self, name)


def legal_sizes(conditions: Iterable[Condition], name: str) -> Sizes:
    """Return the sizes of a symbol, from 1 on, at which all conditions hold; each must be in that symbol alone.

    Raises `DimLimitError` where the period is longer than `MOST_CLASSES`.

    >>> from shapecalc.dims import parse
    >>> both = [Condition(parse("H - 2*(H//2)"), Relation.ZERO), Condition(parse("H - 7"), Relation.NONNEGATIVE)]
    >>> legal_sizes(both, "H")
    Sizes(early=(), start=8, period=2, residues=(0,))
    """
    conditions = tuple(conditions)
    period = 1
    for entry in conditions:
        others = [symbol for symbol in free_symbols(entry.expr) if symbol != name]
        if others:
            raise ValueError(f"`{entry}` is not in `{name}` alone")
        period = lcm(period, period_of(entry.expr))
        if period > MOST_CLASSES:
            raise DimLimitError(f"`{entry}` repeats after {period} sizes of `{name}`, more than {MOST_CLASSES}")
    classes = [_class(conditions, name, residue, period) for residue in range(1, period + 1)]
    return _lowest(classes, period)


def period_of(dim: Dim) -> int:
    """Return a period of a dim in one symbol: on each residue class of it, the dim is a polynomial.

    >>> from shapecalc.dims import parse
    >>> period_of(parse("(H + 31)//32 + H//6")), period_of(parse("(H//2 + H//3)//5"))
    (96, 30)
    """
    if isinstance(dim, int):
        return 1
    return _period(dim.terms)


def _period(terms: Terms) -> int:
    """Return a number p such that the sum, at s + p·t, is a polynomial in t with whole coefficients for every s."""
    period = 1
    for monomial in terms:
        for atom, _ in monomial:
            if isinstance(atom, str):
                continue
            # The inner sum is a polynomial in t on classes of its own period q, with whole values; at steps of q·c it
            # grows by multiples of c, which the floor hands through.
            inner = _period(atom.terms)
            period = lcm(period, inner * atom.divisor)
            if period > MOST_CLASSES**2:
                raise DimLimitError(f"`{atom.text}` repeats after more than {MOST_CLASSES} sizes")
    return period


class _Class(NamedTuple):
    """One residue class, sizes r + p·t: the t at which all holds before `settled`, and whether it does from there."""

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
        # Between two breaks no polynomial changes its sign: one size answers for all of them.
        if high - low == 1 or not holds(low + 1):
            early += [low] if holds(low) else []
            continue
        if high - low > MOST_CLASSES:
            raise DimLimitError(f"more than {MOST_CLASSES} single sizes of `{name}` would have to be named")
        early += [at for at in range(low, high) if holds(at)]
    return _Class(tuple(early), settled, after)


def _true(value: int, relation: Relation) -> bool:
    return value == 0 if relation is Relation.ZERO else value >= 0


def _polynomial(expr: Expr, name: str, residue: int, period: int) -> tuple[int, ...]:
    """Return the polynomial in t that an expression is at s = r + p·t, as Newton's forward differences at t = 0."""
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
        (
            sum(power * (1 if isinstance(atom, str) else _degree(atom.terms)) for atom, power in monomial)
            for monomial in terms
        ),
        default=0,
    )


def _value(differences: tuple[int, ...], at: int) -> int:
    return sum(difference * comb(at, order) for order, difference in enumerate(differences))


def _settled(differences: tuple[int, ...]) -> int:
    """Return a t from which on the sign never changes: from there every difference has the sign of the highest."""
    if len(differences) == 1:
        return 0
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
    """Return every t below `until` where the sign may differ from that of t − 1, and the t after it.

    Between two breaks of its first difference a polynomial rises or falls all the way, so that halving finds where it
    passes 0.
    """
    if len(differences) == 1:
        return set()
    marks = sorted({0, *_breaks(differences[1:], until), until})
    found: set[int] = set(marks)
    for low, high in pairwise(marks):
        for bound in (0, 1):
            at = _first(differences, low, high, bound)
            found |= {point for point in (at, at + 1) if point <= until}
    return found


def _first(differences: tuple[int, ...], low: int, high: int, bound: int) -> int:
    """Return the first t in a monotone stretch whose value is on the other side of `bound` than that of `low`."""
    above = _value(differences, low) >= bound
    left, right = low, high
    while left < right:
        middle = (left + right) // 2
        if (_value(differences, middle) >= bound) == above:
            left = middle + 1
        else:
            right = middle
    return left


def _lowest(classes: list[_Class], period: int) -> Sizes:
    """Return the sizes in lowest terms; class i holds the sizes i + 1 + period·t."""
    start = max(index + 1 + period * entry.settled for index, entry in enumerate(classes))
    residues = {(index + 1) % period for index, entry in enumerate(classes) if entry.after}
    early = set()
    for index, entry in enumerate(classes):
        early |= {index + 1 + period * at for at in entry.early}
        if entry.after:
            first = index + 1 + period * entry.settled
            early |= set(range(first, start, period))
    for divisor in range(1, period + 1):
        if (
            period % divisor == 0
            and len({residue % divisor for residue in residues}) * period == len(residues) * divisor
        ):
            residues, period = {residue % divisor for residue in residues}, divisor
            break
    while start > 1 and ((start - 1) in early) == ((start - 1) % period in residues):
        start -= 1
        early.discard(start)
    if residues and not early:
        # Sizes that are not legal anyway need not be named as too small.
        while start % period not in residues:
            start += 1
    return Sizes(tuple(sorted(early)), start if residues or early else 1, period, tuple(sorted(residues)))


def _sentence(sizes: Sizes, name: str) -> str:
    if not sizes.residues:
        if not sizes.early:
            return f"no size of {name} is legal"
        return f"{name} must be {_one_of(sizes.early)}"
    parts = []
    if sizes.residues == (0,) and sizes.period > 1:
        parts.append(f"a multiple of {sizes.period}")
    elif sizes.period > 1:
        rest = _one_of(sizes.residues)
        parts.append(f"{rest} modulo {sizes.period}")
    smallest = sizes.start if not sizes.early else None
    trivial = smallest is not None and smallest <= (sizes.residues[0] or sizes.period)
    if smallest is not None and not trivial:
        parts.append(f"at least {smallest}")
    if not parts and not sizes.early:
        return f"any size of {name} is legal"
    sentence = f"{name} must be {', and '.join(parts)}" if parts else f"{name} may be any size"
    if sizes.early:
        sentence += f"{',' if parts else ''} from {sizes.start} on; before that {_one_of(sizes.early)}"
    return sentence


def _one_of(numbers: tuple[int, ...]) -> str:
    """Write numbers in ascending order, those that follow each other as `3 to 7`."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1] = [runs[-1][0], number]
        else:
            runs.append([number])
    parts = [str(run[0]) if len(run) == 1 else f"{run[0]} to {run[-1]}" for run in runs]
    if len(parts) > MOST_NAMED:
        return f"one of {', '.join(parts[:MOST_NAMED])}, … ({len(numbers)} in all)"
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} or {parts[-1]}"
