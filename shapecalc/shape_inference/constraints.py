"""Which sizes of its symbols an architecture accepts: what its layers demand, decided."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shapecalc.architecture import joined
from shapecalc.diagnostics import Diagnostic, Label
from shapecalc.dims import Condition, DimLimitError, Effort, Relation, Sizes, free_symbols, legal_sizes, symbol
from shapecalc.shape_inference.report import GroupReport

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from shapecalc.architecture import Place, Stated
    from shapecalc.dims import Expr
    from shapecalc.shape_inference.report import LayerReport, Report, Walk


class Demand(NamedTuple):
    """A condition on symbols, and the first layer that demands it."""

    condition: Condition
    path: str
    place: Place | None


class Legality(NamedTuple):
    """What is legal: for each symbol the sizes that fit, and what is demanded beside that.

    `joint` has the conditions that tie several symbols together, and those that repeat after too many sizes to look
    at. `telling` has those of one symbol that leave some size out.
    """

    sizes: Mapping[str, Sizes]
    joint: tuple[Demand, ...]
    telling: tuple[Demand, ...]


ANY = Sizes((), 1, 1, (0,))
"""Every size."""


def legality(report: Report, further: Iterable[Condition] = ()) -> Legality:
    """Return the legal sizes of a report's free symbols, under `further` conditions too.

    >>> import shapecalc
    >>> found = legality(shapecalc.inspect(shapecalc.load("vgg16"), symbolic=True))
    >>> found.sizes["H"].spoken("H")
    'H must be at least 32'
    """
    demands = [*demands_of(report), *(Demand(condition, "", None) for condition in further)]
    symbols = sorted({name for entry in report.inputs for dim in entry.shape for name in free_symbols(dim)})
    alone: dict[str, list[Demand]] = {name: [] for name in symbols}
    joint, telling = [], []
    each, together = Effort(), Effort()
    for demand in demands:
        names = free_symbols(demand.condition.expr)
        sizes = _alone(demand.condition, names[0], each) if len(names) == 1 else None
        if sizes is None:
            joint.append(demand)
        elif sizes != ANY:
            alone[names[0]].append(demand)
            telling.append(demand)
    found = {}
    for name, own in alone.items():
        try:
            found[name] = legal_sizes((demand.condition for demand in own), name, together)
        except DimLimitError:
            found[name] = ANY
            joint += own
    return Legality(found, tuple(joint), tuple(telling))


def _alone(condition: Condition, name: str, effort: Effort) -> Sizes | None:
    try:
        return legal_sizes((condition,), name, effort)
    except DimLimitError:
        return None


def demands_of(report: Report) -> tuple[Demand, ...]:
    """Return each condition once, with the first layer that demands it."""
    found: dict[Condition, Demand] = {}
    for demand in _demands(report.tree, "", set()):
        found.setdefault(demand.condition, demand)
    return tuple(found.values())


def _demands(rows: Iterable[LayerReport | GroupReport], prefix: str, seen: set[int]) -> Iterator[Demand]:
    """Yield what the layers of a tree demand; what was found of a body is looked at once."""
    for row in rows:
        if not isinstance(row, GroupReport):
            for condition in row.facts.conditions:
                yield Demand(condition, joined(prefix, row.path), row.step.place)
            continue
        for name, walk in zip(row.group.runs, row.runs, strict=True):
            if _first(walk, seen):
                yield from _demands(walk.rows, joined(prefix, name), seen)


def _first(walk: Walk, seen: set[int]) -> bool:
    if id(walk) in seen:
        return False
    seen.add(id(walk))
    return True


def impossible(report: Report) -> tuple[Diagnostic, ...]:
    """Return an SC319 error for each symbol of a report that no size of fits all layers, or all of `where:`."""
    found = legality(report)
    errors = list(_contradictions(report))
    for name, sizes in found.sizes.items():
        if sizes.smallest is not None:
            continue
        *others, last = [demand for demand in found.telling if free_symbols(demand.condition.expr) == (name,)]
        errors.append(
            Diagnostic(
                code="SC319",
                message=f"no size of `{name}` fits all layers",
                span=last.place.word if last.place is not None else None,
                label=f"needs {last.condition.pretty}",
                labels=tuple(
                    Label(demand.place.word, f"needs {demand.condition.pretty}")
                    for demand in others
                    if demand.place is not None
                ),
            )
        )
    return tuple(errors)


def _contradictions(report: Report) -> Iterator[Diagnostic]:
    """Yield an SC319 error for each free symbol for which the file's `where:` leaves no size."""
    by_name: dict[str, list[Stated]] = {}
    for stated in report.architecture.where:
        names = free_symbols(stated.condition.expr)
        if len(names) == 1 and names[0] not in report.bindings:
            by_name.setdefault(names[0], []).append(stated)
    effort = Effort()
    for name, conditions in by_name.items():
        try:
            allowed = legal_sizes([stated.condition for stated in conditions], name, effort)
        except DimLimitError:
            continue
        if allowed.smallest is None:
            *others, last = conditions
            yield Diagnostic(
                code="SC319",
                message=f"`where` allows no size of `{name}`",
                span=last.span,
                labels=tuple(Label(stated.span, "stated here") for stated in others if stated.span is not None),
            )


