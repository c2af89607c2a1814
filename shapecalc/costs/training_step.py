"""Cost of a training step: weights, gradients, optimiser state, saved tensors, peak memory, MACs.

One step as PyTorch runs it: `zero_grad` has freed the previous gradients, the forward pass saves the tensors
of `saved_tensors`, the backward pass frees them layer by layer and computes the gradients, the optimiser reads these.
Not counted: the loss, the workspace of kernels, and the allocator's rounding.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.costs.liveness import buffer_bytes, int_at, largest
from shapecalc.costs.saved_tensors import SavedTensors, saved_tensors
from shapecalc.costs.timeline import EventMemory, memory_of_events
from shapecalc.dims import Dim, evaluate, symbol
from shapecalc.layers.fields import LARGEST_DIM
from shapecalc.shape_inference.dtypes import TRAINED, USUAL_DTYPE, bytes_of
from shapecalc.shape_inference.report import BYTES
from shapecalc.shape_inference.unknown_costs import require_layers

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from shapecalc.shape_inference.report import Report
    from shapecalc.shape_inference.rows import Count, LayerReport

OPTIMIZERS = {"sgd": 0, "momentum": 1, "adam": 2}
"""Elements of optimiser state for each weight: none, a velocity, two moments."""
DTYPES = {**dict(zip(TRAINED, TRAINED, strict=True)), "bf16": "bfloat16"}
"""The names of the types of weights, gradients and activations, with the type that each means.

In 16 bits the optimiser holds a float32 copy of each weight, and its own state in float32; statistics of normalisation
and buffers stay float32. Source: Micikevicius et al. 2018, "Mixed Precision Training", section 3.1; Rajbhandari et al.
2020 (ZeRO), section 3.1: with Adam 2 + 2 + 12 bytes for a weight.
"""


class LayerWork(NamedTuple):
    """Multiply-accumulates: forward, gradients with respect to inputs, and to weights; and the forward FLOPs."""

    forward: Dim
    to_inputs: Dim
    to_weights: Dim
    flops: Dim

    @property
    def backward(self) -> Dim:
        """The multiply-accumulates of the backward pass."""
        return self.to_inputs + self.to_weights


class Static(NamedTuple):
    """The bytes that do not change with the batch.

    Weights, buffers, the float32 copy of the weights and the optimiser's state are live throughout the step.
    """

    weights: Dim
    buffers: Dim
    master: Dim
    state: Dim
    gradients: Dim
    """With respect to all weights; live from the backward pass to the update only."""

    @property
    def always(self) -> Dim:
        """The bytes that are live at every event."""
        return self.weights + self.buffers + self.master + self.state


@dataclass(frozen=True)
class TrainingStep:
    """A training step of a report; bytes and counts are expressions in unbound symbols, such as the batch."""

    report: Report
    optimizer: str
    dtype: str
    saved: SavedTensors
    static: Static
    segment: int | None = None
    """Layers between checkpoints; None without checkpoints."""

    @cached_property
    def events(self) -> tuple[EventMemory, ...]:
        """The live memory at each event of the step."""
        return memory_of_events(self.saved, self.static.always, self.static.gradients, self.segment)

    @cached_property
    def work(self) -> tuple[LayerWork, ...]:
        """The arithmetic of each layer."""
        return tuple(
            _work(layer.row, self.saved.requires_grad, trains=self.report.trains(layer.row))
            for layer in self.saved.layers
        )

    def peak(self, at: Mapping[str, int]) -> int | None:
        """Return the index of the event with most live bytes; None if it depends on unbound symbols."""
        return largest([event.live for event in self.events], at)

    def peak_bytes(self, at: Mapping[str, int]) -> int:
        """Return the most bytes that are live at an event, at sizes of all symbols."""
        return max(int_at(event.live, at) for event in self.events)


def training_step(
    report: Report, *, optimizer: str = "sgd", dtype: str = "float32", segment: int | None = None
) -> TrainingStep:
    """Return the cost of a training step, with an optimiser of `OPTIMIZERS` and elements of `DTYPES`.

    >>> import shapecalc
    >>> step = training_step(shapecalc.inspect(shapecalc.load("lenet5"), N=32), optimizer="adam")
    >>> step.static.weights, step.static.state, step.saved.size
    (246824, 493648, 1167104)
    """
    require_layers(report, "its costs are")
    itemsize = int_at(bytes_of(1, DTYPES[dtype]), {})
    params = _known(report.totals.params)
    static = Static(
        weights=itemsize * params,
        buffers=buffer_bytes(report, USUAL_DTYPE),
        master=BYTES * params if itemsize < BYTES else 0,
        state=OPTIMIZERS[optimizer] * BYTES * params,
        gradients=itemsize * params,
    )
    return TrainingStep(report, optimizer, dtype, saved_tensors(report, DTYPES[dtype]), static, segment)


def largest_batch(step: TrainingStep, batch: str, memory: int, at: Mapping[str, int]) -> int:
    """Return the largest batch whose peak is at most `memory` bytes; 0 if one sample does not fit.

    The live bytes at an event are a + b·N, so that ⌊(memory − a)/b⌋ samples fit; the least over all events is returned.
    If they are another function of N, it is non-decreasing in N, and the last N that fits is found by bisection.
    """
    others = {name: size for name, size in at.items() if name != batch}
    fits = LARGEST_DIM
    for live in {evaluate(event.live, others) for event in step.events}:
        coefficients = _linear(live, batch)
        if coefficients is None:
            fits = min(fits, _bisected(live, batch, memory))
        else:
            fits = min(fits, _fitting(*coefficients, memory))
    return fits


def _fitting(fixed: int, each: int, memory: int) -> int:
    if fixed > memory:
        return 0
    return (memory - fixed) // each if each > 0 else LARGEST_DIM


def _linear(live: Dim, batch: str) -> tuple[int, int] | None:
    """Return a and b of a + b·N; None for another function.

    >>> N = symbol("N")
    >>> _linear(7 + 3 * N, "N"), _linear(N * N, "N")
    ((7, 3), None)
    """
    fixed, one = evaluate(live, {batch: 0}), evaluate(live, {batch: 1})
    if not isinstance(fixed, int) or not isinstance(one, int):
        return None
    return (fixed, one - fixed) if live == fixed + (one - fixed) * symbol(batch) else None


def _bisected(live: Dim, batch: str, memory: int) -> int:
    low, high = 0, LARGEST_DIM
    while low < high:
        middle = (low + high + 1) // 2
        if int_at(live, {batch: middle}) <= memory:
            low = middle
        else:
            high = middle - 1
    return low


def _work(row: LayerReport, requires_grad: Collection[str], *, trains: bool) -> LayerWork:
    """Return the arithmetic of a layer; only gradients that are required are computed."""
    layer, shapes = row.step.layer, (*row.inputs, row.output)
    macs, flops = _known(row.macs), _known(row.flops)
    input_gradients = any(slot in requires_grad for slot in row.step.inputs)
    if not input_gradients and not trains:
        return LayerWork(macs, 0, 0, flops)
    to_inputs, to_weights = layer.backward_macs(*shapes)
    if not trains and row.facts.parameters:
        to_weights = 0  # its weight is a buffer
    return LayerWork(macs, to_inputs if input_gradients else to_inputs - layer.spared_macs(*shapes), to_weights, flops)


def _known(count: Count) -> Dim:
    assert count is not None  # `require_layers` refuses the layers whose counts are unknown
    return count
