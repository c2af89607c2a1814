"""The training loop: batches in an order drawn by seed, and the test loss and accuracy after each epoch."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

import numpy as np

from shapecalc.costs.training_step import training_step
from shapecalc.diagnostics import Diagnostic, ShapecalcError
from shapecalc.diagnostics.numbers import finite
from shapecalc.diagnostics.presentation import Presented
from shapecalc.execution.budget import BUDGET, Budget, check_training_memory
from shapecalc.execution.training.datasets import load_dataset, unfit
from shapecalc.execution.training.initialization import initial_parameters
from shapecalc.execution.training.steps import loss_of, model_of, predict, step
from shapecalc.reference import optimizers

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.architecture import Architecture
    from shapecalc.execution.training.datasets import Dataset, Samples
    from shapecalc.execution.training.steps import Model
    from shapecalc.reference.base import Array

RATES = {"sgd": 0.1, "momentum": 0.02, "adam": 0.003}
"""The default learning rate of each optimiser."""

EPOCHS = {"digits": 3, "digits8": 5, "text": 12}
"""The default number of epochs for each dataset."""

BATCHES = {"digits": 32, "digits8": 32, "text": 16}
"""The default batch size for each dataset."""

OPTIMIZERS: Mapping[str, Callable[..., optimizers.OptimizerStep]] = {
    "sgd": optimizers.sgd,
    "momentum": optimizers.momentum,
    "adam": optimizers.adam,
}

Progress: TypeAlias = Callable[[str, int, int], None]
"""`progress(what, done, total)` before each step, and after the last."""


class Epoch(NamedTuple):
    """One pass over the training samples: the mean training loss, then loss and accuracy on the test samples."""

    number: int
    loss: float
    test_loss: float
    accuracy: float

    def to_dict(self) -> dict[str, Any]:
        """Return the epoch as JSON's values."""
        return {
            "number": self.number,
            "loss": self.loss if self.number else None,
            "unseen_loss": finite(self.test_loss),
            "accuracy": self.accuracy,
        }


class TrainingPlan(NamedTuple):
    """The settings of a training run; the same settings give the same weights on the same machine."""

    epochs: int
    batch: int
    optimizer: str
    lr: float
    seed: int
    truncate: int | None


class _TrainedFields(NamedTuple):
    dataset: Dataset
    plan: TrainingPlan
    loss: str
    before: Epoch
    epochs: tuple[Epoch, ...]
    losses: tuple[float, ...]
    parameters: Mapping[str, Array]


