from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import shapecalc
from tests.support.rows import for_each


def test_the_values_of_a_layer_are_those_of_its_command() -> None:
    values = shapecalc.by_hand("conv", [1, 1, 1, 0], weight=[1, 1, 1], padding=1)
    assert values.outputs[0].values.tolist() == [2, 3, 2, 1]
    assert repr(values) == "<LayerValues of conv: output [4]>"
    assert str(values).splitlines()[2] == "y[0] = 0·1 + 1·1 + 1·1 = 2"
    assert "0·1 + 1·1 + 1·1" in values._repr_html_()
    assert values.to_rows()[0] == {"tensor": "output", "index": "0", "value": 2, "working": "0·1 + 1·1 + 1·1"}
    assert values.to_dict()["outputs"]["output"]["values"] == [2, 3, 2, 1]


def test_a_bias_is_a_flag_or_numbers() -> None:
    assert shapecalc.by_hand("linear", [1, 2], weight=[[3, 4]], bias=[5]).outputs[0].values.tolist() == [16]
    assert shapecalc.by_hand("linear", [1, 2], weight=[[3, 4]], bias=False).outputs[0].values.tolist() == [11]


def test_gradients_are_those_of_the_loss_that_is_given() -> None:
    values = shapecalc.by_hand("relu", [-1, 2], gradient=[5, 7])
    assert values.gradients[0].values.tolist() == [0, 7]
    rows = {row["tensor"] for row in values.to_rows()}
    assert rows == {"output", "x.grad"}


def test_exact_numbers_are_integers_decimals_and_texts() -> None:
    values = shapecalc.by_hand("linear", [0.1, "1/3", 2], weight=[[1, 3, 1]], exact=True)
    assert values.outputs[0].values.tolist() == [Fraction(31, 10)]
    assert values.to_rows()[0]["value"] == "31/10"


def test_several_inputs_are_given_in_their_order() -> None:
    values = shapecalc.by_hand("scaled_dot_product_attention", [[1, 0]], np.eye(2), [[1], [2]])
    e = np.exp([2**-0.5, 0])
    np.testing.assert_allclose(values.outputs[0].values, [[(e @ [1, 2]) / e.sum()]])


def test_a_loss_has_its_terms_its_value_and_the_gradient() -> None:
    values = shapecalc.loss_by_hand("hinge", [13, -7, 11], 0, delta=10, backward=True, exact=True)
    assert values.value.values == 8
    assert values.gradient is not None
    assert values.gradient.values.tolist() == [-1, 0, 1]
    assert repr(values) == "<LossValues of hinge: 8>"
    assert str(values).splitlines()[2] == "L = 0 + max(−7 − 13 + 10, 0) + max(11 − 13 + 10, 0) = 8"
    assert values.to_rows()[0] == {
        "tensor": "loss",
        "index": "",
        "value": "8",
        "working": "0 + max(−7 − 13 + 10, 0) + max(11 − 13 + 10, 0)",
    }


def test_the_text_of_an_activation_ends_with_its_curve() -> None:
    assert "saturates   for x ≤ 0: there |derivative| < 0.01" in str(shapecalc.by_hand("relu", [-1, 2]))


WRONG_LOSSES: dict[str, tuple[tuple[Any, ...], dict[str, Any], str]] = {
    "an unknown loss": (("mze", [1], [1]), {}, "SC203"),
    "another option": (("mse", [1], [1]), {"delta": 1}, "SC102"),
    "an option below 0": (("huber", [1], [1]), {"delta": -1}, "SC201"),
    "no number": (("mse", [], []), {}, "SC204"),
    "a class out of range": (("cross_entropy", [1, 2], 2), {}, "SC201"),
    "another shape": (("mse", [1, 2], [[1, 2]]), {}, "SC301"),
    "no fraction": (("cross_entropy", [1, 2], 1), {"exact": True}, "SC205"),
}


@for_each("name", WRONG_LOSSES)
def test_a_mistake_of_a_loss_is_a_diagnostic(name: str) -> None:
    arguments, given, code = WRONG_LOSSES[name]
    with pytest.raises(shapecalc.ShapecalcError) as caught:
        shapecalc.loss_by_hand(*arguments, **given)
    assert caught.value.diagnostics[0].code == code


WRONG: dict[str, tuple[tuple[Any, ...], dict[str, Any], str]] = {
    "an unknown layer": (("convv", [1]), {}, "SC101"),
    "no input": (("relu",), {}, "SC106"),
    "too many inputs": (("relu", [1], [2]), {}, "SC106"),
    "ragged lists": (("relu", [[1], [2, 3]]), {}, "SC202"),
    "a word": (("relu", ["one"]), {}, "SC202"),
    "NaN": (("relu", [float("nan")]), {}, "SC025"),
    "an exact word": (("relu", ["one"]), {"exact": True}, "SC202"),
    "exactly infinite": (("relu", [float("inf")]), {"exact": True}, "SC202"),
    "no weight": (("linear", [1]), {"out_features": 1}, "SC106"),
    "another field": (("relu", [1]), {"stride": 2}, "SC102"),
    "no fraction": (("tanh", [1]), {"exact": True}, "SC205"),
    "no number": (("relu", []), {}, "SC204"),
    "padding of no window": (("linear", [1]), {"weight": [1], "padding_value": 1}, "SC102"),
    "padding that cuts off": (("conv_transpose", [1, 2]), {"weight": [1, 1], "padding_value": 1}, "SC102"),
    "several in the padding": (("conv", [1, 2]), {"weight": [1, 1], "padding_value": [1, 2]}, "SC204"),
    "two contents of the padding": (
        ("conv", [1, 2]),
        {"weight": [1, 1], "padding": 1, "padding_mode": "circular", "padding_value": 1},
        "SC205",
    ),
}


@for_each("name", WRONG)
def test_a_mistake_is_a_diagnostic(name: str) -> None:
    arguments, given, code = WRONG[name]
    with pytest.raises(shapecalc.ShapecalcError) as caught:
        shapecalc.by_hand(*arguments, **given)
    assert caught.value.diagnostics[0].code == code
