"""Back-propagation through time: the backward kernels of recurrent layers.

The gates of a step are not among the outputs of the forward pass, so they are recomputed here; the products of that
are not counted with those of the gradients. As in the forward kernels a state is [size, N]. Products that do not
depend on another step are computed for all steps at once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

from shapecalc.reference.activation import logistic
from shapecalc.reference.base import Array, Call, Work, maximum
from shapecalc.reference.gradients import Context, Gradients, backward
from shapecalc.reference.recurrent import States, bias_of, initial_states, input_products, masked

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Gates: TypeAlias = tuple[Array, ...]


FROM_NEXT = ("h_from_next", "c_from_next")
OF_SUMS = ("from_input", "from_hidden", "of_h")
"""Names of intermediate tensors of a backward pass: of each step, the last first; and of all steps of one pass."""


class TimeStep(NamedTuple):
    """What one time step saves for its gradients: the states before it, its gates, the states after it.

    `hidden` is the hidden state before its projection; without a projection, the state itself.
    """

    before: States
    gates: Gates
    hidden: Array
    after: States


class GradientSums(NamedTuple):
    """Gradients with respect to W_ih x + b_ih, to W_hh h + b_hh, and to each state other than through these sums."""

    from_input: Array
    from_hidden: Array
    states: States


@dataclass(frozen=True, slots=True)
class RecurrentPass:
    """The forward and backward functions of one kind of cell.

    `gates(from_input, from_hidden, states)` returns the gates and the next states; `sums(step, gradients)` returns
    gradients from those with respect to the next states, the hidden one before its projection.
    """

    count: int
    gates: Callable[[Array, Array, States], tuple[Gates, States]]
    sums: Callable[[TimeStep, States], GradientSums]
    resets_first: bool = False
    """Whether the last gate, a candidate, reads r ⊙ h instead of h."""


def rnn_recurrence(nonlinearity: str) -> RecurrentPass:
    """Return the recurrence of an RNN: tanh has the derivative 1 − h′²; ReLU 1 if h′ > 0, else 0."""

    def gates(from_input: Array, from_hidden: Array, _states: States) -> tuple[Gates, States]:
        sums = from_input[0] + from_hidden[0]
        return (), (maximum(sums, 0) if nonlinearity == "relu" else np.tanh(sums),)

    def sums(step: TimeStep, gradients: States) -> GradientSums:
        slope = step.hidden > 0 if nonlinearity == "relu" else 1 - step.hidden * step.hidden
        grad_sum = (gradients[0] * slope)[None]
        return GradientSums(grad_sum, grad_sum, (np.zeros_like(step.hidden),))

    return RecurrentPass(1, gates, sums)


def lstm_gates(from_input: Array, from_hidden: Array, states: States) -> tuple[Gates, States]:
    """Return i, f, g, o and tanh(c′); and the states h′ = o ⊙ tanh(c′), c′ = f ⊙ c + i ⊙ g."""
    i, f, o = (logistic(from_input[row] + from_hidden[row]) for row in (0, 1, 3))
    g = np.tanh(from_input[2] + from_hidden[2])
    cell = f * states[1] + i * g
    squashed = np.tanh(cell)
    return (i, f, g, o, squashed), (o * squashed, cell)


def lstm_sums(step: TimeStep, gradients: States) -> GradientSums:
    """Return gradients of an LSTM step: dc′ comes directly and through h′; dc is f ⊙ dc′: why an LSTM remembers."""
    i, f, g, o, squashed = step.gates
    grad_hidden, grad_cell = gradients
    grad_cell = grad_cell + grad_hidden * o * (1 - squashed * squashed)
    grad_sums = np.stack(
        [
            grad_cell * g * i * (1 - i),
            grad_cell * step.before[1] * f * (1 - f),
            grad_cell * i * (1 - g * g),
            grad_hidden * squashed * o * (1 - o),
        ]
    )
    return GradientSums(grad_sums, grad_sums, (np.zeros_like(step.before[0]), grad_cell * f))


def gru_gates(from_input: Array, from_hidden: Array, states: States) -> tuple[Gates, States]:
    """Return r, z, n and the candidate's recurrent sum, which r multiplies; and the state h′ = (1 − z) ⊙ n + z ⊙ h."""
    r, z = (logistic(from_input[row] + from_hidden[row]) for row in (0, 1))
    n = np.tanh(from_input[2] + r * from_hidden[2])
    return (r, z, n, from_hidden[2].copy()), ((1 - z) * n + z * states[0],)


