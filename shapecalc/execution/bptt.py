"""Back-propagation through time, taken apart: what each time step receives and adds to the gradient of each weight.

Everything is read off the backward kernel while it runs: it reports the gradients that it passes from step to step. A
step's contribution is the product of its own gradient and its own inputs, which the kernel computes for all steps at
once.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf, sqrt
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from shapecalc.diagnostics.presentation import Presented
from shapecalc.execution.unrolling import STATES, Unrolled, unroll, values_of
from shapecalc.execution.values.arguments import NONE_DRAWN, Drawn
from shapecalc.execution.values.plain import plain
from shapecalc.reference import find_backward
from shapecalc.reference.backpropagation import forward, propagate
from shapecalc.reference.base import Work
from shapecalc.reference.bptt import FROM_NEXT, OF_SUMS
from shapecalc.reference.losses import LOSSES, Targets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from shapecalc.execution.unrolling import CellStep, UnrolledPass
    from shapecalc.layers.recurrence import Recurrent
    from shapecalc.reference.base import Array, Call
    from shapecalc.reference.gradients import Context, Gradients

ABOVE = "from_above_"
"""The beginning of the name under which a backward pass reports the gradient of its output, before anything else."""


class StepLoss(NamedTuple):
    """The loss of one time step: predictions [N, C], targets [N] or [N, C], value, and gradient of the predictions.

    `probabilities` are those of a cross-entropy, else None.
    """

    time: int
    predictions: Array
    targets: Array
    value: Any
    gradient: Array
    probabilities: Array | None


class StepGradient(NamedTuple):
    """The gradients at one time step of one layer in one direction; the last axis of every array is that of samples.

    `from_above` is that of its output, from the loss of this step or from the layer above; `from_next` that of each
    state through the next step; `of_h` the sum of both for h; `from_input` and `from_hidden` those of W_ih x + b_ih
    and W_hh h + b_hh. `contributions` are its terms in the gradients of parameters.
    """

    step: CellStep
    from_above: Array
    from_next: Mapping[str, Array]
    of_h: Array
    from_input: Array
    from_hidden: Array
    contributions: Mapping[str, Array]
    is_cut: bool
    """Whether truncation lets nothing through from the next step."""

    def to_dict(self, *, in_full: bool = True) -> dict[str, Any]:
        """Return the gradients as JSON's values, [N, size] each; contributions `in_full` or as norms alone."""
        named = {name: values_of(getattr(self, name)) for name in ("from_above", "of_h", "from_input", "from_hidden")}
        return {
            "time": self.step.time,
            **named,
            "from_next": {state: values_of(array) for state, array in self.from_next.items()},
            "norm": plain(norm(self.of_h)),
            "cut": self.is_cut,
            "norms_of_contributions": {name: plain(norm(array)) for name, array in self.contributions.items()},
        } | (
            {"contributions": {name: plain(array.tolist()) for name, array in self.contributions.items()}}
            if in_full
            else {}
        )


class PassGradients(NamedTuple):
    """The gradients of one layer in one direction, by step in the order of execution."""

    run: UnrolledPass
    steps: tuple[StepGradient, ...]


class LayerGradients(NamedTuple):
    """A recurrent layer: its path, its values, the gradients of each pass, and the result of its backward kernel."""

    path: str
    unrolled: Unrolled
    passes: tuple[PassGradients, ...]
    returned: Gradients


@dataclass(frozen=True, slots=True)
class Propagated(Presented):
    """A network that was propagated back through time."""

    name: str
    loss: str
    reduction: str
    truncate: int | None
    losses: tuple[StepLoss, ...]
    layers: tuple[LayerGradients, ...]
    head: Mapping[str, Sequence[Array]]
    """Contributions of each step with a loss to the parameters of the head, by path."""
    gradients: Mapping[str, Array]
    """Of all parameters of the network, by path."""
    drawn: Drawn = NONE_DRAWN

    def __repr__(self) -> str:
        """Return the name, the loss, and the number of steps."""
        steps = max(len(each.steps) for layer in self.layers for each in layer.passes)
        return f"<Propagated {self.name}: {self.loss} {float(self.value):.6g} over {steps} steps>"

    @property
    def value(self) -> Any:
        """The loss: the sum over the steps."""
        with np.errstate(all="ignore"):
            return sum(loss.value for loss in self.losses)

    def to_dict(self) -> dict[str, Any]:
        """Return the result as JSON's values."""
        steps = [step for layer in self.layers for each in layer.passes for step in each.steps]
        in_full = sum(array.size for step in steps for array in step.contributions.values()) <= MOST_CONTRIBUTIONS
        return {
            "name": self.name,
            **self.drawn.to_dict(),
            "loss": self.loss,
            "reduction": self.reduction,
            "truncate": self.truncate,
            "value": plain(self.value),
            "losses": [
                {
                    "time": loss.time,
                    "predictions": plain(loss.predictions.tolist()),
                    "targets": plain(loss.targets.tolist()),
                    "probabilities": None if loss.probabilities is None else plain(loss.probabilities.tolist()),
                    "value": plain(loss.value),
                    "gradient": plain(loss.gradient.tolist()),
                }
                for loss in self.losses
            ],
            "layers": [
                {
                    "path": layer.path,
                    "values": layer.unrolled.to_dict(),
                    "passes": [
                        {"name": each.run.name, "steps": [step.to_dict(in_full=in_full) for step in each.steps]}
                        for each in layer.passes
                    ],
                    "gradients_of_inputs": [
                        None if array is None else plain(array.tolist()) for array in layer.returned.inputs
                    ],
                }
                for layer in self.layers
            ],
            "head": {name: [plain(array.tolist()) for array in arrays] for name, arrays in self.head.items()},
            "gradients": {name: plain(array.tolist()) for name, array in self.gradients.items()},
        }


