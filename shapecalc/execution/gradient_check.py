"""Verification of the backward pass: predicted against executed shapes and MACs, gradients against differences."""

from __future__ import annotations

import math
import zlib
from collections import deque
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from shapecalc.costs.liveness import output_slots, shapes_of
from shapecalc.costs.single_values import single_values
from shapecalc.diagnostics.numbers import finite
from shapecalc.diagnostics.presentation import Presented
from shapecalc.execution.budget import BUDGET, Budget, Price, check_arithmetic, check_memory
from shapecalc.execution.lowering import (
    calls_of,
    concrete,
    price,
    random_inputs,
    random_parameters,
    workspace,
)
from shapecalc.execution.verify import given_weights, trial_sizes
from shapecalc.reference.backpropagation import forward, propagate
from shapecalc.reference.executor import ExecutionError, execute
from shapecalc.reference.finite_differences import (
    TOLERANCE,
    CheckedGradient,
    check,
    input_name,
    padding_row,
    root_mean_square,
)
from shapecalc.shape_inference.engine import Reports

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from numpy.typing import ArrayLike

    from shapecalc.architecture import Architecture
    from shapecalc.dims import Shape
    from shapecalc.reference.backpropagation import BackwardResult, Propagation
    from shapecalc.reference.base import Array, Call
    from shapecalc.reference.gradients import Context, Gradients
    from shapecalc.shape_inference.report import Report
    from shapecalc.shape_inference.rows import LayerReport

STEPS = (1e-6, 1e-7, 1e-8)
"""Distances by which a whole network is moved; the smaller ones are tried if the first crosses too many kinks."""
ROUNDING = 1e-4
"""The error of a slope is relative to at least this part of the weighted outputs' magnitude, the limit of rounding."""
BYTES = 8
"""Of a float64 element: in float32, rounding would exceed the differences."""

NETWORK_TOLERANCE = 1e-4
"""The relative error allowed for a whole network along one direction; nonlinearities of all layers add to it."""

NOT_CHECKED = CheckedGradient(0, 0.0, "")

Shapes = dict[str, tuple[int, ...]]
"""The shape of each gradient: with respect to inputs `x` or `x1`, `x2`, …, and to parameters by their names."""


@dataclass(frozen=True, slots=True)
class BackwardRow:
    """The backward pass of one layer, predicted and executed; executed values are None if the kernel failed.

    The multiply-accumulates are those of the gradients with respect to inputs, and to parameters.
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
    """Whether its gradients are truncated over time."""

    @property
    def exact(self) -> bool:
        """Whether the checked entries agree with the differences."""
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
class BackwardProof(Presented):
    """A backward pass at one size of every symbol; `rows` are in the order of the backward pass, the last layer first.

    `directional_error` is the relative error of the whole network's gradients along one random direction of all inputs
    and parameters, None if a kernel failed or gradients are truncated.
    """

    architecture: Architecture
    sizes: Mapping[str, int]
    price: Price
    rows: tuple[BackwardRow, ...]
    skipped: int
    directional_error: float | None
    truncate: int | None = None
    single_values: tuple[LayerReport, ...] = ()
    """The norms that have one value per channel, which PyTorch does not train."""

    def __repr__(self) -> str:
        """Return the name, the sizes, and the verdict."""
        at = ", ".join(f"{name} = {size}" for name, size in self.sizes.items())
        verdict = "ok" if self.ok else "failed"
        return f"<BackwardProof of {self.architecture.name}{at and f' at {at}'}: {verdict}>"

    @property
    def ok(self) -> bool:
        """Whether every layer ran and its gradients are right, and so are those of the whole network."""
        error = self.directional_error
        return not self.skipped and all(row.ok for row in self.rows) and (error is None or error <= NETWORK_TOLERANCE)

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
            "single_value_norms": [row.path for row in self.single_values],
            "truncate": self.truncate,
            "peak_bytes": self.price.peak,
            "seconds": self.seconds,
            "error_along_one_direction": finite(self.directional_error),
            "layers": [row.to_dict() for row in self.rows],
            "skipped": self.skipped,
        }


class _CheckedNetwork(NamedTuple):
    """A network with its arrays in float64, drawn from a seed."""

    report: Report
    parameters: dict[str, Array]
    inputs: dict[str, Array]
    seed: int

    @classmethod
    def drawn(cls, report: Report, given: Mapping[str, Array], seed: int) -> _CheckedNetwork:
        parameters = given or random_parameters(report, seed=seed, dtype=np.float64)
        parameters = {path: to_float64(array) for path, array in parameters.items()}
        return cls(report, parameters, {k: to_float64(v) for k, v in random_inputs(report, seed=seed).items()}, seed)

    def positive(self) -> _CheckedNetwork:
        """Return the network with the absolute values of its arrays, of which a root or a logarithm is real."""
        parameters, inputs = (
            {name: np.abs(array) if array.dtype.kind == "f" else array for name, array in arrays.items()}
            for arrays in (self.parameters, self.inputs)
        )
        return self._replace(parameters=parameters, inputs=inputs)

    def calls(self) -> Iterator[Call]:
        return calls_of(self.report, params=self.parameters)

    def loss_weights(self, values: Mapping[str, Array]) -> dict[str, Array]:
        """Return random weights of the outputs' elements in the loss, by slot; `values` are those of a forward pass."""
        return {
            slot: np.random.default_rng([self.seed, zlib.crc32(slot.encode())]).standard_normal(values[slot].shape)
            for slot in self.report.architecture.output_slots.values()
            if values[slot].dtype.kind == "f"
        }

    def outputs(self) -> dict[str, Array]:
        """Return the outputs by slot."""
        execution = execute(self.calls(), self.inputs, dtype=np.float64)
        for _ in execution:
            pass
        # An identity returns the array that it reads, which is moved in place later.
        return {slot: np.array(execution.values[slot]) for slot in self.report.architecture.output_slots.values()}


