"""The parts of an expression: atoms, their products (monomials) and integer combinations of monomials (terms).

All are plain dictionaries and tuples; `expression.py` wraps them into `Expr`. The constant of a polynomial is separate
from its terms, so that adding a number shares the dictionary instead of copying it. A dictionary of terms does not
change once an expression or a floor term has it.
"""

from __future__ import annotations

from math import gcd
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

MAX_TERMS = 200_000  # a longer expression is of no use, and a hostile file can describe billions of terms
MAX_EXPONENT = 1_000  # of a sum
MAX_DEPTH = 50  # nested floors; keeps recursion over an expression far from Python's limit
MAX_SIZE = 20_000  # factors in the text of one floor term; nested squares would double it at every level


class DimLimitError(ValueError):
    """An error for an expression beyond the limits: too many terms, or floors nested too deeply."""


class Floor:
    """The atom ⌊(Σ terms + constant)/divisor⌋, with 0 ≤ every coefficient < divisor and 0 ≤ constant < divisor.

    Only `floor_div` builds one, because it ensures these bounds. `content` is the greatest common divisor of the
    coefficients, `degree` the highest degree among the terms, `depth` the number of nested floors (itself included) and
    `size` the number of factors in its text.
    """

    __slots__ = (
        "_hash",
        "_ranked",
        "constant",
        "content",
        "degree",
        "depth",
        "divisor",
        "key",
        "size",
        "symbols",
        "terms",
    )

    _ranked: list[Any]

    def __init__(
        self,
        terms: Terms,
        constant: int,
        divisor: int,
        content: int,
        degree: int,
        depth: int,
        size: int,
        symbols: tuple[str, ...],
        key: int,
    ) -> None:
        self.terms = terms
        self.constant = constant
        self.divisor = divisor
        self.content = content
        self.degree = degree
        self.depth = depth
        self.size = size
        self.symbols = symbols
        self.key = key  # hash of the terms, which a chain of windows never changes
        self._hash = hash((key, constant, divisor))

    def scaled(self, constant: int, divisor: int) -> Floor:
        """Return the floor of the same terms with another constant and divisor, both already in bounds."""
        return Floor(
            self.terms,
            constant,
            divisor,
            self.content,
            self.degree,
            self.depth,
            self.size,
            self.symbols,
            self.key,
        )

    def __reduce__(self) -> tuple[Callable[[Terms, int, int], Floor], tuple[Terms, int, int]]:
        # Built anew, because hashes of names differ from process to process.
        return new_floor, (self.terms, self.constant, self.divisor)

    @property
    def ranked(self) -> list[Any]:
        """The terms with their coefficients, leading term first; equal only for equal terms."""
        try:
            return self._ranked
        except AttributeError:
            self._ranked = sorted((order(monomial), coefficient) for monomial, coefficient in self.terms.items())
            return self._ranked

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if type(other) is not Floor:
            return NotImplemented
        return (
            self._hash == other._hash
            and self.divisor == other.divisor
            and self.constant == other.constant
            and self.terms == other.terms
        )

    # Atoms have one total order, in which symbols come first: `str` and `Floor` compare with `<` as they are.
    def __lt__(self, other: object) -> bool:
        if type(other) is not Floor:
            return False
        if self.symbols != other.symbols:
            return self.symbols < other.symbols
        if self.divisor != other.divisor:
            return self.divisor < other.divisor
        if self.constant != other.constant:
            return self.constant < other.constant
        return self.ranked < other.ranked

    def __gt__(self, other: object) -> bool:
        return type(other) is not Floor or other < self


Atom: TypeAlias = "str | Floor"
Monomial: TypeAlias = "tuple[tuple[Atom, int], ...]"  # (atom, power ≥ 1), ascending by atom, never empty
Terms: TypeAlias = "dict[Monomial, int]"  # no coefficient is 0


def degree(monomial: Monomial) -> int:
    """Return the total degree; a floor term has the degree of its dividend."""
    return sum(power if isinstance(atom, str) else power * atom.degree for atom, power in monomial)


