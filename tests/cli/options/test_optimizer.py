"""`--optimizer`: the words are those of the optimizers, in training and in its costs."""

from __future__ import annotations

from shapecalc.cli.options.optimizer import Optimizer
from shapecalc.costs.training_step import OPTIMIZERS


def test_every_optimizer_whose_state_is_known_has_its_word() -> None:
    assert {word.value for word in Optimizer} == set(OPTIMIZERS)
