"""The values of a recurrent layer at every time step: each gate and state, as its kernel computes them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from shapecalc.calculators.tracing import InexactError
from shapecalc.execution.lowering import fields_as_written
from shapecalc.execution.values.plain import plain
from shapecalc.reference import find
from shapecalc.reference.base import Call, Work
from shapecalc.reference.bptt import recompute_layers, recurrence_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from shapecalc.execution.values.arguments import Drawn
    from shapecalc.layers.recurrence import Recurrent
    from shapecalc.reference.base import Array
    from shapecalc.reference.bptt import Gates, Pass, TimeStep
    from shapecalc.reference.recurrent import States

STATES = ("h", "c")


class CellStep(NamedTuple):
    """One time step of one layer in one direction; the last axis of every array is that of the samples.

    `time` counts from 1. `from_input` is W_ih x + b_ih and `from_hidden` W_hh h + b_hh, [gates, H, N]; `gates` are
    [H, N] each, by letter. `unprojected` is the hidden state before its projection.
    """

    time: int
    x: Array
    from_input: Array
    from_hidden: Array
    gates: Mapping[str, Array]
    before: Mapping[str, Array]
    after: Mapping[str, Array]
    unprojected: Array
    saved: TimeStep
    """The step as the kernel saves it for its gradients."""

    def to_dict(self, letters: Sequence[str]) -> dict[str, Any]:
        """Return the step as JSON's values, [N, size] each; `letters` are those of the gates' sums."""
        sums = {
            name: {letter: values_of(array) for letter, array in zip(letters, arrays, strict=True)}
            for name, arrays in (("from_input", self.from_input), ("from_hidden", self.from_hidden))
        }
        return {
            "time": self.time,
            **sums,
            "gates": {letter: values_of(array) for letter, array in self.gates.items()},
            "before": {letter: values_of(array) for letter, array in self.before.items()},
            "after": {letter: values_of(array) for letter, array in self.after.items()},
        }


class UnrolledPass(NamedTuple):
    """One layer in one direction: the suffix of its parameters, and its steps in the order of execution."""

    suffix: str
    steps: tuple[CellStep, ...]

    @property
    def name(self) -> str:
        """The suffix in words: `l0 reverse`."""
        return self.suffix.replace("_", " ")


class Unrolled(NamedTuple):
    """A recurrent layer on arrays: its call with the parameters, the inputs, the outputs by name, and all steps.

    `drawn` is what is random of a layer on its own, None for one of a network.
    """

    layer: Recurrent
    call: Call
    inputs: tuple[Array, ...]
    outputs: Mapping[str, Array]
    passes: tuple[UnrolledPass, ...]
    drawn: Drawn | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the values as JSON's values; states of a step are [N, size]."""
        letters = self.layer.cell.gates
        return {
            "layer": self.layer.type,
            **({} if self.drawn is None else self.drawn.to_dict()),
            "input": list(self.inputs[0].shape),
            "inputs": {name: plain(array.tolist()) for name, array in zip(self.call.inputs, self.inputs, strict=True)},
            "parameters": {name: plain(array.tolist()) for name, array in self.call.parameters.items()},
            "outputs": {name: plain(array.tolist()) for name, array in self.outputs.items()},
            "passes": [
                {"name": run.name, "steps": [step.to_dict(letters) for step in run.steps]} for run in self.passes
            ],
        }


def values_of(array: Array) -> Any:
    """Return an array [size, N] as nested lists [N, size]."""
    return plain(array.T.tolist())


def recurrent_call(layer: Recurrent, parameters: Mapping[str, Array], inputs: tuple[Array, ...]) -> Call:
    """Return the call of a layer on its own, which reads `x`, `h_0` and `c_0`."""
    names = ("x", *(f"{state}_0" for state in STATES))
    outputs = tuple(layer.outputs(*(array.shape for array in inputs)))
    fields = fields_as_written(layer)
    return Call(layer.type, layer.type, fields, parameters, names[: len(inputs)], outputs)


def unroll(layer: Recurrent, call: Call, inputs: tuple[Array, ...]) -> Unrolled:
    """Return all values of a recurrent layer.

    Raises `InexactError` if the inputs are fractions and the cell has a function without exact results.
    """
    recurrence = recurrence_of(call)
    sums: list[tuple[Array, Array]] = []

    def recorded(from_input: Array, from_hidden: Array, states: States) -> tuple[Gates, States]:
        sums.append((from_input.copy(), from_hidden.copy()))
        return recurrence.gates(from_input, from_hidden, states)

    call = replace(call, work=Work())
    try:
        with np.errstate(all="ignore"):
            outputs = find(call.kernel).run(call, *inputs)
            levels = recompute_layers(call, inputs, tuple(outputs), replace(recurrence, gates=recorded))
    except TypeError:
        if inputs[0].dtype != object:
            raise
        function = layer.cell.equations[0].right.partition("(")[0]
        raise InexactError(str(getattr(layer, function.strip("{}"), function))) from None
    in_order = iter(sums)
    passes = tuple(_pass(layer, run, in_order) for level in levels for run in level)
    return Unrolled(layer, call, inputs, dict(zip(call.outputs, outputs, strict=True)), passes)


def _pass(layer: Recurrent, run: Pass, sums: Iterator[tuple[Array, Array]]) -> UnrolledPass:
    times = range(1, len(run.steps) + 1)[run.order]
    steps = []
    for time, x, step in zip(times, run.read, run.steps, strict=True):
        from_input, from_hidden = next(sums)
        gates = dict(zip(layer.cell.gates, step.gates, strict=False))
        before, after = (dict(zip(STATES, states, strict=False)) for states in (step.before, step.after))
        steps.append(CellStep(time, x.T, from_input, from_hidden, gates, before, after, step.hidden, step))
    return UnrolledPass(run.suffix, tuple(steps))
