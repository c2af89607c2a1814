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
from shapecalc.reference.base import Array, Call, Work
from shapecalc.reference.gradients import Gradients, Past, backward
from shapecalc.reference.recurrent import States, arrivals, begin, bias_of, masked

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Gates: TypeAlias = tuple[Array, ...]


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

    arriving: Array
    recurring: Array
    states: States


@dataclass(frozen=True, slots=True)
class RecurrentPass:
    """The forward and backward functions of one kind of cell.

    `gates(arriving, recurring, states)` returns the gates and the next states; `sums(step, gradients)` returns
    gradients from those with respect to the next states, the hidden one before its projection.
    """

    count: int
    gates: Callable[[Array, Array, States], tuple[Gates, States]]
    sums: Callable[[TimeStep, States], GradientSums]


def rnn_recurrence(nonlinearity: str) -> RecurrentPass:
    """Return the recurrence of an RNN: tanh has the derivative 1 − h′²; ReLU 1 if h′ > 0, else 0."""

    def gates(arriving: Array, recurring: Array, _states: States) -> tuple[Gates, States]:
        sums = arriving[0] + recurring[0]
        return (), (np.maximum(sums, 0) if nonlinearity == "relu" else np.tanh(sums),)

    def sums(step: TimeStep, gradients: States) -> GradientSums:
        slope = step.hidden > 0 if nonlinearity == "relu" else 1 - step.hidden * step.hidden
        by_sum = (gradients[0] * slope)[None]
        return GradientSums(by_sum, by_sum, (np.zeros_like(step.hidden),))

    return RecurrentPass(1, gates, sums)


def lstm_gates(arriving: Array, recurring: Array, states: States) -> tuple[Gates, States]:
    """Return i, f, g, o and tanh(c′); and the states h′ = o ⊙ tanh(c′), c′ = f ⊙ c + i ⊙ g."""
    i, f, o = (logistic(arriving[row] + recurring[row]) for row in (0, 1, 3))
    g = np.tanh(arriving[2] + recurring[2])
    cell = f * states[1] + i * g
    squashed = np.tanh(cell)
    return (i, f, g, o, squashed), (o * squashed, cell)


def lstm_sums(step: TimeStep, gradients: States) -> GradientSums:
    """Return gradients of an LSTM step: dc′ comes directly and through h′; dc is f ⊙ dc′: why an LSTM remembers."""
    i, f, g, o, squashed = step.gates
    by_hidden, by_cell = gradients
    by_cell = by_cell + by_hidden * o * (1 - squashed * squashed)
    by_sums = np.stack(
        [
            by_cell * g * i * (1 - i),
            by_cell * step.before[1] * f * (1 - f),
            by_cell * i * (1 - g * g),
            by_hidden * squashed * o * (1 - o),
        ]
    )
    return GradientSums(by_sums, by_sums, (np.zeros_like(step.before[0]), by_cell * f))


def gru_gates(arriving: Array, recurring: Array, states: States) -> tuple[Gates, States]:
    """Return r, z, n and the candidate's recurrent sum, which r multiplies; and the state h′ = (1 − z) ⊙ n + z ⊙ h."""
    r, z = (logistic(arriving[row] + recurring[row]) for row in (0, 1))
    n = np.tanh(arriving[2] + r * recurring[2])
    return (r, z, n, recurring[2].copy()), ((1 - z) * n + z * states[0],)


def gru_sums(step: TimeStep, gradients: States) -> GradientSums:
    """Return gradients of a GRU step: of the candidate's two sums they differ by the factor r; direct dh is z ⊙ dh′."""
    r, z, n, candidate = step.gates
    (by_hidden,), (hidden,) = gradients, step.before
    by_candidate = by_hidden * (1 - z) * (1 - n * n)
    by_r = by_candidate * candidate * r * (1 - r)
    by_z = by_hidden * (hidden - n) * z * (1 - z)
    return GradientSums(
        np.stack([by_r, by_z, by_candidate]), np.stack([by_r, by_z, by_candidate * r]), (by_hidden * z,)
    )


