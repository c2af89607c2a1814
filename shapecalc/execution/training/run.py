"""Training: batches in an order drawn by seed, step after step, and what the network knows after each epoch."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np

from shapecalc.costs.training_step import training_step
from shapecalc.diagnostics import Diagnostic, ShapecalcError
from shapecalc.diagnostics.numbers import finite
from shapecalc.execution.budget import BUDGET, Budget, afford_training
from shapecalc.execution.training.datasets import lesson, unfit
from shapecalc.execution.training.initialization import starting_parameters
from shapecalc.execution.training.steps import graded, outcome, pupil, step
from shapecalc.reference import optimizers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.architecture import Architecture
    from shapecalc.execution.training.datasets import Lesson, Samples
    from shapecalc.execution.training.steps import Pupil
    from shapecalc.reference.base import Array

RATES = {"sgd": 0.1, "momentum": 0.02, "adam": 0.003}
"""The learning rate of each optimiser where none is given."""

EPOCHS = {"digits": 3, "digits8": 5, "text": 12}
"""How often the samples are gone through where it is not said."""

BATCHES = {"digits": 32, "digits8": 32, "text": 16}
"""Samples of a batch where it is not said."""

OPTIMIZERS: Mapping[str, Callable[..., optimizers.Stepped]] = {
    "sgd": optimizers.sgd,
    "momentum": optimizers.momentum,
    "adam": optimizers.adam,
}

Progress: TypeAlias = Callable[[str, int, int], None]
"""`progress(what, done, total)` before each step, and after the last."""


class Epoch(NamedTuple):
    """One time through the samples: the mean loss while learning, then loss and accuracy on unseen samples."""

    number: int
    loss: float
    unseen_loss: float
    accuracy: float

    def to_dict(self) -> dict[str, Any]:
        """Return the epoch as JSON's values."""
        return {
            "number": self.number,
            "loss": self.loss if self.number else None,
            "unseen_loss": finite(self.unseen_loss),
            "accuracy": self.accuracy,
        }


class TrainingPlan(NamedTuple):
    """How it is trained; the same plan gives the same weights on the same machine."""

    epochs: int
    batch: int
    optimizer: str
    lr: float
    seed: int
    truncate: int | None


class Trained(NamedTuple):
    """What came of it: every epoch, the loss of every step, and weights and buffers by PyTorch's names."""

    lesson: Lesson
    plan: TrainingPlan
    loss: str
    before: Epoch
    epochs: tuple[Epoch, ...]
    losses: tuple[float, ...]
    parameters: Mapping[str, Array]

    def to_dict(self) -> dict[str, Any]:
        """Return the run as JSON's values."""
        plan = self.plan
        return {
            "name": self.lesson.report.architecture.name,
            "data": self.lesson.data,
            "shown": len(self.lesson.shown.inputs),
            "unseen": len(self.lesson.unseen.inputs),
            "loss": self.loss,
            "plan": plan._asdict(),
            "before": self.before.to_dict(),
            "epochs": [epoch.to_dict() for epoch in self.epochs],
            "losses": list(self.losses),
        }


