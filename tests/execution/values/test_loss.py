"""Losses by hand: the values and gradients of PyTorch, exact results, workings that have their value, refusals."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from shapecalc.diagnostics import LayerError
from shapecalc.execution.values.loss import MOST_TRACED, loss_by_hand
from shapecalc.reference.losses import LOSSES, Targets
from tests.support.written_arithmetic import value_of

ROWS = json.loads((Path(__file__).parents[2] / "oracle" / "torch_losses.json").read_text(encoding="utf-8"))["rows"]
RATIONAL = ("mse", "sum_of_squares", "l1", "huber", "smooth_l1", "hinge", "nll")


def shaped(row: dict[str, Any]) -> tuple[Any, Any]:
    shape = tuple(row["shape"])
    x = np.array(row["predictions"]).reshape(shape)
    target = np.array(row["targets"], dtype=np.float64)
    if LOSSES[row["loss"]].targets is Targets.VALUES:
        return x, target.reshape(shape)
    return x, target.reshape(shape[:1] + shape[2:] if len(shape) > 1 else (1,))


def test_values_and_gradients_are_pytorchs() -> None:
    assert {row["loss"] for row in ROWS} == {*LOSSES}
    for row in ROWS:
        x, target = shaped(row)
        values = loss_by_hand(row["loss"], x, target, reduction=row["reduction"], options=row["options"], backward=True)
        name = f"{row['loss']} {row['shape']} {row['reduction']}"
        assert values.value.values == pytest.approx(row["value"], rel=1e-12), name
        assert values.gradient is not None
        assert values.gradient.values.ravel().tolist() == pytest.approx(row["gradient"], rel=1e-11, abs=1e-15), name


def test_the_working_of_each_term_and_of_the_gradient_has_its_value() -> None:
    for row in ROWS:
        x, target = shaped(row)
        values = loss_by_hand(row["loss"], x, target, options=row["options"], backward=True)
        assert values.gradient is not None
        for tensor in (*values.intermediates, values.terms, values.value, values.gradient):
            assert tensor.working is not None
            for number, working in zip(tensor.values.ravel().tolist(), tensor.working.ravel().tolist(), strict=True):
                assert value_of(working) == pytest.approx(number, rel=1e-3, abs=1e-4), (row["loss"], working)


def test_a_mean_is_the_sum_over_the_number_of_terms_and_without_reduction_there_are_the_terms() -> None:
    x, target = np.array([[1.0, 5.0], [2.0, 0.0]]), np.array([[1.0, 2.0], [4.0, 1.0]])
    mean, total, terms = (loss_by_hand("mse", x, target, reduction=word) for word in ("mean", "sum", "none"))
    assert total.value.values == 4 * mean.value.values == 14
    assert terms.value.values.tolist() == terms.terms.values.tolist() == [[0, 9], [4, 1]]
    assert loss_by_hand("sum_of_squares", x, target).value.values == 7


def test_exact_gradients_with_a_sign_are_not_rounded() -> None:
    x, target = (np.array(list(map(Fraction, numbers)), dtype=object) for numbers in ((1, 2, 3), (2, 2, 0)))
    for name, options, size in (
        ("l1", {}, Fraction(1, 3)),
        ("huber", {"delta": 0.1}, Fraction(1, 30)),
        ("smooth_l1", {"beta": 0.3}, Fraction(1, 3)),
    ):
        gradient = loss_by_hand(name, x, target, options=options, backward=True).gradient
        assert gradient is not None
        assert gradient.values.tolist() == [-size, 0, size], name


@settings(max_examples=60, deadline=None)
@given(
    name=st.sampled_from(RATIONAL),
    numbers=st.lists(st.fractions(-4, 4, max_denominator=12), min_size=6, max_size=6),
    others=st.lists(st.fractions(-4, 4, max_denominator=12), min_size=6, max_size=6),
)
def test_exact_results_are_the_float_results_to_rounding(
    name: str, numbers: list[Fraction], others: list[Fraction]
) -> None:
    x, target = np.array(numbers, dtype=object).reshape(2, 3), np.array(others, dtype=object).reshape(2, 3)
    if LOSSES[name].targets is Targets.CLASSES:
        target = np.array([Fraction(abs(int(each)) % 3) for each in others[:2]], dtype=object)
    exact = loss_by_hand(name, x, target, backward=True)
    plain = loss_by_hand(name, x.astype(float), target.astype(float), backward=True)
    assert isinstance(exact.value.values.item(), (int, Fraction))
    assert float(exact.value.values.item()) == pytest.approx(float(plain.value.values), abs=1e-12)
    assert exact.gradient is not None
    assert plain.gradient is not None
    kinks = np.isclose(x.astype(float), target.astype(float)) if target.shape == x.shape else np.zeros_like(x, bool)
    if name != "hinge" and not kinks.any():
        np.testing.assert_allclose(exact.gradient.values.astype(float), plain.gradient.values, atol=1e-12)


def test_probabilities_that_are_rounded_keep_the_working_that_has_the_value() -> None:
    """The probability of the class is 0 in floats, its loss is 1000."""
    values = loss_by_hand("cross_entropy", np.array([1000.0, 0.0]), np.array([1.0]))
    assert values.terms.values == 1000
    assert values.terms.working is not None
    assert "log(0)" not in values.terms.working.item()
    assert value_of(values.terms.working.item()) == 1000
    certain = loss_by_hand("cross_entropy", np.array([20.0, 0.0]), np.array([0.0]))  # log p loses seven digits
    assert certain.terms.working is not None
    assert certain.terms.values.item() == pytest.approx(2.0611536e-9, rel=1e-6)
    assert "log(1)" not in certain.terms.working.item()
    sure = loss_by_hand("bce_with_logits", np.array([-1000.0]), np.array([1.0]))
    assert sure.value.values == 1000


def test_many_predictions_have_values_and_no_working() -> None:
    x = np.linspace(-1, 1, MOST_TRACED + 1)
    values = loss_by_hand("mse", x, np.zeros_like(x), backward=True)
    assert values.terms.working is None
    assert values.value.values == pytest.approx(np.mean(x**2))


MISTAKES: list[tuple[str, Any, Any, dict[str, Any], str, str]] = [
    ("cross_entropy", [1, 2, 3], [3], {}, "SC201", "target"),
    ("cross_entropy", [1, 2, 3], [-1], {}, "SC201", "target"),
    ("cross_entropy", [1, 2, 3], [0.5], {}, "SC202", "target"),
    ("cross_entropy", [1, 2, 3], [1, 2], {}, "SC301", "target"),
    ("mse", [[1, 2]], [1, 2], {}, "SC301", "target"),
    ("bce", [0.5, 1.5], [1, 0], {}, "SC201", "x"),
    ("mse", [1], [1], {"reduction": "max"}, "SC203", "reduction"),
]


def test_what_does_not_fit_is_refused() -> None:
    for name, x, target, options, code, field in MISTAKES:
        with pytest.raises(LayerError) as caught:
            loss_by_hand(name, np.array(x, float), np.array(target, float), **options)
        assert (caught.value.code, caught.value.field) == (code, field), (name, x, target)
    with pytest.raises(LayerError, match="fraction") as caught:
        loss_by_hand("cross_entropy", np.array([Fraction(1), Fraction(2)]), np.array([Fraction(0)]))
    assert (caught.value.code, caught.value.field) == ("SC205", "exact")
