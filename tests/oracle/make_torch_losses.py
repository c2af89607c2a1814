"""Write torch_losses.json: what PyTorch 2.13.0 says of the value and the gradient of every loss of the registry.

Run it as make_torch_layers.py, in the same environment. The same inputs give the same bytes.
"""

from __future__ import annotations

import json
import math
import sys
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TORCH = "2.13.0"
HERE = Path(__file__).parent
ABOUT = (
    "What PyTorch 2.13.0 finds by autograd, in float64 on the CPU. Element i of the predictions is "
    "(((5*i) mod 17) - 8) * 3 / 8, for bce that through a sigmoid, for nll through a log-softmax over the classes; "
    "targets are classes 5*i mod C, or (((4*i + 3) mod 17) - 8) / 8, for bce and bce_with_logits moved into 0 to 1 by "
    "(t + 1) / 2. `torch` is the function, `factor` what its result is multiplied with. "
    "Written by make_torch_losses.py."
)
CLASSES = ("cross_entropy", "nll", "hinge")
SHAPES = ((7,), (5, 3), (2, 5, 3))
CASES: list[tuple[str, Callable[..., torch.Tensor], dict[str, float], dict[str, float]]] = [
    ("cross_entropy", functional.cross_entropy, {}, {}),
    ("nll", functional.nll_loss, {}, {}),
    ("hinge", functional.multi_margin_loss, {}, {}),
    ("hinge", functional.multi_margin_loss, {"delta": 2.5}, {"margin": 2.5}),
    ("mse", functional.mse_loss, {}, {}),
    ("sum_of_squares", functional.mse_loss, {}, {}),
    ("l1", functional.l1_loss, {}, {}),
    ("huber", functional.huber_loss, {}, {}),
    ("huber", functional.huber_loss, {"delta": 0.75}, {"delta": 0.75}),
    ("smooth_l1", functional.smooth_l1_loss, {}, {}),
    ("smooth_l1", functional.smooth_l1_loss, {"beta": 0.75}, {"beta": 0.75}),
    ("bce", functional.binary_cross_entropy, {}, {}),
    ("bce_with_logits", functional.binary_cross_entropy_with_logits, {}, {}),
]


def filled(a: int, b: int, shape: tuple[int, ...]) -> torch.Tensor:
    """A tensor by the rule in ABOUT, exact in binary."""
    flat = [((a * i + b) % 17 - 8) / 8 for i in range(math.prod(shape))]
    return torch.tensor(flat, dtype=torch.float64).reshape(shape)


def rows() -> Iterator[dict[str, Any]]:
    """Each loss over several ranks, summed and averaged; PyTorch's multi_margin_loss takes no more than two axes."""
    for (name, function, ours, theirs), shape, reduction in product(CASES, SHAPES, ("mean", "sum")):
        if name == "hinge" and len(shape) > 2:
            continue
        predictions = filled(5, 0, shape) * 3
        axis = 0 if len(shape) == 1 else 1
        classes = shape[axis]
        if name == "bce":
            predictions = predictions.sigmoid()
        if name == "nll":
            predictions = predictions.log_softmax(axis)
        predictions = predictions.detach().requires_grad_()
        if name in CLASSES:
            rest = shape[:axis] + shape[axis + 1 :]
            targets = torch.tensor([5 * i % classes for i in range(math.prod(rest))]).reshape(rest)
        else:
            targets = filled(4, 3, shape)
            targets = (targets + 1) / 2 if name.startswith("bce") else targets
        factor = {"hinge": classes, "sum_of_squares": 0.5}.get(name, 1)
        value = function(predictions, targets, reduction=reduction, **theirs) * factor
        (gradient,) = torch.autograd.grad(value, [predictions])
        yield {
            "loss": name,
            "torch": f"torch.nn.functional.{function.__name__}",
            "options": ours,
            "shape": shape,
            "reduction": reduction,
            "factor": factor,
            "predictions": predictions.detach().ravel().tolist(),
            "targets": targets.ravel().tolist(),
            "value": value.item(),
            "gradient": gradient.ravel().tolist(),
        }


def main() -> int:
    """Ask PyTorch every case and write the file."""
    if torch.__version__.partition("+")[0] != TORCH:
        print(f"the fixtures come from torch {TORCH}, this is {torch.__version__}", file=sys.stderr)
        return 2
    lines = ",\n".join(json.dumps(row, allow_nan=False) for row in rows())
    head = json.dumps({"about": ABOUT, "torch": TORCH}, indent=1).removesuffix("\n}")
    (HERE / "torch_losses.json").write_text(f'{head},\n "rows": [\n{lines}\n]}}\n', encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
