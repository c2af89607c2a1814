"""Activation functions: their costs by element or row, and what each saves for its gradient."""

from __future__ import annotations

import pytest

from shapecalc.dims import symbol
from shapecalc.layers.activation import Gelu, LogSoftmax, Softmax
from shapecalc.layers.saved import Storage
from tests.support.layers import flops, made, refused, refused_fields, required, saved

N, C = symbol("N"), symbol("C")


@pytest.mark.parametrize(
    ("type_", "operations"),
    [
        ("relu", ["compare"]),
        ("relu6", ["compare", "compare"]),
        ("leaky_relu", ["compare", "multiply"]),
        ("elu", ["compare", "exp", "subtract", "multiply"]),
        ("gelu", ["scale", "erf", "add", "times x", "halve"]),
        ("sigmoid", ["negate", "exp", "add", "divide"]),
        ("silu", ["negate", "exp", "add", "divide", "times x"]),
        ("hardsigmoid", ["add", "compare", "compare", "divide"]),
        ("hardswish", ["add", "compare", "compare", "divide", "times x"]),
        ("tanh", ["tanh"]),
        ("softplus", ["scale", "exp", "add", "log", "divide", "compare"]),
    ],
)
def test_an_element_costs_the_operations_of_its_formula(type_: str, operations: list[str]) -> None:
    layer = made(type_)
    assert layer.output_shape((2, 3, 5)) == (2, 3, 5)
    assert flops(layer, (2, 3, 5)) == 30 * len(operations)
    assert flops(layer, (N, C)) == N * C * len(operations)
    assert required(layer, (N, C)) == []


def test_the_approximation_of_gelu_has_a_cube_and_a_tanh() -> None:
    assert flops(Gelu(approximate="tanh"), (7, 11)) == 9 * 77
    error = refused_fields("gelu", approximate="tan")
    assert (error.code, error.field, error.replacement) == ("SC203", "approximate", "tanh")


@pytest.mark.parametrize(("dim", "rows", "length"), [(-1, 6, 5), (0, 15, 2), (1, 10, 3)])
def test_a_row_of_softmax_costs_its_length_five_times_less_the_first_of_two_reductions(
    dim: int, rows: int, length: int
) -> None:
    reductions = 2 * (length - 1)  # maximum and sum
    assert flops(Softmax(dim=dim), (2, 3, 5)) == rows * (reductions + 3 * length)
    assert flops(LogSoftmax(dim=dim), (2, 3, 5)) == rows * (reductions + 3 * length + 1)


def test_an_axis_that_the_input_does_not_have_is_refused() -> None:
    error = refused(Softmax(dim=2), (7, 5))
    assert (error.code, error.field) == ("SC310", "dim")
    assert error.message == "expects an axis from -2 to 1 as `dim`, receives 2 for [7, 5]"


@pytest.mark.parametrize("type_", ["relu", "sigmoid", "tanh", "softmax", "log_softmax"])
def test_a_gradient_that_is_a_function_of_the_output_saves_the_output(type_: str) -> None:
    assert saved(made(type_), (2, 3)) == {"output": 6}


@pytest.mark.parametrize(
    "type_", ["relu6", "leaky_relu", "elu", "gelu", "silu", "hardswish", "hardsigmoid", "softplus"]
)
def test_any_other_gradient_saves_the_input(type_: str) -> None:
    assert saved(made(type_), (2, 3)) == {"input": 6}


def test_the_memory_of_an_elementwise_function_lies_as_that_of_its_input() -> None:
    assert made("relu").storage is Storage.LIKE
    assert made("softmax").storage is Storage.NEW


def test_a_last_layer_of_probabilities_names_the_loss_that_it_is_computed_with() -> None:
    losses = {type_: made(type_).loss for type_ in ("sigmoid", "softmax", "log_softmax", "relu")}
    assert losses == {
        "sigmoid": "binary_cross_entropy",
        "softmax": "cross_entropy",
        "log_softmax": "cross_entropy",
        "relu": None,
    }


@pytest.mark.parametrize("beta", [0, -1.5])
def test_the_sharpness_of_softplus_is_positive(beta: float) -> None:
    error = refused_fields("softplus", beta=beta)
    assert (error.code, error.field) == ("SC201", "beta")
    assert error.message == f"expects a number above 0 as `beta`, receives {beta}"