def order(monomial: Monomial) -> tuple[int, list[tuple[Atom, int]]]:
    """Return the sort key that puts leading terms first: higher degree, then alphabetical, then higher power."""
    return -degree(monomial), [(atom, -power) for atom, power in monomial]


def symbols_of(terms: Iterable[Monomial]) -> tuple[str, ...]:
    """Return the names of the symbols anywhere in the terms, sorted."""
    names: set[str] = set()
    for monomial in terms:
        for atom, _ in monomial:
            if isinstance(atom, str):
                names.add(atom)
            else:
                names.update(atom.symbols)
    return tuple(sorted(names))


def new_floor(terms: Terms, constant: int, divisor: int) -> Floor:
    """Return a floor term of parts already in bounds; raise `DimLimitError` if it is too deep or too large."""
    if len(terms) == 1:
        ((monomial, coefficient),) = terms.items()
        atom, power = monomial[0]
        if isinstance(atom, str) and len(monomial) == 1:
            key = hash(frozenset(terms.items()))
            return Floor(terms, constant, divisor, coefficient, power, 1, 2, (atom,), key)
    depth, size = 1, 0
    for monomial in terms:
        size += 1
        for atom, _ in monomial:
            if isinstance(atom, str):
                size += 1
            else:
                size += atom.size
                depth = max(depth, atom.depth + 1)
    if depth > MAX_DEPTH:
        raise DimLimitError(f"floors nest at most {MAX_DEPTH} deep")
    if size > MAX_SIZE:
        raise DimLimitError(f"a floor term holds at most {MAX_SIZE} factors")
    return Floor(
        terms,
        constant,
        divisor,
        gcd(*terms.values()),
        max(map(degree, terms)),
        depth,
        size,
        symbols_of(terms),
        hash(frozenset(terms.items())),
    )


def times(left: Monomial, right: Monomial) -> Monomial:
    """Return the product of two monomials."""
    if left[-1][0] < right[0][0]:
        return left + right
    if right[-1][0] < left[0][0]:
        return right + left
    powers = dict(left)
    for atom, power in right:
        powers[atom] = powers.get(atom, 0) + power
    return tuple(sorted(powers.items()))


def over(left: Monomial, right: Monomial) -> Monomial | None:
    """Return the quotient of two monomials, empty if they are equal; None if a power would be negative."""
    powers = dict(left)
    for atom, power in right:
        rest = powers.get(atom, 0) - power
        if rest < 0:
            return None
        if rest:
            powers[atom] = rest
        else:
            del powers[atom]
    return tuple(powers.items())


def add_into(total: Terms, terms: Terms, factor: int = 1) -> None:
    """Add `factor` times `terms` to `total` in place, dropping what cancels."""
    for monomial, coefficient in terms.items():
        coefficient *= factor  # noqa: PLW2901  # twice as fast as a second name, on the path of every sum
        known = total.get(monomial)
        if known is None:
            total[monomial] = coefficient
        elif known + coefficient:
            total[monomial] = known + coefficient
        else:
            del total[monomial]


def multiply(left: Terms, left_constant: int, right: Terms, right_constant: int) -> Terms:
    """Return the terms of (left + left_constant)·(right + right_constant), without the product of the constants."""
    if len(left) * len(right) > MAX_TERMS:
        raise DimLimitError(f"a product expands to at most {MAX_TERMS} terms, here {len(left)} meet {len(right)}")
    if len(left) == 1 and not left_constant:
        ((monomial, coefficient),) = left.items()
        # Different monomials stay different after multiplication by one monomial: nothing cancels.
        result = {times(monomial, other): coefficient * factor for other, factor in right.items()}
        if right_constant:
            result[monomial] = coefficient * right_constant
        return result
    if len(right) == 1 and not right_constant:
        return multiply(right, right_constant, left, left_constant)
    result = {}
    for monomial, coefficient in left.items():
        for other, factor in right.items():
            product = times(monomial, other)
            result[product] = result.get(product, 0) + coefficient * factor
    result = {monomial: coefficient for monomial, coefficient in result.items() if coefficient}
    if right_constant:
        add_into(result, left, right_constant)
    if left_constant:
        add_into(result, right, left_constant)
    return result
