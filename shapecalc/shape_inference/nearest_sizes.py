"""The nearest valid input sizes, as help for mistakes that the input size causes.

The network is inferred again with its sizes unbound. A mistake that it does not have then is caused by the sizes: the
constraints that they violate give the valid ones. Every size that is named has been inferred.
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.architecture import size_of
from shapecalc.dims import Condition, DimLimitError, Effort, Expr, Relation, free_symbols, symbol
from shapecalc.shape_inference.constraints import Constraint, ValidSizes, solve_constraints
from shapecalc.shape_inference.report import BATCH_SYMBOLS
from shapecalc.shape_inference.rows import constraints_of, leaves
from shapecalc.shape_inference.unbinding import unbind
from shapecalc.shape_inference.walker import walk

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from shapecalc.architecture import Architecture
    from shapecalc.diagnostics import Diagnostic, Span
    from shapecalc.dims import Dim, Sizes
    from shapecalc.shape_inference.unbinding import Unbound
    from shapecalc.shape_inference.walker import Walked

OF_SIZES = {"SC201", "SC301", "SC302", "SC304", "SC307", "SC310", "SC311", "SC314", "SC315", "SC317"}
"""Codes of mistakes that the input size may cause."""

JOINS = "SC315"
"""The code of inputs of one layer whose sizes differ."""

SOLVED_BY_SIZES = {"SC302", "SC307", "SC315", "SC317"}
"""Codes whose own help is for a mistake in the layer, and is replaced if the size is the cause."""

ORDERS = ("`permute:", "`flatten`", "`reshape:", "the batch axis is missing")
"""Parts of a help for axes in another order or number, which is more likely the cause than a size."""

OTHER_AXES = ("[0, 2, 1]", "[0, 3, 1, 2]", "[0, 4, 1, 2, 3]", *ORDERS[-2:])
"""Those of channels that are last and of missing axes: then axes are not the sizes that layers read them as."""

MOST_INFERRED = 6_000
"""The number of layers that are inferred to find and to try sizes, which takes about a quarter of a second."""

TINY = 8
"""Single valid sizes below this, and below half of the stated one, are seldom intended: a layer is the cause."""

MOST_ALTERNATIVES = 2
"""The number of alternatives that a help names."""

MOST_RUNS = 3
"""The number of remainders, or of ranges of sizes, that a sentence lists."""


class Alternative(NamedTuple):
    """Symbols that have to change together, and their nearest valid sizes."""

    names: tuple[str, ...]
    sizes: Mapping[str, Sizes]
    """All valid sizes of a symbol, if they are known."""
    points: tuple[Mapping[str, int], ...]
    """The nearest sizes below and above, at which there is no mistake left."""
    alone: bool = False
    """Whether no other symbol could change instead: each has constraints of its own."""


def with_nearest_sizes(
    architecture: Architecture, diagnostics: tuple[Diagnostic, ...], bindings: Mapping[str, int]
) -> tuple[Diagnostic, ...]:
    """Return the diagnostics of an inference, those that the input size causes with the nearest valid sizes as help."""
    if not OF_SIZES.intersection(diagnostic.code for diagnostic in diagnostics):
        return diagnostics
    if 4 * size_of(architecture.steps) > MOST_INFERRED:
        return diagnostics
    try:
        search = _Search(unbind(architecture, bindings), diagnostics)
        near = search.near() if search.caused else ()
    except DimLimitError:
        return diagnostics
    if not near:
        return diagnostics
    text = ", or ".join(_sentences(each, search.unbound) for each in near)
    inputs = {entry.span for entry in architecture.inputs}
    return tuple(
        _with_help(diagnostic, text, search.unbound, inputs) if _key(diagnostic) in search.caused else diagnostic
        for diagnostic in diagnostics
    )


def _key(diagnostic: Diagnostic) -> tuple[str, Span | None]:
    return diagnostic.code, diagnostic.span


class _Search:
    """The search for the sizes nearest to the stated ones at which all mistakes that sizes cause are gone."""

    __slots__ = ("_all_known", "_certain", "_constraints", "_effort", "_left", "_tried", "caused", "unbound")

    def __init__(self, unbound: Unbound, diagnostics: tuple[Diagnostic, ...]) -> None:
        self.unbound = unbound
        self.caused: set[tuple[str, Span | None]] = set()
        self._tried: dict[tuple[int, ...], bool] = {}
        self._left = MOST_INFERRED
        self._effort = Effort()
        self._all_known = True
        self._constraints: tuple[Constraint, ...] = ()
        self._certain: set[tuple[str, Span | None]] = set()
        """The mistakes that no size resolves, also those that become visible behind the others."""
        if not unbound.stated:
            return
        walked = walk(unbound.architecture, {}, {})
        self._left -= 2 * size_of(unbound.architecture.steps)
        general = {_key(diagnostic) for diagnostic in walked.diagnostics}
        undecided = {span for code, span in general if code == "SC311"}
        self._all_known = not undecided
        keys = {_key(diagnostic) for diagnostic in diagnostics}
        self._certain = general
        if any(code == JOINS and span in undecided for code, span in keys) or _never_joins(
            walked, unbound, self._effort
        ):
            return
        where = (Constraint(stated.condition) for stated in unbound.architecture.where)
        self._constraints = (*where, *constraints_of(walked.rows))
        unflattened = _unflattened(walked)
        self.caused = {
            (code, span)
            for code, span in keys - general
            if code in OF_SIZES and (code != "SC301" or span not in unflattened)
        }

    def fits(self, point: Mapping[str, int]) -> bool:
        """Return whether the mistakes that sizes cause are gone with these sizes instead of the stated ones."""
        sizes = {**self.unbound.stated, **point}
        key = tuple(sizes.values())
        if key not in self._tried:
            architecture = self.unbound.architecture
            self._left -= size_of(architecture.steps)
            stated = all(entry.condition.at(sizes) is not False for entry in architecture.where)
            self._tried[key] = stated and self._certain.issuperset(map(_key, walk(architecture, sizes, {}).diagnostics))
        return self._tried[key]

    def near(self) -> tuple[Alternative, ...]:
        """Return the nearest valid sizes, and if other symbols may change instead, those of one alternative."""
        alternatives: list[Alternative] = []
        for near in self._solved():
            taken = {name for each in alternatives for name in each.names}
            if taken.isdisjoint(near.names) and self._likely(near) and all(map(self.fits, near.points)):
                nearest = self._nearest(near)
                # A layer that needs numbers has constraints that are not known.
                alternatives.append(nearest if self._all_known else nearest._replace(sizes={}))
                if near.alone or len(alternatives) == MOST_ALTERNATIVES:
                    break
        for names in () if alternatives else self._together():
            near = self._nearest(Alternative(names, {}, ()))
            if near.points:
                return (near,)
        return tuple(alternatives)

    def _likely(self, near: Alternative) -> bool:
        """Return whether the nearest sizes may be intended."""
        return any(
            near.sizes[name].residues or size >= min(TINY, self.unbound.stated[name] / 2)
            for point in near.points
            for name, size in point.items()
        )

    def _solved(self) -> Iterator[Alternative]:
        """Yield the solutions for each symbol by itself, for those of one size together, and for one at a time."""
        stated = self.unbound.stated
        valid = solve_constraints(self._constraints, self.unbound.architecture.symbols, self._effort)
        yield self._beside({name: name for name in stated}, valid)._replace(alone=True)
        for names in self._together():
            lead, *others = names
            fixed: dict[str, Dim] = {name: size for name, size in stated.items() if name not in names}
            fixed |= dict.fromkeys(others, symbol(lead))
            left = [each.condition.at(fixed) for each in self._constraints]
            if False not in left:
                rest = (Constraint(each) for each in left if isinstance(each, Condition))
                yield self._beside(
                    dict.fromkeys(names, lead), solve_constraints(rest, self.unbound.architecture.symbols, self._effort)
                )

    def _together(self) -> Iterator[tuple[str, ...]]:
        """Yield the symbols that change together: those of one size, then each by itself."""
        stated = self.unbound.stated
        own = [name for name in stated if name not in BATCH_SYMBOLS]
        alike: dict[int, list[str]] = {}
        for name in own:
            alike.setdefault(stated[name], []).append(name)
        yield from (tuple(names) for names in alike.values() if len(names) > 1)
        yield from ((name,) for name in (*own, *(name for name in stated if name in BATCH_SYMBOLS)))

    def _beside(self, leads: Mapping[str, str], valid: ValidSizes) -> Alternative:
        """Return the valid sizes on both sides of the stated ones, of the symbols whose size is not valid."""
        stated = self.unbound.stated
        sizes = {name: valid.sizes[lead] for name, lead in leads.items()}
        off = {name: own for name, own in sizes.items() if stated[name] not in own}
        sides = (
            {name: own.up_to(stated[name]) for name, own in off.items()},
            {name: own.from_(stated[name]) for name, own in off.items()},
        )
        points = tuple(
            {name: size for name, size in side.items() if size is not None}
            for side in sides
            if off and None not in side.values()
        )
        return Alternative(tuple(off), off, points)

    def _nearest(self, near: Alternative) -> Alternative:
        """Return the sizes with nearer ones if some are valid although the constraints exclude them.

        An axis of size 1 may be stretched, which is not assumed of a symbol. Sizes that are not the same for all
        symbols are not searched.
        """
        stated = {self.unbound.stated[name] for name in near.names}
        at = stated.pop()
        if stated or len({tuple(own) for own in near.sizes.values()}) > 1:
            return near
        ends = [next(iter(point.values())) for point in near.points]
        below = max((end for end in ends if end < at), default=None)
        above = min((end for end in ends if end > at), default=None)
        steps = size_of(self.unbound.architecture.steps)

        def first(tried: Iterable[int], end: int | None) -> int | None:
            for size in tried:
                if size == end or self._left < steps:
                    return end
                if self.fits(dict.fromkeys(near.names, size)):
                    return size
            return end

        low = first(range(at - 1, (at - 1) // 2 if below is None else below - 1, -1), below)
        high = first(count(at + 1) if above is not None else range(at + 1, 2 * at + 1), above)
        if (low, high) == (below, above):
            return near
        points = tuple(dict.fromkeys(near.names, size) for size in (low, high) if size is not None)
        return Alternative(near.names, {}, points)


def _never_joins(walked: Walked, unbound: Unbound, effort: Effort) -> bool:
    """Return whether two axes that have to be equal are so at a few sizes only: then a layer is wrong, not the size."""
    for row in leaves(walked.rows):
        required = {condition.expr for condition in row.facts.conditions} if row.step.layer.merges else set()
        for axis in range(-min(map(len, row.inputs)), 0) if required else ():
            first, *others = dict.fromkeys(x[axis] for x in row.inputs if isinstance(x[axis], Expr)) or [0]
            for difference in (other - first for other in others):
                names = free_symbols(difference)
                if isinstance(difference, int) or not required & {difference, -difference}:
                    continue
                equal = solve_constraints((Constraint(Condition(difference, Relation.ZERO)),), names, effort)
                if set(names) <= {*unbound.stated} and not all(sizes.residues for sizes in equal.sizes.values()):
                    return True
    return False


def _unflattened(walked: Walked) -> set[Span]:
    """Return the spans of layers whose features are on the last axis, and which read a map: that lacks a `flatten`."""
    return {
        span
        for row in leaves(walked.rows)
        if row.step.layer.bias_axis == -1 and len(row.inputs[0]) > 3 and row.step.spans is not None  # noqa: PLR2004
        for span in row.step.spans.fields.values()
    }


def _with_help(diagnostic: Diagnostic, text: str, unbound: Unbound, inputs: set[Span | None]) -> Diagnostic:
    """Return the diagnostic with the valid sizes first in its help, and its own help after them if both are likely.

    A window that is longer than an axis of the input itself may be the mistake, if the input states a number.
    """
    fix = diagnostic.fix
    own = diagnostic.help
    first = unbound.written and any(label.span in inputs for label in diagnostic.labels)
    if own is not None and any(part in own for part in ORDERS):
        possible = diagnostic.code in SOLVED_BY_SIZES and not any(order in own for order in OTHER_AXES)
        return diagnostic._replace(help=f"{own}; or {text}") if possible else diagnostic
    if own is not None and diagnostic.code == "SC314":
        return diagnostic
    if own is None or (diagnostic.code in SOLVED_BY_SIZES and not (diagnostic.code == "SC302" and first)):
        return diagnostic._replace(help=text, fix=None)
    return diagnostic._replace(help=f"{text}; or {own}", fix=None if fix is None else fix._replace(safe=False))


def _sentences(near: Alternative, unbound: Unbound) -> str:
    """Return the valid sizes of each symbol as sentences: `H must be a multiple of 16: 208 or 224; so must W`."""
    groups: dict[tuple[Sizes | None, tuple[int, ...], int], list[str]] = {}
    for name in near.names:
        points = tuple(point[name] for point in near.points)
        groups.setdefault((near.sizes.get(name), points, unbound.stated[name]), []).append(name)
    sentences = []
    for (sizes, points, stated), (lead, *others) in groups.items():
        text = _sentence(lead, sizes, points, stated) if sizes is not None else None
        text = text or f"{lead} must be another size: {_one_of(points)} {'are' if points[1:] else 'is'} nearest"
        also = f"; so must {' and '.join(others)}" if others else ""
        sentences.append(text + also)
    places = dict.fromkeys(unbound.written[name] for name in near.names if name in unbound.written)
    where = f" in {' and '.join(f'`{place}`' for place in places)}" if places else ""
    return "; ".join(sentences) + where


def _sentence(name: str, sizes: Sizes, points: tuple[int, ...], stated: int) -> str | None:
    """Return the valid sizes of a symbol with those next to the stated one; None if they are too many to list."""
    if not sizes.residues:
        if sizes.early == tuple(range(1, len(sizes.early) + 1)):
            return f"{name} must be at most {len(sizes.early)}"
        runs = _runs(sizes.early)
        if runs > MOST_RUNS:
            return None
        return sizes.sentence(name) + (f": {_one_of(points)}" if runs > 1 else "")
    if sizes.early and stated < sizes.start:
        return None
    if sizes.early or stated >= sizes.start:
        # What the stated size violates is the remainder.
        sizes = sizes._replace(early=(), start=1)
    if _runs(sizes.residues) > MOST_RUNS:
        return None
    text = sizes.sentence(name)
    return text if points == (sizes.start,) else f"{text}: {_one_of(points)}"


def _runs(sizes: tuple[int, ...]) -> int:
    """Return the number of runs of consecutive sizes."""
    return sum(size - 1 not in sizes for size in sizes)


def _one_of(sizes: Iterable[int]) -> str:
    return " or ".join(map(str, sizes))
