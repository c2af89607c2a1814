"""Recurrent layers: a cell applied step by step, stacked, in one direction or two.

Internally a state is [size, N], a column per sample: a product is then W·h as in the formulas, and PyTorch's weights
are used in the order in which they lie in memory; the run time depends on reading them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import prod
from typing import TypeAlias

import numpy as np

from shapecalc.reference.activation import logistic
from shapecalc.reference.base import Array, Call, RunShapes, Shape, Workspace, constant, kernel, maximum

COLUMNS = 256
"""Columns, steps × samples, of one product of inputs: enough for full speed, few enough to stay in the cache."""

RANK = 3

States: TypeAlias = tuple[Array, ...]
"""The hidden state and, in an LSTM, the cell state: [size, N] each."""

Cell: TypeAlias = Callable[[Array, Array, States], States]
"""(W_ih x + b_ih, W_hh h + b_hh, states) → states after the step; it may overwrite the second, [gates, H, N]."""


def rnn_cell(nonlinearity: str) -> Cell:
    """Return the cell h′ = tanh(W_ih x + b_ih + W_hh h + b_hh), with `relu` the maximum of that sum and 0."""

    def cell(from_input: Array, from_hidden: Array, _states: States) -> States:
        sums = from_input[0] + from_hidden[0]
        if nonlinearity == "relu":
            return (maximum(sums, constant(sums, 0), out=sums),)
        return (np.tanh(sums, out=sums),)

    return cell


def lstm_cell(from_input: Array, from_hidden: Array, states: States) -> States:
    """Return h′ = o ⊙ tanh(c′), c′ = f ⊙ c + i ⊙ g; i, f, o = σ(sums), g = tanh(sum); rows in the order i, f, g, o."""
    _, cell = states
    from_hidden += from_input
    logistic(from_hidden[:2], out=from_hidden[:2])
    logistic(from_hidden[3], out=from_hidden[3])
    np.tanh(from_hidden[2], out=from_hidden[2])
    i, f, g, o = from_hidden
    f *= cell
    g *= i
    cell = f + g
    hidden = np.tanh(cell)
    hidden *= o
    return hidden, cell


def peephole_cell(weight: Array) -> Cell:
    """Return the LSTM cell whose gates read the cell: i and f add p ⊙ c, o adds p ⊙ c′; `weight` has i, f, o."""
    of_i, of_f, of_o = weight.reshape(3, -1, 1)

    def cell(from_input: Array, from_hidden: Array, states: States) -> States:
        _, before = states
        from_hidden += from_input
        i, f, g, o = from_hidden
        i += of_i * before
        f += of_f * before
        logistic(from_hidden[:2], out=from_hidden[:2])
        np.tanh(g, out=g)
        f *= before
        g *= i
        after = f + g
        o += of_o * after
        logistic(o, out=o)
        hidden = np.tanh(after)
        hidden *= o
        return hidden, after

    return cell


def gru_cell(from_input: Array, from_hidden: Array, states: States) -> States:
    """Return h′ = (1 − z) ⊙ n + z ⊙ h; r, z = σ(sums), n = tanh(arriving + r ⊙ recurring); rows: r, z, n."""
    (hidden,) = states
    from_hidden[:2] += from_input[:2]
    logistic(from_hidden[:2], out=from_hidden[:2])
    r, z, n = from_hidden
    n *= r
    n += from_input[2]
    np.tanh(n, out=n)
    n *= 1 - z
    z *= hidden
    return (n + z,)


def gru_reset_first(
    call: Call, weight: Array, bias: Array | None, from_input: Array, states: States, sums: Array
) -> States:
    """Return h′ = (1 − z) ⊙ n + z ⊙ h of a GRU with n = tanh(arriving + W_hn (r ⊙ h) + b_hn); rows: r, z, n.

    `sums` is overwritten.
    """
    (hidden,), rows = states, 2 * len(states[0])
    gates, n = sums[:rows], sums[rows:]
    call.work.matmul(weight[:rows], hidden, out=gates)
    if bias is not None:
        gates += bias[:rows]
    gates += from_input[:2].reshape(gates.shape)
    logistic(gates, out=gates)
    r, z = gates.reshape(2, *hidden.shape)
    r *= hidden
    call.work.matmul(weight[rows:], r, out=n)
    if bias is not None:
        n += bias[rows:]
    n += from_input[2]
    np.tanh(n, out=n)
    n *= 1 - z
    z *= hidden
    return (n + z,)


def sequence_workspace(gates: int, extra: int) -> Workspace:
    """Return the workspace of a layer whose cell needs `extra` arrays [H, N] in addition to the sums of every gate."""

    def workspace(run: RunShapes) -> int:
        hidden = int(run.fields["hidden_size"])
        steps, samples = run.inputs[0][1::-1] if run.fields["batch_first"] else run.inputs[0][:2]
        columns = samples * min(steps_at_once(samples), steps)
        previous_layer = prod(run.outputs[0]) if run.fields["num_layers"] > 1 else 0
        first_states = sum(prod(shape) for shape in run.outputs[1:])
        inputs_at_once = columns * max(run.inputs[0][2], run.outputs[0][2])
        products_at_once = columns * gates * hidden
        one_step = samples * (gates + extra) * hidden
        return run.itemsize * (previous_layer + first_states + inputs_at_once + products_at_once + one_step)

    return workspace


@kernel("rnn", workspace=sequence_workspace(gates=1, extra=2))
def rnn(call: Call, x: Array, *initial: Array) -> States:
    """Return output and h_n of a plain recurrent layer.

    Source: torch.nn.RNN.
    """
    return run_layers(call, x, initial, rnn_cell(call.fields["nonlinearity"]), 1, (call.fields["hidden_size"],))


@kernel("lstm", workspace=sequence_workspace(gates=4, extra=6))
def lstm(call: Call, x: Array, *initial: Array) -> States:
    """Return output, h_n and c_n of a long short-term memory; with `proj_size` every hidden state is projected.

    Source: torch.nn.LSTM; with `peepholes` ONNX's LSTM.
    """
    hidden = call.fields["hidden_size"]
    return run_layers(call, x, initial, lstm_cell, 4, (call.fields["proj_size"] or hidden, hidden))


@kernel("gru", workspace=sequence_workspace(gates=3, extra=3))
def gru(call: Call, x: Array, *initial: Array) -> States:
    """Return output and h_n of a gated recurrent unit; the reset gate multiplies after or before the product.

    Source: torch.nn.GRU; before the product ONNX's GRU with linear_before_reset = 0.
    """
    return run_layers(call, x, initial, gru_cell, 3, (call.fields["hidden_size"],))


def run_layers(
    call: Call, x: Array, initial: tuple[Array, ...], cell: Cell, gates: int, sizes: tuple[int, ...]
) -> States:
    """Return the output of every step of the last layer, then the last states of every layer and direction.

    `sizes` are those of the states, the hidden one first.
    Raises `ValueError` if the input does not have 3 axes, or an initial state does not fit.
    """
    if x.ndim != RANK:
        raise ValueError(f"reads a sequence of 3 axes, receives {list(x.shape)}")
    fields = call.fields
    suffixes = ("", "_reverse") if fields["bidirectional"] else ("",)
    sequence = x.swapaxes(0, 1) if fields["batch_first"] else x
    count = len(suffixes) * fields["num_layers"]
    first_states = initial_states(call, sequence, initial, [(count, sequence.shape[1], size) for size in sizes])
    last_states = tuple(np.empty_like(states) for states in first_states)
    size = sizes[0]
    for level in range(fields["num_layers"]):
        output = np.empty((*sequence.shape[:2], len(suffixes) * size), dtype=first_states[0].dtype)
        for direction, suffix in enumerate(suffixes):
            row = level * len(suffixes) + direction
            order = slice(None, None, -1 if suffix else 1)
            states = run_steps(
                call,
                f"l{level}{suffix}",
                sequence[order],
                tuple(np.ascontiguousarray(each[row].T) for each in first_states),
                output[order, :, direction * size : (direction + 1) * size],
                cell,
                gates,
            )
            for each, state in zip(last_states, states, strict=True):
                each[row] = state.T
        sequence = masked(call, level, output)
    return (sequence.swapaxes(0, 1) if fields["batch_first"] else sequence, *last_states)


def masked(call: Call, level: int, output: Array) -> Array:
    """Return the input of the next layer: the output of this one, in training times the dropout mask [T, N, D·H]."""
    mask = call.parameters.get(f"mask_l{level}")
    return output if mask is None else output * mask


def initial_states(call: Call, sequence: Array, initial: tuple[Array, ...], shapes: list[Shape]) -> States:
    """Return the initial states that were given, or zeros.

    Raises `ValueError` if one does not have its shape, or not all are given.
    """
    dtype = np.result_type(sequence, *call.parameters.values())
    if not initial:
        return tuple(np.full(shape, constant(sequence, 0), dtype=dtype) for shape in shapes)
    if [state.shape for state in initial] != shapes:
        raise ValueError(f"begins with states of {shapes}, receives {[state.shape for state in initial]}")
    return tuple(state.astype(dtype) for state in initial)


def run_steps(
    call: Call, suffix: str, sequence: Array, states: States, output: Array, cell: Cell, gates: int
) -> States:
    """Return the states after the last step of one layer in one direction; writes every hidden state into `output`."""
    weight, bias = call.parameters[f"weight_hh_{suffix}"], bias_of(call, f"bias_hh_{suffix}", gates)
    projection = call.parameters[f"weight_hr_{suffix}"] if call.fields.get("proj_size") else None
    samples = sequence.shape[1]
    from_hidden = np.empty((gates * call.fields["hidden_size"], samples), dtype=output.dtype)
    resets_first = not call.fields.get("reset_after", True)
    if call.fields.get("peepholes"):
        cell = peephole_cell(call.parameters[f"weight_peephole_{suffix}"])
    for step, from_input in enumerate(input_products(call, suffix, sequence, gates, output.dtype)):
        if resets_first:
            states = gru_reset_first(call, weight, bias, from_input, states, from_hidden)
        else:
            call.work.matmul(weight, states[0], out=from_hidden)
            if bias is not None:
                from_hidden += bias
            states = cell(from_input, from_hidden.reshape(gates, -1, samples), states)
        if projection is not None:
            hidden = np.empty((call.fields["proj_size"], samples), dtype=output.dtype)
            states = (call.work.matmul(projection, states[0], out=hidden), *states[1:])
        output[step] = states[0].T
    return states


def input_products(
    call: Call, suffix: str, sequence: Array, gates: int, dtype: np.dtype[np.generic]
) -> Iterator[Array]:
    """Yield W_ih x + b_ih of each step, [gates, H, N]; one product for many steps, which are independent here."""
    weight, bias = call.parameters[f"weight_ih_{suffix}"], bias_of(call, f"bias_ih_{suffix}", gates)
    samples, chunk = sequence.shape[1], min(steps_at_once(sequence.shape[1]), len(sequence))
    products = np.empty((gates * call.fields["hidden_size"], chunk * samples), dtype=dtype)
    for first in range(0, len(sequence), chunk):
        rows = sequence[first : first + chunk].reshape(-1, sequence.shape[2])
        from_input = call.work.matmul(weight, rows.T, out=products[:, : len(rows)])
        if bias is not None:
            from_input += bias
        yield from from_input.reshape(gates, -1, len(rows) // samples, samples).transpose(2, 0, 1, 3)


def steps_at_once(samples: int) -> int:
    """Return the number of steps whose inputs have COLUMNS columns, at least 1."""
    return max(COLUMNS // samples, 1)


def bias_of(call: Call, name: str, gates: int) -> Array | None:
    """Return a bias as a column, or None for a layer without biases.

    Raises `ValueError` if it does not have one entry per row of all gates.
    """
    if not call.fields["bias"]:
        return None
    column: Array = call.parameters[name].reshape(gates * call.fields["hidden_size"], 1)
    return column