def gru_sums(step: TimeStep, gradients: States) -> GradientSums:
    """Return gradients of a GRU step: those of the candidate's two sums differ by r; that of h directly is z ⊙ dh′."""
    r, z, n, candidate = step.gates
    (grad_hidden,), (hidden,) = gradients, step.before
    grad_candidate = grad_hidden * (1 - z) * (1 - n * n)
    grad_r = grad_candidate * candidate * r * (1 - r)
    grad_z = grad_hidden * (hidden - n) * z * (1 - z)
    return GradientSums(
        np.stack([grad_r, grad_z, grad_candidate]), np.stack([grad_r, grad_z, grad_candidate * r]), (grad_hidden * z,)
    )


def reset_first_gates(from_input: Array, from_hidden: Array, states: States) -> tuple[Gates, States]:
    """Return r, z, n and r ⊙ h, of which the candidate's recurrent sum is; and the state h′ = (1 − z) ⊙ n + z ⊙ h."""
    r, z = (logistic(from_input[row] + from_hidden[row]) for row in (0, 1))
    n = np.tanh(from_input[2] + from_hidden[2])
    return (r, z, n, r * states[0]), ((1 - z) * n + z * states[0],)


def reset_first_sums(step: TimeStep, gradients: States) -> GradientSums:
    """Return gradients of the sums of z and n, and 0 for r: that depends on a product, see `through_reset`."""
    _, z, n, _ = step.gates
    (grad_hidden,), (hidden,) = gradients, step.before
    grad_candidate = grad_hidden * (1 - z) * (1 - n * n)
    grad_z = grad_hidden * (hidden - n) * z * (1 - z)
    grad_sums = np.stack([np.zeros_like(grad_z), grad_z, grad_candidate])
    return GradientSums(grad_sums, grad_sums, (grad_hidden * z,))


def through_reset(work: Work, recurrent: Array, step: TimeStep, sums: GradientSums) -> Array:
    """Return the gradient of h through r ⊙ h, from W_hnᵀ · dn, and add that of the sum of r to `sums`."""
    r, (hidden,) = step.gates[0], step.before
    of_reset = work.matmul(recurrent[2 * len(hidden) :].T, sums.from_hidden[2])
    sums.from_hidden[0] += of_reset * hidden * r * (1 - r)
    return of_reset * r


def peephole_recurrence(weight: Array) -> RecurrentPass:
    """Return the recurrence of an LSTM whose gates read the cell; `weight` has the rows of i, f and o."""
    of_i, of_f, of_o = weight.reshape(3, -1, 1)

    def gates(from_input: Array, from_hidden: Array, states: States) -> tuple[Gates, States]:
        before = states[1]
        i = logistic(from_input[0] + from_hidden[0] + of_i * before)
        f = logistic(from_input[1] + from_hidden[1] + of_f * before)
        g = np.tanh(from_input[2] + from_hidden[2])
        cell = f * before + i * g
        o = logistic(from_input[3] + from_hidden[3] + of_o * cell)
        squashed = np.tanh(cell)
        return (i, f, g, o, squashed), (o * squashed, cell)

    def sums(step: TimeStep, gradients: States) -> GradientSums:
        """Return gradients of a step: dc′ also comes through the sum of o, and dc through those of i and f."""
        grad_o = gradients[0] * step.gates[4] * step.gates[3] * (1 - step.gates[3])
        through = lstm_sums(step, (gradients[0], gradients[1] + of_o * grad_o))
        grad_i, grad_f = through.from_input[:2]
        hidden, cell = through.states
        return GradientSums(through.from_input, through.from_hidden, (hidden, cell + of_i * grad_i + of_f * grad_f))

    return RecurrentPass(4, gates, sums)


