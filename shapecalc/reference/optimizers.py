"""Optimisers: one step from parameters and their gradients to new parameters, and what is kept for the next step.

Plain functions over arrays by name. The state of the first step is empty; each gives the next. Nothing is written over.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, TypeAlias

import numpy as np

from shapecalc.reference.base import Array

Arrays: TypeAlias = Mapping[str, Array]
State: TypeAlias = Mapping[str, Mapping[str, Array]]
"""What is kept between steps, by parameter and by PyTorch's name of it."""


class Stepped(NamedTuple):
    """The parameters after a step, and the state for the next."""

    parameters: dict[str, Array]
    state: State


def sgd(parameters: Arrays, gradients: Arrays, state: State | None = None, *, lr: float) -> Stepped:
    """Step against the gradient, w − lr · g.

    Source: torch.optim.SGD.

    >>> sgd({"w": np.array([1.0])}, {"w": np.array([0.5])}, lr=0.1).parameters
    {'w': array([0.95])}
    """
    return Stepped({name: array - lr * gradients[name] for name, array in parameters.items()}, state or {})


def momentum(
    parameters: Arrays, gradients: Arrays, state: State | None = None, *, lr: float, momentum: float = 0.9
) -> Stepped:
    """v′ = μv + g, then w − lr · v′; v begins as the first gradient, and the rate is outside of it.

    Source: torch.optim.SGD, `momentum` ("differs from Sutskever et al."), without dampening.
    """
    kept: dict[str, Mapping[str, Array]] = {}
    stepped = {}
    for name, array in parameters.items():
        before = (state or {}).get(name)
        velocity = gradients[name] if before is None else momentum * before["momentum_buffer"] + gradients[name]
        kept[name] = {"momentum_buffer": velocity}
        stepped[name] = array - lr * velocity
    return Stepped(stepped, kept)


def adam(
    parameters: Arrays,
    gradients: Arrays,
    state: State | None = None,
    *,
    lr: float = 1e-3,
    betas: tuple[float, float] = (0.9, 0.999),
    eps: float = 1e-8,
) -> Stepped:
    """m′ = β₁m + (1 − β₁)g, v′ = β₂v + (1 − β₂)g²; w − lr · m̂ / (√v̂ + ε), both freed of their start at zero.

    m̂ = m′ / (1 − β₁ᵗ), v̂ = v′ / (1 − β₂ᵗ), t: steps so far.
    Source: torch.optim.Adam; Kingma and Ba 2015, algorithm 1.
    """
    first, second = betas

    def fresh(array: Array) -> Mapping[str, Array]:
        return {"step": np.zeros(()), "exp_avg": np.zeros_like(array), "exp_avg_sq": np.zeros_like(array)}

    kept: dict[str, Mapping[str, Array]] = {}
    stepped = {}
    for name, array in parameters.items():
        gradient = gradients[name]
        before = (state or {}).get(name) or fresh(array)
        step = int(before["step"]) + 1
        mean = first * before["exp_avg"] + (1 - first) * gradient
        square = second * before["exp_avg_sq"] + (1 - second) * gradient * gradient
        spread = np.sqrt(square) / (1 - second**step) ** 0.5 + eps
        kept[name] = {"step": np.array(float(step)), "exp_avg": mean, "exp_avg_sq": square}
        stepped[name] = array - lr / (1 - first**step) * mean / spread
    return Stepped(stepped, kept)