LSTM = RecurrentPass(4, lstm_gates, lstm_sums)
GRU = RecurrentPass(3, gru_gates, gru_sums)


@backward("rnn")
def rnn_backward(past: Past, *gradients: Array | None) -> Gradients:
    """Return gradients of x, h_0 if given, and every weight and bias, from those of output and h_n."""
    return back_through_layers(past, gradients, rnn_recurrence(past.call.fields["nonlinearity"]))


@backward("lstm")
def lstm_backward(past: Past, *gradients: Array | None) -> Gradients:
    """Return gradients of x, h_0 and c_0 if given, and every parameter, from those of output, h_n and c_n."""
    return back_through_layers(past, gradients, LSTM)


@backward("gru")
def gru_backward(past: Past, *gradients: Array | None) -> Gradients:
    """Return gradients of x, h_0 if given, and every weight and bias, from those of output and h_n."""
    return back_through_layers(past, gradients, GRU)


def back_through_layers(past: Past, gradients: Sequence[Array | None], recurrence: RecurrentPass) -> Gradients:
    """Return gradients of the sequence, of each initial state that was given, and of every parameter.

    With `truncate` of k the steps are in chunks of k, counted from the last step read, and no gradient passes from a
    chunk to the previous one: as in PyTorch if the states are detached between them. A given initial state gets the
    gradient of the first chunk, which may be shorter.
    """
    fields, (x, *initial) = past.call.fields, past.inputs
    call = replace(past.call, work=Work())
    suffixes = ("", "_reverse") if fields["bidirectional"] else ("",)
    sequence = x.swapaxes(0, 1) if fields["batch_first"] else x
    # The last states have the shapes of the first.
    begun = begin(call, sequence, tuple(initial), [states.shape for states in past.outputs[1:]])
    output, *last = (
        np.zeros_like(y) if gradient is None else gradient for y, gradient in zip(past.outputs, gradients, strict=True)
    )
    by_sequence = output.swapaxes(0, 1) if fields["batch_first"] else output
    by_begun = [np.empty_like(states) for states in begun]
    parameters: dict[str, Array] = {}
    # Overflow of an exponential is correct, as in the forward pass.
    with np.errstate(over="ignore"):
        passes = through_layers_again(call, sequence, begun, suffixes, recurrence)
    for level in reversed(range(fields["num_layers"])):
        by_sequence = masked(call, level, by_sequence)
        by_level = [
            back_through_steps(past, one, by_half, tuple(states[one.place].T for states in last), recurrence)
            for one, by_half in zip(passes[level], np.split(by_sequence, len(suffixes), axis=2), strict=True)
        ]
        for one, (_, states, learnt) in zip(passes[level], by_level, strict=True):
            parameters |= learnt
            for each, state in zip(by_begun, states, strict=True):
                each[one.place] = state.T
        by_sequence = sum((by_read for by_read, *_ in by_level[1:]), start=by_level[0][0])
    by_input = by_sequence.swapaxes(0, 1) if fields["batch_first"] else by_sequence
    by_name = {name: parameters[name] for name in past.call.parameters if name in parameters}
    return Gradients((by_input, *by_begun[: len(initial)]), by_name)


class Pass(NamedTuple):
    """One layer in one direction: index among the states, suffix of its parameters, order of reading, input, and steps.

    Input and steps are in the order of execution, `onwards` of the sequence.
    """

    place: int
    suffix: str
    onwards: slice
    read: Array
    steps: list[TimeStep]


def through_layers_again(
    call: Call, sequence: Array, begun: States, suffixes: tuple[str, ...], recurrence: RecurrentPass
) -> list[list[Pass]]:
    """Return the recomputed forward pass of every layer and direction, with the results of each step."""
    levels = []
    for level in range(call.fields["num_layers"]):
        passes = []
        for direction, end in enumerate(suffixes):
            place, suffix = level * len(suffixes) + direction, f"l{level}{end}"
            onwards = slice(None, None, -1 if end else 1)
            read = sequence[onwards]
            first = tuple(np.ascontiguousarray(each[place].T) for each in begun)
            passes.append(
                Pass(place, suffix, onwards, read, through_steps_again(call, suffix, read, first, recurrence))
            )
        levels.append(passes)
        hiddens = [np.stack([step.after[0].T for step in one.steps])[one.onwards] for one in passes]
        sequence = masked(call, level, np.concatenate(hiddens, axis=2))
    return levels


