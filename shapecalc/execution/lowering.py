"""Lowering of a report to calls of reference kernels, and the memory that a run will take."""

from __future__ import annotations

import math
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

from shapecalc import reference
from shapecalc.costs.liveness import last_reads, output_slots
from shapecalc.diagnostics import Diagnostic, ShapecalcError
from shapecalc.dims import Expr, product, show
from shapecalc.execution.budget import Price
from shapecalc.execution.random_arrays import uniform
from shapecalc.layers.base import fields_of
from shapecalc.reference.base import Array, Call
from shapecalc.reference.executor import ExecutionError, run
from shapecalc.shape_inference.unknown_costs import require_layers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import DTypeLike

    from shapecalc.architecture import Step
    from shapecalc.dims import Shape
    from shapecalc.layers import Layer
    from shapecalc.shape_inference.report import Report
    from shapecalc.shape_inference.rows import LayerReport

BYTES = 4
"""Of a float32 element; runs are in float32 by default."""


def random_inputs(report: Report, *, seed: int = 0) -> dict[str, Array]:
    """Return seeded random arrays in the shapes of the report's inputs, which must have no symbols.

    Integers are below the size of the smallest table that a layer looks them up in, and such that what layers compute
    of them is in the tables too; half of the flags are true.
    """
    bounds = (row.step.layer.index_bound(*row.inputs) for row in report.layers)
    bound = min((each for each in bounds if isinstance(each, int)), default=2)
    arrays = _drawn_inputs(report, seed, 0, bound)
    if not any(map(_computes_integers, report.layers)) or _in_tables(report, arrays):
        return arrays
    # The halves of the range, then their halves, of which a shift or a factor leaves one in the table.
    for parts in (2, 4, 8, 16):
        for part in range(parts):
            start, stop = part * bound // parts, (part + 1) * bound // parts
            if start < stop and _in_tables(report, tried := _drawn_inputs(report, seed, start, stop)):
                return tried
    return arrays


def _drawn_inputs(report: Report, seed: int, start: int, stop: int) -> dict[str, Array]:
    """Return seeded random arrays, the integers from `start` to below `stop`."""
    arrays: dict[str, Array] = {}
    for entry in report.inputs:
        random = np.random.default_rng([seed, zlib.crc32(entry.name.encode())])
        shape = concrete(entry.shape)
        if entry.dtype == "int64":
            arrays[entry.name] = random.integers(start, stop, shape)
        elif entry.dtype == "bool":
            arrays[entry.name] = random.integers(0, 2, shape).astype(bool)
        else:
            arrays[entry.name] = random.standard_normal(shape, dtype=np.float32)
    return arrays


def _computes_integers(row: LayerReport) -> bool:
    return "int64" in row.dtypes.values() and row.facts.flops != 0


def _in_tables(report: Report, inputs: Mapping[str, Array]) -> bool:
    """Return whether all indices that layers compute are rows of the tables that they are looked up in.

    What layers compute of floats, or with parameters, is left out.
    """
    values = {name: array for name, array in inputs.items() if array.dtype.kind != "f"}
    frees: dict[str, tuple[str, ...]] = {row.path: () for row in report.layers}
    for row in report.layers:
        if not all(slot in values for slot in row.step.inputs):
            continue
        bound = row.step.layer.index_bound(*row.inputs)
        if isinstance(bound, int):
            indices = values[row.step.inputs[-1]]
            if indices.min(initial=0) < 0 or indices.max(initial=0) >= bound:
                return False
        if row.dtypes and not _parameter_shapes(row):
            try:
                run(_call(row, frees, _no_parameter), values)
            except ExecutionError:
                continue
    return True


def _no_parameter(path: str, _shape: tuple[int, ...]) -> Array:
    raise AssertionError(path)


def calls_of(report: Report, *, params: Mapping[str, Array] | None = None, seed: int = 0) -> Iterator[Call]:
    """Yield a call per layer; its weights are made when it is reached, so that only one layer's are live.

    The kernel gets the layer's fields as written (`same` stays a string) and parameters in the predicted shapes: if
    these are wrong, the kernel's own arithmetic fails.
    """
    frees = last_reads(report)
    for row in report.layers:
        yield _call(row, frees, lambda path, shape, dtype: _parameter(path, shape, params or {}, seed, dtype))


def calls_in_lockstep(
    reports: Sequence[Report], *, params: Mapping[str, Array] | None = None, seed: int = 0
) -> Iterator[tuple[Call, ...]]:
    """Yield for each layer its calls in several reports of one architecture; weights of equal shape are made once.

    Making the weights of VGG-16 takes longer than running it at a small size.
    """
    frees = [last_reads(report) for report in reports]
    cache: dict[tuple[str, tuple[int, ...]], Array] = {}

    def cached(path: str, shape: tuple[int, ...], dtype: str) -> Array:
        if (path, shape) not in cache:
            cache[path, shape] = _parameter(path, shape, params or {}, seed, dtype)
        return cache[path, shape]

    for rows in zip(*(report.layers for report in reports), strict=True):
        yield tuple(_call(row, freed, cached) for row, freed in zip(rows, frees, strict=True))
        cache.clear()


