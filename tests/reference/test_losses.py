"""Losses by hand, their gradients, and what does not fit."""

from __future__ import annotations

import json
from fractions import Fraction
from math import e, log
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from shapecalc.reference.losses import LOSSES, Targets, binary_cross_entropy, cross_entropy, mse

if TYPE_CHECKING:
    from shapecalc.reference.base import Array

ORACLE = Path(__file__).parents[1] / "oracle"


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
        mse(np.zeros(1), np.zeros(1), "median")


def test_every_loss_and_its_gradient_are_pytorchs() -> None:
    fixture = json.loads((ORACLE / "torch_losses.json").read_text(encoding="utf-8"))
    seen = set()
    for row in fixture["rows"]:
        entry = LOSSES[row["loss"]]
        seen.add(entry.name)
        predictions = np.array(row["predictions"]).reshape(row["shape"])
        shape = predictions.shape
        if entry.targets is Targets.CLASSES:
            shape = shape[:0] if predictions.ndim == 1 else (shape[0], *shape[2:])
        targets = np.array(row["targets"]).reshape(shape)
        value, gradient = entry.function(predictions, targets, row["reduction"], **row["options"])
        name = f"{row['loss']} {row['options']} {row['shape']} {row['reduction']}"
        assert value == pytest.approx(row["value"], rel=1e-12), name
        np.testing.assert_allclose(gradient.ravel(), row["gradient"], rtol=1e-12, atol=1e-15, err_msg=name)
        terms = entry.function(predictions, targets, "none", **row["options"]).value
        assert terms.shape == targets.shape, name
        reduced = terms.sum() if row["reduction"] == "sum" else terms.mean()
        assert reduced == pytest.approx(row["value"], rel=1e-12), name
        assert entry.torch == row["torch"]
    assert seen == set(LOSSES)


def test_a_loss_of_fractions_is_a_fraction() -> None:
    """Arrays of objects keep their numbers: nothing becomes a float."""
    third = Fraction(1, 3)
    predictions, targets = np.array([third, 2 * third]), np.array([Fraction(1), Fraction(1, 6)])
    for name, expected in {"mse": (Fraction(4, 9) + Fraction(1, 4)) / 2, "sum_of_squares": Fraction(25, 72)}.items():
        assert LOSSES[name].function(predictions, targets).value == expected
    margin = LOSSES["hinge"].function(predictions, np.array(0))
    assert margin.value == Fraction(4, 3)
    assert margin.gradient.tolist() == [-1, 1]
    assert isinstance(margin.value, Fraction)


def test_a_probability_of_zero_has_a_finite_loss_as_in_pytorch() -> None:
    loss = LOSSES["bce"].function(np.array([0.0, 1.0]), np.array([1.0, 1.0]), "sum")
    assert loss.value == 100
    assert loss.gradient.tolist() == [-1e12, 0]
    with pytest.raises(ValueError, match=r"from 0 to 1, receives 1\.5"):
        LOSSES["bce"].function(np.array([1.5]), np.array([1.0]))