class LossAt(NamedTuple):
    """A loss of the registry, its reduction, and its targets.

    `targets` are [T, N] or [T, N, C] for a loss of every step, [1, N] or [1, N, C] for one of the last step.
    """

    name: str
    reduction: str
    targets: Array


MOST_HEAD_STEPS = 64
"""Steps up to which the contributions to the parameters of the head are computed: each takes a backward pass."""
MOST_CONTRIBUTIONS = 2_000_000
"""Elements of the contributions of all steps in JSON; of more the norms alone."""


def norm(array: Array) -> float:
    """Return the square root of the sum of squares; infinity if that sum exceeds the largest float.

    >>> norm(np.array([[3.0], [4.0]]))
    5.0
    """
    with np.errstate(all="ignore"):
        squares = (array * array).sum()
    try:
        return sqrt(float(squares))
    except OverflowError:  # of a fraction
        return inf


@np.errstate(all="ignore")  # what is not finite shows in the values
def propagate_back(
    name: str,
    calls: Sequence[Call],
    inputs: Mapping[str, Array],
    output: str,
    loss: LossAt,
    *,
    layers: Mapping[str, Recurrent],
    batch_first: bool,
    head: str | None = None,
    truncate: int | None = None,
) -> Propagated:
    """Run calls forward and back from a loss of the slot `output`, and take its recurrent layers apart.

    `layers` are those by path; `head` is the path of a call whose contributions by step are returned too. The output
    is a sequence, [T, N, C] or with `batch_first` [N, T, C], or [N, C], which is a last step.
    Raises `ValueError` or `IndexError` if targets do not fit, `ExecutionError` if a kernel cannot run.
    """
    tape = forward(calls, inputs)
    predictions = tape.values[output]
    is_sequence = predictions.ndim > 2  # noqa: PLR2004 - [N, C] has no axis of time
    sequence = np.moveaxis(predictions, 1, 0) if is_sequence and batch_first else predictions
    steps = sequence if is_sequence else sequence[None]
    total = len(steps) if is_sequence else _steps_of(calls, layers, tape.values)
    losses = tuple(_losses(steps, loss, total))
    gradient = np.zeros_like(steps)
    for each in losses:
        gradient[each.time - 1 if is_sequence else 0] = each.gradient
    arriving = (np.moveaxis(gradient, 0, 1) if batch_first else gradient) if is_sequence else gradient[0]
    recorded: list[tuple[Context, tuple[Array | None, ...], Gradients]] = []
    propagation = propagate(tape, {output: arriving}, truncate=truncate, hook=lambda *record: recorded.append(record))
    for _ in propagation:
        pass
    of_layers = [
        take_apart(layers[ctx.call.path], ctx, gradients, given)
        for ctx, gradients, given in reversed(recorded)
        if ctx.call.path in layers
    ]
    of_head = {
        ctx.call.tensor(parameter): arrays
        for ctx, gradients, _ in recorded
        if ctx.call.path == head and len(losses) <= MOST_HEAD_STEPS
        for parameter, arrays in _by_step(ctx, gradients, losses, batch_first=batch_first).items()
    }
    return Propagated(
        name, loss.name, loss.reduction, truncate, losses, tuple(of_layers), of_head, propagation.parameters
    )


def _steps_of(calls: Sequence[Call], layers: Mapping[str, Recurrent], values: Mapping[str, Array]) -> int:
    """Return the number of steps of the last recurrent layer."""
    call = next(call for call in reversed(calls) if call.path in layers)
    return int(values[call.inputs[0]].shape[layers[call.path].time_axis])