def through_steps_again(
    call: Call, suffix: str, read: Array, states: States, recurrence: RecurrentPass
) -> list[TimeStep]:
    """Return the steps of one layer in one direction, in the order of execution."""
    weight, bias = call.parameters[f"weight_hh_{suffix}"], bias_of(call, f"bias_hh_{suffix}", recurrence.count)
    projection = call.parameters.get(f"weight_hr_{suffix}")
    steps = []
    for arriving in arrivals(call, suffix, read, recurrence.count, states[0].dtype):
        recurring = weight @ states[0]
        if bias is not None:
            recurring += bias
        gates, after = recurrence.gates(arriving, recurring.reshape(arriving.shape), states)
        hidden = after[0]
        if projection is not None:
            after = (projection @ hidden, *after[1:])
        steps.append(TimeStep(states, gates, hidden, after))
        states = after
    return steps


def back_through_steps(
    past: Past, one: Pass, by_output: Array, carried: States, recurrence: RecurrentPass
) -> tuple[Array, States, dict[str, Array]]:
    """Return gradients of the input of one layer in one direction, of its initial states and of its parameters.

    `carried` are those of its last states. Per step one product passes the gradient back, W_hhᵀ · dz, and one more with
    a projection; all others are computed for all steps at once.
    """
    count, samples = len(one.steps), one.read.shape[1]
    weights = past.call.parameters
    recurrent, projection = weights[f"weight_hh_{one.suffix}"], weights.get(f"weight_hr_{one.suffix}")
    dtype = np.result_type(by_output, recurrent)
    by_arriving = np.empty((recurrent.shape[0], count, samples), dtype=dtype)
    by_recurring = np.empty_like(by_arriving)
    by_projected = np.empty((count, recurrent.shape[1], samples), dtype=dtype)
    by_steps = by_output[one.onwards]
    for at in reversed(range(count)):
        by_hidden = by_projected[at] = carried[0] + by_steps[at].T
        if projection is not None:
            by_hidden = past.to_inputs.matmul(projection.T, by_hidden)
        sums = recurrence.sums(one.steps[at], (by_hidden, *carried[1:]))
        by_arriving[:, at] = sums.arriving.reshape(-1, samples)
        by_recurring[:, at] = sums.recurring.reshape(-1, samples)
        if past.truncate and at and (count - at) % past.truncate == 0:
            carried = tuple(np.zeros_like(state) for state in sums.states)
        else:
            product = past.to_inputs.matmul(recurrent.T, sums.recurring.reshape(-1, samples))
            carried = (sums.states[0] + product, *sums.states[1:])
    by_arriving, by_recurring = by_arriving.reshape(len(recurrent), -1), by_recurring.reshape(len(recurrent), -1)
    by_read = past.to_inputs.matmul(by_arriving.T, weights[f"weight_ih_{one.suffix}"]).reshape(one.read.shape)
    before = np.concatenate([step.before[0] for step in one.steps], axis=1)
    learnt = {
        f"weight_ih_{one.suffix}": past.to_parameters.matmul(by_arriving, one.read.reshape(-1, one.read.shape[2])),
        f"weight_hh_{one.suffix}": past.to_parameters.matmul(by_recurring, before.T),
    }
    if past.call.fields["bias"]:
        learnt |= {f"bias_ih_{one.suffix}": by_arriving.sum(axis=1), f"bias_hh_{one.suffix}": by_recurring.sum(axis=1)}
    if projection is not None:
        hidden = np.concatenate([step.hidden for step in one.steps], axis=1)
        by_projected = by_projected.transpose(1, 0, 2).reshape(len(projection), -1)
        learnt[f"weight_hr_{one.suffix}"] = past.to_parameters.matmul(by_projected, hidden.T)
    return by_read[one.onwards], carried, learnt
