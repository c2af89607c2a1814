"""Execution of the decoding loop of a `decode:` section: a search whose step function runs the network's kernels."""

from __future__ import annotations

from dataclasses import replace
from math import prod
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from shapecalc.costs.decoding import dependents, scored
from shapecalc.costs.liveness import shapes_of
from shapecalc.diagnostics import Diagnostic, ShapecalcError
from shapecalc.dims import symbol
from shapecalc.execution.budget import BUDGET, Budget, check_memory, check_operations
from shapecalc.execution.lowering import BYTES, calls_of, concrete, price, random_inputs
from shapecalc.execution.verify import given_weights
from shapecalc.reference.base import Work
from shapecalc.reference.beam_search import Search, beam_search
from shapecalc.reference.executor import ExecutionError, run

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import ArrayLike

    from shapecalc.costs.decoding import Loop
    from shapecalc.reference.base import Array
    from shapecalc.reference.beam_search import States

TOLERANCE = 1e-3
"""The relative error allowed of a float32 log-probability, decoded symbol by symbol, compared with one pass."""


class Check(NamedTuple):
    """One figure, predicted and counted."""

    what: str
    predicted: object
    counted: object

    @property
    def ok(self) -> bool:
        """Whether both are equal."""
        return self.predicted == self.counted


class Decoded(NamedTuple):
    """The result of a search: its hypotheses, the counts, and the best sequence read again in one pass."""

    search: Search
    once: int
    macs: tuple[int, ...]
    reread: float
    """The log-probability of the best sequence of full length, read in one pass."""
    checks: tuple[Check, ...]
    masked: bool
    """Whether no symbol attends to later ones, so that both ways of reading must agree."""

    @property
    def rereads(self) -> bool:
        """Whether the log-probabilities of that sequence, decoded and read in one pass, agree."""
        decoded = self.search.active[0].log_probability
        return abs(decoded - self.reread) <= TOLERANCE * max(1.0, abs(decoded))

    @property
    def ok(self) -> bool:
        """Whether all counts are as predicted, and both ways of reading agree if they must."""
        return (self.rereads or not self.masked) and all(check.ok for check in self.checks)


class _Network:
    """The step function: kernels with fixed weights, the values that are computed once, and the MACs of each step."""

    def __init__(self, loop: Loop, params: Mapping[str, ArrayLike] | None, seed: int) -> None:
        self._loop = loop
        report = loop.reports.at({**loop.sizes, loop.batch: 1, loop.length: 1})
        after = {row.path: row for row in dependents(report, loop.decode.token)}
        calls = [
            replace(call, frees=()) for call in calls_of(report, params=given_weights(params, (report,)), seed=seed)
        ]
        self._after = [call for call in calls if call.path in after]
        self._rows = after
        inputs = random_inputs(report, seed=seed)
        del inputs[loop.decode.token]
        self._values: dict[str, Array] = dict(inputs)
        self.once = sum(run(call, self._values).macs for call in calls if call.path not in after)
        read = {slot for call in self._after for slot in call.inputs}
        self._batched = {
            slot: shape.index(symbol(loop.batch))
            for slot, shape in shapes_of(loop.report).items()
            if slot in read and slot in self._values and symbol(loop.batch) in shape
        }
        entry = next(entry for entry in loop.architecture.inputs if entry.name == loop.decode.token)
        self._batch_first = entry.shape[0] == symbol(loop.batch)
        self._scores = loop.architecture.unfolded_slot(loop.decode.scores)
        shape = scored(loop.architecture, loop.decode, loop.report)
        self._scores_batch = shape.index(symbol(loop.batch))
        path = next(call.path for call in calls if self._scores in call.outputs)
        self._are_probabilities = after[path].step.layer.probabilities == "plain"
        self.macs: list[int] = []

    def __call__(self, tokens: Array, states: States) -> tuple[Array, States]:
        """Return the log-probabilities of the next symbols of each hypothesis, and the states after the step.

        States are those of the recurrent steps, or all symbols so far.
        """
        decode = self._loop.decode
        if decode.states:
            values, macs = self._run(tokens[:, None], states)
            carried = tuple(values[slot] for path in decode.states for slot in self._states_of(path))
        else:
            prefix = np.concatenate((states[0], tokens[:, None]), axis=1) if states else tokens[:, None]
            values, macs = self._run(prefix, ())
            carried = (prefix,)
        self.macs.append(macs)
        return self._log_probs(values)[:, -1], carried

    def read(self, symbols: tuple[int, ...]) -> float:
        """Return the log-probability of a sequence whose symbols are read in one pass."""
        inputs = np.array([[self._loop.decode.start, *symbols[:-1]]])
        log_probs = self._log_probs(self._run(inputs, ())[0])[0]
        return float(log_probs[np.arange(len(symbols)), symbols].sum())

    def _run(self, symbols: Array, states: States) -> tuple[dict[str, Array], int]:
        """Run the layers that depend on the symbols, [hypotheses, length], recurrent steps from `states` if given."""
        values = dict(self._values)
        for slot, axis in self._batched.items():
            values[slot] = np.repeat(values[slot], len(symbols), axis=axis)
        values[self._loop.decode.token] = symbols if self._batch_first else symbols.T
        resumed = {path: [f"{slot}, before" for slot in self._states_of(path)] for path in self._loop.decode.states}
        if states:
            values |= zip((slot for slots in resumed.values() for slot in slots), states, strict=True)
        macs = 0
        for call in self._after:
            inputs = call.inputs
            if states and call.path in resumed:
                inputs = (inputs[0], *resumed[call.path])
            macs += run(replace(call, inputs=inputs, work=Work()), values).macs
        return values, macs

    def _states_of(self, path: str) -> list[str]:
        row = self._rows[path]
        return [row.step.slot(name) for name in list(row.outputs)[1:]]

    def _log_probs(self, values: dict[str, Array]) -> Array:
        """Return the log-probabilities, [hypotheses, length, symbols]."""
        scores = values[self._scores].astype(np.float64)
        if scores.ndim == 2:  # noqa: PLR2004 - of the last symbol alone
            scores = scores[:, None]
        elif self._scores_batch:
            scores = scores.swapaxes(0, 1)
        if self._are_probabilities:
            with np.errstate(divide="ignore"):  # a probability that rounds to 0 has a log of -inf
                logs: Array = np.log(scores)
            return logs
        scores = scores - scores.max(axis=-1, keepdims=True)
        log_softmax: Array = scores - np.log(np.exp(scores).sum(axis=-1, keepdims=True))
        return log_softmax