def verify_backward(
    architecture: Architecture,
    sizes: Mapping[str, int] | None = None,
    *,
    params: Mapping[str, ArrayLike] | None = None,
    truncate: int | None = None,
    seed: int = 0,
    budget: Budget = BUDGET,
    progress: Callable[[str, int, int], None] | None = None,
) -> BackwardProof:
    """Run forward and backward in float64, and compare every gradient with its prediction and with differences.

    Symbols that are not in `sizes` take one small size. The loss is a sum of the outputs' elements with random weights.
    Recurrent layers propagate over `truncate` time steps, None for all. If a value is not a number, such as the root of
    a negative one, the network runs on the absolute values of its arrays; a layer for which that does not help is not
    compared with differences. Raises `ShapecalcError` for mistakes in the
    file, and SC701 or SC705 before anything is allocated if a run would exceed `budget`.

    >>> import shapecalc
    >>> verify_backward(shapecalc.load("mlp")).ok
    True
    """
    reports = Reports(architecture)
    points, _ = trial_sizes(reports, sizes or {})
    report = reports.at(points[-1])
    peak = backward_price(report)
    check_memory(report, peak, budget)
    check_arithmetic((report,), budget, backward=True)
    network = _CheckedNetwork.drawn(report, given_weights(params, (report,)), seed)
    predicted = deque(reversed(predictions(report, truncate)))
    total = 2 * len(predicted)
    notify = progress or (lambda _path, _done, _total: None)
    rows: list[BackwardRow] = []
    directional_error = None
    try:
        tape = forward(_with_progress(network.calls(), notify, total), network.inputs, dtype=np.float64)
        if has_nan(tape.values.values()):
            network = network.positive()
            tape = forward(network.calls(), network.inputs, dtype=np.float64)
        weights = network.loss_weights(tape.values)
        undefined = has_nan(tape.values.values())
        checks: list[CheckedGradient] = []

        def check_row(ctx: Context, arriving: Sequence[Array | None], given: Gradients) -> None:
            """Compare the gradients of a call with differences, unless a NaN is what it reads or gives."""
            around = (*ctx.inputs, *ctx.outputs, *(gradient for gradient in arriving if gradient is not None))
            skipped = undefined and has_nan(around)
            checks.append(NOT_CHECKED if skipped else check(ctx, arriving, given, seed=seed))

        propagation = propagate(tape, dict(weights), truncate=truncate, hook=check_row)
        for returned in propagation:
            rows.append(_executed(predicted.popleft(), returned, checks.pop() if checks else NOT_CHECKED))
            notify(rows[-1].layer.path, total - len(predicted), total)
        if not undefined and not any(row.truncated for row in rows):
            directional_error = _directional_error(network, weights, propagation)
    except ExecutionError as error:
        row = next(row for row in predicted if row.layer.path == error.path)
        rows.append(replace(row, failure=str(error)))
    skipped = len(report.layers) - len(rows)
    unnormalized = single_values(report, report.bindings)
    return BackwardProof(
        architecture, report.bindings, peak, tuple(rows), skipped, directional_error, truncate, unnormalized
    )


