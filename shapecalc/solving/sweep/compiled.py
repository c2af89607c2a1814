"""Exact evaluation of expressions and conditions over a grid as NumPy arrays.

An expression is evaluated in int64 only if no intermediate result can exceed 2^63 − 1 anywhere on the grid, which a
bound at the largest sizes decides beforehand. Any other is evaluated in Python integers: slower, but without overflow.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.dims import Relation
from shapecalc.dims.terms import Floor

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from shapecalc.dims import Condition
    from shapecalc.dims.terms import Atom, Monomial, Terms
    from shapecalc.shape_inference.rows import Count

    Array = npt.NDArray[Any]

LARGEST = 2**63 - 1
"""The largest int64."""


class Compiled(NamedTuple):
    """Counts and conditions ready for evaluation over a grid.

    `counts` is None for unknown counts; `fits` and `conditions_fit` are whether all intermediate results fit in int64,
    `narrow` whether those of each atom do.
    """

    counts: Mapping[str, Count]
    conditions: tuple[Condition, ...]
    fits: Mapping[str, bool]
    conditions_fit: tuple[bool, ...]
    narrow: Mapping[Atom, bool]

    def columns(self, sizes: Mapping[str, Array]) -> dict[str, Array | int | None]:
        """Return each count at sizes given as arrays that broadcast against each other."""
        atoms = _Atoms(sizes, self.narrow)
        columns: dict[str, Array | int | None] = {}
        for name, count in self.counts.items():
            if count is None or isinstance(count, int):
                columns[name] = count
            else:
                columns[name] = atoms.sum(count.terms, count.constant, narrow=self.fits[name])
        return columns

    def valid(self, sizes: Mapping[str, Array]) -> Array | bool:
        """Return a mask of the points at which all conditions hold."""
        atoms = _Atoms(sizes, self.narrow)
        mask: Array | bool = True
        for condition, fits in zip(self.conditions, self.conditions_fit, strict=True):
            value = atoms.sum(condition.expr.terms, condition.expr.constant, narrow=fits)
            holds = value == 0 if condition.relation is Relation.ZERO else value >= 0
            mask = holds.astype(bool) & mask
        return mask


def compiled(counts: Mapping[str, Count], conditions: tuple[Condition, ...], highest: Mapping[str, int]) -> Compiled:
    """Return counts and conditions compiled for sizes from 1 to `highest` of each symbol.

    >>> import numpy as np
    >>> from shapecalc.dims import parse
    >>> ready = compiled({"macs": parse("9408*((H + 1)//2)**2")}, (), {"H": 10**9})
    >>> ready.fits, ready.columns({"H": np.array([224, 10**9])})["macs"].tolist()
    ({'macs': False}, [118013952, 2352000000000000000000])
    """
    bounds = _Bounds(highest)
    fits = {
        name: isinstance(count, int | None) or bounds.of(count.terms, count.constant).peak <= LARGEST
        for name, count in counts.items()
    }
    conditions_fit = tuple(bounds.of(entry.expr.terms, entry.expr.constant).peak <= LARGEST for entry in conditions)
    narrow = {atom: bound.peak <= LARGEST for atom, bound in bounds.atoms.items()}
    return Compiled(dict(counts), conditions, fits, conditions_fit, narrow)


class _Bound(NamedTuple):
    """Upper bounds of the absolute value of a result, and of all intermediate results."""

    value: int
    peak: int


class _Bounds:
    """Bounds of sums for sizes from 1 to the highest; each atom is bounded once."""

    __slots__ = ("atoms",)

    def __init__(self, highest: Mapping[str, int]) -> None:
        self.atoms: dict[Atom, _Bound] = {name: _Bound(high, high) for name, high in highest.items()}

    def of(self, terms: Terms, constant: int) -> _Bound:
        value, peak = abs(constant), abs(constant)
        for monomial, coefficient in terms.items():
            factors = [(self._atom(atom), power) for atom, power in monomial]
            peak = max([peak, *(bound.peak for bound, _ in factors)])
            # A factor of 0 makes the product 0, but not the intermediate products before it.
            value += abs(coefficient) * prod(max(bound.value, 1) ** power for bound, power in factors)
        return _Bound(value, max(value, peak))

    def _atom(self, atom: Atom) -> _Bound:
        if atom not in self.atoms:
            assert isinstance(atom, Floor)  # every symbol has its highest size
            inner = self.of(atom.terms, atom.constant)
            self.atoms[atom] = _Bound(-(-inner.value // atom.divisor), max(inner.peak, atom.divisor))
        return self.atoms[atom]


class _Atoms:
    """Symbols and floors at given sizes, each evaluated once."""

    __slots__ = ("_exact", "_known", "_narrow")

    def __init__(self, sizes: Mapping[str, Array], narrow: Mapping[Atom, bool]) -> None:
        self._known: dict[Atom, Array] = {}
        self._known.update(sizes.items())
        self._exact: dict[Atom, Array] = {}
        self._narrow = narrow

    def sum(self, terms: Terms, constant: int, *, narrow: bool) -> Array:
        """Return a sum of products; those that depend on few axes are added first."""
        parts = [self._product(monomial, coefficient, narrow=narrow) for monomial, coefficient in terms.items()]
        parts.sort(key=lambda part: part.size)
        total = parts[0] + constant if constant else parts[0]
        for part in parts[1:]:
            total = total + part
        return total

    def _product(self, monomial: Monomial, coefficient: int, *, narrow: bool) -> Array:
        factors = [self._atom(atom, narrow=narrow) for atom, power in monomial for _ in range(power)]
        factors.sort(key=lambda factor: factor.size)
        product = factors[0] * coefficient if coefficient != 1 else factors[0]
        for factor in factors[1:]:
            product = product * factor
        return product

    def _atom(self, atom: Atom, *, narrow: bool) -> Array:
        known = self._known.get(atom)
        if known is None:
            assert isinstance(atom, Floor)  # symbols are given
            known = self.sum(atom.terms, atom.constant, narrow=self._narrow[atom]) // atom.divisor
            self._known[atom] = known
        if narrow or known.dtype == object:
            return known
        if atom not in self._exact:
            self._exact[atom] = known.astype(object)
        return self._exact[atom]
