"""Predicted against executed: runs the forward pass and holds the engine's figures against what really happened."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count, islice
from typing import TYPE_CHECKING, Any

from shapecalc.diagnostics import Diagnostic, ShapecalcError
from shapecalc.dims import evaluate, free_symbols
from shapecalc.execution.budget import BUDGET, Budget, afford, afford_arithmetic
from shapecalc.execution.lowering import calls_in_step, price, random_inputs
from shapecalc.reference.executor import ExecutionError, run
from shapecalc.shape_inference.constraints import Constraint, solve_constraints
from shapecalc.shape_inference.engine import Reports
from shapecalc.shape_inference.report import BATCH_SYMBOLS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from shapecalc.architecture import Architecture
    from shapecalc.dims import Dim, Sizes
    from shapecalc.execution.lowering import Price
    from shapecalc.reference.base import Array, Call
    from shapecalc.shape_inference.report import LayerReport, Report

PROBES = (5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 53, 61, 71, 83, 89, 97, 113, 131, 149, 167, 193, 227, 257, 299)
"""Odd sizes, most of them prime, that free symbols are tried at: what hides at 224 shows at 83 and 89."""


@dataclass(frozen=True, slots=True)
class ProofRow:
    """One layer, predicted and executed. What was executed is None where the kernel failed; `failure` says why."""

    layer: LayerReport
    predicted: tuple[tuple[Dim, ...], ...]
    executed: tuple[tuple[int, ...], ...] | None
    predicted_params: int
    executed_params: int | None
    predicted_macs: int
    executed_macs: int | None
    seconds: float
    failure: str = ""

    @property
    def ok(self) -> bool:
        """Whether shapes, parameters and multiply-accumulates all agree."""
        return (
            not self.failure
            and self.predicted == self.executed
            and self.predicted_params == self.executed_params
            and self.predicted_macs == self.executed_macs
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the row as JSON's values."""
        return {
            "path": self.layer.path,
            "type": self.layer.type,
            "ok": self.ok,
            "predicted": [list(shape) for shape in self.predicted],
            "executed": None if self.executed is None else [list(shape) for shape in self.executed],
            "predicted_params": self.predicted_params,
            "executed_params": self.executed_params,
            "predicted_macs": self.predicted_macs,
            "executed_macs": self.executed_macs,
            "seconds": self.seconds,
            "failure": self.failure,
        }


@dataclass(frozen=True, slots=True)
class Trial:
    """One run at one size of every symbol."""

    sizes: Mapping[str, int]
    price: Price
    rows: tuple[ProofRow, ...]
    seconds: float
    skipped: int

    @property
    def ok(self) -> bool:
        """Whether every layer ran and agrees."""
        return not self.skipped and all(row.ok for row in self.rows)


@dataclass(frozen=True, slots=True)
class Proof:
    """All trials of an architecture; `unproved` names symbols that could be tried at one size alone, and why."""

    architecture: Architecture
    trials: tuple[Trial, ...]
    unproved: tuple[str, ...] = field(default=())

    @property
    def ok(self) -> bool:
        """Whether every trial agrees in every layer."""
        return all(trial.ok for trial in self.trials)

    @property
    def seconds(self) -> float:
        """Seconds spent in kernels."""
        return sum(trial.seconds for trial in self.trials)

    def to_dict(self) -> dict[str, Any]:
        """Return the proof as JSON's values."""
        return {
            "name": self.architecture.name,
            "ok": self.ok,
            "seconds": self.seconds,
            "unproved": list(self.unproved),
            "trials": [
                {
                    "sizes": dict(trial.sizes),
                    "ok": trial.ok,
                    "peak_bytes": trial.price.peak,
                    "seconds": trial.seconds,
                    "layers": [row.to_dict() for row in trial.rows],
                    "skipped": trial.skipped,
                }
                for trial in self.trials
            ],
        }