def peephole_gradient(steps: Sequence[TimeStep], from_hidden: Array) -> Array:
    """Return the gradient of the rows of i, f and o: those of their sums times the cells that they read."""
    i, f, _, o = from_hidden.reshape(4, -1, from_hidden.shape[-1])
    before, after = (
        np.concatenate([states[1] for states in each], axis=1)
        for each in zip(*((step.before, step.after) for step in steps), strict=True)
    )
    return np.concatenate([(i * before).sum(axis=1), (f * before).sum(axis=1), (o * after).sum(axis=1)])


LSTM = RecurrentPass(4, lstm_gates, lstm_sums)
GRU = RecurrentPass(3, gru_gates, gru_sums)
GRU_RESET_FIRST = RecurrentPass(3, reset_first_gates, reset_first_sums, resets_first=True)


def recurrence_of(call: Call) -> RecurrentPass:
    """Return the recurrence of a call of a recurrent layer."""
    if call.kernel == "gru":
        return GRU if call.fields["reset_after"] else GRU_RESET_FIRST
    return LSTM if call.kernel == "lstm" else rnn_recurrence(call.fields["nonlinearity"])


@backward("rnn")
def rnn_backward(ctx: Context, *gradients: Array | None) -> Gradients:
    """Return gradients of x, h_0 if given, and every weight and bias, from those of output and h_n."""
    return layers_backward(ctx, gradients, recurrence_of(ctx.call))


@backward("lstm")
def lstm_backward(ctx: Context, *gradients: Array | None) -> Gradients:
    """Return gradients of x, h_0 and c_0 if given, and every parameter, from those of output, h_n and c_n."""
    return layers_backward(ctx, gradients, LSTM)


@backward("gru")
def gru_backward(ctx: Context, *gradients: Array | None) -> Gradients:
    """Return gradients of x, h_0 if given, and every weight and bias, from those of output and h_n."""
    return layers_backward(ctx, gradients, recurrence_of(ctx.call))


def layers_backward(ctx: Context, gradients: Sequence[Array | None], recurrence: RecurrentPass) -> Gradients:
    """Return gradients of the sequence, of each initial state that was given, and of every parameter.

    With `truncate` of k the steps are in chunks of k, counted from the last step read, and no gradient passes from a
    chunk to the previous one: as in PyTorch if the states are detached between them. A given initial state gets the
    gradient of the first chunk, which may be shorter.
    """
    fields = ctx.call.fields
    call = replace(ctx.call, work=Work())
    output, *last = (
        np.zeros_like(y) if gradient is None else gradient for y, gradient in zip(ctx.outputs, gradients, strict=True)
    )
    grad_sequence = output.swapaxes(0, 1) if fields["batch_first"] else output
    grad_initial = [np.empty_like(states) for states in ctx.outputs[1:]]
    parameters: dict[str, Array] = {}
    # Overflow of an exponential is correct, as in the forward pass.
    with np.errstate(over="ignore"):
        passes = recompute_layers(call, ctx.inputs, ctx.outputs, recurrence)
    for level in reversed(range(fields["num_layers"])):
        grad_sequence = masked(call, level, grad_sequence)
        level_gradients = [
            steps_backward(ctx, run, grad_half, tuple(states[run.row].T for states in last), recurrence)
            for run, grad_half in zip(passes[level], np.split(grad_sequence, len(passes[level]), axis=2), strict=True)
        ]
        for run, (_, states, of_parameters) in zip(passes[level], level_gradients, strict=True):
            parameters |= of_parameters
            for each, state in zip(grad_initial, states, strict=True):
                each[run.row] = state.T
        grad_sequence = sum((grad_read for grad_read, *_ in level_gradients[1:]), start=level_gradients[0][0])
    grad_input = grad_sequence.swapaxes(0, 1) if fields["batch_first"] else grad_sequence
    ordered = {name: parameters[name] for name in ctx.call.parameters if name in parameters}
    return Gradients((grad_input, *grad_initial[: len(ctx.inputs) - 1]), ordered)


