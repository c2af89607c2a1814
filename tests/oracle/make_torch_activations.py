"""Write torch_activations.json: activation functions, their range and saturation, by PyTorch 2.13.0.

Run it as make_torch_layers.py, in the same environment. The same inputs give the same bytes.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional

if TYPE_CHECKING:
    from collections.abc import Callable

TORCH = "2.13.0"
HERE = Path(__file__).parent
FLAT = 0.01
ABOUT = (
    "What PyTorch 2.13.0 finds by autograd, in float64 on the CPU: `value` and `derivative` at each x of `x`; `least` "
    "and `greatest` value of 800,001 points from -40 to 40; `below` and `above`, the ends of where the derivative "
    f"stays within {FLAT} of 0 out to -1000 and 1000, by bisection of the derivative, null without one. With `others`, "
    "x is the first of the scores. Written by make_torch_activations.py."
)
X = [-7.5, -5.0, -3.0, -2.25, -1.0, -0.5, 0.0, 0.125, 0.75, 1.5, 3.0, 4.25, 6.0, 8.0]
CASES: list[tuple[str, Callable[..., torch.Tensor], dict[str, Any], list[float]]] = [
    ("relu", functional.relu, {}, []),
    ("relu6", functional.relu6, {}, []),
    ("leaky_relu", functional.leaky_relu, {}, []),
    ("leaky_relu", functional.leaky_relu, {"negative_slope": 0.2}, []),
    ("leaky_relu", functional.leaky_relu, {"negative_slope": 0.001}, []),
    ("leaky_relu", functional.leaky_relu, {"negative_slope": 0.0}, []),
    ("leaky_relu", functional.leaky_relu, {"negative_slope": -0.5}, []),
    ("elu", functional.elu, {}, []),
    ("elu", functional.elu, {"alpha": 3.0}, []),
    ("elu", functional.elu, {"alpha": 0.005}, []),
    ("gelu", functional.gelu, {}, []),
    ("gelu", functional.gelu, {"approximate": "tanh"}, []),
    ("silu", functional.silu, {}, []),
    ("hardswish", functional.hardswish, {}, []),
    ("hardsigmoid", functional.hardsigmoid, {}, []),
    ("hardsigmoid", lambda x, alpha: (alpha * x + 0.5).clamp(0, 1), {"alpha": 0.2}, []),
    ("sigmoid", torch.sigmoid, {}, []),
    ("tanh", torch.tanh, {}, []),
    ("softplus", functional.softplus, {}, []),
    ("softplus", functional.softplus, {"beta": 0.25}, []),
    ("softplus", functional.softplus, {"beta": 2.0, "threshold": -1.0}, []),
    ("softmax", functional.softmax, {}, [0.0]),
    ("softmax", functional.softmax, {}, [-2.0, 0.0, 1.5]),
    ("log_softmax", functional.log_softmax, {}, [0.0]),
    ("log_softmax", functional.log_softmax, {}, [1000.0, 1001.0]),
    ("selu", functional.selu, {}, []),
    ("celu", functional.celu, {"alpha": 2.0}, []),
    ("mish", functional.mish, {}, []),
    ("quick_gelu", lambda x: x * torch.sigmoid(1.702 * x), {}, []),
    ("hardtanh", functional.hardtanh, {"min_val": -2.0}, []),
    ("threshold", functional.threshold, {"threshold": 1.0, "value": 0.0}, []),
    ("softsign", functional.softsign, {}, []),
    ("logsigmoid", functional.logsigmoid, {}, []),
    ("hard_shrink", functional.hardshrink, {"lambd": 0.6}, []),
    ("soft_shrink", functional.softshrink, {"lambd": 0.6}, []),
    ("tanhshrink", functional.tanhshrink, {}, []),
]


def curve(
    function: Callable[..., torch.Tensor], fields: dict[str, Any], others: list[float], x: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """The function of each number, and its derivative."""
    x = x.clone().requires_grad_()
    if others:
        rows = torch.cat([x[:, None], torch.tensor(others, dtype=x.dtype).expand(len(x), -1)], dim=1)
        y = function(rows, dim=-1)[:, 0]
    else:
        y = function(x, **fields)
    (slope,) = torch.autograd.grad(y.sum(), [x])
    return y.detach(), slope


def end(function: Callable[..., torch.Tensor], fields: dict[str, Any], others: list[float], side: int) -> float | None:
    """The end of the flat part on one side."""
    centre = max(others, default=0.0)
    x = centre + side * torch.arange(1000.0, -1000.0, -0.25, dtype=torch.float64)
    steep = torch.nonzero(curve(function, fields, others, x)[1].abs() >= FLAT)
    first = int(steep[0])
    if first == 0:
        return None
    outside, inside = float(x[first - 1]), float(x[first])
    for _ in range(60):
        middle = (outside + inside) / 2
        slope = curve(function, fields, others, torch.tensor([middle], dtype=torch.float64))[1]
        if abs(float(slope[0])) < FLAT:
            outside = middle
        else:
            inside = middle
    return outside


def main() -> int:
    """Ask PyTorch every case and write the file."""
    if torch.__version__.partition("+")[0] != TORCH:
        print(f"the fixtures come from torch {TORCH}, this is {torch.__version__}", file=sys.stderr)
        return 2
    lines = []
    for name, function, fields, others in CASES:
        value, derivative = curve(function, fields, others, torch.tensor(X, dtype=torch.float64))
        everywhere, _ = curve(function, fields, others, torch.linspace(-40, 40, 800_001, dtype=torch.float64))
        row = {
            "layer": name,
            "fields": fields,
            "others": others,
            "value": value.tolist(),
            "derivative": derivative.tolist(),
            "least": everywhere.min().item(),
            "greatest": everywhere.max().item(),
            "below": end(function, fields, others, -1),
            "above": end(function, fields, others, 1),
        }
        lines.append(json.dumps(row, allow_nan=False))
    head = json.dumps({"about": ABOUT, "torch": TORCH, "x": X}).removesuffix("}")
    joined = ",\n".join(lines)
    (HERE / "torch_activations.json").write_text(f'{head}, "rows": [\n{joined}\n]}}\n', encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
