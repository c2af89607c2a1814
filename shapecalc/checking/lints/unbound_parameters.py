"""Parameters whose number depends on an unbound size, such as the height of the input: SC415."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shapecalc.checking.lints.axes import TIME_SYMBOLS
from shapecalc.diagnostics import Diagnostic, Label
from shapecalc.diagnostics.step_spans import with_origins
from shapecalc.dims import Relation, free_symbols, show, symbol
from shapecalc.layers.roles import Role
from shapecalc.shape_inference.report import BATCH_SYMBOLS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from shapecalc.architecture import Input
    from shapecalc.checking.lints.axes import LayerAxes
    from shapecalc.diagnostics.step_spans import StepSpans
    from shapecalc.dims import Dim
    from shapecalc.shape_inference.report import Report
    from shapecalc.shape_inference.rows import LayerReport

SPACE_SYMBOLS = ("H", "W", "height", "width")
"""Names of the extents of a map; a single one may be a width of features."""
MAP_RANK = 4
_MOST_SHOWN = 4


class _Dependent(NamedTuple):
    """A layer, its positions, and the unbound sizes that decide the number of its parameters."""

    row: LayerReport
    spans: StepSpans
    names: tuple[str, ...]


def unbound_parameters(report: Report, entries: Sequence[LayerAxes]) -> Iterator[Diagnostic]:
    """Yield a warning for each set of unbound sizes, of time, space or the batch, that decides how many parameters are.

    A size that the file states is left out: the usual one, or one that `where:` states by an equality.
    """
    stated = (each.condition for each in report.architecture.where if each.condition.relation is Relation.ZERO)
    bound = {name for condition in stated for name in free_symbols(condition.expr)}
    extents = _extents(report, entries).difference(report.architecture.sizes, bound)
    groups: dict[tuple[str, ...], list[_Dependent]] = {}
    for entry in entries:
        names, spans = _deciding(entry.row, extents), entry.row.step.spans
        if names and spans is not None and not entry.row.step.weights:
            layers = groups.setdefault(names, [])
            if spans.type not in [layer.spans.type for layer in layers]:
                layers.append(_Dependent(entry.row, spans, names))
    for layers in groups.values():
        yield _warning(report, layers)


def _extents(report: Report, entries: Sequence[LayerAxes]) -> set[str]:
    """Return the unbound symbols that are sizes of time or space: by role, by position in an input, or by name."""
    names = {name for name in report.symbols if name in TIME_SYMBOLS}
    spatial = {name for name in report.symbols if name in SPACE_SYMBOLS}
    names |= spatial if len(spatial) > 1 else set()
    for entry in report.inputs:
        names |= _names(_positions(entry))
    read = {
        (shape, tensor.roles) for entry in entries for shape, tensor in zip(entry.row.inputs, entry.inputs, strict=True)
    }
    for shape, roles in read:
        for dim, role in zip(shape, roles, strict=True):
            if role is Role.SPACE or role is Role.TIME:
                names.update(free_symbols(dim))
    return names.union(set(report.symbols).intersection(BATCH_SYMBOLS))


def _positions(entry: Input) -> Iterable[Dim]:
    """Return the axes of an input that are positions: of a map, or of indices."""
    if entry.dtype == "int64":
        return entry.shape[1:]
    return entry.shape[2:] if len(entry.shape) >= MAP_RANK else ()


def _names(dims: Iterable[Dim]) -> set[str]:
    return {name for dim in dims for name in free_symbols(dim) if dim == symbol(name)}


def _deciding(row: LayerReport, extents: set[str]) -> tuple[str, ...]:
    """Return the sizes that decide the number of parameters, in the order of the alphabet.

    A condition that two sizes are equal decides them: a stated number of features is not left to the input.
    """
    names = {name for shape in row.facts.parameters.values() for dim in shape for name in free_symbols(dim)} & extents
    if not names:
        return ()
    stated = {
        name
        for condition in row.facts.conditions
        if condition.relation is Relation.ZERO
        for name in free_symbols(condition.expr)
    }
    return tuple(sorted(names - stated))


def _warning(report: Report, layers: Sequence[_Dependent]) -> Diagnostic:
    (row, spans, names), *others = layers
    quoted = " and ".join(f"`{name}`" for name in names)
    tensor, shape = next(
        (tensor, shape)
        for tensor, shape in row.facts.parameters.items()
        if not set(names).isdisjoint(name for dim in shape for name in free_symbols(dim))
    )
    entry = next((entry for entry in report.inputs if any(name in names for name in _symbols(entry))), None)
    unbound = "is unbound" if len(names) == 1 else "are unbound"
    labels = [Label(other.spans.type, "these too") for other in others[:_MOST_SHOWN]]
    if entry is not None and entry.span is not None:
        labels.append(Label(entry.span, f"{quoted} {unbound}"))
    more = len(others) - _MOST_SHOWN
    diagnostic = Diagnostic(
        code="SC415",
        message=f"`{row.type}` has parameters whose number depends on {quoted}",
        span=spans.type,
        label=f"{tensor} {show(shape)}",
        labels=tuple(labels),
        help=_help(row, names, joined=row.inputs[0] not in [entry.shape for entry in report.inputs]),
        notes=(f"and {more} more layers",) if more > 0 else (),
    )
    return with_origins(diagnostic, spans.origins)


def _symbols(entry: Input) -> set[str]:
    return {name for dim in entry.shape for name in free_symbols(dim)}


def _help(row: LayerReport, names: tuple[str, ...], *, joined: bool) -> str:
    if not set(names).isdisjoint(BATCH_SYMBOLS):
        return "the parameters of a network do not depend on its batch: put `permute` before it, or take the axis out"
    sizes = ", ".join(f"{name}: …" for name in names)
    bind = f"give a usual size: `sizes: {{{sizes}}}`"
    if len(row.inputs[0]) == 2:  # noqa: PLR2004 - a table: its axes are joined already
        return f"{bind}, or put a pool to a fixed size before it, such as `adaptive_avg_pool`" if joined else bind
    return f"{bind}, or put `permute` before it, so that it reads the features"