class Pass(NamedTuple):
    """One layer in one direction: index among the states, suffix of its parameters, order of reading, input, and steps.

    Input and steps are in the order of execution, `order` of the sequence.
    """

    row: int
    suffix: str
    order: slice
    read: Array
    steps: list[TimeStep]


def recompute_layers(
    call: Call, inputs: tuple[Array, ...], outputs: tuple[Array, ...], recurrence: RecurrentPass
) -> list[list[Pass]]:
    """Return the recomputed forward pass of every layer and direction, with the results of each step."""
    x, *initial = inputs
    suffixes = ("", "_reverse") if call.fields["bidirectional"] else ("",)
    sequence = x.swapaxes(0, 1) if call.fields["batch_first"] else x
    # The last states have the shapes of the first.
    first_states = initial_states(call, sequence, tuple(initial), [states.shape for states in outputs[1:]])
    levels = []
    for level in range(call.fields["num_layers"]):
        passes = []
        for direction, end in enumerate(suffixes):
            row, suffix = level * len(suffixes) + direction, f"l{level}{end}"
            order = slice(None, None, -1 if end else 1)
            read = sequence[order]
            first = tuple(np.ascontiguousarray(each[row].T) for each in first_states)
            passes.append(Pass(row, suffix, order, read, recompute_steps(call, suffix, read, first, recurrence)))
        levels.append(passes)
        hiddens = [np.stack([step.after[0].T for step in run.steps])[run.order] for run in passes]
        sequence = masked(call, level, np.concatenate(hiddens, axis=2))
    return levels


def recompute_steps(call: Call, suffix: str, read: Array, states: States, recurrence: RecurrentPass) -> list[TimeStep]:
    """Return the steps of one layer in one direction, in the order of execution."""
    weight, bias = call.parameters[f"weight_hh_{suffix}"], bias_of(call, f"bias_hh_{suffix}", recurrence.count)
    projection = call.parameters.get(f"weight_hr_{suffix}")
    if call.fields.get("peepholes"):
        recurrence = peephole_recurrence(call.parameters[f"weight_peephole_{suffix}"])
    steps = []
    for from_input in input_products(call, suffix, read, recurrence.count, states[0].dtype):
        from_hidden = weight @ states[0]
        if recurrence.resets_first:
            rows = len(states[0])
            r = logistic(from_input[0] + from_hidden[:rows] + (0 if bias is None else bias[:rows]))
            from_hidden[2 * rows :] = weight[2 * rows :] @ (r * states[0])
        if bias is not None:
            from_hidden += bias
        gates, after = recurrence.gates(from_input, from_hidden.reshape(from_input.shape), states)
        hidden = after[0]
        if projection is not None:
            after = (projection @ hidden, *after[1:])
        steps.append(TimeStep(states, gates, hidden, after))
        states = after
    return steps


