"""Steps of optimisers by hand, from their papers' formulas."""

from __future__ import annotations

import numpy as np
import pytest

from shapecalc.reference.optimizers import adam, momentum, sgd

W, G = {"w": np.array([1.0, -2.0])}, {"w": np.array([0.5, 4.0])}


def test_gradient_descent_steps_against_the_gradient() -> None:
    stepped = sgd(W, G, lr=0.1)
    assert stepped.parameters["w"].tolist() == pytest.approx([0.95, -2.4])
    assert stepped.state == {}


def test_momentum_adds_its_share_of_the_velocity_before() -> None:
    """v₁ = g, v₂ = μv₁ + g (torch.optim.SGD): with one gradient throughout 1, 1 + μ and 1 + μ + μ² of it."""
    parameters, state = W, None
    for velocity in (1, 1.5, 1.75):
        before = parameters["w"]
        parameters, state = momentum(parameters, G, state, lr=0.1, momentum=0.5)
        np.testing.assert_allclose(before - parameters["w"], 0.1 * velocity * G["w"])


def test_the_first_step_of_adam_is_the_rate_in_the_direction_of_the_gradient() -> None:
    """Kingma and Ba 2015, section 2.1: the step is about α at most, whatever the scale of the gradient."""
    for scale in (1e-3, 1.0, 1e3):
        stepped = adam(W, {"w": scale * G["w"]}, lr=0.1, eps=0.0)
        np.testing.assert_allclose(stepped.parameters["w"], W["w"] - 0.1)


def test_two_steps_of_adam_are_those_of_algorithm_1() -> None:
    once = adam(W, G, lr=0.1, betas=(0.5, 0.75), eps=0.25)
    twice = adam(once.parameters, {"w": -G["w"]}, once.state, lr=0.1, betas=(0.5, 0.75), eps=0.25)
    mean, square = (0.5 * 0.5 - 0.5) * G["w"], (0.75 * 0.25 + 0.25) * G["w"] ** 2
    expected = once.parameters["w"] - 0.1 * (mean / (1 - 0.5**2)) / (np.sqrt(square / (1 - 0.75**2)) + 0.25)
    np.testing.assert_allclose(twice.parameters["w"], expected)
    assert twice.state["w"]["step"] == 2


@pytest.mark.parametrize("optimizer", [sgd, momentum, adam])
def test_no_parameter_or_gradient_is_overwritten(optimizer: object) -> None:
    before = W["w"].copy(), G["w"].copy()
    assert callable(optimizer)
    state = optimizer(W, G, lr=0.1).state
    optimizer(W, G, state, lr=0.1)
    np.testing.assert_array_equal((W["w"], G["w"]), before)