def has_nan(arrays: Iterable[Array]) -> bool:
    """Return whether one of several arrays has a NaN, such as the logarithm of a negative number."""
    return any(array.dtype.kind == "f" and bool(np.isnan(array).any()) for array in arrays)


def to_float64(array: Array) -> Array:
    """Return a copy of an array in float64; integers stay integers."""
    return array.astype(np.float64) if array.dtype.kind == "f" else array


def predictions(report: Report, truncate: int | None = None) -> list[BackwardRow]:
    """Return the predicted backward pass of each layer, in the order of the file, with nothing executed.

    A layer that the loss does not depend on is not reached: it gives no gradients.
    """
    floats = {entry.name for entry in report.inputs if entry.dtype == "float32"}
    for row in report.layers:
        slots = zip(row.outputs, output_slots(row), strict=True)
        floats |= {slot for name, slot in slots if name not in row.dtypes}
    needed = set(report.architecture.output_slots.values()) & floats
    rows = []
    for row in reversed(report.layers):
        if needed.isdisjoint(output_slots(row)):
            rows.append(BackwardRow(row, {}, None, (0, 0), None, NOT_CHECKED, 0.0))
            continue
        needed |= floats.intersection(row.step.inputs)
        rows.append(_prediction(row, floats, truncate))
    return rows[::-1]


def _prediction(row: LayerReport, floats: Collection[str], truncate: int | None) -> BackwardRow:
    """Return the predicted backward pass of one layer; `floats` are the slots that can have gradients."""
    inputs = zip(row.step.inputs, row.inputs, strict=True)
    shapes = {
        input_name(index, len(row.inputs)): concrete(shape)
        for index, (slot, shape) in enumerate(inputs)
        if slot in floats
    }
    shapes |= {name: concrete(shape) for name, shape in row.facts.parameters.items()}
    untruncated, _ = row.step.layer.backward_macs(*row.inputs, row.output)
    to_inputs, to_parameters = row.step.layer.backward_macs(*row.inputs, row.output, truncate=truncate)
    assert isinstance(to_inputs, int)
    assert isinstance(to_parameters, int)  # every symbol has a size
    macs, truncated = (to_inputs, to_parameters), to_inputs != untruncated
    return BackwardRow(row, shapes, None, macs, None, NOT_CHECKED, 0.0, truncated=truncated)


def _with_progress(calls: Iterator[Call], notify: Callable[[str, int, int], None], total: int) -> Iterator[Call]:
    for done, call in enumerate(calls):
        notify(call.path, done, total)
        yield call


def _executed(row: BackwardRow, returned: BackwardResult, checked: CheckedGradient) -> BackwardRow:
    """Return a predicted row with what a call returned; gradients are in the order of the prediction."""
    shapes = {
        input_name(index, len(returned.inputs)): shape
        for index, shape in enumerate(returned.inputs)
        if shape is not None
    }
    shapes |= returned.parameters
    return replace(
        row,
        executed={name: shapes[name] for name in (*row.predicted, *shapes) if name in shapes},
        executed_macs=(returned.macs_to_inputs, returned.macs_to_parameters),
        checked=checked,
        seconds=returned.seconds,
    )


