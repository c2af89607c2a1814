"""What a training step costs: weights, gradients, optimiser state, what the forward pass leaves, its peak, its MACs.

One step as PyTorch makes it: the gradients of the step before are gone (`zero_grad`), the forward pass keeps what
`saved_tensors` says, the backward pass lets it go layer by layer and makes the gradients, the optimiser reads them.
Left out: the loss, what kernels take while they work, and the allocator's rounding.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.costs.liveness import largest
from shapecalc.costs.saved_tensors import Keeping, keeping
from shapecalc.costs.timeline import TrainingMoment, moments
from shapecalc.diagnostics import Diagnostic, ShapecalcError
from shapecalc.dims import Dim, evaluate, symbol
from shapecalc.layers.fields import LARGEST_DIM
from shapecalc.shape_inference.report import BYTES

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from shapecalc.shape_inference.report import Count, LayerReport, Report

OPTIMIZERS = {"sgd": 0, "momentum": 1, "adam": 2}
"""Numbers that an optimiser keeps for each weight: nothing, a velocity, two moments."""
DTYPES = {"float32": 4, "bf16": 2}
"""Bytes of one number of weights, gradients and activations.

In bf16 the optimiser keeps a float32 copy of each weight, and its own state in float32; statistics of normalisation and
buffers stay float32. Source: Micikevicius et al. 2018, "Mixed Precision Training", section 3.1; Rajbhandari et al. 2020
(ZeRO), section 3.1: with Adam 2 + 2 + 12 bytes for a weight.
"""


class LayerWork(NamedTuple):
    """Multiply-accumulates of a step: forward, gradients by inputs, gradients by weights; and the forward FLOPs."""

    forward: Dim
    to_inputs: Dim
    to_weights: Dim
    flops: Dim

    @property
    def backward(self) -> Dim:
        """The multiply-accumulates of the backward pass."""
        return self.to_inputs + self.to_weights


class Static(NamedTuple):
    """The bytes that are there throughout: weights, buffers, the float32 copy of the weights, the optimiser's state."""

    weights: Dim
    buffers: Dim
    master: Dim
    state: Dim
    gradients: Dim
    """Of all weights: these are there from the backward pass to the update alone."""

    @property
    def always(self) -> Dim:
        """What is there at every moment."""
        return self.weights + self.buffers + self.master + self.state


@dataclass(frozen=True)
class TrainingStep:
    """A training step of a report whose batch may be free; bytes and counts are then expressions in it."""

    report: Report
    optimizer: str
    dtype: str
    kept: Keeping
    static: Static
    segment: int | None = None
    """How many layers stand between checkpoints; None where everything is kept."""

    @cached_property
    def moments(self) -> tuple[TrainingMoment, ...]:
        """What is alive at each event of the step."""
        return moments(self.kept, self.static.always, self.static.gradients, self.segment)

    @cached_property
    def work(self) -> tuple[LayerWork, ...]:
        """The arithmetic of each layer."""
        return tuple(_work(layer.row, self.kept.needs) for layer in self.kept.layers)

    def peak(self, at: Mapping[str, int]) -> int | None:
        """Return the place of the moment at which most is alive; None where symbols without a number leave it open."""
        return largest([moment.live for moment in self.moments], at)

    def most(self, at: Mapping[str, int]) -> int:
        """Return the most bytes that are alive, at a number for every symbol."""
        return max(number(moment.live, at) for moment in self.moments)


def training_step(
    report: Report, *, optimizer: str = "sgd", dtype: str = "float32", segment: int | None = None
) -> TrainingStep:
    """Return what a training step costs, with an optimiser of `OPTIMIZERS` and numbers of `DTYPES`.

    >>> import shapecalc
    >>> step = training_step(shapecalc.inspect(shapecalc.load("lenet5"), N=32), optimizer="adam")
    >>> step.static.weights, step.static.state, step.kept.size
    (246824, 493648, 1167104)
    """
    itemsize = DTYPES[dtype]
    params = _known(report.totals.params)
    static = Static(
        weights=itemsize * params,
        buffers=BYTES * _known(report.totals.buffers),
        master=BYTES * params if itemsize < BYTES else 0,
        state=OPTIMIZERS[optimizer] * BYTES * params,
        gradients=itemsize * params,
    )
    return TrainingStep(report, optimizer, dtype, keeping(report, itemsize), static, segment)


def most_that_fit(step: TrainingStep, batch: str, memory: int, at: Mapping[str, int]) -> int:
    """Return the largest batch whose peak is at most `memory` bytes; 0 where not even one sample fits.

    Each moment is a + b·N bytes, so that ⌊(memory − a)/b⌋ samples fit into it; the moment into which fewest do decides.
    Where one is another function of N, it does not fall as N grows, and the last N that fits is searched by halving.
    """
    others = {name: size for name, size in at.items() if name != batch}
    lives = {evaluate(moment.live, others) for moment in step.moments}
    fits = LARGEST_DIM
    for live in lives:
        line = _line(live, batch)
        fits = min(fits, _last_below(live, batch, memory) if line is None else _fitting(*line, memory))
    return fits


def _fitting(fixed: int, each: int, memory: int) -> int:
    if fixed > memory:
        return 0
    return (memory - fixed) // each if each > 0 else LARGEST_DIM


def _line(live: Dim, batch: str) -> tuple[int, int] | None:
    """Return a and b of a + b·N; None for another function.

    >>> N = symbol("N")
    >>> _line(7 + 3 * N, "N"), _line(N * N, "N")
    ((7, 3), None)
    """
    fixed, one = evaluate(live, {batch: 0}), evaluate(live, {batch: 1})
    if not isinstance(fixed, int) or not isinstance(one, int):
        return None
    return (fixed, one - fixed) if live == fixed + (one - fixed) * symbol(batch) else None


def _last_below(live: Dim, batch: str, memory: int) -> int:
    low, high = 0, LARGEST_DIM
    while low < high:
        middle = (low + high + 1) // 2
        if number(live, {batch: middle}) <= memory:
            low = middle
        else:
            high = middle - 1
    return low


def _work(row: LayerReport, needs: Collection[str]) -> LayerWork:
    """Return the arithmetic of a layer: backward none before the first weight, and none by inputs that need none."""
    layer, shapes = row.step.layer, (*row.inputs, row.output)
    macs, flops = _known(row.macs), _known(row.flops)
    asked = any(slot in needs for slot in row.step.inputs)
    if not asked and not row.facts.parameters:
        return LayerWork(macs, 0, 0, flops)
    to_inputs, to_weights = layer.backward_macs(*shapes)
    return LayerWork(macs, to_inputs if asked else to_inputs - layer.spared_macs(*shapes), to_weights, flops)


def _known(count: Count) -> Dim:
    if count is None:
        message = "a layer does not say what it costs: what a training step costs is unknown"
        raise ShapecalcError((Diagnostic(code="SC311", message=message),))
    return count


def number(dim: Dim, at: Mapping[str, int]) -> int:
    """Return a dim as a number, with one for each of its symbols."""
    value = evaluate(dim, at)
    assert isinstance(value, int)  # the caller has a number for every symbol
    return value