def verify(
    architecture: Architecture,
    *,
    seed: int = 0,
    budget: Budget = BUDGET,
    progress: Callable[[str, int, int], None] | None = None,
    **sizes: int,
) -> Proof:
    """Run the forward pass and compare each layer's shape, parameters and multiply-accumulates with the prediction.

    `sizes` bind symbols; each one that they leave free is tried at two sizes. `progress(path, done, total)` is called
    before each layer of each trial, and at the end. Raises `ShapecalcError` for mistakes in the file, and SC701 or
    SC705 before anything is allocated where the runs would take more than `budget` allows.

    >>> import shapecalc
    >>> verify(shapecalc.load("mlp")).ok
    True
    """
    return verify_at(Reports(architecture), sizes, seed=seed, budget=budget, progress=progress)


def verify_at(
    reports: Reports,
    sizes: Mapping[str, int],
    *,
    seed: int = 0,
    budget: Budget = BUDGET,
    progress: Callable[[str, int, int], None] | None = None,
) -> Proof:
    """Return what `verify` returns, for symbols that come as a mapping: one may be called `seed`."""
    points, unproved = trial_sizes(reports, sizes)
    tried = [reports.at(point) for point in points]
    prices = [price(report) for report in tried]
    for report, asked in zip(tried, prices, strict=True):
        afford(report, asked, budget)
    afford_arithmetic(tried, budget)
    general, _ = reports.infer(sizes, symbolic=True)
    tell = _counted(progress, sum(len(report.layers) for report in tried))
    # In step all runs share the weights that are made; where memory is short, one comes after the other.
    in_step = price(*tried).peak <= budget.memory
    together = [tried] if in_step else [[report] for report in tried]
    ran = [rows for group in together for rows in _rows_in_step(group, general, seed, tell)]
    tell(tried[-1].layers[-1].path)
    trials = tuple(
        Trial(point, asked, tuple(rows), sum(row.seconds for row in rows), len(report.layers) - len(rows))
        for report, point, asked, rows in zip(tried, points, prices, ran, strict=True)
    )
    return Proof(reports.architecture, trials, unproved)


def trial_sizes(reports: Reports, sizes: Mapping[str, int]) -> tuple[tuple[dict[str, int], ...], tuple[str, ...]]:
    """Return the sizes to run at, two of each free symbol, and the symbols for which the architecture allows only one.

    First come the usual sizes (one sample, the file's `sizes`), then two samples and the smallest probes that are
    legal, distinct for distinct symbols. A symbol without a usual size takes probes both times; where one sample is
    refused (statistics over a batch need two), two and three are tried.
    Raises `ShapecalcError` where no probe is legal for a symbol that has no usual size.
    """
    architecture = reports.architecture
    free = [name for name in architecture.symbols if name not in sizes]
    batch = [name for name in free if name in BATCH_SYMBOLS]
    space = [name for name in free if name not in BATCH_SYMBOLS]
    samples = _fewest_samples(reports, sizes, batch)
    known = {name: architecture.sizes[name] for name in space if name in architecture.sizes}
    usual = {**sizes, **dict.fromkeys(batch, samples), **known}
    probes = list(_legal_probes(reports, usual, space)) if space else []
    if all(name in usual for name in space):
        first = usual
    elif probes:
        first = {**probes.pop(0), **usual}
    else:
        # What depends on a symbol is said of the symbol; what is wrong at the largest probe, of that.
        first = {**dict.fromkeys(space, PROBES[-1]), **usual}
        _refuse_undecided(reports.at(sizes, symbolic=True))
        reports.at(first)
    if not free:
        return (first,), ()
    second = {**first, **dict.fromkeys(batch, samples + 1), **(probes[0] if probes else {})}
    unproved = () if probes else tuple(space)
    return ((first,) if second == first else (first, second)), unproved


def _refuse_undecided(report: Report) -> None:
    """Refuse symbols that a condition ties together so that no probe meets it."""
    for constraint in report.valid_sizes.joint:
        names = " and ".join(f"`{name}`" for name in free_symbols(constraint.condition.expr))
        message = f"`{constraint.path}` needs {constraint.condition.pretty}, which no size that was tried meets"
        finding = Diagnostic(
            code="SC311",
            message=message,
            span=constraint.place.word if constraint.place else None,
            help=f"give {names} sizes: `--set NAME=…`, or `sizes:` in the file",
        )
        raise ShapecalcError((finding,), report.architecture.file)


