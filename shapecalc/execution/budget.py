"""Budgets of memory and arithmetic for runs, and the errors for runs that exceed them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shapecalc.diagnostics import Diagnostic, ShapecalcError
from shapecalc.diagnostics.numbers import byte_size, operations, option_size

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shapecalc.execution.lowering import Price
    from shapecalc.shape_inference.report import LayerReport, Report, Totals


class Budget(NamedTuple):
    """The most bytes that a run may hold at a time, and the most operations that it may perform."""

    memory: int = 4 * 2**30
    flops: int = 500 * 10**9


BUDGET = Budget()
"""The default budget. VGG-16 takes 0.4 GiB and 33 GFLOP, U-Net 333 GFLOP."""


def check_memory(report: Report, price: Price, budget: Budget) -> None:
    """Raise `ShapecalcError` SC701 if a run would exceed the memory allowed, before anything is allocated."""
    if price.peak > budget.memory:
        raise ShapecalcError((_too_large(report, price, budget.memory),), report.architecture.file)


def check_training_memory(report: Report, least: int, budget: Budget) -> None:
    """Raise `ShapecalcError` SC701 if the least memory of a training step, in bytes, exceeds that allowed."""
    if least > budget.memory:
        needed, allowed = byte_size(least), byte_size(budget.memory)
        diagnostic = Diagnostic(
            code="SC701",
            message=f"a training step needs {needed} at least, more than the {allowed} allowed",
            notes=("nothing was allocated; `shapecalc train-cost` shows what takes it",),
            help=f"allow it with `--max-memory {option_size(least)}`, or lower `--batch`{_narrower(report)}",
        )
        raise ShapecalcError((diagnostic,), report.architecture.file)


def check_arithmetic(reports: Iterable[Report], budget: Budget, *, backward: bool = False) -> None:
    """Raise `ShapecalcError` SC705 if runs, with backward passes if `backward`, would exceed the operations allowed."""
    reports = tuple(reports)
    flops = sum(map(_flops, (report.totals for report in reports)))
    if backward:
        flops *= 3  # a product of the forward pass has two in the backward pass; gradient checks are not counted
    check_operations(max(reports, key=lambda report: _flops(report.totals)), flops, budget)


def check_operations(report: Report, flops: int, budget: Budget) -> None:
    """Raise `ShapecalcError` SC705 if `flops`, most of them of `report`, exceed those allowed."""
    if flops > budget.flops:
        raise ShapecalcError((_too_long(report, flops, budget.flops),), report.architecture.file)


def _flops(counted: Totals | LayerReport) -> int:
    flops = counted.flops
    assert isinstance(flops, int)  # in a run, every symbol has a size
    return flops


def _too_long(report: Report, flops: int, allowed: int) -> Diagnostic:
    at = ", ".join(f"{name}={size}" for name, size in report.bindings.items())
    most = max(report.layers, key=_flops)
    return Diagnostic(
        code="SC705",
        message=f"the run takes {operations(flops)}, more than the {operations(allowed)} allowed",
        span=most.step.spans.type if most.step.spans else None,
        label=f"`{most.path}` takes most: {operations(_flops(most))}{f' at {at}' if at else ''}",
        notes=("nothing was run",),
        help=f"allow it with `--max-flops {-(-flops // 10**9)}G`, or give smaller sizes with `--set`"
        + _narrower(report),
    )


def _too_large(report: Report, price: Price, max_memory: int) -> Diagnostic:
    """Return SC701: the memory of a run, the layer of the peak, and the options that would allow it."""
    at = ", ".join(f"{name}={size}" for name, size in report.bindings.items())
    needs = f"{byte_size(price.peak)}{f' at {at}' if at else ''}"
    parts = f"weights {byte_size(price.weights)}, live values {byte_size(price.activations)}"
    return Diagnostic(
        code="SC701",
        message=f"the run needs {needs}, more than the {byte_size(max_memory)} allowed",
        span=price.layer.step.spans.type if price.layer.step.spans else None,
        label=f"`{price.layer.path}` is where it peaks",
        notes=(f"{parts}, temporaries {byte_size(price.workspace)}; nothing was allocated",),
        help=f"allow it with `--max-memory {option_size(price.peak)}`, or give smaller sizes with `--set`"
        + _narrower(report),
    )


def _narrower(report: Report) -> str:
    return ", or run it narrower: `--scale 1/8`" if report.architecture.widths else ""