class _Direction:
    """A random direction of all inputs and trainable parameters of a network, scaled to the size of each array."""

    def __init__(self, network: _CheckedNetwork) -> None:
        trainable = network.report.trained
        self._arrays = {
            **{("input", name): array for name, array in network.inputs.items() if array.dtype.kind == "f"},
            **{("parameter", path): array for path, array in network.parameters.items() if path in trainable},
        }
        self._scales = {key: root_mean_square(array) for key, array in self._arrays.items()}
        self._fixed_rows = {
            call.tensor(name): padding_row(call, name) for call in network.calls() for name in call.parameters
        }
        self._seed = network.seed

    def _unscaled(self, name: str, array: Array) -> Array:
        return np.random.default_rng([self._seed, zlib.crc32(name.encode()), 1]).standard_normal(array.shape)

    def move(self, distance: float) -> None:
        """Move the arrays of the network in place."""
        for (kind, name), array in self._arrays.items():
            moved = self._unscaled(name, array)
            moved *= distance * self._scales[kind, name]
            if kind == "parameter" and self._fixed_rows[name] is not None:
                moved[self._fixed_rows[name]] = 0
            array[...] += moved

    def slope(self, propagation: Propagation) -> tuple[float, float]:
        """Return the slope of the loss along the direction by the gradients, and the length of the scaled gradient."""
        gradients = {"input": propagation.slots, "parameter": propagation.parameters}
        slope = squares = 0.0
        for (kind, name), array in self._arrays.items():
            gradient = gradients[kind].get(name)
            if gradient is not None:
                scale = self._scales[kind, name]
                slope += scale * float(np.vdot(gradient, self._unscaled(name, array)))
                squares += scale * scale * float(np.vdot(gradient, gradient))
        return slope, squares**0.5


@np.errstate(all="ignore")  # an overflow makes the error infinite
def _directional_error(network: _CheckedNetwork, weights: Mapping[str, Array], propagation: Propagation) -> float:
    """Return the relative error of the gradients along one random direction of all inputs and parameters.

    It checks what no single layer shows: that the gradients of branches and of shared weights are added. `weights` are
    those of the outputs in the loss. Moves the network's arrays in place; nothing reads them afterwards.
    """
    direction = _Direction(network)
    predicted, length = direction.slope(propagation)
    error = math.inf
    for step in STEPS:
        direction.move(step)
        up = network.outputs()
        direction.move(-2 * step)
        down = network.outputs()
        direction.move(step)
        measured = sum(float(((up[slot] - down[slot]) * weight).sum()) for slot, weight in weights.items()) / (2 * step)
        # The slope along a random direction is about as large as the gradient is long; outputs are rounded.
        magnitude = sum(float(np.abs(up[slot] * weight).sum()) for slot, weight in weights.items())
        scale = max(length, abs(measured), ROUNDING * magnitude)
        if math.isfinite(scale):
            error = min(error, abs(predicted - measured) / scale if scale else 0.0)
        if error <= NETWORK_TOLERANCE:
            break
    return error


def backward_price(report: Report) -> Price:
    """Return the peak memory of a backward pass with its checks and its layer, computed from shapes.

    Live are all weights, the values of layers that are still to come, the gradients with respect to weights of layers
    that are done and to values that are pending, and temporaries.
    """
    weights = sum(
        _bytes(shape) for row in report.layers for name, shape in row.facts.tensors.items() if row.step.owns(name)
    )
    shapes = shapes_of(report)
    values = sum(map(_bytes, shapes.values()))
    weight_gradients: dict[str, int] = {}
    pending = {slot: _bytes(shapes[slot]) for slot in set(report.architecture.output_slots.values())}
    run = price(report)
    worst = Price(2 * weights + 2 * run.peak, run.layer, 2 * weights, 2 * run.activations, 0)
    for row in reversed(report.layers):
        weight_gradients |= {row.step.tensor(name): _bytes(shape) for name, shape in row.facts.parameters.items()}
        pending |= {slot: _bytes(shapes[slot]) for slot in (*row.step.inputs, *output_slots(row))}
        outputs = sum(map(_bytes, row.facts.outputs.values()))
        moved = max(map(_bytes, (*row.inputs, *row.facts.parameters.values())), default=0)
        # The workspace of the forward kernel is needed again, with gradients of the same size and their sum.
        temporaries = 3 * workspace(row, BYTES) + 4 * outputs + 2 * moved
        now = Price(0, row, weights + sum(weight_gradients.values()), values + sum(pending.values()), temporaries)
        now = replace(now, peak=now.weights + now.activations + now.workspace)
        if now.peak > worst.peak:
            worst = now
        for slot in output_slots(row):
            pending.pop(slot, None)
            values -= _bytes(shapes[slot])
    return worst


def _bytes(shape: Shape) -> int:
    return BYTES * math.prod(concrete(shape))
