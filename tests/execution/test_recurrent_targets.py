"""Targets as they are written: of each step or of the last, as classes or values; and a head."""

from __future__ import annotations

import numpy as np
import pytest

from shapecalc.diagnostics import LayerError
from shapecalc.execution.recurrent_inputs import recurrent_case
from shapecalc.execution.recurrent_targets import propagated, targets_of
from shapecalc.layers.recurrent import Rnn

TABLE = [
    ([0, 1, 2], (3, 1, 4), "cross_entropy", (3, 1)),
    ([2], (3, 1, 4), "cross_entropy", (1, 1)),
    ([2, 1], (3, 2, 4), "cross_entropy", (1, 2)),
    ([[2, 1], [0, 3], [1, 1]], (3, 2, 4), "cross_entropy", (3, 2)),
    ([0.5, 1.25], (2, 1, 1), "sum_of_squares", (2, 1, 1)),
    ([0, 1], (2, 1, 1), "sum_of_squares", (2, 1, 1)),
    ([0], (3, 1, 1), "sum_of_squares", (1, 1, 1)),
    ([0.5], (3, 2, 4), "sum_of_squares", (1, 2, 4)),
    ([[0.5, 1, 2, 3]], (3, 1, 4), "sum_of_squares", (1, 1, 4)),
]


def test_the_shape_of_targets_says_which_steps_have_a_loss() -> None:
    for target, predictions, name, shape in TABLE:
        found = targets_of(np.array(target, dtype=float), predictions, None, batch_first=False)
        assert (found.name, found.targets.shape) == (name, shape), (target, predictions)


def test_targets_with_the_batch_first_are_moved() -> None:
    found = targets_of(np.array([[0.0, 1, 2], [3, 0, 1]]), (3, 2, 4), None, batch_first=True)
    assert found.targets.tolist() == [[0, 3], [1, 0], [2, 1]]
    flat = targets_of(np.array([0.0, 1, 2, 3, 0, 1]), (3, 2, 4), None, batch_first=True)
    assert flat.targets.tolist() == found.targets.tolist()
    with pytest.raises(LayerError, match=r"receives \[3, 2\]"):
        targets_of(np.array([[0.0, 3], [1, 0], [2, 1]]), (3, 2, 4), None, batch_first=True)


def test_targets_that_do_not_fit_are_refused() -> None:
    for target, loss, code, field in (
        ([0, 1, 2, 3, 4], None, "SC301", "target"),
        ([0, 1, 7], "cross_entropy", "SC201", "target"),
        ([0, 1, 0.5], "cross_entropy", "SC201", "target"),
        ([0, 1, 2], "crossentropy", "SC203", "loss"),
    ):
        with pytest.raises(LayerError) as refused:
            targets_of(np.array(target, dtype=float), (3, 1, 4), loss, batch_first=False)
        assert (refused.value.code, refused.value.field) == (code, field), target


def test_a_head_that_does_not_fit_is_refused() -> None:
    case = recurrent_case(Rnn, {"hidden_size": 2}, {}, {"x": "1,2"})
    for texts, code, field in (
        ({"w_out": "[[1]]"}, "SC301", "w_out"),
        ({"w_out": "[[1, 2]]", "b_out": "1,2"}, "SC301", "b_out"),
        ({"b_out": "1"}, "SC106", "b_out"),
    ):
        with pytest.raises(LayerError) as refused:
            propagated(case, {"target": "1", **texts}, loss=None)
        assert (refused.value.code, refused.value.field) == (code, field), texts