def _call(row: LayerReport, frees: Mapping[str, tuple[str, ...]], parameter: Callable[..., Array]) -> Call:
    step, facts = row.step, row.facts
    shapes = facts.tensors
    return Call(
        path=step.path,
        kernel=step.layer.type,
        fields=fields_as_written(step.layer),
        parameters={name: _used(step, name, concrete(shape), parameter) for name, shape in shapes.items()},
        inputs=step.inputs,
        outputs=tuple(output_slots(row)),
        frees=frees[step.path],
        tensors={name: step.tensor(name) for name in shapes} if step.shares else {},
        transposed=frozenset(filter(step.transposes, shapes)) if step.apart else frozenset(),
    )


def _used(step: Step, name: str, shape: tuple[int, ...], parameter: Callable[..., Array]) -> Array:
    """Return a parameter as a step uses it."""
    path, dtype = step.tensor(name), step.layer.tensor_dtype(name)
    return parameter(path, shape[::-1], dtype).T if step.transposes(name) else parameter(path, shape, dtype)


def random_parameters(report: Report, *, seed: int = 0, dtype: DTypeLike = np.float32) -> dict[str, Array]:
    """Return all weights and buffers by path (`c1.weight`) as `calls_of` makes them.

    Passed to `calls_of` as `params`, they give every call of shared weights the same arrays.
    """
    made = {}
    for row in report.layers:
        for name, shape in row.facts.tensors.items():
            if row.step.owns(name):
                path, own = row.step.tensor(name), row.step.layer.tensor_dtype(name)
                own_dtype = dtype if own == "float32" else own
                made[path] = _parameter(path, concrete(shape), {}, seed, own).astype(own_dtype, copy=False)
    return made


def fields_as_written(layer: Layer) -> dict[str, Any]:
    """Return a layer's fields by name, with strings and lists as in the file."""
    return {name: getattr(layer, name) for name in fields_of(type(layer))}


def price(*reports: Report, itemsize: int = BYTES) -> Price:
    """Return the peak memory of a run and its layer, computed from shapes; of several reports, run in lockstep.

    Elements that are no integers have `itemsize` bytes. Reports in lockstep hold the live values of all reports, and
    weights of equal shape once.
    """
    for report in reports:
        require_layers(report, "its values are")
    frees = [last_reads(report) for report in reports]
    live_values = [
        {entry.name: (8 if entry.dtype == "int64" else itemsize) * _size(entry.shape) for entry in report.inputs}
        for report in reports
    ]
    worst: Price | None = None
    for rows in zip(*(report.layers for report in reports), strict=True):
        for row, live in zip(rows, live_values, strict=True):
            live |= {slot: itemsize * _size(shape) for slot, shape in output_slots(row).items()}
        unique = {entry for row in rows for entry in _parameter_shapes(row).items()}
        weights = sum(itemsize * math.prod(shape) for _, shape in unique)
        temporaries = max(workspace(row, itemsize) for row in rows)
        activations = sum(sum(live.values()) for live in live_values)
        if worst is None or weights + activations + temporaries > worst.peak:
            worst = Price(weights + activations + temporaries, rows[0], weights, activations, temporaries)
        for row, live, freed in zip(rows, live_values, frees, strict=True):
            for slot in freed[row.step.path]:
                live.pop(slot, None)
    assert worst is not None  # every architecture has a layer
    return worst


def _parameter_shapes(row: LayerReport) -> dict[str, tuple[int, ...]]:
    return {name: concrete(shape) for name, shape in row.facts.tensors.items()}


def workspace(row: LayerReport, itemsize: int = BYTES) -> int:
    """Return the bytes of temporaries that a layer's kernel takes, for elements of `itemsize` bytes."""
    return reference.workspace(
        row.type,
        fields_as_written(row.step.layer),
        tuple(map(concrete, row.inputs)),
        _parameter_shapes(row),
        tuple(map(concrete, row.facts.outputs.values())),
        itemsize,
    )


def concrete(shape: Shape) -> tuple[int, ...]:
    """Return a shape as integers; raise `ShapecalcError` SC702 if it has a symbol."""
    for dim in shape:
        if isinstance(dim, Expr):
            message = f"a run expects a number for every symbol, {show(shape)} has one left"
            raise ShapecalcError((Diagnostic(code="SC702", message=message, help="give it by `--set`"),))
    return tuple(dim for dim in shape if isinstance(dim, int))


def _size(shape: Shape) -> int:
    size = product(shape)
    assert isinstance(size, int)  # `concrete` refuses other shapes first
    return size


def _parameter(path: str, shape: tuple[int, ...], given: Mapping[str, Array], seed: int, dtype: str) -> Array:
    """Return the array given under `path`, else a seeded random one, so small that deep networks do not overflow.

    Integers and flags are 0 or 1: an index of this size is valid in any axis of more than one entry.
    """
    if path in given:
        return np.asarray(given[path])
    key = (seed, zlib.crc32(path.encode()))
    if dtype != "float32":
        return np.random.default_rng(key).integers(0, 2, shape).astype(dtype)
    if path.endswith("running_var"):
        return uniform(key, shape, scale=1, shift=0.5)
    fan_in = math.prod(shape[1:]) if len(shape) > 1 else 3
    # Uniform between ±√(3/fan_in), the outputs of a layer have the variance of its inputs (LeCun et al. 1998,
    # "Efficient BackProp", section 4.6).
    bound = (3 / fan_in) ** 0.5
    return uniform(key, shape, scale=2 * bound, shift=-bound)
