"""Activation functions by the names that Keras gives them."""

from __future__ import annotations

import pytest

from shapecalc.layers import layer_type
from shapecalc.layers.keras.activations import activation_steps
from shapecalc.layers.keras.base import KerasRefusal


@pytest.mark.parametrize(
    ("name", "type_", "fields"),
    [
        ("relu", "relu", {}),
        ("swish", "silu", {}),
        ("hard_silu", "hardswish", {}),
        ("hard_sigmoid", "hardsigmoid", {}),
        ("softmax", "softmax", {"dim": 1}),
        ("log_softmax", "log_softmax", {"dim": 1}),
        ("leaky_relu", "leaky_relu", {"negative_slope": 0.2}),
        ("gelu", "gelu", {}),
    ],
)
def test_a_function_is_a_step(name: str, type_: str, fields: dict[str, object]) -> None:
    (step,) = activation_steps(name, "Dense", 1)
    assert (step.type, step.fields) == (type_, fields)
    cls = layer_type(step.type)
    assert cls is not None
    cls(**step.fields)


@pytest.mark.parametrize("name", [None, "linear"])
def test_no_function_is_no_step(name: str | None) -> None:
    assert activation_steps(name, "Dense") == ()


@pytest.mark.parametrize("name", ["selu", "softsign", "mish", "exponential", 5, ("relu",)])
def test_another_function_is_refused(name: object) -> None:
    with pytest.raises(KerasRefusal, match="as the activation of `Dense` has no counterpart here"):
        activation_steps(name, "Dense")
