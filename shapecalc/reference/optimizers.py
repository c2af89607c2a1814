"""Optimizers: one step from parameters and gradients to new parameters and a new state.

Pure functions over arrays by name. The state is empty at the first step.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, TypeAlias

import numpy as np

from shapecalc.reference.base import Array

Arrays: TypeAlias = Mapping[str, Array]
State: TypeAlias = Mapping[str, Mapping[str, Array]]
"""State between steps, by parameter and by PyTorch's name of the entry."""


class OptimizerStep(NamedTuple):
    """Parameters and state after a step."""

    parameters: dict[str, Array]
    state: State


def sgd(parameters: Arrays, gradients: Arrays, state: State | None = None, *, lr: float) -> OptimizerStep:
    """Return w − lr · g.

    Source: torch.optim.SGD.

    >>> sgd({"w": np.array([1.0])}, {"w": np.array([0.5])}, lr=0.1).parameters
    {'w': array([0.95])}
    """
    return OptimizerStep({name: array - lr * gradients[name] for name, array in parameters.items()}, state or {})


def momentum(
    parameters: Arrays, gradients: Arrays, state: State | None = None, *, lr: float, momentum: float = 0.9
) -> OptimizerStep:
    """Return w − lr · v′ with v′ = μv + g; v starts as the first gradient, and the learning rate is not part of it.

    Source: torch.optim.SGD, `momentum` ("differs from Sutskever et al."), without dampening.
    """
    new_state: dict[str, Mapping[str, Array]] = {}
    updated = {}
    for name, array in parameters.items():
        before = (state or {}).get(name)
        velocity = gradients[name] if before is None else momentum * before["momentum_buffer"] + gradients[name]
        new_state[name] = {"momentum_buffer": velocity}
        updated[name] = array - lr * velocity
    return OptimizerStep(updated, new_state)


def adam(
    parameters: Arrays,
    gradients: Arrays,
    state: State | None = None,
    *,
    lr: float = 1e-3,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
) -> OptimizerStep:
    """Return w − lr · m̂ / (√v̂ + ε), with m′ = β₁m + (1 − β₁)g and v′ = β₂v + (1 − β₂)g².

    Corrected for their start at 0: m̂ = m′ / (1 − β₁ᵗ), v̂ = v′ / (1 − β₂ᵗ), t: number of steps, including this one.
    Source: torch.optim.Adam; Kingma and Ba 2015, algorithm 1.
    """
    first, second = betas

    def initial(array: Array) -> Mapping[str, Array]:
        return {"step": np.zeros(()), "exp_avg": np.zeros_like(array), "exp_avg_sq": np.zeros_like(array)}

    new_state: dict[str, Mapping[str, Array]] = {}
    updated = {}
    for name, array in parameters.items():
        gradient = gradients[name]
        before = (state or {}).get(name) or initial(array)
        step = int(before["step"]) + 1
        mean = first * before["exp_avg"] + (1 - first) * gradient
        square = second * before["exp_avg_sq"] + (1 - second) * gradient * gradient
        spread = np.sqrt(square) / (1 - second**step) ** 0.5 + eps
        new_state[name] = {"step": np.array(float(step)), "exp_avg": mean, "exp_avg_sq": square}
        updated[name] = array - lr / (1 - first**step) * mean / spread
    return OptimizerStep(updated, new_state)