def unproved(report: Report) -> tuple[Diagnostic, ...]:
    """Return an SC318 error for each demand of a symbolic report that the file's own `where:` does not ensure.

    A file without `where:` promises nothing, and owes no proof.
    """
    where = report.architecture.where
    if not where:
        return ()
    same = dict(pair for entry in where if (pair := _same(entry.condition)) is not None)
    stated = [_renamed(entry.condition, same) for entry in where]
    missed: list[tuple[Demand, Place, str]] = []
    said: set[tuple[str, ...]] = set()
    effort = Effort()
    for demand in demands_of(report):
        names = free_symbols(demand.condition.expr)
        if names in said:
            continue  # one cause, one error: what fits the symbols is said with the first
        needed = _renamed(demand.condition, same)
        counter = _counterexample(stated, needed, effort)
        if counter is not None and demand.place is not None:
            said.add(names)
            missed.append((demand, demand.place, counter))
    help_text = _help(report) if missed else None
    return tuple(
        Diagnostic(
            code="SC318",
            message=f"`{demand.path}` needs {demand.condition.pretty}, which `where` does not ensure{counter}",
            span=place.word,
            labels=tuple(Label(entry.span, "") for entry in where),
            help=help_text,
        )
        for demand, place, counter in missed
    )


def _help(report: Report) -> str | None:
    wanted = [sizes.spoken(name) for name, sizes in legality(report).sizes.items() if sizes != ANY]
    return f"state it: {'; '.join(wanted)}" if wanted else None


def _same(condition: Condition) -> tuple[str, Expr] | None:
    """Return the symbol that equals another, with that other, where a condition says just that."""
    expr = condition.expr
    names = free_symbols(expr)
    if condition.relation is not Relation.ZERO or len(names) != 2:  # noqa: PLR2004 - one symbol equals another
        return None
    first, second = names
    difference = symbol(first) - symbol(second)
    return (second, symbol(first)) if expr in (difference, -difference) else None


def _renamed(condition: Condition, same: Mapping[str, Expr]) -> Condition | bool:
    return condition if not same else condition.at(same)


def _counterexample(stated: Iterable[Condition | bool], needed: Condition | bool, effort: Effort) -> str | None:
    """Return sizes that the stated conditions allow and the needed one does not, as ` at H = 8`; None for none."""
    if isinstance(needed, bool):
        return None if needed else ""
    names = free_symbols(needed.expr)
    if len(names) > 1:
        return None if needed in stated else ""
    own = [entry for entry in stated if isinstance(entry, Condition) and free_symbols(entry.expr) == names]
    try:
        allowed = legal_sizes(own, names[0], effort)
        both = legal_sizes([*own, needed], names[0], effort)
    except DimLimitError:
        return None if needed in own else ""
    if allowed == both:
        return None
    at = allowed.from_(1)
    while at is not None and at in both:
        at = allowed.from_(at + 1)
    return f" at {names[0]} = {at}"
