"""The backward pass, predicted against executed, and its gradients against central differences."""

from __future__ import annotations

import math
import zlib
from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from shapecalc import reference
from shapecalc.costs.liveness import shapes_of, written
from shapecalc.diagnostics.numbers import finite
from shapecalc.execution.budget import BUDGET, Budget, afford, afford_arithmetic
from shapecalc.execution.lowering import (
    Price,
    calls_of,
    fields_as_written,
    numbers,
    price,
    random_inputs,
    random_parameters,
)
from shapecalc.execution.verify import trial_sizes
from shapecalc.reference.backpropagation import forward, propagate
from shapecalc.reference.executor import ExecutionError, execute
from shapecalc.reference.finite_differences import (
    TOLERANCE,
    CheckedGradient,
    check,
    held_row,
    input_name,
    root_mean_square,
)
from shapecalc.shape_inference.engine import Reports

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from shapecalc.architecture import Architecture
    from shapecalc.dims import Shape
    from shapecalc.reference.backpropagation import Propagation, Returned
    from shapecalc.reference.base import Array, Call
    from shapecalc.shape_inference.report import LayerReport, Report

STEPS = (1e-6, 1e-7, 1e-8)
"""How far a whole network is moved: less far where the first step crosses too many kinks."""
ROUNDING = 1e-4
"""A slope below this part of what the outputs weigh is held against it: that is as fine as rounding lets it be seen."""
BYTES = 8
"""Of one number: in float32 the differences would drown in rounding."""

WHOLE = 1e-4
"""The error allowed of a whole network along one direction: every layer bends it, where one alone has `TOLERANCE`."""

Shapes = dict[str, tuple[int, ...]]
"""The shape of each gradient that a layer gives: `x` or `x1`, `x2`, … by its inputs, the others by its parameters."""


