"""Plans of a sweep: one structure of an architecture with its closed forms, evaluated block by block."""

from __future__ import annotations

from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from shapecalc.diagnostics import Diagnostic, misuse
from shapecalc.dims import DimLimitError
from shapecalc.layers.fields import LARGEST_DIM
from shapecalc.shape_inference.engine import infer
from shapecalc.shape_inference.report import BATCH_SYMBOLS
from shapecalc.shape_inference.rows import sum_of
from shapecalc.solving.sweep.compiled import compiled
from shapecalc.solving.sweep.grid import sizes_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from shapecalc.architecture import Architecture
    from shapecalc.shape_inference.report import Report
    from shapecalc.shape_inference.rows import Count
    from shapecalc.solving.sweep.compiled import Array, Compiled
    from shapecalc.solving.sweep.grid import GridBlock, SweepAxis
    from shapecalc.solving.sweep.pareto import Selection
    from shapecalc.solving.sweep.where import Where

COSTS = ("params", "buffers", "macs", "flops", "memory", "activations")
"""Columns of a sweep. `activations` is the bytes of all outputs, `memory` those and the parameters', at float32."""

ACTIVE = "active_params"
"""A column of networks with mixtures of experts, after the others: the parameters that one token uses."""

NO_CLOSED_FORM = "SC311"
NO_SUMS: Mapping[str, str] = MappingProxyType({})


class SweepPlan(NamedTuple):
    """One structure: the values of its parameters, the sizes that are bound, and the axes of its symbols."""

    parameters: Mapping[str, Any]
    bindings: Mapping[str, int]
    axes: tuple[SweepAxis, ...]
    compiled: Compiled


class Pointwise(NamedTuple):
    """One structure without closed forms, whose points are inferred one by one."""

    parameters: Mapping[str, Any]
    bindings: Mapping[str, int]
    axes: tuple[SweepAxis, ...]
    architecture: Architecture
    reason: Diagnostic
    sums: Mapping[str, str] = NO_SUMS


class Points(NamedTuple):
    """Selected points: a column per name, of integers or of objects; `invalid` counts the points that do not fit."""

    columns: Mapping[str, Array]
    points: int
    invalid: int = 0


class Task(NamedTuple):
    """A block to evaluate, and its number of points; `shared` is whether another process can evaluate it."""

    result: Callable[[], Points]
    points: int
    shared: bool


