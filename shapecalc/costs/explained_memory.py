"""The live bytes of a run derived: the tensors that are live during a step, each a product of its axes and a size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shapecalc.calculators.layer_formulas import Formula, total_formula
from shapecalc.calculators.traced_sizes import leaf
from shapecalc.costs.explained_rows import checked
from shapecalc.costs.explanation import LIVE, PEAK, ExplainedKey
from shapecalc.costs.liveness import PROBE, int_at, live_memory, slot_bytes
from shapecalc.costs.origins import NetworkTrace
from shapecalc.dims import Expr, evaluate, free_symbols, pretty, product

if TYPE_CHECKING:
    from shapecalc.architecture import Input
    from shapecalc.costs.liveness import LiveMemory
    from shapecalc.shape_inference.report import Report


def live_key(report: Report, path: str, dtype: str) -> ExplainedKey:
    """Return the derivation of the bytes that are live during a step.

    >>> import shapecalc
    >>> live_key(shapecalc.inspect("lenet5"), "tanh_1", "float32").result
    37632
    """
    run = live_memory(report, dtype)
    return _at_step(run, [step.row.path for step in run.steps].index(path), LIVE)


def peak_key(report: Report, dtype: str) -> ExplainedKey:
    """Return the derivation of the bytes that are live at the step with most of them."""
    run = live_memory(report, dtype)
    if run.peak is None:
        names = sorted({name for step in run.steps for name in free_symbols(step.live)} - {*report.costs_at})
        settings = " ".join(f"`--set {name}=…`" for name in names)
        return ExplainedKey(PEAK, None, notes=(f"the peak depends on symbols: give sizes, {settings}",), unit="bytes")
    explained = _at_step(run, run.peak, PEAK)
    steps = len(run.steps)
    note = f"the most of the {steps} steps is at {run.steps[run.peak].row.path}, where these tensors are live"
    return explained._replace(notes=(note, *explained.notes))


def _at_step(run: LiveMemory, place: int, key: str) -> ExplainedKey:
    """Return the live tensors of a step, each with its bytes, and their sum."""
    report = run.report
    at = report.costs_at
    network = NetworkTrace(report)
    entries = {entry.name: entry for entry in report.architecture.inputs}
    allocations = {each.owner: each for each in run.allocations.values()}
    paths = [step.row.path for step in run.steps]
    formulas, notes = [], []
    for owner, (first, last) in run.ranges.items():
        if not first <= place <= last or allocations[owner].size == 0:
            continue
        maker = network.maker(owner)
        if maker is None:
            axes = _input_axes(entries[owner], report)
        else:
            trace = network.trace(maker[0])
            axes = () if trace is None else trace.cost_outputs[maker[1]]
        elements = product(axes)
        size = slot_bytes(elements, allocations[owner].dtype, run.dtype)
        formulas.append(Formula(owner, size, evaluate(allocations[owner].size, at)))
        read = "the end of the run" if last + 1 == len(paths) else paths[last]
        notes.append(f"{owner}{', an input,' if maker is None else ''} is live until {read}")
    result = evaluate(run.steps[place].live, at)
    if len(formulas) > 1:
        formulas.append(total_formula(key, formulas, result))
    explained = ExplainedKey(key, result, tuple(formulas), notes=tuple(notes), at=at, unit="bytes")
    return checked(explained)


def _input_axes(entry: Input, report: Report) -> tuple[Any, ...]:
    """Return the axes of an input of the network: a symbol has its name, another axis its position."""
    axes = []
    for axis, dim in enumerate(entry.shape):
        name = pretty(dim) if isinstance(dim, Expr) else f"axis{axis}"
        size = evaluate(dim, {**report.bindings, **report.costs_at})
        probes = dict.fromkeys(free_symbols(size), PROBE)
        axes.append(leaf(name, size, stand_in=int_at(size, probes)))
    return tuple(axes)
