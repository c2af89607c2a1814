"""Whether symbols can meet all constraints (SC319), and whether `where:` ensures those of the layers (SC318)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.diagnostics import Diagnostic, Label
from shapecalc.dims import Condition, Effort, Relation, free_symbols, symbol
from shapecalc.shape_inference.constraints import ANY, sizes_meeting

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from shapecalc.architecture import StatedCondition
    from shapecalc.diagnostics.step_spans import StepSpans
    from shapecalc.dims import Expr
    from shapecalc.shape_inference.constraints import Constraint
    from shapecalc.shape_inference.report import Report


def impossible(report: Report) -> Iterator[Diagnostic]:
    """Yield an SC319 error for each symbol for which no size meets all of `where:`, or all constraints of layers."""
    yield from _contradictions(report)
    valid = report.valid_sizes
    for name, sizes in valid.sizes.items():
        if sizes.smallest is not None:
            continue
        *others, last = [each for each in valid.single if free_symbols(each.condition.expr) == (name,)]
        labels = [Label(each.spans.type, f"needs {each.condition.pretty}") for each in others if each.spans is not None]
        yield Diagnostic(
            code="SC319",
            message=f"no size of `{name}` fits all layers",
            span=last.spans.type if last.spans is not None else None,
            label=f"needs {last.condition.pretty}",
            labels=tuple(labels),
        )


def _contradictions(report: Report) -> Iterator[Diagnostic]:
    """Yield an SC319 error for each unbound symbol for which the file's `where:` allows no size."""
    by_name: dict[str, list[StatedCondition]] = {}
    for stated in report.architecture.where:
        names = free_symbols(stated.condition.expr)
        if len(names) == 1 and names[0] not in report.bindings:
            by_name.setdefault(names[0], []).append(stated)
    effort = Effort()
    for name, conditions in by_name.items():
        allowed = sizes_meeting((stated.condition for stated in conditions), name, effort)
        if allowed is not None and allowed.smallest is None:
            *others, last = conditions
            yield Diagnostic(
                code="SC319",
                message=f"`where` allows no size of `{name}`",
                span=last.span,
                labels=tuple(Label(stated.span, "stated here") for stated in others if stated.span is not None),
            )


def unproved(report: Report) -> tuple[Diagnostic, ...]:
    """Return an SC318 error for each constraint of a symbolic report that the file's own `where:` does not ensure.

    A file without `where:` has nothing to prove.
    """
    where = report.architecture.where
    if not where:
        return ()
    same = dict(pair for entry in where if (pair := _same(entry.condition)) is not None)
    stated = [_renamed(entry.condition, same) for entry in where]
    missed: list[tuple[Constraint, StepSpans, str]] = []
    reported: set[tuple[str, ...]] = set()
    effort = Effort()
    for constraint in report.constraints:
        names = free_symbols(constraint.condition.expr)
        if names in reported:
            continue  # one cause, one error: the help of the first names the sizes that fit
        needed = _renamed(constraint.condition, same)
        counter = _counterexample(stated, needed, effort)
        if counter is not None and constraint.spans is not None:
            reported.add(names)
            missed.append((constraint, constraint.spans, counter))
    help_text = _help(report) if missed else None
    return tuple(
        Diagnostic(
            code="SC318",
            message=f"`{constraint.path}` needs {constraint.condition.pretty}, which `where` does not ensure{counter}",
            span=spans.type,
            labels=tuple(Label(entry.span, "") for entry in where),
            help=help_text,
        )
        for constraint, spans, counter in missed
    )


def _help(report: Report) -> str | None:
    wanted = [sizes.sentence(name) for name, sizes in report.valid_sizes.sizes.items() if sizes != ANY]
    return f"state it: {'; '.join(wanted)}" if wanted else None


def _same(condition: Condition) -> tuple[str, Expr] | None:
    """Return a symbol and the symbol that it equals if the condition is the equality of two symbols, else None."""
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
    """Return a size that the stated conditions allow and the needed one does not, as ` at H = 8`.

    None if there is no such size; empty if the needed condition is not ensured, but no size can be named.
    """
    if isinstance(needed, bool):
        return None if needed else ""
    names = free_symbols(needed.expr)
    if len(names) > 1:
        return None if needed in stated else ""
    own = [entry for entry in stated if isinstance(entry, Condition) and free_symbols(entry.expr) == names]
    allowed = sizes_meeting(own, names[0], effort)
    both = sizes_meeting([*own, needed], names[0], effort)
    if allowed is None or both is None:
        return None if needed in own else ""
    if allowed == both:
        return None
    at = allowed.from_(1)
    while at is not None and at in both:
        at = allowed.from_(at + 1)
    return f" at {names[0]} = {at}"
