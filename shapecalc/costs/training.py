"""What it takes to train a network: one step at a batch, the largest batch that fits, checkpoints, truncation."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from shapecalc.costs.checkpointing import Checkpoints, checkpoints
from shapecalc.costs.liveness import total
from shapecalc.costs.training_step import TrainingStep, most_that_fit, training_step
from shapecalc.costs.truncated_bptt import time_symbol, unrolled
from shapecalc.diagnostics import Diagnostic, ShapecalcError
from shapecalc.dims import as_json, evaluate, free_symbols
from shapecalc.shape_inference.engine import Reports
from shapecalc.shape_inference.report import BATCH_SYMBOLS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shapecalc.architecture import Architecture
    from shapecalc.costs.timeline import TrainingMoment
    from shapecalc.costs.truncated_bptt import UnrolledLayer
    from shapecalc.dims import Dim
    from shapecalc.shape_inference.report import Report


@dataclass(frozen=True)
class TrainingCost:
    """A training step whose batch is free, as is the time of recurrent layers; `at` has the numbers put in for them.

    `batch` and `time` are the symbols, None where the file fixes the size. With `truncate`, a step reads so many steps
    of time at once.
    """

    step: TrainingStep
    at: Mapping[str, int]
    batch: str | None
    time: str | None
    truncate: int | None
    memory: int | None

    @property
    def report(self) -> Report:
        """The shapes and costs, with the batch free."""
        return self.step.report

    @cached_property
    def pieces(self) -> dict[str, int]:
        """The numbers at which memory is taken: with truncation, of one piece of the sequence."""
        if self.truncate is None or self.time is None:
            return dict(self.at)
        return {**self.at, self.time: min(self.truncate, self.at.get(self.time, self.truncate))}

    @cached_property
    def open(self) -> tuple[str, ...]:
        """The symbols that have no number: what depends on them is left as an expression."""
        names = {name for moment in self.step.moments for name in free_symbols(moment.live)}
        return tuple(sorted(names - set(self.pieces)))

    @cached_property
    def peak(self) -> TrainingMoment | None:
        """The moment at which most is alive, None where that depends on an open symbol."""
        place = self.step.peak(self.pieces)
        return None if place is None else self.step.moments[place]

    @cached_property
    def fits(self) -> int | None:
        """The largest batch that fits into the memory, None where nobody asks, or it is not for us to choose."""
        if self.memory is None or self.batch is None or self.open:
            return None
        return most_that_fit(self.step, self.batch, self.memory, self.pieces)

    @cached_property
    def checkpoints(self) -> tuple[Checkpoints, ...]:
        """What checkpoints come to for each number of layers between them; nothing where a symbol is open."""
        return () if self.open else checkpoints(self.step, self.pieces)

    @cached_property
    def unrolled(self) -> tuple[UnrolledLayer, ...]:
        """What each recurrent layer keeps over time."""
        return unrolled(self.step.kept)

    def bytes_at(self, size: Dim) -> Dim:
        """Return bytes at the numbers of one piece."""
        return evaluate(size, self.pieces)

    def _work(self, name: str) -> int | str:
        return as_json(evaluate(total(getattr(each, name) for each in self.step.work), self.at))

    def _layer(self, place: int) -> dict[str, Any]:
        """Return one layer as JSON's values."""
        layer, work = self.step.kept.layers[place], self.step.work[place]
        return {
            "path": layer.row.path,
            "type": layer.row.type,
            "bytes": as_json(self.bytes_at(layer.size)),
            "in_place": layer.in_place,
            "in_place_spares": as_json(self.bytes_at(layer.spares)),
            "recomputable_bytes": as_json(self.bytes_at(layer.cheap)),
            "tensors": [
                {
                    "name": kept.name,
                    "slot": kept.slot or None,
                    "bytes": as_json(self.bytes_at(kept.size)),
                    "counted_here": kept.first,
                }
                for kept in layer.tensors
            ],
            "macs_to_inputs": as_json(evaluate(work.to_inputs, self.at)),
            "macs_to_weights": as_json(evaluate(work.to_weights, self.at)),
        }

    def _moment(self, moment: TrainingMoment) -> dict[str, Any]:
        """Return the memory at one event as JSON's values."""
        return {
            "phase": moment.event.phase,
            "path": moment.path or None,
            "bytes": as_json(self.bytes_at(moment.live)),
            "closed": str(moment.live),
            "values": as_json(self.bytes_at(moment.values)),
            "gradients_by_values": as_json(self.bytes_at(moment.flowing)),
            "gradients_by_weights": as_json(self.bytes_at(moment.gradients)),
        }

    def to_dict(self) -> dict[str, Any]:
        """Return what training takes as JSON's values; bytes are those of one piece where a sequence is truncated."""
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
                "kept": as_json(self.bytes_at(step.kept.size)),
                "kept_closed": str(step.kept.size),
            },
            "peak": None if self.peak is None else self._moment(self.peak),
            "memory": self.memory,
            "largest_batch": self.fits,
            "macs": {name: self._work(name) for name in ("forward", "to_inputs", "to_weights")},
            "forward_flops": self._work("flops"),
            "layers": [self._layer(place) for place in range(len(step.work))],
            "checkpoints": [each._asdict() for each in self.checkpoints],
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
    optimizer: str = "sgd",
    dtype: str = "float32",
    truncate: int | None = None,
    checkpoint: int | None = None,
    memory: int | None = None,
) -> TrainingCost:
    """Return what it takes to train a network at `sizes` of its symbols, in steps of `batch` samples.

    Raises `ShapecalcError` with exit code 2 where the file fixes the batch that is given, or the time to truncate.

    >>> import shapecalc
    >>> cost = training_cost(shapecalc.load("lenet5"), {}, batch=32, memory=2**30)
    >>> cost.peak.event.phase, cost.peak.live, cost.fits
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
    """Return the symbol of the batch, None where the file fixes it."""
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
