"""One step of a recurrent layer, as the layer on a sequence of one step."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from shapecalc.reference.base import Array, Call, RunShapes, Workspace, kernel
from shapecalc.reference.bptt import layers_backward, recurrence_of
from shapecalc.reference.gradients import Context, Gradients, backward
from shapecalc.reference.recurrent import gru, lstm, rnn, sequence_workspace

ONE_LAYER = {
    "num_layers": 1,
    "bidirectional": False,
    "batch_first": False,
    "proj_size": 0,
    "peepholes": False,
    "reset_after": True,
    "dropout": 0.0,
}


def sequence_call(call: Call) -> Call:
    """Return the call of the layer of which a cell is a step."""
    kinds = ("weight", "bias") if call.fields["bias"] else ("weight",)
    names = [f"{kind}_{side}" for kind in kinds for side in ("ih", "hh")]
    names += ["weight_peephole"] if call.fields.get("peepholes") else []
    tensors = {f"{name}_l0": call.parameters[name] for name in names}
    kind = call.kernel.removesuffix("_cell")
    return replace(call, kernel=kind, fields={**ONE_LAYER, **call.fields}, parameters=tensors)


def step_workspace(gates: int, extra: int) -> Workspace:
    """Return the workspace of a cell: that of a sequence of one step."""
    of_sequence = sequence_workspace(gates, extra)

    def workspace(run: RunShapes) -> int:
        inputs, outputs = (tuple((1, *shape) for shape in shapes) for shapes in (run.inputs, run.outputs))
        return of_sequence(
            run._replace(fields={**ONE_LAYER, **run.fields}, inputs=inputs, outputs=(outputs[0], *outputs))
        )

    return workspace


def run_step(run: Any, call: Call, x: Array, states: tuple[Array, ...]) -> tuple[Array, ...]:
    """Return the states after one step of a recurrent layer, whose inputs are [N, features]."""
    _, *last = run(sequence_call(call), x[None], *(state[None] for state in states))
    return tuple(state[0] for state in last)


@kernel("rnn_cell", workspace=step_workspace(gates=1, extra=2))
def rnn_cell(call: Call, x: Array, *states: Array) -> Array:
    """Return h′.

    Source: torch.nn.RNNCell.
    """
    return run_step(rnn, call, x, states)[0]


@kernel("lstm_cell", workspace=step_workspace(gates=4, extra=6))
def lstm_cell(call: Call, x: Array, *states: Array) -> tuple[Array, ...]:
    """Return h′ and c′.

    Source: torch.nn.LSTMCell.
    """
    return run_step(lstm, call, x, states)


@kernel("gru_cell", workspace=step_workspace(gates=3, extra=3))
def gru_cell(call: Call, x: Array, *states: Array) -> Array:
    """Return h′.

    Source: torch.nn.GRUCell.
    """
    return run_step(gru, call, x, states)[0]


@backward("rnn_cell")
@backward("lstm_cell")
@backward("gru_cell")
def cell_backward(ctx: Context, *gradients: Array | None) -> Gradients:
    """Return the gradients of the layer of which it is a step; those of its states are those of the last ones."""
    call = sequence_call(ctx.call)
    inputs, outputs = (tuple(array[None] for array in arrays) for arrays in (ctx.inputs, ctx.outputs))
    last = tuple(None if gradient is None else gradient[None] for gradient in gradients)
    context = replace(ctx, call=call, inputs=inputs, outputs=(outputs[0], *outputs))
    result = layers_backward(context, (None, *last), recurrence_of(call))
    of_inputs = tuple(None if gradient is None else gradient[0] for gradient in result.inputs)
    return Gradients(of_inputs, {name.removesuffix("_l0"): array for name, array in result.parameters.items()})
