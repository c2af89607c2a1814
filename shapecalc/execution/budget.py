"""Prices of runs, budgets of memory and arithmetic for them, and the errors for runs that exceed them."""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.diagnostics import Diagnostic, ShapecalcError
from shapecalc.diagnostics.numbers import byte_size, operations, option_size

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from shapecalc.architecture import Architecture
    from shapecalc.shape_inference.report import Report, Totals
    from shapecalc.shape_inference.rows import LayerReport


class Budget(NamedTuple):
    """The most bytes that a run may hold at a time, and the most operations that it may perform."""

    memory: int = 4 * 2**30
    flops: int = 500 * 10**9


BUDGET = Budget()
"""The default budget. VGG-16 takes 0.4 GiB and 33 GFLOP, U-Net 333 GFLOP."""


@dataclass(frozen=True, slots=True)
class Price:
    """The peak memory of a run in bytes: its layer, and the parts in weights, live values and temporaries."""

    peak: int
    layer: LayerReport
    weights: int
    activations: int
    workspace: int


def memory_of_machine() -> int | None:
    """Return the bytes that this process can ever have: those of the machine, or fewer that it is limited to.

    None if the system does not say.
    """
    limits: list[int] = []
    with suppress(AttributeError, OSError, ValueError):
        limits.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    with suppress(ImportError):
        import resource  # noqa: PLC0415 - not on every system

        allowed, _ = resource.getrlimit(resource.RLIMIT_AS)
        if allowed != resource.RLIM_INFINITY:
            limits.append(allowed)
    return min((limit for limit in limits if limit > 0), default=None)


@contextmanager
def memory_errors_as_diagnostics(architecture: Architecture) -> Iterator[None]:
    """Raise `ShapecalcError` SC701 in place of the `MemoryError` of a run."""
    try:
        yield
    except MemoryError:
        message = "the run needs more memory than the system gives it"
        help_text = "run it with smaller inputs, or where more memory is free"
        refused = Diagnostic(code="SC701", message=message, help=help_text)
        raise ShapecalcError((refused,), architecture.file) from None


def check_memory_of_machine(report: Report, price: Price) -> None:
    """Raise `ShapecalcError` SC701 if a run would exceed the memory of this process, before anything is allocated."""
    most = memory_of_machine()
    if most is not None and price.peak > most:
        help_text = "run it with smaller inputs, or on a machine with more memory"
        refused = _too_large(report, price, f"the {byte_size(most)} that this process can have", help_text)
        raise ShapecalcError((refused,), report.architecture.file)


def check_memory(report: Report, price: Price, budget: Budget) -> None:
    """Raise `ShapecalcError` SC701 if a run would exceed the memory allowed, before anything is allocated."""
    if price.peak > budget.memory:
        help_text = f"allow it with `--max-memory {option_size(price.peak)}`, or give smaller sizes with `--set`"
        refused = _too_large(
            report, price, f"the {byte_size(budget.memory)} allowed", f"{help_text}{_narrower(report)}"
        )
        raise ShapecalcError((refused,), report.architecture.file)


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


def _too_large(report: Report, price: Price, most: str, help_text: str) -> Diagnostic:
    """Return SC701: the memory of a run and the layer of the peak."""
    at = ", ".join(f"{name}={size}" for name, size in report.bindings.items())
    needs = f"{byte_size(price.peak)}{f' at {at}' if at else ''}"
    parts = f"weights {byte_size(price.weights)}, live values {byte_size(price.activations)}"
    return Diagnostic(
        code="SC701",
        message=f"the run needs {needs}, more than {most}",
        span=price.layer.step.spans.type if price.layer.step.spans else None,
        label=f"`{price.layer.path}` is where it peaks",
        notes=(f"{parts}, temporaries {byte_size(price.workspace)}; nothing was allocated",),
        help=help_text,
    )


def _narrower(report: Report) -> str:
    return ", or run it narrower: `--scale 1/8`" if report.architecture.widths else ""
