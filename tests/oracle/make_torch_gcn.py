"""Write torch_gcn.json: a graph convolutional network in PyTorch, as pygcn of the paper's author computes it.

Run it as make_torch_layers.py, in the same environment. The same script gives the same bytes.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import torch
from torch.utils.flop_counter import FlopCounterMode

HERE = Path(__file__).parent
ABOUT = (
    "Kipf and Welling's GCN on PyTorch 2.13.0, CPU, as pygcn: log_softmax(Â relu(Â X W + b) V + c), Â dense. `cora`: "
    "parameters, and multiply-accumulates (FlopCounterMode, halved) at 2,708 papers of 1,433 words, 16 hidden and "
    "7 classes. `small`: the scores of `vertices`, `features`, `hidden` and `classes` in float64; X, Â, W, b, V, c are "
    "filled: element i of tensor k is ((7919 i + 104729 k) mod 10007) / 10007 − 1/2. Written by make_torch_gcn.py."
)
SMALL = {"vertices": 5, "features": 1433, "hidden": 3, "classes": 4}


def scores(*tensors: torch.Tensor) -> torch.Tensor:
    """Return the scores, of X, Â, W, b, V and c."""
    x, adjacency, weight, bias, last, last_bias = tensors
    hidden = (adjacency @ (x @ weight) + bias).relu()
    return torch.log_softmax(adjacency @ (hidden @ last) + last_bias, dim=1)


def shapes(vertices: int, features: int, hidden: int, classes: int) -> list[tuple[int, ...]]:
    """Return the shapes of X, Â, W, b, V and c."""
    return [(vertices, features), (vertices, vertices), (features, hidden), (hidden,), (hidden, classes), (classes,)]


def filled(k: int, shape: tuple[int, ...]) -> torch.Tensor:
    """Return the values of a tensor."""
    i = torch.arange(torch.Size(shape).numel(), dtype=torch.int64)
    return (((7919 * i + 104729 * k) % 10007).double() / 10007 - 0.5).reshape(shape)


def main() -> int:
    """Compute both networks."""
    if torch.__version__.partition("+")[0] != "2.13.0":
        print(f"the fixtures come from torch 2.13.0, this is {torch.__version__}", file=sys.stderr)
        return 2
    cora = [torch.empty(shape, device="meta") for shape in shapes(2708, 1433, 16, 7)]
    with FlopCounterMode(display=False) as counter:
        scores(*cora)
    small = scores(*(filled(k, shape) for k, shape in enumerate(shapes(**SMALL))))
    result = {
        "about": ABOUT,
        "torch": "2.13.0",
        "cora": {"params": sum(each.numel() for each in cora[2:]), "macs": counter.get_total_flops() // 2},
        "small": {**SMALL, "scores": [round(value, 9) for value in small.ravel().tolist()]},
    }
    (HERE / "torch_gcn.json").write_text(json.dumps(result) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