def train(
    architecture: Architecture,
    data: str,
    *,
    sizes: Mapping[str, int] | None = None,
    epochs: int | None = None,
    batch: int | None = None,
    optimizer: str = "adam",
    lr: float | None = None,
    seed: int = 0,
    truncate: int | None = None,
    budget: Budget = BUDGET,
    progress: Progress | None = None,
) -> Trained:
    """Train a network from random weights on `digits`, `digits8` or `text`, and ask it about what it has not seen.

    `optimizer` is `sgd`, `momentum` or `adam`; what is None takes its value from `EPOCHS`, `BATCHES` and `RATES`.
    Raises `ShapecalcError` SC701 where a step and its samples would take more memory than `budget` allows, SC703 where
    the data do not fit the network, SC704 where the loss leaves all bounds.
    """
    asked = lesson(
        architecture,
        data,
        sizes=sizes,
        batch=batch or BATCHES[data],
        seed=seed,
        afford=lambda report, samples: afford_training(
            report, training_step(report, optimizer=optimizer).most({}) + samples, budget
        ),
    )
    first = asked.report.inputs[0].shape[0]
    assert isinstance(first, int)  # the lesson has bound it
    plan = TrainingPlan(
        epochs or EPOCHS[data], first, optimizer, RATES[optimizer] if lr is None else lr, seed, truncate
    )
    if min(len(asked.shown.inputs), len(asked.unseen.inputs)) < first:
        count = min(len(asked.shown.inputs), len(asked.unseen.inputs))
        raise unfit(architecture, f"`{data}` has {count} samples to be asked about, a batch of {first} is more")
    one = pupil(asked.report)
    parameters: Mapping[str, Array] = starting_parameters(asked.report, seed=seed)
    before = _epoch(0, math.nan, one, parameters, asked.unseen, first)
    per_epoch = len(asked.shown.inputs) // first
    records: list[Epoch] = []
    losses: list[float] = []
    tell = progress or (lambda _what, _done, _total: None)
    for parameters, loss in _steps(one, asked.shown, parameters, plan):  # noqa: B020 - each step begins where the last ended
        losses.append(loss)
        tell(f"loss {loss:.3f}", len(losses), per_epoch * plan.epochs)
        if len(losses) % per_epoch == 0:
            mean = float(np.mean(losses[-per_epoch:]))
            records.append(_epoch(len(losses) // per_epoch, mean, one, parameters, asked.unseen, first))
    return Trained(asked, plan, one.loss, before, tuple(records), tuple(losses), parameters)


def _steps(
    one: Pupil, shown: Samples, parameters: Mapping[str, Array], plan: TrainingPlan
) -> Iterator[tuple[Mapping[str, Array], float]]:
    """Yield the parameters after each step, and the loss before it; samples that fill no batch wait an epoch."""
    state: optimizers.State = {}
    for epoch in range(plan.epochs):
        order = np.random.default_rng([plan.seed, epoch]).permutation(len(shown.inputs))
        for at in range(len(order) // plan.batch):
            some = order[at * plan.batch : (at + 1) * plan.batch]
            random = np.random.default_rng([plan.seed, epoch, at])
            done = step(one, parameters, shown.inputs[some], shown.targets[some], random=random, truncate=plan.truncate)
            if not math.isfinite(done.loss):
                raise _ran_away(one, plan, epoch * (len(order) // plan.batch) + at)
            learnt = {path: parameters[path] for path in done.gradients}
            with np.errstate(all="ignore"):  # an overflow is told by the next loss
                stepped, state = OPTIMIZERS[plan.optimizer](learnt, done.gradients, state, lr=plan.lr)
            parameters = {**parameters, **stepped, **done.statistics}
            yield parameters, done.loss


def _epoch(number: int, loss: float, one: Pupil, parameters: Mapping[str, Array], unseen: Samples, batch: int) -> Epoch:
    """Ask about the samples that were not shown, as many as fill batches."""
    values, right = [], 0
    for at in range(0, len(unseen.inputs) - batch + 1, batch):
        inputs, targets = unseen.inputs[at : at + batch], unseen.targets[at : at + batch]
        logits = outcome(one, parameters, inputs)
        values.append(graded(one, logits, targets).value)
        right += int((logits.argmax(axis=-1) == targets).sum())
    asked = len(values) * batch * (unseen.targets.size // len(unseen.targets))
    return Epoch(number, loss, float(np.mean(values)), right / asked)


def _ran_away(one: Pupil, plan: TrainingPlan, steps: int) -> ShapecalcError:
    counted = f"{steps} step{'' if steps == 1 else 's'}"
    message = f"the loss is no number after {counted} of `{plan.optimizer}` at a rate of {plan.lr:g}"
    finding = Diagnostic(code="SC704", message=message, help=f"write `--lr {plan.lr / 10:g}`")
    return ShapecalcError((finding,), one.report.architecture.file)