class Trained(Presented, _TrainedFields):
    """The result of a training run: every epoch, the loss of every step, and weights and buffers by PyTorch's names."""

    __slots__ = ()

    def __repr__(self) -> str:
        """Return the name, the dataset, and the accuracy before and after."""
        last = (self.before, *self.epochs)[-1].accuracy
        figures = f"{len(self.epochs)} epochs, accuracy {self.before.accuracy:.1%} → {last:.1%}"
        return f"<Trained {self.dataset.report.architecture.name} on {self.dataset.name}: {figures}>"

    def to_dict(self) -> dict[str, Any]:
        """Return the run as JSON's values."""
        plan = self.plan
        return {
            "name": self.dataset.report.architecture.name,
            "data": self.dataset.name,
            "shown": len(self.dataset.train.inputs),
            "unseen": len(self.dataset.test.inputs),
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
    """Train a network from random weights on `digits`, `digits8` or `text`, and test it after each epoch.

    `optimizer` is `sgd`, `momentum` or `adam`; the defaults of None are in `EPOCHS`, `BATCHES` and `RATES`.
    Raises `ShapecalcError` SC701 if a step and the samples would exceed the memory of `budget`, SC703 if the dataset
    does not fit the network, SC704 if the loss is not finite.
    """
    dataset = load_dataset(
        architecture,
        data,
        sizes=sizes,
        batch=batch or BATCHES[data],
        seed=seed,
        check_memory=lambda report, samples: check_training_memory(
            report, training_step(report, optimizer=optimizer).peak_bytes({}) + samples, budget
        ),
    )
    first = dataset.report.inputs[0].shape[0]
    assert isinstance(first, int)  # `load_dataset` has bound it
    plan = TrainingPlan(
        epochs or EPOCHS[data], first, optimizer, RATES[optimizer] if lr is None else lr, seed, truncate
    )
    count = min(len(dataset.train.inputs), len(dataset.test.inputs))
    if count < first:
        raise unfit(architecture, f"`{data}` has {count} samples to be asked about, a batch of {first} is more")
    model = model_of(dataset.report)
    parameters: Mapping[str, Array] = initial_parameters(dataset.report, seed=seed)
    before = _epoch(0, math.nan, model, parameters, dataset.test, first)
    per_epoch = len(dataset.train.inputs) // first
    records: list[Epoch] = []
    losses: list[float] = []
    notify = progress or (lambda _what, _done, _total: None)
    for parameters, loss in _steps(model, dataset.train, parameters, plan):  # noqa: B020 - each step begins where the last ended
        losses.append(loss)
        notify(f"loss {loss:.3f}", len(losses), per_epoch * plan.epochs)
        if len(losses) % per_epoch == 0:
            mean = float(np.mean(losses[-per_epoch:]))
            records.append(_epoch(len(losses) // per_epoch, mean, model, parameters, dataset.test, first))
    return Trained(dataset, plan, model.loss, before, tuple(records), tuple(losses), parameters)


def _steps(
    model: Model, samples: Samples, parameters: Mapping[str, Array], plan: TrainingPlan
) -> Iterator[tuple[Mapping[str, Array], float]]:
    """Yield the parameters after each step, and the loss before it; an epoch's incomplete last batch is dropped."""
    state: optimizers.State = {}
    for epoch in range(plan.epochs):
        order = np.random.default_rng([plan.seed, epoch]).permutation(len(samples.inputs))
        for at in range(len(order) // plan.batch):
            chosen = order[at * plan.batch : (at + 1) * plan.batch]
            inputs, targets = samples.inputs[chosen], samples.targets[chosen]
            random = np.random.default_rng([plan.seed, epoch, at])
            done = step(model, parameters, inputs, targets, random=random, truncate=plan.truncate)
            if not math.isfinite(done.loss):
                raise _diverged(model, plan, epoch * (len(order) // plan.batch) + at)
            trainable = {path: parameters[path] for path in done.gradients}
            with np.errstate(all="ignore"):  # an overflow shows in the next loss
                updated, state = OPTIMIZERS[plan.optimizer](trainable, done.gradients, state, lr=plan.lr)
            parameters = {**parameters, **updated, **done.statistics}
            yield parameters, done.loss


def _epoch(number: int, loss: float, model: Model, parameters: Mapping[str, Array], test: Samples, batch: int) -> Epoch:
    """Return an epoch with the loss and accuracy on the test samples, as many as fill batches."""
    values, right = [], 0
    for at in range(0, len(test.inputs) - batch + 1, batch):
        inputs, targets = test.inputs[at : at + batch], test.targets[at : at + batch]
        logits = predict(model, parameters, inputs)
        values.append(loss_of(model, logits, targets).value)
        right += int((logits.argmax(axis=-1) == targets).sum())
    predictions = len(values) * batch * (test.targets.size // len(test.targets))
    return Epoch(number, loss, float(np.mean(values)), right / predictions)


def _diverged(model: Model, plan: TrainingPlan, steps: int) -> ShapecalcError:
    counted = f"{steps} step{'' if steps == 1 else 's'}"
    message = f"the loss is no number after {counted} of `{plan.optimizer}` at a rate of {plan.lr:g}"
    diagnostic = Diagnostic(code="SC704", message=message, help=f"write `--lr {plan.lr / 10:g}`")
    return ShapecalcError((diagnostic,), model.report.architecture.file)
