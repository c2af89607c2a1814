"""What a training step costs: weights, optimiser state and arithmetic."""

from __future__ import annotations

import pytest

import shapecalc
from shapecalc.costs.training import training_cost
from shapecalc.costs.training_step import training_step
from shapecalc.dims import evaluate
from shapecalc.shape_inference.engine import inspect_at


@pytest.mark.parametrize(
    ("optimizer", "dtype", "bytes_"),
    [
        # weights, float32 copy, state, gradients of 61,706 weights
        ("sgd", "float32", (4, 0, 0, 4)),
        ("momentum", "float32", (4, 0, 4, 4)),
        ("adam", "float32", (4, 0, 8, 4)),
        ("sgd", "bf16", (2, 4, 0, 2)),
        ("adam", "bf16", (2, 4, 8, 2)),  # 16 bytes for a weight, as in ZeRO
    ],
)
def test_an_optimiser_keeps_its_state_for_each_weight(optimizer: str, dtype: str, bytes_: tuple[int, ...]) -> None:
    static = training_step(inspect_at(shapecalc.load("lenet5"), {"N": 1}), optimizer=optimizer, dtype=dtype).static
    found = (static.weights, static.master, static.state, static.gradients)
    assert found == tuple(61_706 * each for each in bytes_)


def test_a_step_takes_three_times_the_products_but_for_the_first_layers_input() -> None:
    cost = training_cost(shapecalc.load("vgg16"), {}, batch=1)
    work = [[evaluate(count, cost.at) for count in each] for each in cost.step.work]
    forward = sum(each[0] for each in work)
    backward = sum(each[1] + each[2] for each in work)
    assert forward == 15_470_264_320
    assert forward + backward == 3 * forward - 64 * 3 * 9 * 224 * 224


def test_a_recurrent_first_layer_still_goes_back_through_time() -> None:
    cost = training_cost(shapecalc.load("char-rnn"), {"T": 7}, batch=3)
    lstm = cost.step.work[1]
    forward, to_inputs = (evaluate(count, cost.at) for count in (lstm.forward, lstm.to_inputs))
    assert forward - to_inputs == 21 * 4 * 512 * 65
