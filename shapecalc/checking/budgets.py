"""Limits on the figures of a network: the budgets of a configuration, and the conditions of `--fail-on`."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.costs.liveness import live_memory
from shapecalc.diagnostics import Diagnostic, ShapecalcError
from shapecalc.diagnostics.numbers import byte_size, percent
from shapecalc.diffing.diff import Change, figures_of
from shapecalc.dims import evaluate, pretty
from shapecalc.parser.thresholds import OF_BYTES, Threshold, judged
from shapecalc.shape_inference.report import BYTES, batch_symbol
from shapecalc.shape_inference.rows import sums_of, total

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from shapecalc.diffing.diff import Figures
    from shapecalc.files.config import Budgets, FileConfig
    from shapecalc.files.config_keys import FailOn, Limit
    from shapecalc.shape_inference.engine import Reports
    from shapecalc.shape_inference.report import Report
    from shapecalc.shape_inference.rows import Count, LayerReport

_MOST_NAMED = 3
_LONGEST = 60
"""Characters of an expression that a message shows."""
_OF_THE_BATCH = frozenset({"macs", "flops", "memory", "activations"})
_NAMES = {"macs": "MACs", "flops": "FLOPs", "active_params": "active params"}

_Part = tuple[str, "Count"]
"""The name of a layer or a tensor, and what it contributes."""


def exceeded(reports: Reports, sizes: Mapping[str, int], own: FileConfig) -> tuple[Diagnostic, ...]:
    """Return an SC505 error for each budget that a network exceeds and each condition that it meets.

    Also for those that depend on a symbol without a size, and those of a figure that is unknown.
    """
    diagnostics = [*_over_budget(reports, sizes, own.budgets)]
    conditions = [condition for condition in own.fail_on if not condition.of_change]
    if conditions:
        report = reports.at(sizes)
        figures = figures_of(None, total(map(sums_of, report.tree)))
        figures = figures._replace(layers=Change(0, len(report.layers)))
        diagnostics += (error for each in conditions for error in _met(report, figures, each))
    return tuple(diagnostics)


class _Figure(NamedTuple):
    """A figure that has a budget: its value, of which there are several if the largest is not known."""

    key: str
    name: str
    values: tuple[Count, ...]
    at: str
    parts: Callable[[], Iterable[_Part]]
    of_bytes: bool = False


def _over_budget(reports: Reports, sizes: Mapping[str, int], budgets: Budgets) -> Iterator[Diagnostic]:
    if budgets.max_params is budgets.max_active_params is budgets.max_macs is budgets.max_memory is None:
        return
    symbol = batch_symbol(reports.architecture)
    batch = {symbol: budgets.batch} if symbol is not None and budgets.batch is not None else {}
    try:
        report = reports.at({**sizes, **batch})
    except ShapecalcError as error:
        note = f"the budgets are for batch = {budgets.batch}"
        yield from (each._replace(notes=(*each.notes, note)) for each in error.diagnostics)
        return
    at = _at_batch(report)
    if budgets.max_params is not None:
        params = _Figure("max-params", "params", (report.totals.params,), "", lambda: _parts(report, "params"))
        yield from _beyond(report, params, budgets.max_params)
    if budgets.max_active_params is not None:
        key, metric = "max-active-params", "active_params"
        values = (report.totals.active_params,)
        active = _Figure(key, _NAMES[metric], values, "", lambda: _parts(report, metric))
        yield from _beyond(report, active, budgets.max_active_params)
    if budgets.max_macs is not None:
        macs = _Figure("max-macs", "MACs", (report.totals.macs,), at, lambda: _parts(report, "macs"))
        yield from _beyond(report, macs, budgets.max_macs)
    if budgets.max_memory is not None:
        yield from _beyond(report, _peak(report, budgets.dtype, at), budgets.max_memory)


def _at_batch(report: Report) -> str:
    symbol = batch_symbol(report.architecture)
    size = {**report.bindings, **report.costs_at}.get(symbol) if symbol is not None else None
    return "" if size is None else f" at {symbol} = {size}"


def _peak(report: Report, dtype: str, at: str) -> _Figure:
    """Return the weights and the peak of live tensors; if it is not known which step has it, that of each step."""
    memory = live_memory(report, dtype)
    steps = memory.steps if memory.peak is None else (memory.steps[memory.peak],)
    weights = memory.parameter_bytes + memory.buffer_bytes
    values = tuple(evaluate(weights + step.live, report.costs_at) for step in steps)

    def parts() -> Iterator[_Part]:
        yield "weights", evaluate(weights, report.costs_at)
        yield from ((tensor.slot, evaluate(tensor.size, report.costs_at)) for tensor in memory.tensors)

    return _Figure("max-memory", f"memory in {dtype}", values, at, parts, of_bytes=True)


def _beyond(report: Report, figure: _Figure, limit: Limit) -> Iterator[Diagnostic]:
    """Yield the error for a figure above its limit, or not known to be within it."""
    above = Threshold("value", ">", limit.number, signed=False, percent=False, text=limit.text)
    figures = [SimpleNamespace(value=Change(None, value)) for value in figure.values]
    answers = [above.holds(each) for each in figures]
    subject, budget = f"`{report.architecture.name}`", f"{figure.key} = {limit.text}"
    if True in answers:
        value = figure.values[answers.index(True)]
        amount = _amount(value, figure.name, of_bytes=figure.of_bytes)
        yield Diagnostic(
            code="SC505",
            message=f"{subject} has {amount}{figure.at}, above `{budget}`",
            help=_excess(value, limit, of_bytes=figure.of_bytes),
            notes=_largest(figure.parts(), value, of_bytes=figure.of_bytes),
        )
    elif None in answers:
        symbols = sorted({name for each in figures for name in above.open_symbols(each)})
        yield _undecided(f"`{budget}` of {subject}", symbols)


def _met(report: Report, figures: Figures, condition: FailOn) -> Iterator[Diagnostic]:
    """Yield the error for conditions that hold, and for those that are not known to be false."""
    holds, deciding = judged(condition.alternatives, figures)
    subject = f"`{report.architecture.name}`"
    if holds:
        metrics = dict.fromkeys(threshold.metric for threshold in deciding)
        values = {metric: getattr(figures, metric).after for metric in metrics}
        shown = " and ".join(
            _amount(value, _NAMES.get(metric, metric), of_bytes=metric in OF_BYTES) for metric, value in values.items()
        )
        first = next(iter(values))
        at = _at_batch(report) if values.keys() & _OF_THE_BATCH else ""
        yield Diagnostic(
            code="SC505",
            message=f"{subject} has {shown}{at}: `{condition.text}` is met",
            notes=_largest(_parts(report, first), values[first], of_bytes=first in OF_BYTES),
        )
    for threshold in () if holds else deciding:
        yield _undecided(f"`{threshold.text}` of {subject}", threshold.open_symbols(figures))


def _undecided(what: str, symbols: Iterable[str]) -> Diagnostic:
    names = [*symbols]
    if not names:
        return Diagnostic(code="SC505", message=f"{what} is undecided: the figure is unknown")
    quoted = " and ".join(f"`{name}`" for name in names)
    options = " ".join(f"--set {name}=…" for name in names)
    table = ", ".join(f"{name} = …" for name in names)
    return Diagnostic(
        code="SC505",
        message=f"{what} is undecided: it depends on {quoted}",
        help=f"give {quoted} a size: `{options}`, or `set = {{{table}}}` in the configuration",
    )


def _amount(value: Count, name: str, *, of_bytes: bool) -> str:
    """Return a figure with its name, such as `61,706 params` or `9.5 KiB (9,680 bytes) of memory`."""
    if isinstance(value, int):
        return f"{byte_size(value)} ({value:,} bytes) of {name}" if of_bytes else f"{value:,} {name}"
    text = "unknown" if value is None else pretty(value)
    text = text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
    return f"{text} bytes of {name}" if of_bytes else f"{text} {name}"


def _excess(value: Count, limit: Limit, *, of_bytes: bool) -> str:
    if not isinstance(value, int):
        return "that is above the budget whatever the sizes of its symbols are"
    excess = value - int(limit.number)
    share = f" ({percent(excess, int(limit.number))})" if limit.number >= 1 else ""
    many = f"{byte_size(excess)} too much" if of_bytes else f"{excess:,} too many"
    return f"{many}{share}: reduce that, or raise the budget if it is intended"


def _parts(report: Report, metric: str) -> Iterator[_Part]:
    """Yield what each layer contributes to a figure."""
    of: dict[str, Callable[[LayerReport], Count]] = {
        "params": lambda row: row.params,
        "active_params": lambda row: row.active_params,
        "buffers": lambda row: row.buffers,
        "macs": lambda row: row.macs,
        "flops": lambda row: row.flops,
        "activations": lambda row: _bytes(row.facts.activations),
        "memory": lambda row: _bytes(_sum(row.params, row.facts.activations)),
    }
    count = of.get(metric)
    return iter(()) if count is None else ((row.path, count(row)) for row in report.layers)


def _bytes(count: Count) -> Count:
    return None if count is None else BYTES * count


def _sum(count: Count, other: Count) -> Count:
    return None if count is None or other is None else count + other


def _largest(parts: Iterable[_Part], of_all: Count, *, of_bytes: bool) -> tuple[str, ...]:
    """Return the parts that contribute most, if their sizes are numbers."""
    sizes = [(name, size) for name, size in parts if isinstance(size, int) and size > 0]
    largest = sorted(sizes, key=lambda part: -part[1])[:_MOST_NAMED]
    named = (
        f"`{name}` {byte_size(size) if of_bytes else f'{size:,}'}"
        + (f" ({percent(size, of_all)})" if isinstance(of_all, int) else "")
        for name, size in largest
    )
    return (f"most of it: {', '.join(named)}",) if largest else ()