@dataclass(frozen=True, slots=True)
class BackwardRow:
    """One layer going back, predicted and executed. What was executed is None where the kernel failed.

    The multiply-accumulates are those of the gradients by inputs and of those by parameters.
    """

    layer: LayerReport
    predicted: Shapes
    executed: Shapes | None
    predicted_macs: tuple[int, int]
    executed_macs: tuple[int, int] | None
    checked: CheckedGradient
    seconds: float
    failure: str = ""
    truncated: bool = False
    """Whether gradients are cut on their way back through its steps."""

    @property
    def exact(self) -> bool:
        """Whether the checked entries are those of the differences."""
        return self.checked.error <= TOLERANCE

    @property
    def ok(self) -> bool:
        """Whether shapes and multiply-accumulates agree and the gradients are right."""
        return (
            not self.failure
            and self.predicted == self.executed
            and self.predicted_macs == self.executed_macs
            and self.exact
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the row as JSON's values."""
        executed, macs = self.executed, self.executed_macs
        return {
            "path": self.layer.path,
            "type": self.layer.type,
            "ok": self.ok,
            "predicted": {name: list(shape) for name, shape in self.predicted.items()},
            "executed": None if executed is None else {name: list(shape) for name, shape in executed.items()},
            "predicted_macs": {"to_inputs": self.predicted_macs[0], "to_parameters": self.predicted_macs[1]},
            "executed_macs": None if macs is None else {"to_inputs": macs[0], "to_parameters": macs[1]},
            "truncated": self.truncated,
            "checked": {
                "entries": self.checked.entries,
                "error": finite(self.checked.error),
                "worst": self.checked.worst,
            },
            "seconds": self.seconds,
            "failure": self.failure,
        }


@dataclass(frozen=True, slots=True)
class BackwardProof:
    """A backward pass at one size of every symbol; `rows` are in its order, the last layer first.

    `along` is the relative error of the whole network's gradients along one random direction of all inputs and
    parameters at once, None where it was not reached or gradients are truncated.
    """

    architecture: Architecture
    sizes: Mapping[str, int]
    price: Price
    rows: tuple[BackwardRow, ...]
    skipped: int
    along: float | None
    truncate: int | None = None

    @property
    def ok(self) -> bool:
        """Whether every layer went back and is right, and so is the whole."""
        return not self.skipped and all(row.ok for row in self.rows) and (self.along is None or self.along <= WHOLE)

    @property
    def seconds(self) -> float:
        """Seconds spent in backward kernels."""
        return sum(row.seconds for row in self.rows)

    def to_dict(self) -> dict[str, Any]:
        """Return the proof as JSON's values."""
        return {
            "name": self.architecture.name,
            "ok": self.ok,
            "sizes": dict(self.sizes),
            "truncate": self.truncate,
            "peak_bytes": self.price.peak,
            "seconds": self.seconds,
            "error_along_one_direction": finite(self.along),
            "layers": [row.to_dict() for row in self.rows],
            "skipped": self.skipped,
        }


def verify_backward(
    architecture: Architecture,
    sizes: Mapping[str, int] | None = None,
    *,
    truncate: int | None = None,
    seed: int = 0,
    budget: Budget = BUDGET,
    progress: Callable[[str, int, int], None] | None = None,
) -> BackwardProof:
    """Run forward and backward in float64 and hold every gradient against its prediction and against differences.

    Symbols that `sizes` leave free take one small size. The loss is a sum of the outputs' cells with random weights.
    Recurrent layers go back `truncate` steps, None for all. Raises `ShapecalcError` for mistakes in the file, and SC701
    or SC705 before anything is allocated where a run would take more than `budget` allows.

    >>> import shapecalc
    >>> verify_backward(shapecalc.load("mlp")).ok
    True
    """
    reports = Reports(architecture)
    points, _ = trial_sizes(reports, sizes or {})
    report = reports.at(points[-1])
    asked = backward_price(report)
    afford(report, asked, budget)
    afford_arithmetic((report,), budget, back=True)
    parameters = random_parameters(report, seed=seed, dtype=np.float64)
    inputs = {name: wide(array) for name, array in random_inputs(report, seed=seed).items()}
    expected = deque(reversed(expectations(report, truncate)))
    tell = progress or (lambda _path, _done, _total: None)
    rows: list[BackwardRow] = []
    along = None
    try:
        tape = forward(_told(calls_of(report, params=parameters), tell, 2 * len(expected)), inputs, dtype=np.float64)
        gradients = {
            slot: np.random.default_rng([seed, zlib.crc32(slot.encode())]).standard_normal(tape.values[slot].shape)
            for slot in architecture.leaving.values()
            if tape.values[slot].dtype.kind == "f"
        }
        checks: list[CheckedGradient] = []
        propagation = propagate(
            tape,
            dict(gradients),
            truncate=truncate,
            witness=lambda past, arriving, given: checks.append(check(past, arriving, given, seed=seed)),
        )
        for returned in propagation:
            row = expected.popleft()
            found = checks.pop() if checks else CheckedGradient(0, 0.0, "")
            rows.append(
                replace(
                    row,
                    executed=_shapes(returned, row.predicted),
                    executed_macs=_macs(returned),
                    checked=found,
                    seconds=returned.seconds,
                )
            )
            tell(row.layer.path, 2 * len(report.layers) - len(expected), 2 * len(report.layers))
        if not any(row.truncated for row in rows):
            along = _along(report, parameters, inputs, gradients, propagation, seed)
    except ExecutionError as error:
        row = next(row for row in expected if row.layer.path == error.path)
        rows.append(replace(row, failure=str(error)))
    return BackwardProof(
        architecture, report.bindings, asked, tuple(rows), len(report.layers) - len(rows), along, truncate
    )


def wide(array: Array) -> Array:
    """Return an array in float64; whole numbers stay what they are."""
    return array.astype(np.float64) if array.dtype.kind == "f" else array


def expectations(report: Report, truncate: int | None = None) -> list[BackwardRow]:
    """Return what is predicted of each layer going back, in the order of the file; nothing of it is executed.

    A layer that the loss does not depend on is not reached: it gives no gradients.
    """
    floats = {entry.name for entry in report.inputs if entry.dtype != "int64"}
    for row in report.layers:
        if row.step.layer.gives != "same" or row.step.inputs[0] in floats:
            floats |= set(written(row))
    needed = set(report.architecture.leaving.values()) & floats
    rows = []
    for row in reversed(report.layers):
        if needed.isdisjoint(written(row)):
            rows.append(BackwardRow(row, {}, None, (0, 0), None, CheckedGradient(0, 0.0, ""), 0.0))
            continue
        read = [slot in floats for slot in row.step.inputs]
        needed |= floats.intersection(row.step.inputs)
        shapes = {input_name(place, len(read)): numbers(shape) for place, shape in enumerate(row.inputs) if read[place]}
        shapes |= {name: numbers(shape) for name, shape in row.facts.parameters.items()}
        uncut, _ = row.step.layer.backward_macs(*row.inputs, row.output)
        to_inputs, to_parameters = row.step.layer.backward_macs(*row.inputs, row.output, truncate=truncate)
        assert isinstance(to_inputs, int)
        assert isinstance(to_parameters, int)  # every symbol has a number
        macs = to_inputs, to_parameters
        rows.append(
            BackwardRow(row, shapes, None, macs, None, CheckedGradient(0, 0.0, ""), 0.0, truncated=to_inputs != uncut)
        )
    return rows[::-1]


def _told(calls: Iterator[Call], tell: Callable[[str, int, int], None], total: int) -> Iterator[Call]:
    for done, call in enumerate(calls):
        tell(call.path, done, total)
        yield call


def _shapes(returned: Returned, predicted: Shapes) -> Shapes:
    """Return the shapes of the gradients that a call gave, in the order in which they were predicted."""
    by_inputs = {
        input_name(place, len(returned.inputs)): shape
        for place, shape in enumerate(returned.inputs)
        if shape is not None
    }
    found = {**by_inputs, **returned.parameters}
    return {name: found[name] for name in (*predicted, *found) if name in found}


def _macs(returned: Returned) -> tuple[int, int]:
    return returned.macs_to_inputs, returned.macs_to_parameters


@np.errstate(all="ignore")  # what overflows is a finding and no warning
def _along(
    report: Report,
    parameters: dict[str, Array],
    inputs: dict[str, Array],
    gradients: Mapping[str, Array],
    propagation: Propagation,
    seed: int,
) -> float:
    """Return the relative error of the gradients along one random direction of all inputs and parameters at once.

    It holds what no layer shows alone: that the gradients of branches and of shared weights are added. Each entry moves
    in proportion to how large those of its array are. Moves the arrays themselves, which nothing reads afterwards.
    """
    arrays = {
        **{("input", name): array for name, array in inputs.items() if array.dtype.kind == "f"},
        **{("parameter", path): array for path, array in parameters.items()},
    }
    held = {
        f"{call.owner}.{name}": held_row(call, name)
        for call in calls_of(report, params=parameters)
        for name in call.parameters
    }
    found = {"input": propagation.slots, "parameter": propagation.parameters}
    learnt = {f"{row.path}.{name}" for row in report.layers for name in row.facts.parameters}
    predicted = squares = 0.0

    def move(distance: float) -> None:
        for (kind, name), array in arrays.items():
            if kind == "input" or name in learnt:
                moved = _direction(name, array.shape, seed)
                moved *= distance * scales[kind, name]
                if kind == "parameter" and held[name] is not None:
                    moved[held[name]] = 0
                array[...] += moved

    scales = {key: root_mean_square(array) for key, array in arrays.items()}
    for (kind, name), array in arrays.items():
        gradient = found[kind].get(name)
        if gradient is not None:
            scale = scales[kind, name]
            predicted += scale * float(np.vdot(gradient, _direction(name, array.shape, seed)))
            squares += scale * scale * float(np.vdot(gradient, gradient))
    error, length = math.inf, squares**0.5
    for step in STEPS:
        move(step)
        up = _leaving(report, parameters, inputs)
        move(-2 * step)
        down = _leaving(report, parameters, inputs)
        move(step)
        measured = sum(float(((up[slot] - down[slot]) * gradient).sum()) for slot, gradient in gradients.items())
        measured /= 2 * step
        # The slope along a random direction is as large as the gradient is long, give or take; outputs are rounded.
        weight = sum(float(np.abs(up[slot] * gradient).sum()) for slot, gradient in gradients.items())
        scale = max(length, abs(measured), ROUNDING * weight)
        if math.isfinite(scale):
            error = min(error, abs(predicted - measured) / scale if scale else 0.0)
        if error <= WHOLE:
            break
    return error


def _direction(name: str, shape: tuple[int, ...], seed: int) -> Array:
    return np.random.default_rng([seed, zlib.crc32(name.encode()), 1]).standard_normal(shape)


def _leaving(report: Report, parameters: dict[str, Array], inputs: dict[str, Array]) -> dict[str, Array]:
    execution = execute(calls_of(report, params=parameters), inputs, dtype=np.float64)
    for _ in execution:
        pass
    # An identity gives the very array that it has read, which is about to be moved.
    return {slot: np.array(execution.values[slot]) for slot in report.architecture.leaving.values()}


def backward_price(report: Report) -> Price:
    """Return the peak memory of a backward pass with its checks, and at which layer, from shapes alone.

    It holds all weights, every value that a layer still to come has read or given, the gradients by the weights of the
    layers that are done, those by values that are still to be gone back through, and temporaries.
    """
    weights = sum(
        _bytes(shape)
        for row in report.layers
        if not row.step.weights
        for shape in (*row.facts.parameters.values(), *row.facts.buffers.values())
    )
    shapes = shapes_of(report)
    values = sum(map(_bytes, shapes.values()))
    learnt: dict[str, int] = {}
    pending = {slot: _bytes(shapes[slot]) for slot in set(report.architecture.leaving.values())}
    forwards = price(report)
    worst = Price(2 * weights + 2 * forwards.peak, forwards.layer, 2 * weights, 2 * forwards.activations, 0)
    for row in reversed(report.layers):
        owner = row.step.weights or row.path
        learnt |= {f"{owner}.{name}": _bytes(shape) for name, shape in row.facts.parameters.items()}
        pending |= {slot: _bytes(shapes[slot]) for slot in (*row.step.inputs, *written(row))}
        gathered = reference.workspace(
            row.type,
            fields_as_written(row.step.layer),
            tuple(map(numbers, row.inputs)),
            {name: numbers(shape) for name, shape in (*row.facts.parameters.items(), *row.facts.buffers.items())},
            tuple(map(numbers, row.facts.outputs.values())),
            BYTES,
        )
        outputs = sum(map(_bytes, row.facts.outputs.values()))
        moved = max(map(_bytes, (*row.inputs, *row.facts.parameters.values())), default=0)
        # What the forward pass gathers, the backward pass gathers again, with gradients of the same size and their sum.
        workspace = 3 * gathered + 4 * outputs + 2 * moved
        now = Price(0, row, weights + sum(learnt.values()), values + sum(pending.values()), workspace)
        now = replace(now, peak=now.weights + now.activations + now.workspace)
        if now.peak > worst.peak:
            worst = now
        for slot in written(row):
            pending.pop(slot, None)
            values -= _bytes(shapes[slot])
    return worst


def _bytes(shape: Shape) -> int:
    return BYTES * math.prod(numbers(shape))
