"""Layers that select, move, join and separate along an axis, of integers too."""

import torch

from torch_cases import Case, Filled

X, IDS = (2, 7, 5), Filled((2, 6), "int64", 9)

CASES = (
    Case("slice", {"dim": 1, "end": -5}, (X,), lambda x: x[:, :-5]),
    Case("slice", {"dim": -1, "start": 1, "end": 4}, (X,), lambda x: x[..., 1:4]),
    Case("slice", {"dim": 1, "start": -6, "step": 3}, (X,), lambda x: x[:, -6::3]),
    Case("slice", {"dim": 0, "end": 1}, (X,), lambda x: x[:1]),
    Case("slice", {"dim": 1, "start": 1, "end": 7, "step": 4}, (X,), lambda x: x[:, 1:7:4]),
    Case("slice", {"dim": 1, "start": 2}, (IDS,), lambda x: x[:, 2:], saves=False),
    Case("roll", {"shifts": [-3, 2], "dims": [1, -1]}, (X,), lambda x: x.roll([-3, 2], [1, -1])),
    Case("roll", {"shifts": 9, "dims": 1}, (X,), lambda x: x.roll(9, 1)),
    Case("roll", {"shifts": [1, 1], "dims": [0, 0]}, (X,), lambda x: x.roll([1, 1], [0, 0])),
    Case("roll", {"shifts": 1, "dims": -1}, (IDS,), lambda x: x.roll(1, -1), saves=False),
    Case("flip", {"dims": [1, -1]}, (X,), lambda x: x.flip([1, -1])),
    Case("flip", {"dims": 0}, (X,), lambda x: x.flip(0)),
    Case("stack", {"dim": 0}, (X, X), lambda *xs: torch.stack(xs)),
    Case("stack", {"dim": -1}, (X, X, X), lambda *xs: torch.stack(xs, -1)),
    Case("stack", {"dim": 2}, (X,), lambda x: torch.stack([x], 2)),
    Case("stack", {"dim": 1}, (IDS, IDS), lambda *xs: torch.stack(xs, 1), saves=False),
    Case("unbind", {"dim": 0}, (X,), lambda x: x.unbind()),
    Case("unbind", {"dim": -2}, (X,), lambda x: x.unbind(-2)),
    Case("unbind", {"dim": 1}, (IDS,), lambda x: x.unbind(1), saves=False),
)
