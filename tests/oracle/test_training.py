"""The rows `values` of oracle.json that go forwards, through a loss, and back: every gradient, in float64."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from shapecalc.reference import find, find_backward
from shapecalc.reference.base import Call
from shapecalc.reference.gradients import Context
from shapecalc.reference.losses import cross_entropy
from tests.oracle.test_values import VALUES, filled

if TYPE_CHECKING:
    from shapecalc.reference.base import Array
    from tests.oracle.test_values import Row

RNN_FIELDS = {"hidden_size": 4, "num_layers": 1, "bias": True, "batch_first": False, "bidirectional": False}


def case(op: str) -> Row:
    (row,) = [row for row in VALUES if row["op"] == op]
    return row


def parameter(number: int, *shape: int) -> Array:
    return filled(7, 3 + number, list(shape)) / 2


def forward(word: str, fields: dict[str, Any], parameters: dict[str, Array], x: Array) -> Context:
    call = Call(word, word, fields, parameters, ("x",), ("y",))
    result = find(word).run(call, x)
    return Context(call, (x,), result if isinstance(result, tuple) else (result,))


def expected(row: Row, name: str) -> Array:
    return np.reshape(row[f"grad_{name}"]["values"], row[f"grad_{name}"]["shape"])


def compare(row: Row, found: dict[str, Array]) -> None:
    assert {f"grad_{name}" for name in found} == {key for key in row if key.startswith("grad_")}
    for name, gradient in found.items():
        np.testing.assert_allclose(gradient, expected(row, name), rtol=1e-8, atol=1e-9, err_msg=name)


def test_gradients_go_back_through_time_from_cross_entropy() -> None:
    row = case("rnn+linear+cross_entropy")
    shapes = {"weight_ih_l0": (4, 3), "weight_hh_l0": (4, 4), "bias_ih_l0": (4,), "bias_hh_l0": (4,)}
    weights = {name: parameter(k, *shape) for k, (name, shape) in enumerate(shapes.items())}
    steps = forward("rnn", {**RNN_FIELDS, "nonlinearity": "tanh"}, weights, np.eye(3)[[0, 1, 2, 1]][:, None])
    output = forward(
        "linear", {"bias": True}, {"weight": parameter(0, 3, 4), "bias": parameter(1, 3)}, steps.outputs[0]
    )
    loss = cross_entropy(output.outputs[0][:, 0], np.array(row["inputs"]["targets"]), reduction="sum")
    assert abs(loss.value - row["values"][0]) < 1e-8
    after = find_backward("linear")(output, loss.gradient[:, None])
    before = find_backward("rnn")(steps, after.inputs[0], None)
    compare(row, {**before.parameters, **{f"out_{name}": gradient for name, gradient in after.parameters.items()}})


def test_gradients_go_back_through_two_layers_from_mean_cross_entropy() -> None:
    row = case("mlp")
    x = filled(5, 0, [5, 3])
    first = forward("linear", {"bias": True}, {"weight": parameter(0, 4, 3), "bias": parameter(1, 4)}, x)
    hidden = forward("sigmoid", {}, {}, first.outputs[0])
    second = forward(
        "linear", {"bias": True}, {"weight": parameter(2, 2, 4), "bias": parameter(3, 2)}, hidden.outputs[0]
    )
    loss = cross_entropy(second.outputs[0], np.array(row["inputs"]["targets"]))
    assert abs(loss.value - row["values"][0]) < 1e-9
    after = find_backward("linear")(second, loss.gradient)
    between = find_backward("sigmoid")(hidden, after.inputs[0])
    before = find_backward("linear")(first, between.inputs[0])
    found = {f"0.{name}": gradient for name, gradient in before.parameters.items()}
    compare(row, {**found, **{f"2.{name}": gradient for name, gradient in after.parameters.items()}})
