"""A plan: one structure of an architecture with its closed forms, and the measuring of its points block by block."""

from __future__ import annotations

from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from shapecalc.diagnostics import Diagnostic, misuse
from shapecalc.dims import DimLimitError
from shapecalc.layers.fields import LARGEST_DIM
from shapecalc.shape_inference.engine import infer
from shapecalc.shape_inference.report import BATCH_SYMBOLS, sum_of
from shapecalc.solving.sweep.compiled import compiled
from shapecalc.solving.sweep.grid import sizes_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from shapecalc.architecture import Architecture
    from shapecalc.shape_inference.report import Count, Report
    from shapecalc.solving.sweep.compiled import Array, Compiled
    from shapecalc.solving.sweep.grid import GridBlock, SweepAxis
    from shapecalc.solving.sweep.pareto import Selection
    from shapecalc.solving.sweep.where import Where

COSTS = ("params", "buffers", "macs", "flops", "memory", "activations")
"""Columns of a sweep. `activations` is the bytes of all outputs, `memory` those and the parameters', at float32."""

NO_CLOSED_FORM = "SC311"
NO_SUMS: Mapping[str, str] = MappingProxyType({})


class SweepPlan(NamedTuple):
    """One structure: the values of its parameters, the sizes that are bound, and the axes of its symbols."""

    parameters: Mapping[str, Any]
    bindings: Mapping[str, int]
    axes: tuple[SweepAxis, ...]
    ready: Compiled


class Pointwise(NamedTuple):
    """One structure without closed forms, whose points are inspected one by one."""

    parameters: Mapping[str, Any]
    bindings: Mapping[str, int]
    axes: tuple[SweepAxis, ...]
    architecture: Architecture
    reason: Diagnostic
    sums: Mapping[str, str] = NO_SUMS


class KeptPoints(NamedTuple):
    """Points: a column per name, arrays of whole numbers or of objects, and how many points did not fit."""

    columns: Mapping[str, Array]
    points: int
    illegal: int = 0


class Task(NamedTuple):
    """A block to work out, and how many points it has; `shared` where another process can do so."""

    result: Callable[[], KeptPoints]
    points: int
    shared: bool


def plan(
    architecture: Architecture, sizes: Mapping[str, int], axes: tuple[SweepAxis, ...], sums: Mapping[str, str] = NO_SUMS
) -> SweepPlan | Pointwise | tuple[Diagnostic, ...]:
    """Return the plan of a structure; the diagnostics where it does not fit at any size.

    Symbols that are no axis take their size of `sizes`, else the file's usual one, the batch else 1. `sums` are columns
    more (`costs`).
    """
    bindings = _bindings(architecture, sizes, [axis.name for axis in axes])
    parameters = dict(architecture.parameters)
    try:
        report, findings = infer(architecture, symbolic=True, sizes=bindings, one_sample=False)
    except DimLimitError as error:
        report, findings = None, (Diagnostic(code=NO_CLOSED_FORM, message=str(error)),)
    if report is not None:
        stated = (entry.condition.at(bindings) for entry in architecture.where)
        required = (constraint.condition for constraint in report.constraints)
        conditions = tuple(dict.fromkeys((*required, *(entry for entry in stated if not isinstance(entry, bool)))))
        highest = {axis.name: max(axis.values) for axis in axes}
        return SweepPlan(parameters, bindings, axes, compiled(costs(report, sums), conditions, highest))
    reason = next((finding for finding in findings if finding.code == NO_CLOSED_FORM), None)
    return findings if reason is None else Pointwise(parameters, bindings, axes, architecture, reason, sums)


def costs(report: Report, sums: Mapping[str, str] = NO_SUMS) -> dict[str, Count]:
    """Return the totals of a report under the names of a sweep's columns.

    `sums` has further columns: the MACs of the layers whose path matches a pattern (`*.attn`).
    """
    totals = report.totals
    parameters, activations = totals.parameter_bytes, totals.activation_bytes
    memory = None if parameters is None or activations is None else parameters + activations
    counts = (totals.params, totals.buffers, totals.macs, totals.flops, memory, activations)
    found: dict[str, Count] = dict(zip(COSTS, counts, strict=True))
    for name, pattern in sums.items():
        rows = [row for row in report.layers if fnmatchcase(row.path, pattern)]
        if not rows:
            message = f"`--sum {name}` matches no layer with `{pattern}`"
            help_text = f"paths are such as `{report.layers[-1].path}`"
            raise misuse("SC803", message, help_text)
        found[name] = sum_of(row.macs for row in rows)
    return found


