"""Reductions over one axis, several or all; norms; and vectors divided by their norm."""

from collections.abc import Callable
from math import inf
from typing import Any

import torch
from torch.nn import functional

from torch_cases import Case, Filled

X = (2, 3, 4)
IDS, FLAGS = Filled((3, 4), "int64", 9), Filled((3, 4), "bool")
AXES: tuple[dict[str, Any], ...] = (
    {"dim": 1},
    {"dim": -1, "keepdim": True},
    {"dim": [0, 2]},
    {"dim": [2, 1], "keepdim": True},
    {"dim": None},
)


def over(axes: dict[str, Any], reduce: Callable[..., torch.Tensor], **options: Any) -> Callable[..., torch.Tensor]:
    dim = axes["dim"]
    named = {"dim": tuple(range(3)) if dim is None else tuple(dim) if isinstance(dim, list) else dim}
    return lambda x: reduce(x, **named, keepdim=axes.get("keepdim", False), **options)


def product(x: torch.Tensor, dim: Any, *, keepdim: bool) -> torch.Tensor:
    """torch.prod takes a single axis, or all without `keepdim`."""
    if dim == (0, 1, 2):
        return x.prod()
    for axis in sorted((dim,) if isinstance(dim, int) else dim, key=lambda axis: axis % 3, reverse=True):
        x = x.prod(axis, keepdim=keepdim)
    return x


REDUCTIONS = {
    "mean": torch.mean,
    "max": torch.amax,
    "min": torch.amin,
    "sum": torch.sum,
    "prod": product,
    "logsumexp": torch.logsumexp,
    "var": torch.var,
    "std": torch.std,
    "norm": lambda x, dim, *, keepdim: torch.linalg.vector_norm(x, 2, dim, keepdim=keepdim),
}

CASES = (
    *(Case(word, axes, (X,), over(axes, reduce)) for word, reduce in REDUCTIONS.items() for axes in AXES),
    Case("var", {"dim": 1, "correction": 0}, (X,), lambda x: x.var(1, correction=0)),
    Case("std", {"dim": [1, 2], "correction": 2.5}, (X,), lambda x: x.std((1, 2), correction=2.5)),
    *(
        Case("norm", {"dim": 2, "p": p}, (X,), lambda x, p=p: torch.linalg.vector_norm(x, p, 2))
        for p in (0, 0.5, 1, 1.5, 3, inf, -inf)
    ),
    Case("sum", {"dim": 1}, (IDS,), lambda x: x.sum(1), saves=False),
    Case("sum", {"dim": 1}, (FLAGS,), lambda x: x.sum(1), saves=False),
    Case("max", {"dim": 0}, (IDS,), lambda x: x.amax(0), saves=False),
    Case("min", {"dim": 0}, (IDS,), lambda x: x.amin(0), saves=False),
    Case("prod", {"dim": 0}, (IDS,), lambda x: x.prod(0), saves=False),
    Case("normalize", {}, (X,), functional.normalize),
    Case("normalize", {"dim": -1, "p": 1}, (X,), lambda x: functional.normalize(x, 1, -1)),
    Case("normalize", {"dim": [1, 2], "p": 3}, (X,), lambda x: functional.normalize(x, 3, (1, 2))),  # type: ignore[arg-type]
    Case("normalize", {"p": inf}, (X,), lambda x: functional.normalize(x, inf)),
    Case("normalize", {"eps": 1.5}, (X,), lambda x: functional.normalize(x, eps=1.5)),
)
