"""Losses by hand, their gradients, and what does not fit."""

from __future__ import annotations

from math import e, log
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from shapecalc.reference.losses import binary_cross_entropy, cross_entropy, mse

if TYPE_CHECKING:
    from shapecalc.reference.base import Array


def test_cross_entropy_is_the_negative_logarithm_of_the_probability_of_the_class() -> None:
    """Logits log 1, log 2, log 5: probabilities of an eighth, a quarter and five eighths."""
    logits = np.log([[1.0, 2.0, 5.0], [1.0, 2.0, 5.0]])
    mean, total = (cross_entropy(logits, np.array([0, 2]), reduction) for reduction in ("mean", "sum"))
    assert total.value == pytest.approx(log(8) + log(8 / 5))
    assert mean.value == pytest.approx(total.value / 2)
    np.testing.assert_allclose(total.gradient, [[1 / 8 - 1, 1 / 4, 5 / 8], [1 / 8, 1 / 4, 5 / 8 - 1]])
    np.testing.assert_allclose(mean.gradient, total.gradient / 2)


def test_classes_are_the_second_axis_and_a_vector_is_one_sample() -> None:
    logits = np.log([1.0, 2.0, 5.0])
    one = cross_entropy(logits, np.array(1))
    assert one.value == pytest.approx(log(4))
    maps = cross_entropy(np.tile(logits[None, :, None], (2, 1, 7)), np.ones((2, 7), int), "sum")
    assert maps.value == pytest.approx(14 * log(4))


def test_huge_logits_neither_overflow_nor_lose_the_loss() -> None:
    loss = cross_entropy(np.array([[1000.0, 0.0]]), np.array([1]))
    assert (loss.value, loss.gradient.tolist()) == (1000, [[1, -1]])


def test_squares_are_averaged_over_all_numbers() -> None:
    loss = mse(np.array([[1.0, 5.0], [2.0, 0.0]]), np.array([[1.0, 2.0], [4.0, 1.0]]))
    assert loss.value == (9 + 4 + 1) / 4
    assert loss.gradient.tolist() == [[0, 6 / 4], [-4 / 4, -2 / 4]]


def test_binary_cross_entropy_weighs_both_outcomes_by_the_target() -> None:
    """σ(1) = e/(1 + e)."""
    probability = e / (1 + e)
    loss = binary_cross_entropy(np.array([1.0]), np.array([0.25]))
    assert loss.value == pytest.approx(-0.25 * log(probability) - 0.75 * log(1 - probability))
    assert loss.gradient.tolist() == pytest.approx([probability - 0.25])


@pytest.mark.parametrize("loss", [cross_entropy, binary_cross_entropy, mse])
def test_gradients_are_the_slopes_of_the_value(loss: Any) -> None:
    x = np.array([[0.5, -1.0, 2.0], [3.0, 0.25, -0.5]])
    targets = np.array([2, 0]) if loss is cross_entropy else np.array([[0.0, 1.0, 0.5], [1.0, 0.25, 0.0]])
    gradient = loss(x, targets).gradient
    for at in np.ndindex(x.shape):
        step = np.zeros_like(x)
        step[at] = 1e-6
        slope = (loss(x + step, targets).value - loss(x - step, targets).value) / 2e-6
        assert gradient[at] == pytest.approx(slope, abs=1e-8)


@pytest.mark.parametrize(
    ("loss", "predictions", "targets", "error"),
    [
        (cross_entropy, np.zeros((2, 3)), np.zeros((3,), int), "expects targets"),
        (cross_entropy, np.zeros((2, 3, 4)), np.zeros((2, 3), int), "expects targets"),
        (cross_entropy, np.zeros((2, 3)), np.array([0, 3]), "expects classes from 0 to 2, receives 3"),
        (cross_entropy, np.zeros((2, 3)), np.array([0, -1]), "receives -1"),
        (mse, np.zeros((2, 3)), np.zeros(3), "expects targets"),
        (binary_cross_entropy, np.zeros((2, 1)), np.zeros(2), "expects targets"),
    ],
)
def test_a_loss_refuses_targets_that_do_not_fit(loss: Any, predictions: Array, targets: Array, error: str) -> None:
    with pytest.raises((ValueError, IndexError), match=error):
        loss(predictions, targets)


def test_a_loss_refuses_a_reduction_it_does_not_know() -> None:
    with pytest.raises(ValueError, match="mean or sum"):
        mse(np.zeros(1), np.zeros(1), "none")
