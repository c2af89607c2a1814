"""Cost of training a network: one step at a batch size, the largest batch that fits, checkpointing, truncation."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from shapecalc.costs.checkpointing import Checkpoints, checkpoints
from shapecalc.costs.liveness import total
from shapecalc.costs.single_values import single_values
from shapecalc.costs.training_step import TrainingStep, largest_batch, training_step
from shapecalc.costs.truncated_bptt import time_symbol, unrolled
from shapecalc.diagnostics import Diagnostic, ShapecalcError
from shapecalc.diagnostics.numbers import byte_size
from shapecalc.diagnostics.presentation import Presented
from shapecalc.dims import as_json, evaluate, free_symbols
from shapecalc.shape_inference.engine import Reports, batch_sizes
from shapecalc.shape_inference.report import batch_symbol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shapecalc.architecture import Architecture
    from shapecalc.costs.timeline import EventMemory
    from shapecalc.costs.truncated_bptt import UnrolledLayer
    from shapecalc.dims import Dim
    from shapecalc.shape_inference.report import Report
    from shapecalc.shape_inference.rows import LayerReport


USUAL_BATCH = 32
"""The samples of a training step for which no batch is given, or the next valid number of them."""


@dataclass(frozen=True)
class TrainingCost(Presented):
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

    def __repr__(self) -> str:
        """Return the name, the sizes, and the peak.

        >>> import shapecalc
        >>> shapecalc.train_cost("lenet5", batch=64)
        <TrainingCost of LeNet-5 at N = 64: peak 4.2 MiB>
        """
        at = ", ".join(f"{name} = {size}" for name, size in self.at.items())
        peak = None if self.peak is None else self.bytes_at(self.peak.live)
        shown = f"peak {byte_size(peak)}" if isinstance(peak, int) else "peak depends on symbols"
        return f"<TrainingCost of {self.report.architecture.name}{at and f' at {at}'}: {shown}>"

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
    def unrolled(self) -> tuple[UnrolledLayer, ...]:
        """The tensors that each recurrent layer saves over time."""
        return unrolled(self.step.saved)

    @cached_property
    def single_values(self) -> tuple[LayerReport, ...]:
        """The norms that have one value per channel, which PyTorch does not train."""
        return single_values(self.report, self.at)

    def bytes_at(self, size: Dim) -> Dim:
        """Return bytes at `memory_sizes`."""
        return evaluate(size, self.memory_sizes)

    def _work(self, name: str) -> int | str:
        return as_json(evaluate(total(getattr(each, name) for each in self.step.work), self.at))

    def _layer(self, place: int) -> dict[str, Any]:
        """Return one layer as JSON's values."""
        layer, work = self.step.saved.layers[place], self.step.work[place]
        return {
            "path": layer.row.path,
            "type": layer.row.type,
            "bytes": as_json(self.bytes_at(layer.size)),
            "in_place": layer.in_place,
            "in_place_spares": as_json(self.bytes_at(layer.avoided)),
            "recomputable_bytes": as_json(self.bytes_at(layer.recomputable)),
            "tensors": [
                {
                    "name": tensor.name,
                    "slot": tensor.slot or None,
                    "bytes": as_json(self.bytes_at(tensor.size)),
                    "counted_here": tensor.first,
                }
                for tensor in layer.tensors
            ],
            "macs_to_inputs": as_json(evaluate(work.to_inputs, self.at)),
            "macs_to_weights": as_json(evaluate(work.to_weights, self.at)),
        }

    def _event(self, event: EventMemory) -> dict[str, Any]:
        """Return the memory at one event as JSON's values."""
        return {
            "phase": event.event.phase,
            "path": event.path or None,
            "bytes": as_json(self.bytes_at(event.live)),
            "closed": str(event.live),
            "values": as_json(self.bytes_at(event.values)),
            "gradients_by_values": as_json(self.bytes_at(event.value_gradients)),
            "gradients_by_weights": as_json(self.bytes_at(event.weight_gradients)),
        }

    def to_dict(self) -> dict[str, Any]:
        """Return the cost as JSON's values; with truncation, bytes are those of one chunk of the sequence."""
        step, static = self.step, self.step.static
        return {
            "name": self.report.architecture.name,
            "bindings": dict(self.report.bindings),
            "at": dict(self.at),
            "optimizer": step.optimizer,
            "dtype": step.dtype,
            "truncate": self.truncate,
            "checkpoint": step.segment,
            "bytes": {
                "weights": as_json(static.weights),
                "buffers": as_json(static.buffers),
                "master": as_json(static.master),
                "state": as_json(static.state),
                "gradients": as_json(static.gradients),
                "kept": as_json(self.bytes_at(step.saved.size)),
                "kept_closed": str(step.saved.size),
            },
            "peak": None if self.peak is None else self._event(self.peak),
            "single_value_norms": [row.path for row in self.single_values],
            "memory": self.memory,
            "largest_batch": self.largest_batch,
            "macs": {name: self._work(name) for name in ("forward", "to_inputs", "to_weights")},
            "forward_flops": self._work("flops"),
            "layers": [self._layer(place) for place in range(len(step.work))],
            "checkpoints": [
                {"segment": each.segment, "kept": each.saved, "flops": each.flops} for each in self.checkpoints
            ],
            "unrolled": [
                {
                    "path": layer.path,
                    "steps": as_json(layer.steps),
                    "parts": [
                        {"name": part.name, "bytes_per_step": as_json(part.each), "bytes_once": as_json(part.once)}
                        for part in layer.parts
                    ],
                }
                for layer in self.unrolled
            ],
        }


def training_cost(
    architecture: Architecture,
    sizes: Mapping[str, int],
    *,
    batch: int | None = None,
    usual_batch: int | None = None,
    optimizer: str = "sgd",
    dtype: str = "float32",
    truncate: int | None = None,
    checkpoint: int | None = None,
    memory: int | None = None,
) -> TrainingCost:
    """Return the cost of training a network at `sizes` of its symbols, in steps of `batch` samples.

    Without `batch`, it is the file's own, else the smallest valid one of at least `usual_batch`, else unbound.
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
    if batch is None and usual_batch is not None and free is not None and free not in sizes:
        sizes = {**sizes, free: architecture.sizes.get(free) or _valid_batch(reports, sizes, free, usual_batch)}
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


def _valid_batch(reports: Reports, sizes: Mapping[str, int], name: str, least: int) -> int:
    """Return the smallest valid batch of at least `least`; `least` if none is known."""
    if reports.infer({**sizes, name: least})[0] is not None:
        return least
    report, _ = reports.infer(sizes)
    return least if report is None else batch_sizes(report, name).from_(least) or least


def _recurrent(architecture: Architecture) -> bool:
    return any(step.layer.carries_state for step in architecture.layers)


def _time_symbol(reports: Reports) -> str | None:
    if not _recurrent(reports.architecture):
        return None
    report, _ = reports.infer({}, symbolic=True, one_sample=False)
    return None if report is None else time_symbol(report)


def _misuse(message: str) -> ShapecalcError:
    return ShapecalcError((Diagnostic(code="SC201", message=message),), exit_code=2)
