"""An architecture and arrays → plain calls of reference kernels; and the price of a run, before it is made."""

from __future__ import annotations

import math
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from shapecalc import reference
from shapecalc.costs.liveness import last_reads, written
from shapecalc.diagnostics import Diagnostic, ShapecalcError
from shapecalc.dims import Expr, product, show
from shapecalc.execution.random_arrays import uniform
from shapecalc.layers.base import fields_of
from shapecalc.reference.base import Array, Call
from shapecalc.reference.executor import ExecutionError, execute
from shapecalc.shape_inference.engine import inspect_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import DTypeLike

    from shapecalc.architecture import Architecture, Input
    from shapecalc.dims import Shape
    from shapecalc.layers import Layer
    from shapecalc.shape_inference.report import LayerReport, Report

BYTES = 4
"""Of one float32 number: runs are in float32 unless the arrays given are not."""


@dataclass(frozen=True, slots=True)
class Price:
    """The most bytes that a run holds at once, and at which layer: its weights, the live values, temporaries."""

    peak: int
    layer: LayerReport
    weights: int
    activations: int
    workspace: int


def run(
    architecture: Architecture,
    inputs: Mapping[str, Array],
    params: Mapping[str, Array] | None = None,
    *,
    seed: int = 0,
) -> dict[str, Array]:
    """Run the forward pass and return the outputs by name.

    Symbols take the sizes of the input arrays. `params` holds weights and buffers by path (`c1.weight`); what is not
    given is random, the same for the same `seed`.
    Raises `ShapecalcError` SC702 where an array is missing, left over or of another shape than the architecture's.
    """
    report = inspect_at(architecture, _sizes_of(architecture, inputs))
    given = dict(params or {})
    _refuse_strangers(given, report)
    calls = calls_of(report, params=given, seed=seed)
    execution = execute(calls, {name: np.asarray(array) for name, array in inputs.items()})
    try:
        for _ in execution:
            pass
    except ExecutionError as error:
        raise ShapecalcError((Diagnostic(code="SC702", message=str(error)),), architecture.file) from None
    return {name: execution.values[slot] for name, slot in architecture.leaving.items()}


def random_inputs(report: Report, *, seed: int = 0) -> dict[str, Array]:
    """Return seeded random arrays in the shapes of the report's inputs, all of which must be numbers.

    Whole numbers are below the smallest table that any layer looks them up in.
    """
    tables = [row.step.layer.index_range for row in report.layers if row.step.layer.index_range is not None]
    arrays: dict[str, Array] = {}
    for entry in report.inputs:
        random = np.random.default_rng([seed, zlib.crc32(entry.name.encode())])
        shape = numbers(entry.shape)
        if entry.dtype == "int64":
            arrays[entry.name] = random.integers(0, min(tables, default=2), shape)
        else:
            arrays[entry.name] = random.standard_normal(shape, dtype=np.float32)
    return arrays


def calls_of(report: Report, *, params: Mapping[str, Array] | None = None, seed: int = 0) -> Iterator[Call]:
    """Yield a call per layer; its weights are made when it is asked for, so that one layer's are alive at a time.

    The kernel gets the layer's fields as written (`same` stays a word) and parameters in the shapes that were
    predicted: where those are wrong, the kernel's own arithmetic will not fit together.
    """
    frees = last_reads(report)
    for row in report.layers:
        yield _call(row, frees, lambda path, shape: _parameter(path, shape, params or {}, seed))


def calls_in_step(reports: Sequence[Report], *, seed: int = 0) -> Iterator[tuple[Call, ...]]:
    """Yield for each layer its calls in several reports of one architecture; what has the same shape is made once.

    To make the weights of VGG-16 takes longer than to run it at a small size.
    """
    frees = [last_reads(report) for report in reports]
    made: dict[tuple[str, tuple[int, ...]], Array] = {}

    def once(path: str, shape: tuple[int, ...]) -> Array:
        if (path, shape) not in made:
            made[path, shape] = _parameter(path, shape, {}, seed)
        return made[path, shape]

    for rows in zip(*(report.layers for report in reports), strict=True):
        yield tuple(_call(row, freed, once) for row, freed in zip(rows, frees, strict=True))
        made.clear()


def _call(row: LayerReport, frees: Mapping[str, tuple[str, ...]], parameter: Callable[..., Array]) -> Call:
    step, facts = row.step, row.facts
    shapes = {**facts.parameters, **facts.buffers}
    owner = step.weights or step.path
    return Call(
        path=step.path,
        kernel=step.layer.type,
        fields=fields_as_written(step.layer),
        parameters={name: parameter(f"{owner}.{name}", numbers(shape)) for name, shape in shapes.items()},
        inputs=step.inputs,
        outputs=tuple(written(row)),
        frees=frees[step.path],
        weights=step.weights,
    )


def random_parameters(report: Report, *, seed: int = 0, dtype: DTypeLike = np.float32) -> dict[str, Array]:
    """Return the weights and buffers by path (`c1.weight`) that `calls_of` would make, all of them at once.

    Handed to `calls_of` as `params`, every call of shared weights gets the same arrays.
    """
    return {
        f"{row.path}.{name}": _parameter(f"{row.path}.{name}", numbers(shape), {}, seed).astype(dtype, copy=False)
        for row in report.layers
        if not row.step.weights
        for name, shape in (*row.facts.parameters.items(), *row.facts.buffers.items())
    }


def fields_as_written(layer: Layer) -> dict[str, Any]:
    """Return a layer's fields by name, words and lists as the file has them."""
    return {name: getattr(layer, name) for name in fields_of(type(layer))}