def _bindings(architecture: Architecture, sizes: Mapping[str, int], swept: list[str]) -> dict[str, int]:
    symbols = architecture.symbols
    for name in (*sizes, *swept):
        if name not in symbols:
            has = ", ".join(f"`{known}`" for known in (*symbols, *architecture.parameters)) or "none"
            message = f"`{architecture.name}` has no symbol or parameter `{name}`: it has {has}"
            raise misuse("SC312", message)
    usual = {name: 1 for name in BATCH_SYMBOLS if name in symbols} | dict(architecture.sizes) | dict(sizes)
    bindings = {name: size for name, size in usual.items() if name not in swept and name in symbols}
    free = [name for name in symbols if name not in bindings and name not in swept]
    if free:
        message = f"a sweep expects a size for every symbol, has none for {', '.join(f'`{name}`' for name in free)}"
        raise misuse("SC802", message, f"write `--set {free[0]}=…`")
    return bindings


def check_sizes(axis: SweepAxis) -> None:
    """Refuse an axis of sizes that are none."""
    values = axis.values
    wrong = (value for value in values if type(value) is not int or not 1 <= value <= LARGEST_DIM)
    if isinstance(values, range):
        wrong = (value for value in (values[0], values[-1]) if not 1 <= value <= LARGEST_DIM)
    for value in wrong:
        message = f"`{axis.name}` expects sizes from 1 to {LARGEST_DIM} (2^31 - 1), receives {value}"
        raise misuse("SC201", message)


def measured(
    plan: SweepPlan, block: GridBlock, names: tuple[str, ...], where: Where | None, choice: Selection
) -> KeptPoints:
    """Return what is kept of a block's points, a column for each of `names`."""
    sizes = sizes_in(block, plan.axes)
    values: dict[str, Any] = {**plan.parameters, **plan.bindings, **sizes, **plan.ready.columns(sizes)}
    whole = block.shape
    legal = np.broadcast_to(plan.ready.legal(sizes), whole)
    fitting = int(np.count_nonzero(legal))
    mask = legal if where is None else np.broadcast_to(where.holds(values), whole) & legal
    at = np.flatnonzero(mask)
    if choice.chooses:
        _refuse_unknown(values, choice)
        keys = {name: _gathered(values[name], whole, at) for name in choice.names}
        at = at[choice.of(keys, len(at))]
    columns = {name: _gathered(values[name], whole, at) for name in names}
    return KeptPoints(columns, len(at), block.points - fitting)


def _refuse_unknown(values: Mapping[str, Any], choice: Selection) -> None:
    for name in choice.names:
        if values[name] is None:
            message = f"the points cannot be ordered by `{name}`, which is unknown for some layer"
            raise misuse("SC803", message)


def _gathered(value: Any, shape: tuple[int, ...], at: Array) -> Array:
    """Return a column of the points at these positions of a block."""
    if not isinstance(value, np.ndarray):
        return column([value]).repeat(len(at))
    array: Array = np.broadcast_to(value, shape).reshape(-1)[at]
    return array


def column(values: list[Any]) -> Array:
    """Return values as whole numbers where int64 holds them all, else as Python's own.

    >>> column([1, 2**70]).dtype, column([1, 2]).dtype
    (dtype('O'), dtype('int64'))
    """
    if all(type(value) is int and -(2**63) <= value < 2**63 for value in values):
        return np.array(values, dtype=np.int64)
    found = np.empty(len(values), dtype=object)
    found[:] = values
    return found


def inspected(
    plan: Pointwise, block: GridBlock, names: tuple[str, ...], where: Where | None, choice: Selection
) -> KeptPoints:
    """Return what `measured` returns, each point inspected by itself."""
    rows: dict[str, list[Any]] = {name: [] for name in (*names, *choice.names)}
    illegal = 0
    for point in _points(plan.axes, block):
        report, _ = infer(plan.architecture, symbolic=True, sizes={**plan.bindings, **point})
        if report is None:
            illegal += 1
            continue
        values = {**plan.parameters, **plan.bindings, **point, **costs(report, plan.sums)}
        _refuse_unknown(values, choice)
        if where is None or where.holds(values):
            for name, entries in rows.items():
                entries.append(values[name])
    columns = {name: column(entries) for name, entries in rows.items()}
    at = choice.of(columns, len(columns[names[0]])) if choice.chooses else slice(None)
    columns = {name: columns[name][at] for name in names}
    return KeptPoints(columns, len(columns[names[0]]), illegal)


def _points(axes: tuple[SweepAxis, ...], block: GridBlock) -> Iterator[dict[str, int]]:
    for index in np.ndindex(block.shape):
        yield {
            axis.name: axis.values[start + step]
            for axis, (start, _), step in zip(axes, block.ranges, index, strict=True)
        }


def merged(pieces: list[KeptPoints], names: tuple[str, ...]) -> KeptPoints:
    """Return several pieces as one, in their order."""
    columns: dict[str, Array] = {}
    for name in names:
        parts = [piece.columns[name] for piece in pieces]
        if any(part.dtype == object for part in parts):
            parts = [part.astype(object) for part in parts]
        columns[name] = np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64)
    return KeptPoints(columns, sum(piece.points for piece in pieces), sum(piece.illegal for piece in pieces))