def decode(
    loop: Loop, *, params: Mapping[str, ArrayLike] | None = None, seed: int = 0, budget: Budget = BUDGET
) -> Decoded:
    """Decode with the weights `params`, by default seeded random ones, and compare the counts with the predicted ones.

    Raises `ShapecalcError` SC701 if the weights and one step would exceed the memory of `budget`, SC705 if all steps
    would exceed its operations, SC702 if a kernel fails.
    """
    _check_budget(loop, budget)
    try:
        network = _Network(loop, params, seed)
        search = beam_search(
            network,
            (),
            start=loop.decode.start,
            max_length=loop.decode.max_length,
            beam=loop.decode.beam,
            end=loop.decode.end,
            axes=(1,) * len(loop.steps[0].states) if loop.decode.states else (0,),
        )
        reread = network.read(search.active[0].symbols)
    except ExecutionError as error:
        raise ShapecalcError((Diagnostic(code="SC702", message=str(error)),), loop.architecture.file) from None
    macs = tuple(network.macs)
    masked = bool(loop.decode.states) or loop.cached_macs is not None
    return Decoded(search, network.once, macs, reread, tuple(_checks(loop, search, network.once, macs)), masked)


def _checks(loop: Loop, search: Search, once: int, macs: tuple[int, ...]) -> Iterator[Check]:
    yield Check("MACs once", loop.once, once)
    yield Check("steps", len(loop.steps), len(search.trace))
    for unrolled, counted, done in zip(loop.steps, search.trace, macs, strict=False):
        step = unrolled.step
        where = f"at step {step.length}"
        for name, figure in zip(("alive", "scores", "kept", "finished", "dropped"), counted, strict=False):
            yield Check(f"{name} {where}", getattr(step, name), figure)
        yield Check(f"states {where}", tuple(shape for _, shape in unrolled.states), counted.states)
        yield Check(f"MACs {where}", unrolled.macs, done)


def _check_budget(loop: Loop, budget: Budget) -> None:
    length = 1 if loop.decode.states else loop.decode.max_length
    widest = max(unrolled.step.alive for unrolled in loop.steps)
    report = loop.reports.at({**loop.sizes, loop.batch: widest, loop.length: length})
    weights = sum(BYTES * prod(concrete(shape)) for row in report.layers for shape in row.facts.parameters.values())
    one = price(report)
    # The weights of all layers are live throughout, in addition to the memory of one step.
    check_memory(report, replace(one, peak=weights + one.peak, weights=weights + one.weights), budget)
    check_operations(report, 2 * (loop.once + sum(unrolled.macs for unrolled in loop.steps)), budget)
