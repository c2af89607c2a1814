"""`--optimizer`: how gradients change weights."""

from __future__ import annotations

from enum import Enum


class Optimizer(Enum):
    """The words of `--optimizer`."""

    SGD = "sgd"
    MOMENTUM = "momentum"
    ADAM = "adam"