def _fewest_samples(reports: Reports, sizes: Mapping[str, int], batch: list[str]) -> int:
    legal = (n for n in (1, 2) if reports.infer({**sizes, **dict.fromkeys(batch, n)})[0] is not None)
    return next(legal, 1)


def _legal_probes(reports: Reports, fixed: Mapping[str, int], space: list[str]) -> Iterator[dict[str, int]]:
    """Yield up to two assignments of probes to symbols that inference accepts, smallest first, none of a usual size."""
    lists = _probes(reports, fixed, space)
    most = min(map(len, lists.values())) - len(space) + 1
    neighbours = ({name: lists[name][start + place] for place, name in enumerate(space)} for start in range(most))
    other = (point for point in neighbours if all(fixed.get(name) != size for name, size in point.items()))
    legal = (point for point in other if reports.infer({**fixed, **point})[0] is not None)
    return islice(legal, 2)


def _probes(reports: Reports, fixed: Mapping[str, int], space: list[str]) -> Mapping[str, tuple[int, ...]]:
    """Return the sizes to try for each symbol: the legal ones of `PROBES`, else the legal sizes next to them."""
    general, _ = reports.infer({n: s for n, s in fixed.items() if n not in space}, symbolic=True)
    if general is None:
        return dict.fromkeys(space, PROBES)
    stated = (Constraint(stated.condition) for stated in reports.architecture.where)
    valid = solve_constraints((*general.constraints, *stated), general.symbols).sizes
    return {name: _legal(valid[name], len(space)) if name in valid else PROBES for name in space}


def _legal(sizes: Sizes, symbols: int) -> tuple[int, ...]:
    """Return legal sizes, `symbols` and two at least where there are as many: prime ones if they suit."""
    probes = tuple(probe for probe in PROBES if probe in sizes)
    if len(probes) >= symbols + 2:
        return probes
    near = {size for probe in PROBES if (size := sizes.from_(probe)) is not None} or set(sizes.first(symbols + 2))
    while near and len(near) < symbols + 2 and (size := sizes.from_(max(near) + 1)) is not None:
        near.add(size)
    return tuple(sorted(near))


def _rows_in_step(
    reports: Sequence[Report], general: Report | None, seed: int, tell: Callable[[str], None]
) -> list[list[ProofRow]]:
    """Run each layer in every report before the next layer, and return the rows of each; a failure is the last."""
    ran: list[list[ProofRow]] = [[] for _ in reports]
    values = [random_inputs(report, seed=seed) for report in reports]
    for position, calls in enumerate(calls_in_step(reports, seed=seed)):
        for report, rows, slots, call in zip(reports, ran, values, calls, strict=True):
            if len(rows) == position and not any(row.failure for row in rows[-1:]):
                tell(call.path)
                source = report if general is None else general
                predicted = source.layers[position].outputs.values()
                shapes = tuple(tuple(evaluate(dim, report.bindings) for dim in shape) for shape in predicted)
                rows.append(_row(report.layers[position], shapes, call, slots))
        # Without this the parameters of this layer would live while those of the next one are made.
        del call, calls
        if all(rows[-1].failure for rows in ran):
            break
    return ran


def _row(layer: LayerReport, predicted: tuple[tuple[Dim, ...], ...], call: Call, values: dict[str, Array]) -> ProofRow:
    params, macs = _int(layer.facts.params) + _int(layer.facts.buffer_count), _int(layer.macs)
    try:
        done = run(call, values)
    except ExecutionError as error:
        # The kernel was given the parameters and got somewhere, but measured nothing: none of it counts as executed.
        return ProofRow(layer, predicted, None, params, None, macs, None, 0.0, failure=str(error))
    executed_params = sum(done.parameters.values())
    return ProofRow(layer, predicted, done.shapes, params, executed_params, macs, done.macs, done.seconds)


def _int(count: Dim | None) -> int:
    assert isinstance(count, int)  # every symbol has a number in a trial
    return count


def _counted(progress: Callable[[str, int, int], None] | None, total: int) -> Callable[[str], None]:
    """Return what tells `progress` of a path how many were told before it."""
    told = count()

    def tell(path: str) -> None:
        if progress is not None:
            progress(path, next(told), total)

    return tell
