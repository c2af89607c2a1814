"""Cost of training a network: one step at a batch size, the largest batch that fits, checkpointing, truncation."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from shapecalc.costs.checkpointing import Checkpoints, checkpoints
from shapecalc.costs.training_step import TrainingStep, largest_batch, training_step
from shapecalc.costs.truncated_bptt import time_symbol, unrolled
from shapecalc.diagnostics import Diagnostic, ShapecalcError
from shapecalc.dims import evaluate, free_symbols
from shapecalc.shape_inference.engine import Reports
from shapecalc.shape_inference.report import BATCH_SYMBOLS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shapecalc.architecture import Architecture
    from shapecalc.costs.timeline import EventMemory
    from shapecalc.costs.truncated_bptt import Unrolled
    from shapecalc.dims import Dim
    from shapecalc.shape_inference.report import Report


@dataclass(frozen=True)
class TrainingCost:
    """A training step as an expression in the batch and the time steps of recurrent layers; `at` has their sizes.

    `batch` and `time` are the symbols, None if the file fixes the size. `truncate` is the time steps of one chunk of a
    sequence, None without truncation.
    """

    step: TrainingStep
    at: Mapping[str, int]
    batch: str | None
    time: str | None
    truncate: int | None
    memory: int | None

    @property
    def report(self) -> Report:
        """The shapes and costs, with the batch unbound."""
        return self.step.report

    @cached_property
    def memory_sizes(self) -> dict[str, int]:
        """The sizes at which memory is computed: with truncation, those of one chunk of the sequence."""
        if self.truncate is None or self.time is None:
            return dict(self.at)
        return {**self.at, self.time: min(self.truncate, self.at.get(self.time, self.truncate))}

    @cached_property
    def unbound(self) -> tuple[str, ...]:
        """The symbols without a size: memory is an expression in them."""
        names = {name for event in self.step.events for name in free_symbols(event.live)}
        return tuple(sorted(names - set(self.memory_sizes)))

    @cached_property
    def peak(self) -> EventMemory | None:
        """The event with most live bytes, None if it depends on an unbound symbol."""
        index = self.step.peak(self.memory_sizes)
        return None if index is None else self.step.events[index]

    @cached_property
    def largest_batch(self) -> int | None:
        """The largest batch that fits into `memory`; None without `memory`, a batch symbol, or sizes of the others."""
        if self.memory is None or self.batch is None or self.unbound:
            return None
        return largest_batch(self.step, self.batch, self.memory, self.memory_sizes)

    @cached_property
    def checkpoints(self) -> tuple[Checkpoints, ...]:
        """The cost of checkpoints for each number of layers between them; empty if a symbol is unbound."""
        return () if self.unbound else checkpoints(self.step, self.memory_sizes)

    @cached_property
    def unrolled(self) -> tuple[Unrolled, ...]:
        """The tensors that each recurrent layer saves over time."""
        return unrolled(self.step.saved)

    def bytes_at(self, size: Dim) -> Dim:
        """Return bytes at `memory_sizes`."""
        return evaluate(size, self.memory_sizes)


def training_cost(
    architecture: Architecture,
    sizes: Mapping[str, int],
    *,
    batch: int | None = None,
    optimizer: str = "sgd",
    dtype: str = "float32",
    truncate: int | None = None,
    checkpoint: int | None = None,
    memory: int | None = None,
) -> TrainingCost:
    """Return the cost of training a network at `sizes` of its symbols, in steps of `batch` samples.

    Raises `ShapecalcError` with exit code 2 if the file fixes the batch that is given, or the time steps to truncate.

    >>> import shapecalc
    >>> cost = training_cost(shapecalc.load("lenet5"), {}, batch=32, memory=2**30)
    >>> cost.peak.event.phase, cost.peak.live, cost.largest_batch
    ('backward', Expr('60544*N + 493024'), 17726)
    """
    free = batch_symbol(architecture)
    if batch is not None:
        if free is None:
            raise _misuse(f"`batch` expects a symbol to give it to, `{architecture.name}` fixes its batch")
        sizes = {**sizes, free: batch}
    reports = Reports(architecture)
    reports.at(sizes)  # whose diagnostics are for these very sizes
    time = _time_symbol(reports)
    if truncate is not None and time is None:
        has = "has no recurrent layer" if not _recurrent(architecture) else "fixes how many steps there are"
        raise _misuse(f"`truncate` expects a symbol for time, `{architecture.name}` {has}")
    bound = {name: size for name, size in {**architecture.sizes, **sizes}.items() if name in architecture.symbols}
    left = {name for name in (free, time) if name is not None}
    others = {name: size for name, size in bound.items() if name not in left}
    report, _ = reports.infer(others, symbolic=True, one_sample=False)
    if report is None:  # a layer decides by the batch, or by time: then it has its number
        report, findings = reports.infer(bound, symbolic=True, one_sample=False)
        if report is None:
            raise ShapecalcError(findings, architecture.file)
        left = set()
    if checkpoint is not None and not 1 <= checkpoint <= len(report.layers):
        most = len(report.layers)
        raise _misuse(f"`checkpoint` expects 1 to {most}, the layers that there are, receives {checkpoint}")
    step = training_step(report, optimizer=optimizer, dtype=dtype, segment=checkpoint)
    at = {name: size for name, size in bound.items() if name in left}
    return TrainingCost(step, at, free if free in left else None, time if time in left else None, truncate, memory)


def batch_symbol(architecture: Architecture) -> str | None:
    """Return the symbol of the batch, None if the file fixes it."""
    return next((name for name in BATCH_SYMBOLS if name in architecture.symbols), None)


def _recurrent(architecture: Architecture) -> bool:
    return any(step.layer.carries_state for step in architecture.layers)


def _time_symbol(reports: Reports) -> str | None:
    if not _recurrent(reports.architecture):
        return None
    report, _ = reports.infer({}, symbolic=True, one_sample=False)
    return None if report is None else time_symbol(report)


def _misuse(message: str) -> ShapecalcError:
    return ShapecalcError((Diagnostic(code="SC201", message=message),), exit_code=2)
