"""What a run may take, memory and arithmetic, and what is said of one that would take more."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shapecalc.diagnostics import Diagnostic, ShapecalcError
from shapecalc.diagnostics.numbers import byte_size, operations, option_size

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shapecalc.execution.lowering import Price
    from shapecalc.shape_inference.report import LayerReport, Report, Totals


class Budget(NamedTuple):
    """The most bytes that a run may hold at once, and the most operations that it may do."""

    memory: int = 4 * 2**30
    flops: int = 500 * 10**9


BUDGET = Budget()
"""What holds unless the caller says otherwise: VGG-16 takes 0.4 GiB and 33 GFLOP, U-Net 333 GFLOP."""


def afford(report: Report, asked: Price, budget: Budget) -> None:
    """Raise `ShapecalcError` SC701 where a run would hold more than is allowed, before anything is allocated."""
    if asked.peak > budget.memory:
        raise ShapecalcError((_too_dear(report, asked, budget.memory),), report.architecture.file)


def afford_training(report: Report, least: int, budget: Budget) -> None:
    """Raise `ShapecalcError` SC701 where a training step, which holds so many bytes at least, is not allowed."""
    if least > budget.memory:
        finding = Diagnostic(
            code="SC701",
            message=f"a training step needs {byte_size(least)} at least, "
            f"more than the {byte_size(budget.memory)} allowed",
            notes=("nothing was allocated; `shapecalc train-cost` shows what takes it",),
            help=f"allow it with `--max-memory {option_size(least)}`, or lower `--batch`{_narrower(report)}",
        )
        raise ShapecalcError((finding,), report.architecture.file)


def afford_arithmetic(reports: Iterable[Report], budget: Budget, *, back: bool = False) -> None:
    """Raise `ShapecalcError` SC705 where runs, and going `back` as well, would do more operations than is allowed."""
    reports = tuple(reports)
    flops = sum(map(_flops, (report.totals for report in reports)))
    if back:
        flops *= 3  # a product going forward is two going back; the checks by differences come on top
    afford_operations(max(reports, key=lambda report: _flops(report.totals)), flops, budget)


def afford_operations(report: Report, flops: int, budget: Budget) -> None:
    """Raise `ShapecalcError` SC705 where a run of so many operations, most of them as in `report`, is not allowed."""
    if flops > budget.flops:
        raise ShapecalcError((_too_long(report, flops, budget.flops),), report.architecture.file)


def _flops(counted: Totals | LayerReport) -> int:
    flops = counted.flops
    assert isinstance(flops, int)  # of a run, where every symbol has a number
    return flops


def _too_long(report: Report, flops: int, allowed: int) -> Diagnostic:
    at = ", ".join(f"{name}={size}" for name, size in report.bindings.items())
    most = max(report.layers, key=_flops)
    return Diagnostic(
        code="SC705",
        message=f"the run takes {operations(flops)}, more than the {operations(allowed)} allowed",
        span=most.step.place.word if most.step.place else None,
        label=f"`{most.path}` takes most: {operations(_flops(most))}{f' at {at}' if at else ''}",
        notes=("nothing was run",),
        help=f"allow it with `--max-flops {-(-flops // 10**9)}G`, or give smaller sizes with `--set`"
        + _narrower(report),
    )


def _too_dear(report: Report, asked: Price, max_memory: int) -> Diagnostic:
    """Return SC701: what a run would take, where it peaks, and what would let it through."""
    at = ", ".join(f"{name}={size}" for name, size in report.bindings.items())
    needs = f"{byte_size(asked.peak)}{f' at {at}' if at else ''}"
    parts = f"weights {byte_size(asked.weights)}, live values {byte_size(asked.activations)}"
    return Diagnostic(
        code="SC701",
        message=f"the run needs {needs}, more than the {byte_size(max_memory)} allowed",
        span=asked.layer.step.place.word if asked.layer.step.place else None,
        label=f"`{asked.layer.path}` is where it peaks",
        notes=(f"{parts}, temporaries {byte_size(asked.workspace)}; nothing was allocated",),
        help=f"allow it with `--max-memory {option_size(asked.peak)}`, or give smaller sizes with `--set`"
        + _narrower(report),
    )


def _narrower(report: Report) -> str:
    return ", or run it narrower: `--scale 1/8`" if report.architecture.widths else ""
