"""Verification: runs the forward pass and compares predicted with executed shapes, parameters and MACs."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from itertools import count, islice
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from shapecalc.diagnostics import Diagnostic, ShapecalcError
from shapecalc.diagnostics.presentation import Presented
from shapecalc.dims import evaluate, free_symbols, show
from shapecalc.execution.budget import (
    BUDGET,
    Budget,
    Price,
    check_arithmetic,
    check_memory,
    memory_errors_as_diagnostics,
)
from shapecalc.execution.lowering import calls_in_lockstep, price, random_inputs
from shapecalc.execution.run import parameter_arrays, run as run_network
from shapecalc.reference.executor import ExecutionError, run
from shapecalc.shape_inference.constraints import Constraint, solve_constraints
from shapecalc.shape_inference.engine import Reports, batch_sizes
from shapecalc.shape_inference.report import BATCH_SYMBOLS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from numpy.typing import ArrayLike

    from shapecalc.architecture import Architecture
    from shapecalc.dims import Dim, Shape, Sizes
    from shapecalc.reference.base import Array, Call
    from shapecalc.shape_inference.report import Report
    from shapecalc.shape_inference.rows import LayerReport

PROBES = (5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 53, 61, 71, 83, 89, 97, 113, 131, 149, 167, 193, 227, 257, 299)
"""Odd sizes, most of them prime, for unbound symbols: a mistake that 224 hides shows at 83 and 89."""


class OwnCounts(NamedTuple):
    """The scalars of a layer's own tensors, as `inspect` counts them: 0 if they are another layer's."""

    params: int
    buffers: int


@dataclass(frozen=True, slots=True)
class ProofRow:
    """One layer, predicted and executed; executed values are None if the kernel failed, and `failure` is its error.

    `predicted_params` and `executed_params` count all tensors that the kernel reads: buffers, and those of another
    layer, are included. `predicted_own` and `executed_own` are the counts of `inspect`.
    """

    layer: LayerReport
    predicted: tuple[tuple[Dim, ...], ...]
    executed: tuple[tuple[int, ...], ...] | None
    predicted_params: int
    executed_params: int | None
    predicted_macs: int
    executed_macs: int | None
    seconds: float
    predicted_own: OwnCounts
    executed_own: OwnCounts | None
    failure: str = ""
    stated: int = 0
    """The number of its outputs whose shapes were compared with what a file of another tool states."""

    @property
    def ok(self) -> bool:
        """Whether shapes, parameters and multiply-accumulates agree."""
        return (
            not self.failure
            and self.predicted == self.executed
            and self.predicted_params == self.executed_params
            and self.predicted_own == self.executed_own
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
            "predicted_own": self.predicted_own._asdict(),
            "executed_own": None if self.executed_own is None else self.executed_own._asdict(),
            "seconds": self.seconds,
            "failure": self.failure,
            **({"stated": self.stated} if self.stated else {}),
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


class OutputDifference(NamedTuple):
    """An output of a run with the weights of another tool: the largest difference to the output of that tool.

    `scale` is the largest absolute value of the output.
    """

    name: str
    difference: float
    scale: float

    @property
    def ok(self) -> bool:
        """Whether the difference is that of rounding in float32."""
        return self.difference <= ROUNDING * self.scale + SMALLEST


ROUNDING = 1e-4
"""The largest difference of outputs, relative to the largest output, that is due to rounding."""
SMALLEST = 1e-6
"""The largest difference of outputs that are nearly 0."""


@dataclass(frozen=True, slots=True)
class Proof(Presented):
    """All trials of an architecture; `unproved` names the symbols that could be tried at one size only.

    `outputs` compares the outputs with those of the tool that a module in memory is of.
    """

    architecture: Architecture
    trials: tuple[Trial, ...]
    unproved: tuple[str, ...] = field(default=())
    outputs: tuple[OutputDifference, ...] = field(default=())

    def __repr__(self) -> str:
        """Return the name, the sizes that were tried, and the verdict."""
        sizes = (", ".join(f"{name} = {size}" for name, size in trial.sizes.items()) for trial in self.trials)
        tried = " and ".join(sizes)
        return f"<Proof of {self.architecture.name}{tried and f' at {tried}'}: {'ok' if self.ok else 'failed'}>"

    @property
    def ok(self) -> bool:
        """Whether every trial agrees in every layer."""
        return all(trial.ok for trial in self.trials) and all(output.ok for output in self.outputs)

    @property
    def stated(self) -> int:
        """The number of shapes that a file of another tool states, and that were compared with ours."""
        return sum(row.stated for row in self.trials[0].rows)

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
            **({"outputs": [output._asdict() for output in self.outputs]} if self.outputs else {}),
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
    params: Mapping[str, ArrayLike] | None = None,
    seed: int = 0,
    budget: Budget = BUDGET,
    progress: Callable[[str, int, int], None] | None = None,
    **sizes: int,
) -> Proof:
    """Run the forward pass and compare each layer's shape, parameters and multiply-accumulates with the prediction.

    `sizes` bind symbols; each unbound one is tried at two sizes. `params` are all weights by path; by default they are
    random. `progress(path, done, total)` is called before each
    layer of each trial, and at the end. Raises `ShapecalcError` for mistakes in the file, SC701 or SC705 before
    anything is allocated if the runs would exceed `budget`, and SC701 if the system refuses memory.

    >>> import shapecalc
    >>> verify(shapecalc.load("mlp")).ok
    True
    """
    with memory_errors_as_diagnostics(architecture):
        return verify_at(Reports(architecture), sizes, params=params, seed=seed, budget=budget, progress=progress)


def verify_at(
    reports: Reports,
    sizes: Mapping[str, int],
    *,
    params: Mapping[str, ArrayLike] | None = None,
    seed: int = 0,
    budget: Budget = BUDGET,
    progress: Callable[[str, int, int], None] | None = None,
) -> Proof:
    """Return the proof of `verify`, with sizes as a mapping, in which a symbol may be named `seed`."""
    points, unproved = trial_sizes(reports, sizes)
    tried = [reports.at(point) for point in points]
    prices = [price(report) for report in tried]
    for report, peak in zip(tried, prices, strict=True):
        check_memory(report, peak, budget)
    check_arithmetic(tried, budget)
    given = given_weights(params, tried)
    general, _ = reports.infer(sizes, symbolic=True)
    notify = _counted(progress, sum(len(report.layers) for report in tried))
    # In lockstep, all runs share the weights that are made; if that exceeds the memory, they run one by one.
    in_lockstep = price(*tried).peak <= budget.memory
    groups = [tried] if in_lockstep else [[report] for report in tried]
    ran = [rows for group in groups for rows in _rows_in_lockstep(group, general, given, seed, notify)]
    notify(tried[-1].layers[-1].path)
    trials = tuple(
        Trial(point, peak, tuple(rows), sum(row.seconds for row in rows), len(report.layers) - len(rows))
        for report, point, peak, rows in zip(tried, points, prices, ran, strict=True)
    )
    return Proof(reports.architecture, trials, unproved, _outputs(reports.architecture) if params is None else ())


def _outputs(architecture: Architecture) -> tuple[OutputDifference, ...]:
    """Return the differences of the outputs to those of another tool, for a module that is in memory."""
    examples = architecture.origin.examples if architecture.origin else None
    if examples is None:
        return ()
    names = [entry.name for entry in architecture.inputs]
    if (len(names), len(architecture.outputs)) != (len(examples.inputs), len(examples.outputs)):
        # Inputs that are no tensors, or outputs that were read as constants: which is which is not known.
        return (OutputDifference("all outputs", float("inf"), 0.0),)
    outputs = run_network(architecture, dict(zip(names, examples.inputs, strict=True)))
    pairs = zip(outputs.items(), examples.outputs, strict=True)
    return tuple(_difference(name, ours, theirs) for (name, ours), theirs in pairs)


def _difference(name: str, ours: Array, theirs: Array) -> OutputDifference:
    if ours.shape != theirs.shape:
        return OutputDifference(name, float("inf"), 0.0)
    apart = np.abs(np.subtract(ours, theirs, dtype=np.float64))
    return OutputDifference(name, float(apart.max(initial=0)), float(np.abs(theirs).max(initial=0)))


def trial_sizes(reports: Reports, sizes: Mapping[str, int]) -> tuple[tuple[dict[str, int], ...], tuple[str, ...]]:
    """Return the sizes to run at, two of each unbound symbol, and the symbols for which only one size is valid.

    The first are the default sizes (one sample, the file's `sizes`), the second two samples and the smallest valid
    probes, distinct for distinct symbols. A symbol without a default size takes probes both times; if one sample is
    refused (statistics over a batch need two), the two smallest valid batches are tried.
    Raises `ShapecalcError` if no probe is valid for a symbol without a default size.
    """
    architecture = reports.architecture
    free = [name for name in architecture.symbols if name not in sizes]
    batch = [name for name in free if name in BATCH_SYMBOLS]
    space = [name for name in free if name not in BATCH_SYMBOLS]
    samples, more = _fewest_samples(reports, sizes, batch)
    known = {name: architecture.sizes[name] for name in space if name in architecture.sizes}
    usual = {**sizes, **dict.fromkeys(batch, samples), **known}
    probes = list(_valid_probes(reports, usual, space)) if space else []
    if all(name in usual for name in space):
        first = usual
    elif probes:
        first = {**probes.pop(0), **usual}
    else:
        # A constraint on the symbol is reported for the symbol; any other mistake at the largest probe.
        first = {**dict.fromkeys(space, PROBES[-1]), **usual}
        _refuse_undecided(reports.at(sizes, symbolic=True))
        reports.at(first)
    if not free:
        return (first,), ()
    second = {**first, **dict.fromkeys(batch, more), **(probes[0] if probes else {})}
    unproved = () if probes else tuple(space)
    return ((first,) if second == first else (first, second)), unproved


def _refuse_undecided(report: Report) -> None:
    """Raise `ShapecalcError` SC311 for a condition on several symbols that no probe satisfies."""
    for constraint in report.valid_sizes.joint:
        names = " and ".join(f"`{name}`" for name in free_symbols(constraint.condition.expr))
        message = f"`{constraint.path}` needs {constraint.condition.pretty}, which no size that was tried meets"
        finding = Diagnostic(
            code="SC311",
            message=message,
            span=constraint.spans.type if constraint.spans else None,
            help=f"give {names} sizes: `--set NAME=…`, or `sizes:` in the file",
        )
        raise ShapecalcError((finding,), report.architecture.file)


def _fewest_samples(reports: Reports, sizes: Mapping[str, int], batch: list[str]) -> tuple[int, int]:
    """Return the two smallest valid batches; 1 and 2 if none is known."""
    general, _ = reports.infer(sizes) if batch else (None, ())
    if general is not None:
        valid = batch_sizes(general, batch[0])
        return valid.smallest or 1, valid.from_((valid.smallest or 1) + 1) or valid.smallest or 2
    tried = (n for n in (1, 2) if reports.infer({**sizes, **dict.fromkeys(batch, n)})[0] is not None)
    fewest = next(tried, 1)
    return fewest, fewest + 1


def _valid_probes(reports: Reports, fixed: Mapping[str, int], space: list[str]) -> Iterator[dict[str, int]]:
    """Yield up to two valid assignments of probes to symbols, smallest first, none with a default size."""
    lists = _probes(reports, fixed, space)
    most = min(map(len, lists.values())) - len(space) + 1
    neighbours = ({name: lists[name][start + place] for place, name in enumerate(space)} for start in range(most))
    other = (point for point in neighbours if all(fixed.get(name) != size for name, size in point.items()))
    valid = (point for point in other if reports.infer({**fixed, **point})[0] is not None)
    return islice(valid, 2)


def _probes(reports: Reports, fixed: Mapping[str, int], space: list[str]) -> Mapping[str, tuple[int, ...]]:
    """Return the sizes to try for each symbol: the valid ones of `PROBES`, else the valid sizes next to them."""
    general, _ = reports.infer({n: s for n, s in fixed.items() if n not in space}, symbolic=True)
    if general is None:
        return dict.fromkeys(space, PROBES)
    stated = (Constraint(stated.condition) for stated in reports.architecture.where)
    valid = solve_constraints((*general.constraints, *stated), reports.architecture.symbols).sizes
    return {name: _nearest_valid(valid[name], len(space)) if name in valid else PROBES for name in space}


def _nearest_valid(sizes: Sizes, symbols: int) -> tuple[int, ...]:
    """Return valid sizes, at least `symbols` + 2 if there are as many; those of `PROBES` if these are enough."""
    probes = tuple(probe for probe in PROBES if probe in sizes)
    if len(probes) >= symbols + 2:
        return probes
    near = {size for probe in PROBES if (size := sizes.from_(probe)) is not None} or set(sizes.first(symbols + 2))
    while near and len(near) < symbols + 2 and (size := sizes.from_(max(near) + 1)) is not None:
        near.add(size)
    return tuple(sorted(near))


def given_weights(params: Mapping[str, ArrayLike] | None, reports: Iterable[Report]) -> Mapping[str, Array]:
    """Return all weights by path if some are given; raise `ShapecalcError` SC702 for each that is missing or wrong."""
    given: dict[str, Array] = {}
    for report in reports if params is not None else ():
        given = parameter_arrays(params or {}, report, complete=True)
    return {
        path: array.astype(np.float32, copy=False) if array.dtype.kind == "f" else array
        for path, array in given.items()
    }


def _rows_in_lockstep(
    reports: Sequence[Report],
    general: Report | None,
    params: Mapping[str, Array],
    seed: int,
    notify: Callable[[str], None],
) -> list[list[ProofRow]]:
    """Run each layer in every report before the next layer, and return the rows of each, which end at a failure."""
    ran: list[list[ProofRow]] = [[] for _ in reports]
    values = [random_inputs(report, seed=seed) for report in reports]
    origin = reports[0].architecture.origin
    stated = origin.stated if origin else {}
    for position, calls in enumerate(calls_in_lockstep(reports, params=params, seed=seed)):
        for report, rows, slots, call in zip(reports, ran, values, calls, strict=True):
            if len(rows) == position and not any(row.failure for row in rows[-1:]):
                notify(call.path)
                source = report if general is None else general
                predicted = source.layers[position].outputs.values()
                shapes = tuple(tuple(evaluate(dim, report.bindings) for dim in shape) for shape in predicted)
                row = _row(report.layers[position], shapes, call, slots)
                rows.append(_with_stated(row, stated, report.bindings) if stated else row)
        # Else the parameters of this layer would be live while those of the next one are made.
        del call, calls
        if all(rows[-1].failure for rows in ran):
            break
    return ran


def _with_stated(row: ProofRow, stated: Mapping[str, Shape], sizes: Mapping[str, int]) -> ProofRow:
    """Return a row with the shapes that the file of another tool states, a failure if one differs from ours."""
    result = [
        (shape, tuple(evaluate(dim, sizes) for dim in stated[slot]))
        for place, (name, shape) in enumerate(zip(row.layer.outputs, row.predicted, strict=True))
        if (slot := row.layer.step.slot(name) if place else row.layer.path) in stated
    ]
    wrong = next((theirs for ours, theirs in result if ours != theirs), None)
    failure = f"the file states {show(wrong)}" if wrong is not None and not row.failure else row.failure
    return replace(row, stated=len(result), failure=failure)


def _row(layer: LayerReport, predicted: tuple[tuple[Dim, ...], ...], call: Call, values: dict[str, Array]) -> ProofRow:
    params, macs = _int(layer.facts.params) + _int(layer.facts.buffer_count), _int(layer.macs)
    own = OwnCounts(_int(layer.params), _int(layer.buffers))
    try:
        done = run(call, values)
    except ExecutionError as error:
        # The kernel has read the parameters, but counted nothing: none of it counts as executed.
        return ProofRow(layer, predicted, None, params, None, macs, None, 0.0, own, None, failure=str(error))
    stored = {name: size for name, size in done.parameters.items() if name not in layer.facts.constants}
    executed_params = sum(stored.values())
    own_sizes = {name: size for name, size in stored.items() if layer.step.owns(name)}
    fixed = sum(size for name, size in own_sizes.items() if name in layer.facts.buffers)
    executed_own = OwnCounts(sum(own_sizes.values()) - fixed, fixed)
    return ProofRow(
        layer, predicted, done.shapes, params, executed_params, macs, done.macs, done.seconds, own, executed_own
    )


def _int(count: Dim | None) -> int:
    assert isinstance(count, int)  # every symbol has a size in a trial
    return count


def _counted(progress: Callable[[str, int, int], None] | None, total: int) -> Callable[[str], None]:
    """Return a function of a path that calls `progress` with the number of calls before."""
    done = count()

    def notify(path: str) -> None:
        if progress is not None:
            progress(path, next(done), total)

    return notify