def steps_backward(
    ctx: Context, run: Pass, grad_output: Array, carried: States, recurrence: RecurrentPass
) -> tuple[Array, States, dict[str, Array]]:
    """Return gradients of the input of one layer in one direction, of its initial states and of its parameters.

    `carried` are those of its last states. Per step one product passes the gradient back, W_hhᵀ · dz, and one more with
    a projection; all others are computed for all steps at once.
    """
    parameters, suffix = ctx.call.parameters, run.suffix
    if ctx.call.fields.get("peepholes"):
        recurrence = peephole_recurrence(parameters[f"weight_peephole_{suffix}"])
    from_input, from_hidden, projected, carried = sums_backward(ctx, run, grad_output, carried, recurrence)
    grad_read = ctx.to_inputs.matmul(from_input.T, parameters[f"weight_ih_{suffix}"]).reshape(run.read.shape)
    matmul, before = ctx.to_parameters.matmul, np.concatenate([step.before[0] for step in run.steps], axis=1)
    gradients = {f"weight_ih_{suffix}": matmul(from_input, run.read.reshape(-1, run.read.shape[2]))}
    if recurrence.resets_first:
        resets = np.concatenate([step.gates[3] for step in run.steps], axis=1)
        halves = ((from_hidden[: -len(before)], before), (from_hidden[-len(before) :], resets))
        gradients[f"weight_hh_{suffix}"] = np.concatenate([matmul(sums, reads.T) for sums, reads in halves])
    else:
        gradients[f"weight_hh_{suffix}"] = matmul(from_hidden, before.T)
    if ctx.call.fields["bias"]:
        gradients |= {f"bias_ih_{suffix}": from_input.sum(axis=1), f"bias_hh_{suffix}": from_hidden.sum(axis=1)}
    if ctx.call.fields.get("peepholes"):
        gradients[f"weight_peephole_{suffix}"] = peephole_gradient(run.steps, from_hidden)
    if f"weight_hr_{suffix}" in parameters:
        hidden = np.concatenate([step.hidden for step in run.steps], axis=1)
        gradients[f"weight_hr_{suffix}"] = matmul(projected, hidden.T)
    return grad_read[run.order], carried, gradients


def sums_backward(
    ctx: Context, run: Pass, grad_output: Array, carried: States, recurrence: RecurrentPass
) -> tuple[Array, Array, Array, States]:
    """Return gradients of W_ih x + b_ih, of W_hh h + b_hh, of projected states and of the initial states.

    The first three have all steps in one axis, [rows, steps · N]. Reported by name: the gradient of the output, that of
    each state which each step receives from the next one, and that of each of the results.
    """
    count, samples = len(run.steps), run.read.shape[1]
    weights = ctx.call.parameters
    recurrent, projection = weights[f"weight_hh_{run.suffix}"], weights.get(f"weight_hr_{run.suffix}")
    dtype = np.result_type(grad_output, recurrent)
    from_input, from_hidden = (np.empty((len(recurrent), count, samples), dtype=dtype) for _ in range(2))
    projected = np.empty((recurrent.shape[1], count, samples), dtype=dtype)
    named = ctx.to_inputs.named
    grad_steps = named(f"from_above_{run.suffix}", grad_output[run.order])
    for index in reversed(range(count)):
        carried = tuple(named(name, state) for name, state in zip(FROM_NEXT, carried, strict=False))
        grad_hidden = projected[:, index] = carried[0] + grad_steps[index].T
        if projection is not None:
            grad_hidden = ctx.to_inputs.matmul(projection.T, grad_hidden)
        sums = recurrence.sums(run.steps[index], (grad_hidden, *carried[1:]))
        passed: Array | None = None
        if recurrence.resets_first:
            passed = through_reset(ctx.to_inputs, recurrent, run.steps[index], sums)
        from_input[:, index] = sums.from_input.reshape(-1, samples)
        from_hidden[:, index] = sums.from_hidden.reshape(-1, samples)
        if ctx.truncate and index and (count - index) % ctx.truncate == 0:
            carried = tuple(np.zeros_like(state) for state in sums.states)
        else:
            rows = slice(None if passed is None else 2 * len(passed))
            product = ctx.to_inputs.matmul(recurrent[rows].T, sums.from_hidden.reshape(-1, samples)[rows])
            product = product if passed is None else product + passed
            carried = (sums.states[0] + product, *sums.states[1:])
    for name, result in zip(OF_SUMS, (from_input, from_hidden, projected), strict=True):
        named(name, result)
    flat = (len(recurrent), count * samples)
    return from_input.reshape(flat), from_hidden.reshape(flat), projected.reshape(recurrent.shape[1], -1), carried