def _losses(steps: Array, loss: LossAt, total: int) -> Iterator[StepLoss]:
    entry = LOSSES[loss.name]
    chosen = steps[len(steps) - len(loss.targets) :]
    every = entry.function(
        chosen.reshape(-1, chosen.shape[-1]) if entry.targets is Targets.CLASSES else chosen,
        loss.targets.ravel() if entry.targets is Targets.CLASSES else loss.targets,
        "none",
    )
    terms = every.value.reshape(len(chosen), -1)
    count = terms.size if loss.reduction == "mean" else 1
    gradient = every.gradient.reshape(chosen.shape)
    for place, (predictions, targets) in enumerate(zip(chosen, loss.targets, strict=True)):
        probabilities = None
        if loss.name == "cross_entropy":
            # Its gradient is the softmax, less 1 at the target.
            probabilities = gradient[place].copy()
            probabilities[np.arange(len(targets)), targets] += 1
        time = total - len(chosen) + place + 1
        value = terms[place].sum() / count
        yield StepLoss(time, predictions, targets, value, gradient[place] / count, probabilities)


def take_apart(
    layer: Recurrent, ctx: Context, gradients: tuple[Array | None, ...], returned: Gradients
) -> LayerGradients:
    """Return the values and the gradients of a recurrent layer, step by step.

    `gradients` are those that arrived at its outputs, `returned` the result of its backward kernel.
    """
    unrolled = unroll(layer, ctx.call, ctx.inputs)
    reported: dict[str, dict[str, list[Array]]] = {}

    def trace(name: str, array: Array) -> Array:
        if name.startswith(ABOVE):
            reported[name.removeprefix(ABOVE)] = {ABOVE: [array]}
        else:
            *_, of_this_pass = reported.values()
            of_this_pass.setdefault(name, []).append(array)
        return array

    traced = replace(ctx, to_inputs=Work(trace=trace), to_parameters=Work())
    with np.errstate(all="ignore"):
        find_backward(ctx.call.kernel)(traced, *gradients)
    passes = tuple(
        PassGradients(run, tuple(_steps(ctx.call, run, reported[run.suffix], ctx.truncate))) for run in unrolled.passes
    )
    return LayerGradients(ctx.call.path, unrolled, passes, returned)


def _steps(
    call: Call, run: UnrolledPass, reported: Mapping[str, list[Array]], truncate: int | None
) -> Iterator[StepGradient]:
    count = len(run.steps)
    (above,) = reported[ABOVE]
    from_input, from_hidden, of_h = (reported[name][0] for name in OF_SUMS)
    for place, step in enumerate(run.steps):
        from_next = {
            state: reported[name][count - 1 - place]
            for state, name in zip(STATES, FROM_NEXT, strict=True)
            if name in reported
        }
        is_cut = bool(truncate and place + 1 < count and (count - 1 - place) % truncate == 0)
        contributions = _contributions(
            call, run.suffix, step, from_input[:, place], from_hidden[:, place], of_h[:, place]
        )
        yield StepGradient(
            step,
            above[place].T,
            from_next,
            of_h[:, place],
            from_input[:, place],
            from_hidden[:, place],
            contributions,
            is_cut,
        )


def _contributions(
    call: Call, suffix: str, step: CellStep, from_input: Array, from_hidden: Array, of_h: Array
) -> dict[str, Array]:
    """Return the terms of one step in the gradients of the parameters of its layer and direction."""
    terms: dict[str, Callable[[], Array]] = {
        f"weight_ih_{suffix}": lambda: from_input @ step.x.T,
        f"weight_hh_{suffix}": lambda: from_hidden @ step.before["h"].T,
        f"bias_ih_{suffix}": lambda: from_input.sum(axis=1),
        f"bias_hh_{suffix}": lambda: from_hidden.sum(axis=1),
        f"weight_hr_{suffix}": lambda: of_h @ step.unprojected.T,
    }
    return {name: term() for name, term in terms.items() if name in call.parameters}


def _by_step(
    ctx: Context, gradients: tuple[Array | None, ...], losses: Sequence[StepLoss], *, batch_first: bool
) -> dict[str, list[Array]]:
    """Return the gradients of a call's parameters from the gradient of each step alone."""
    (gradient,) = gradients
    assert gradient is not None
    by_name: dict[str, list[Array]] = {}
    for loss in losses:
        alone = np.zeros_like(gradient)
        index = (slice(None), loss.time - 1) if batch_first else loss.time - 1
        alone[index] = gradient[index]
        given = find_backward(ctx.call.kernel)(replace(ctx, to_inputs=Work(), to_parameters=Work()), alone)
        for name, array in given.parameters.items():
            by_name.setdefault(name, []).append(array)
    return by_name