def price(*reports: Report) -> Price:
    """Return the peak memory of a run and where it happens, from shapes alone; of several, run in step.

    Those hold the live values of all, and weights of one shape once.
    """
    frees = [last_reads(report) for report in reports]
    lives = [
        {entry.name: (8 if entry.dtype == "int64" else BYTES) * _size(entry.shape) for entry in report.inputs}
        for report in reports
    ]
    worst: Price | None = None
    for rows in zip(*(report.layers for report in reports), strict=True):
        for row, live in zip(rows, lives, strict=True):
            live |= {slot: BYTES * _size(shape) for slot, shape in written(row).items()}
        parameters = [_parameter_shapes(row) for row in rows]
        made = {entry for shapes in parameters for entry in shapes.items()}
        weights = sum(BYTES * math.prod(shape) for _, shape in made)
        workspace = max(map(_workspace, rows, parameters))
        activations = sum(sum(live.values()) for live in lives)
        if worst is None or weights + activations + workspace > worst.peak:
            worst = Price(weights + activations + workspace, rows[0], weights, activations, workspace)
        for row, live, freed in zip(rows, lives, frees, strict=True):
            for slot in freed[row.step.path]:
                live.pop(slot, None)
    assert worst is not None  # an architecture has a layer
    return worst


def _parameter_shapes(row: LayerReport) -> dict[str, tuple[int, ...]]:
    return {name: numbers(shape) for name, shape in (*row.facts.parameters.items(), *row.facts.buffers.items())}


def _workspace(row: LayerReport, parameters: Mapping[str, tuple[int, ...]]) -> int:
    return reference.workspace(
        row.type,
        fields_as_written(row.step.layer),
        tuple(numbers(shape) for shape in row.inputs),
        parameters,
        tuple(numbers(shape) for shape in row.facts.outputs.values()),
        BYTES,
    )


def numbers(shape: Shape) -> tuple[int, ...]:
    """Return a shape as numbers; raise `ShapecalcError` SC702 where a symbol is left."""
    for dim in shape:
        if isinstance(dim, Expr):
            message = f"a run expects a number for every symbol, {show(shape)} has one left"
            raise ShapecalcError((Diagnostic(code="SC702", message=message, help="give it by `--set`"),))
    return tuple(dim for dim in shape if isinstance(dim, int))


def _size(shape: Shape) -> int:
    size = product(shape)
    assert isinstance(size, int)  # `numbers` has been asked before
    return size


def _parameter(path: str, shape: tuple[int, ...], given: Mapping[str, Array], seed: int) -> Array:
    """Return the array given under `path`, else seeded random numbers small enough for deep stacks not to overflow."""
    if path in given:
        return np.asarray(given[path])
    key = (seed, zlib.crc32(path.encode()))
    if path.endswith("running_var"):
        return uniform(key, shape, scale=1, shift=0.5)
    fan_in = math.prod(shape[1:]) if len(shape) > 1 else 3
    # Uniform between ±√(3/fan_in) keeps the variance of what passes through a layer (LeCun et al. 1998, "Efficient
    # BackProp", section 4.6).
    bound = (3 / fan_in) ** 0.5
    return uniform(key, shape, scale=2 * bound, shift=-bound)


def _sizes_of(architecture: Architecture, inputs: Mapping[str, Array]) -> dict[str, int]:
    """Return the sizes of symbols from the arrays that enter."""
    expected = {entry.name for entry in architecture.inputs}
    if set(inputs) != expected:
        message = f"`{architecture.name}` expects inputs {sorted(expected)}, receives {sorted(inputs)}"
        raise ShapecalcError((Diagnostic(code="SC702", message=message),))
    sizes: dict[str, int] = {}
    for entry in architecture.inputs:
        shape = np.shape(inputs[entry.name])
        if len(shape) != len(entry.shape) or not all(map(_agrees, entry.shape, shape)):
            raise _other_shape(entry, shape)
        dtype = np.asarray(inputs[entry.name]).dtype
        if (dtype.kind in "iu") != (entry.dtype == "int64"):
            message = f"`{entry.name}` expects {entry.dtype}, receives {dtype}"
            raise ShapecalcError((Diagnostic(code="SC702", message=message),))
        for dim, size in zip(entry.shape, shape, strict=True):
            if isinstance(dim, Expr) and sizes.setdefault(str(dim), size) != size:
                raise _other_shape(entry, shape)
    return sizes


def _agrees(dim: object, size: int) -> bool:
    return isinstance(dim, Expr) or dim == size


def _other_shape(entry: Input, shape: tuple[int, ...]) -> ShapecalcError:
    message = f"`{entry.name}` expects {show(entry.shape)}, receives {list(shape)}"
    return ShapecalcError((Diagnostic(code="SC702", message=message),))


def _refuse_strangers(params: Mapping[str, Array], report: Report) -> None:
    expected = {
        f"{row.path}.{name}": numbers(shape)
        for row in report.layers
        if not row.step.weights
        for name, shape in (*row.facts.parameters.items(), *row.facts.buffers.items())
    }
    for path, array in params.items():
        if path not in expected:
            from shapecalc.diagnostics.suggestions import closest  # noqa: PLC0415 - only a mistake needs it

            near = closest(path, tuple(expected))
            help_text = f"write `{near}`" if near else None
            message = f"`{path}` is no parameter of `{report.architecture.name}`"
            raise ShapecalcError((Diagnostic(code="SC702", message=message, help=help_text),))
        if np.shape(array) != expected[path]:
            message = f"`{path}` expects {list(expected[path])}, receives {list(np.shape(array))}"
            raise ShapecalcError((Diagnostic(code="SC702", message=message),))
