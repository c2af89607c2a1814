"""Constraints on the symbols of an architecture, and the sizes that meet them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shapecalc.dims import Condition, DimLimitError, Effort, Sizes, free_symbols, valid_sizes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from shapecalc.diagnostics.step_spans import StepSpans


class Constraint(NamedTuple):
    """A condition on symbols, and the first layer that requires it; no path if no layer does."""

    condition: Condition
    path: str = ""
    spans: StepSpans | None = None


class ValidSizes(NamedTuple):
    """For each symbol the sizes that meet the constraints on it alone, and the other constraints.

    `single` has the constraints on one symbol that exclude some size; `joint` those on several symbols, and those on
    one symbol whose period is too long to examine.
    """

    sizes: Mapping[str, Sizes]
    single: tuple[Constraint, ...]
    joint: tuple[Constraint, ...]


ANY = Sizes((), 1, 1, (0,))
"""Every size."""


def solve_constraints(
    constraints: Iterable[Constraint], symbols: Iterable[str], effort: Effort | None = None
) -> ValidSizes:
    """Return the sizes of symbols that meet all constraints; those that exceed `effort`, if any, are in `joint`.

    >>> import shapecalc
    >>> shapecalc.inspect(shapecalc.load("vgg16"), symbolic=True).valid_sizes.sizes["H"].sentence("H")
    'H must be at least 32'
    """
    by_symbol: dict[str, list[Constraint]] = {name: [] for name in symbols}
    single, joint = [], []
    each, together = effort or Effort(), effort or Effort()
    for constraint in constraints:
        names = free_symbols(constraint.condition.expr)
        sizes = sizes_meeting((constraint.condition,), names[0], each) if len(names) == 1 else None
        if sizes is None:
            joint.append(constraint)
        elif sizes != ANY:
            by_symbol[names[0]].append(constraint)
            single.append(constraint)
    valid = {}
    for name, own in by_symbol.items():
        sizes = sizes_meeting((constraint.condition for constraint in own), name, together)
        valid[name] = ANY if sizes is None else sizes
        joint += own if sizes is None else ()
    return ValidSizes(valid, tuple(single), tuple(joint))


def sizes_meeting(conditions: Iterable[Condition], name: str, effort: Effort) -> Sizes | None:
    """Return the sizes of one symbol that meet all conditions; None if that exceeds the remaining effort."""
    try:
        return valid_sizes(conditions, name, effort)
    except DimLimitError:
        return None
