"""`--optimizer`: the rule by which gradients update weights."""

from __future__ import annotations

from enum import Enum


class Optimizer(Enum):
    """The values of `--optimizer`."""

    SGD = "sgd"
    MOMENTUM = "momentum"
    ADAM = "adam"
