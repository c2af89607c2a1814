"""Conditions on symbols: an expression that must be 0, or at least 0."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.dims.bounds import greatest, least
from shapecalc.dims.evaluation import evaluate
from shapecalc.dims.expression import Dim, Expr, collapsed, free_symbols, pretty

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class Relation(Enum):
    """The relation of an expression to 0."""

    ZERO = "== 0"
    NONNEGATIVE = ">= 0"


class Condition(NamedTuple):
    """An expression that must be 0, or at least 0."""

    expr: Expr
    relation: Relation

    def holds(self, sizes: Mapping[str, int]) -> bool:
        """Return whether the condition holds at these sizes, which must bind all its symbols."""
        value = evaluate(self.expr, sizes)
        assert isinstance(value, int), f"`{self}` expects a size for {', '.join(free_symbols(value))}"
        return value == 0 if self.relation is Relation.ZERO else value >= 0

    def at(self, sizes: Mapping[str, Dim]) -> Condition | bool:
        """Return the condition with these sizes substituted; True or False if that decides it."""
        value = evaluate(self.expr, sizes)
        return condition(value, self.relation)

    def __str__(self) -> str:
        return _relation_text(self.expr, self.relation, str)

    @property
    def pretty(self) -> str:
        """The condition in typographic form: `⌊(H + 1)/2⌋ == 2·⌊H/4⌋`."""
        return _relation_text(self.expr, self.relation, pretty)


def condition(value: Dim, relation: Relation) -> Condition | bool:
    """Return the condition that a dim is 0, or at least 0; True or False if bounds of the dim decide it.

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


def _relation_text(expr: Expr, relation: Relation, write: Callable[[Dim], str]) -> str:
    """Return `left == right` with the added terms on the left and the subtracted ones on the right."""
    left = {monomial: coefficient for monomial, coefficient in expr.terms.items() if coefficient > 0}
    right = {monomial: -coefficient for monomial, coefficient in expr.terms.items() if coefficient < 0}
    sign = "==" if relation is Relation.ZERO else ">="
    if not left and relation is Relation.NONNEGATIVE:
        return f"{write(collapsed(right, 0))} <= {expr.constant}"
    above, below = max(expr.constant, 0), max(-expr.constant, 0)
    if not left:
        return f"{write(collapsed(right, 0))} == {expr.constant}"
    return f"{write(collapsed(left, above))} {sign} {write(collapsed(right, below))}"
