"""Activation functions with pieces, gates and shrinkage."""

import torch
from torch.nn import functional

from torch_cases import Case, Filled

X = (2, 3, 4)


def with_slopes(x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    return functional.prelu(x, weight)


CASES = (
    Case("prelu", {}, (X,), with_slopes, {"weight": (3,)}),
    Case("prelu", {"num_parameters": 1}, (X,), with_slopes, {"weight": (1,)}),
    Case("prelu", {"num_parameters": 3}, ((2, 3),), with_slopes, {"weight": (3,)}),
    Case("selu", {}, (X,), functional.selu),
    Case("celu", {}, (X,), functional.celu),
    Case("celu", {"alpha": 0.5}, (X,), lambda x: functional.celu(x, 0.5)),
    Case("hardtanh", {}, (X,), functional.hardtanh),
    Case("hardtanh", {"min_val": -0.5, "max_val": 0.25}, (X,), lambda x: functional.hardtanh(x, -0.5, 0.25)),
    Case("threshold", {"threshold": 0.25, "value": -1.5}, (X,), lambda x: functional.threshold(x, 0.25, -1.5)),
    Case("hard_shrink", {}, (X,), functional.hardshrink),
    Case("hard_shrink", {"lambd": 0.25}, (X,), lambda x: functional.hardshrink(x, 0.25)),
    Case("soft_shrink", {}, (X,), functional.softshrink),
    Case("soft_shrink", {"lambd": 0.25}, (X,), lambda x: functional.softshrink(x, 0.25)),
    Case("tanhshrink", {}, (X,), functional.tanhshrink),
    Case("softsign", {}, (X,), functional.softsign),
    Case("logsigmoid", {}, (X,), functional.logsigmoid),
    Case("mish", {}, (X,), functional.mish),
    Case("quick_gelu", {}, (X,), lambda x: x * torch.sigmoid(1.702 * x)),
    Case("glu", {}, (X,), functional.glu),
    Case("glu", {"dim": 1}, (Filled((3, 6, 2)),), lambda x: functional.glu(x, 1)),
    Case("hardsigmoid", {}, (X,), functional.hardsigmoid),
    Case("hardsigmoid", {"alpha": 0.2}, (X,), lambda x: (x * 0.2 + 0.5).clamp(0, 1), saves=False),
    Case("hardsigmoid", {"alpha": 2, "beta": 0.3}, (X,), lambda x: (x * 2 + 0.3).clamp(0, 1), saves=False),
)
