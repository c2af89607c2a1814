"""Convolutional LSTM: the convolution of all inputs at once, then a step after the other."""

from __future__ import annotations

from dataclasses import replace
from math import prod
from typing import Any, NamedTuple

import numpy as np

from shapecalc.reference.activation import logistic
from shapecalc.reference.base import Array, Call, RunShapes, Work, constant, kernel
from shapecalc.reference.conv import conv, conv_backward, conv_workspace
from shapecalc.reference.gradients import Context, Gradients, backward

PLAIN = {"groups": 1, "padding_mode": "zeros", "bias": False}
STATE = {**PLAIN, "stride": 1, "padding": "same", "dilation": 1}


class MapStep(NamedTuple):
    """The states before a step, its gates i, f, g, o, tanh(c′), and the states after it."""

    before: tuple[Array, Array]
    gates: tuple[Array, Array, Array, Array]
    squashed: Array
    after: tuple[Array, Array]


def input_call(call: Call) -> Call:
    """Return the call of the convolution of the input."""
    names = {"weight_ih": "weight", "bias": "bias"} if call.fields["bias"] else {"weight_ih": "weight"}
    tensors = {own: call.parameters[name] for name, own in names.items()}
    return replace(call, fields={**PLAIN, **call.fields}, parameters=tensors)


def state_call(call: Call) -> Call:
    """Return the call of the convolution of the state.

    Raises `ValueError` if its weight does not give four gates for each channel that it reads.
    """
    weight = call.parameters["weight_hh"]
    if len(weight) != 4 * weight.shape[1]:
        raise ValueError(f"a weight of {list(weight.shape)} has no four gates for each of its channels")
    fields = {**STATE, "kernel_size": call.fields["kernel_size"]}
    return replace(call, fields=fields, parameters={"weight": weight})


def in_frames(x: Array) -> Array:
    """Return [N, T, …] as [T · N, …]: the frames of one step one after another."""
    return x.swapaxes(0, 1).reshape(-1, *x.shape[2:])


def run_map_steps(call: Call, x: Array, initial: tuple[Array, ...]) -> list[MapStep]:
    """Return every step.

    Raises `ValueError` if an initial state does not have the shape of the states.
    """
    sums = conv(input_call(call), in_frames(x))
    sums = sums.reshape(x.shape[1], x.shape[0], *sums.shape[1:])
    of_state = state_call(call)
    shape = (x.shape[0], call.parameters["weight_hh"].shape[1], *sums.shape[3:])
    states = initial or tuple(np.full(shape, constant(x, 0), dtype=sums.dtype) for _ in range(2))
    if [state.shape for state in states] != [shape, shape]:
        raise ValueError(f"begins with states of {shape}, receives {[state.shape for state in states]}")
    named = call.work.named
    steps = []
    for step, from_input in enumerate(sums, start=1):
        total = named(f"z{step}", from_input + conv(of_state, states[0]))
        i, f, g, o = np.split(total, 4, axis=1)
        gates = (logistic(i), logistic(f), np.tanh(g), logistic(o))
        cell = named(f"c{step}", gates[1] * states[1] + gates[0] * gates[2])
        squashed = np.tanh(cell)
        after = (named(f"h{step}", gates[3] * squashed), cell)
        steps.append(MapStep((states[0], states[1]), gates, squashed, after))
        states = after
    return steps


def conv_lstm_workspace(run: RunShapes) -> int:
    """Return the bytes of the sums of all steps, of the arrays of one step for each step, and of a convolution."""
    (samples, steps, *frame), state = run.inputs[0], run.outputs[1]
    sums = (samples * steps, 4 * state[1], *state[2:])
    fields: dict[str, Any] = {**PLAIN, **run.fields}
    first = conv_workspace(run._replace(fields=fields, inputs=((samples * steps, *frame),), outputs=(sums,)))
    one = (samples, *sums[1:])
    second = conv_workspace(
        run._replace(fields={**STATE, "kernel_size": run.fields["kernel_size"]}, inputs=(state,), outputs=(one,))
    )
    frames = prod(run.inputs[0])
    return run.itemsize * (2 * prod(sums) + 3 * prod(sums) + 4 * prod(one) + frames) + max(first, second)


@kernel("conv_lstm", workspace=conv_lstm_workspace)
def conv_lstm(call: Call, x: Array, *initial: Array) -> tuple[Array, ...]:
    """Return output, h_n and c_n.

    Source: keras.layers.ConvLSTM2D.
    """
    steps = run_map_steps(call, x, initial)
    hidden, cell = steps[-1].after
    output = np.stack([step.after[0] for step in steps], axis=1) if call.fields["return_sequences"] else hidden.copy()
    return output, hidden, cell


@backward("conv_lstm")
def conv_lstm_backward(ctx: Context, *gradients: Array | None) -> Gradients:
    """Return the gradients through time: of each step those of its sums, then those of the state before it."""
    x, *initial = ctx.inputs
    named = ctx.call.work.named
    steps = run_map_steps(replace(ctx.call, work=Work(trace=ctx.call.work.trace)), x, tuple(initial))
    given, hidden, cell = (
        np.zeros_like(y) if each is None else each for y, each in zip(ctx.outputs, gradients, strict=True)
    )
    by_step: list[Any] = [0] * len(steps)
    if ctx.call.fields["return_sequences"]:
        by_step = list(given.swapaxes(0, 1))
    else:
        by_step[-1] = given
    of_state, weight = state_call(ctx.call), np.zeros_like(ctx.call.parameters["weight_hh"])
    sums: list[Array] = []
    for number, (step, own) in enumerate(zip(reversed(steps), reversed(by_step), strict=True)):
        i, f, g, o = step.gates
        hidden = named(f"∂L/∂h{len(steps) - number}", hidden + own)
        cell = named(f"∂L/∂c{len(steps) - number}", cell + hidden * o * (1 - step.squashed * step.squashed))
        of_sums = np.concatenate(
            [
                cell * g * i * (1 - i),
                cell * step.before[1] * f * (1 - f),
                cell * i * (1 - g * g),
                hidden * step.squashed * o * (1 - o),
            ],
            axis=1,
        )
        back = conv_backward(replace(ctx, call=of_state, inputs=(step.before[0],), outputs=()), of_sums)
        weight = weight + back.parameters["weight"]
        (passed,) = back.inputs
        assert passed is not None
        hidden, cell = passed, cell * f
        sums.append(of_sums)
    frames = np.concatenate(sums[::-1])
    of_input = conv_backward(replace(ctx, call=input_call(ctx.call), inputs=(in_frames(x),), outputs=()), frames)
    (of_frames,) = of_input.inputs
    assert of_frames is not None
    of_x = of_frames.reshape(x.shape[1], x.shape[0], *x.shape[2:]).swapaxes(0, 1)
    biases = {"bias": of_input.parameters["bias"]} if ctx.call.fields["bias"] else {}
    tensors = {"weight_ih": of_input.parameters["weight"], "weight_hh": weight, **biases}
    return Gradients((of_x, *(hidden, cell)[: len(initial)]), tensors)
