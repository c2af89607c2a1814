"""Functions of each element: roots, exponentials, logarithms, signs, rounding and bounds."""

import torch

from torch_cases import Case, Filled

X = (2, 3, 4)
ABOVE_0 = Filled(X, positive=True)
IDS = Filled((3, 4), "int64", 9)

CASES = (
    *(Case(name, {}, (ABOVE_0,), getattr(torch, name)) for name in ("sqrt", "rsqrt", "log", "log1p", "reciprocal")),
    *(Case(name, {}, (X,), getattr(torch, name)) for name in ("exp", "expm1", "abs", "square", "negative")),
    *(Case(name, {}, (X,), getattr(torch, name)) for name in ("erf", "sin", "cos", "sign", "floor", "ceil", "round")),
    *(Case(name, {}, (IDS,), getattr(torch, name), saves=False) for name in ("abs", "square", "negative", "sign")),
    Case("clamp", {"min": -0.5, "max": 0.5}, (X,), lambda x: x.clamp(-0.5, 0.5)),
    Case("clamp", {"min": 0.25}, (X,), lambda x: x.clamp(min=0.25)),
    Case("clamp", {"max": 0}, (X,), lambda x: x.clamp(max=0)),
    Case("clamp", {"min": 0.5, "max": -0.5}, (X,), lambda x: x.clamp(0.5, -0.5)),
    Case("clamp", {"min": 2, "max": 5}, (IDS,), lambda x: x.clamp(2, 5), saves=False),
    Case("clamp", {"min": 2.5}, (IDS,), lambda x: x.clamp(min=2.5), saves=False),
)
