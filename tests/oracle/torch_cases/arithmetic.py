"""Elementwise arithmetic on inputs that broadcast, and with numbers; integers too."""

from functools import reduce
from operator import add, mul

import torch

from torch_cases import Case, Filled

X, Y, ROW = (2, 3, 4), (2, 3, 4), (4,)
ABOVE_0 = Filled(X, positive=True)
ROW_ABOVE_0 = Filled(ROW, positive=True)
IDS, OTHER_IDS = Filled((3, 4), "int64", 9), Filled((4,), "int64", 5)

CASES = (
    Case("add", {}, (X, ROW), add),
    Case("add", {"other": 0.5}, (X,), lambda x: x + 0.5),
    Case("add", {"other": 2}, (X, Y), lambda x, y: x + y + 2),
    Case("add", {"other": 2}, (IDS,), lambda x: x + 2, saves=False),
    Case("add", {"other": 0.5}, (IDS,), lambda x: x + 0.5, saves=False),
    Case("add", {}, (IDS, X), add),
    Case("multiply", {"other": 0.125}, (X,), lambda x: x * 0.125),
    Case("multiply", {"other": -3}, (X, ROW), lambda x, y: x * y * -3),
    Case("multiply", {"other": 2}, (X, (1, 3, 1), ROW), lambda *xs: reduce(mul, xs) * 2),
    Case("multiply", {"other": 3}, (IDS,), lambda x: x * 3, saves=False),
    Case("multiply", {}, (IDS, OTHER_IDS), mul, saves=False),
    Case("subtract", {}, (X, ROW), lambda x, y: x - y),
    Case("subtract", {"reverse": True}, (ROW, X), lambda x, y: y - x),
    Case("subtract", {"other": 0.5}, (X,), lambda x: x - 0.5),
    Case("subtract", {"other": 1, "reverse": True}, (X,), lambda x: 1 - x),
    Case("subtract", {"other": 1, "reverse": True}, (IDS,), lambda x: 1 - x, saves=False),
    Case("divide", {}, (X, ROW_ABOVE_0), lambda x, y: x / y),
    Case("divide", {"reverse": True}, (ROW_ABOVE_0, X), lambda x, y: y / x),
    Case("divide", {"other": 3}, (X,), lambda x: x / 3),
    Case("divide", {"other": 2, "reverse": True}, (ABOVE_0,), lambda x: 2 / x),
    Case("divide", {"other": 2}, (IDS,), lambda x: x / 2, saves=False),
    Case("divide", {}, (Filled((3, 4), "int64", 9), ROW_ABOVE_0), lambda x, y: x / y),
    Case("power", {}, (ABOVE_0, ROW), lambda x, y: x**y),
    Case("power", {"reverse": True}, (ROW, ABOVE_0), lambda x, y: y**x),
    Case("power", {"other": 3}, (X,), lambda x: x**3),
    Case("power", {"other": 0}, (X,), lambda x: x**0),
    Case("power", {"other": 1}, (X,), lambda x: x**1),
    Case("power", {"other": -0.5}, (ABOVE_0,), lambda x: x**-0.5),
    Case("power", {"other": 2, "reverse": True}, (X,), lambda x: 2**x),
    Case("power", {"other": 2}, (IDS,), lambda x: x**2, saves=False),
    Case("power", {"other": 0.5}, (IDS,), lambda x: x**0.5, saves=False),
    Case("maximum", {}, (X, ROW), torch.maximum),
    Case("maximum", {}, (X, Y, ROW), lambda x, y, z: torch.maximum(torch.maximum(x, y), z)),
    Case("maximum", {"other": 0.25}, (X,), lambda x: x.clamp(min=0.25)),
    Case("maximum", {"other": 0}, (X, ROW), lambda x, y: torch.maximum(x, y).clamp(min=0)),
    Case("maximum", {"other": 4}, (IDS,), lambda x: x.clamp(min=4), saves=False),
    Case("minimum", {}, (X, ROW), torch.minimum),
    Case("minimum", {"other": 0.25}, (X,), lambda x: x.clamp(max=0.25)),
    Case("minimum", {"other": 0}, (X, ROW), lambda x, y: torch.minimum(x, y).clamp(max=0)),
    Case("minimum", {}, (IDS, OTHER_IDS), torch.minimum, saves=False),
)