def plan(
    architecture: Architecture, sizes: Mapping[str, int], axes: tuple[SweepAxis, ...], sums: Mapping[str, str] = NO_SUMS
) -> SweepPlan | Pointwise | tuple[Diagnostic, ...]:
    """Return the plan of a structure, or diagnostics if it fits at no size.

    A symbol that is not an axis takes its size of `sizes`, else the file's own, else, for the batch, the smallest valid
    one. `sums` are additional columns (see `costs`).
    """
    bindings = _bindings(architecture, sizes, [axis.name for axis in axes])
    parameters = dict(architecture.parameters)
    try:
        report, findings = infer(architecture, symbolic=True, sizes=bindings, one_sample=False)
        if report is None:
            given = {name: size for name, size in bindings.items() if name in sizes or name in architecture.sizes}
            bindings |= _smallest_batch(architecture, given)
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

    `sums` has additional columns: the MACs of the layers whose path matches a pattern (`*.attn`).
    """
    totals = report.totals
    parameters, activations = totals.parameter_bytes, totals.activation_bytes
    memory = None if parameters is None or activations is None else parameters + activations
    counts = (totals.params, totals.buffers, totals.macs, totals.flops, memory, activations)
    columns: dict[str, Count] = dict(zip(COSTS, counts, strict=True))
    if counts_active(report.architecture):
        columns[ACTIVE] = totals.active_params
    for name, pattern in sums.items():
        rows = [row for row in report.layers if fnmatchcase(row.path, pattern)]
        if not rows:
            message = f"`--sum {name}` matches no layer with `{pattern}`"
            help_text = f"paths are such as `{report.layers[-1].path}`"
            raise misuse("SC803", message, help_text)
        columns[name] = sum_of(row.macs for row in rows)
    return columns


def counts_active(architecture: Architecture) -> bool:
    """Return whether `active_params` is a cost of a network, and no name of its own."""
    return ACTIVE not in architecture.parameters and ACTIVE not in architecture.symbols


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


def _smallest_batch(architecture: Architecture, sizes: Mapping[str, int]) -> Mapping[str, int]:
    """Return the smallest valid size of the batch if `sizes` leave it unbound."""
    report, _ = infer(architecture, symbolic=True, sizes=sizes)
    return {} if report is None else report.costs_at


def check_sizes(axis: SweepAxis) -> None:
    """Raise `ShapecalcError` SC201 if a value of an axis is not a valid size."""
    values = axis.values
    wrong = (value for value in values if type(value) is not int or not 1 <= value <= LARGEST_DIM)
    if isinstance(values, range):
        wrong = (value for value in (values[0], values[-1]) if not 1 <= value <= LARGEST_DIM)
    for value in wrong:
        message = f"`{axis.name}` expects sizes from 1 to {LARGEST_DIM} (2^31 - 1), receives {value}"
        raise misuse("SC201", message)


def evaluate_block(
    plan: SweepPlan, block: GridBlock, names: tuple[str, ...], where: Where | None, selection: Selection
) -> Points:
    """Return the selected points of a block, a column for each of `names`."""
    sizes = sizes_in(block, plan.axes)
    values: dict[str, Any] = {**plan.parameters, **plan.bindings, **sizes, **plan.compiled.columns(sizes)}
    shape = block.shape
    valid = np.broadcast_to(plan.compiled.valid(sizes), shape)
    mask = valid if where is None else np.broadcast_to(where.holds(values), shape) & valid
    at = np.flatnonzero(mask)
    if selection.selects:
        _refuse_unknown(values, selection)
        keys = {name: _gathered(values[name], shape, at) for name in selection.names}
        at = at[selection.of(keys, len(at))]
    columns = {name: _gathered(values[name], shape, at) for name in names}
    return Points(columns, len(at), block.points - int(np.count_nonzero(valid)))


def _refuse_unknown(values: Mapping[str, Any], selection: Selection) -> None:
    for name in selection.names:
        if values[name] is None:
            message = f"the points cannot be ordered by `{name}`, which is unknown for some layer"
            raise misuse("SC803", message)


def _gathered(value: Any, shape: tuple[int, ...], at: Array) -> Array:
    """Return a column of the points at positions of a block."""
    if not isinstance(value, np.ndarray):
        return column([value]).repeat(len(at))
    array: Array = np.broadcast_to(value, shape).reshape(-1)[at]
    return array


def column(values: list[Any]) -> Array:
    """Return values as an array of int64 if all fit, else of Python objects.

    >>> column([1, 2**70]).dtype, column([1, 2]).dtype
    (dtype('O'), dtype('int64'))
    """
    if all(type(value) is int and -(2**63) <= value < 2**63 for value in values):
        return np.array(values, dtype=np.int64)
    objects = np.empty(len(values), dtype=object)
    objects[:] = values
    return objects


def infer_block(
    plan: Pointwise, block: GridBlock, names: tuple[str, ...], where: Where | None, selection: Selection
) -> Points:
    """Return the points of `evaluate_block`, each inferred separately."""
    rows: dict[str, list[Any]] = {name: [] for name in (*names, *selection.names)}
    invalid = 0
    for point in _points(plan.axes, block):
        report, _ = infer(plan.architecture, symbolic=True, sizes={**plan.bindings, **point})
        if report is None:
            invalid += 1
            continue
        values = {**plan.parameters, **plan.bindings, **point, **costs(report, plan.sums)}
        _refuse_unknown(values, selection)
        if where is None or where.holds(values):
            for name, entries in rows.items():
                entries.append(values[name])
    columns = {name: column(entries) for name, entries in rows.items()}
    at = selection.of(columns, len(columns[names[0]])) if selection.selects else slice(None)
    columns = {name: columns[name][at] for name in names}
    return Points(columns, len(columns[names[0]]), invalid)


def _points(axes: tuple[SweepAxis, ...], block: GridBlock) -> Iterator[dict[str, int]]:
    for index in np.ndindex(block.shape):
        yield {
            axis.name: axis.values[start + step]
            for axis, (start, _), step in zip(axes, block.ranges, index, strict=True)
        }


def concatenate(chunks: list[Points], names: tuple[str, ...]) -> Points:
    """Return the points of several chunks, in their order."""
    columns: dict[str, Array] = {}
    for name in names:
        parts = [chunk.columns[name] for chunk in chunks]
        if any(part.dtype == object for part in parts):
            parts = [part.astype(object) for part in parts]
        columns[name] = np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64)
    return Points(columns, sum(chunk.points for chunk in chunks), sum(chunk.invalid for chunk in chunks))
