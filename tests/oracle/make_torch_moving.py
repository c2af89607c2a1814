"""Write torch_moving.json: what PyTorch 2.13.0 says of layers that move numbers or take some away, and of a scale.

Run it as make_torch_layers.py, in the same environment. The same inputs give the same bytes.
"""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import Any

import torch
from layer_cases import Case, moving, without_repetition
from torch import nn
from torch_modules import Applied

TORCH = "2.13.0"
HERE = Path(__file__).parent
ABOUT = (
    "What PyTorch 2.13.0 says of one layer that moves numbers, or multiplies each by a factor: shapes, parameters and "
    "values (evaluation mode, float32, CPU), flat. Number i of the first input is i, of a second one -i; number i of a "
    "weight is (i + 2) / 4, of a bias (3 - i) / 2: all of it is exact in binary, and no two numbers of an input are "
    "alike. A case with `error` is one that PyTorch refuses, in its words; with `ours` only our format does, and why. "
    "`note` says where no one torch call gave the figures. Written by make_torch_moving.py."
)
REFUSALS = (RuntimeError, ValueError, IndexError)
LONGEST_MESSAGE = 160


class Scaled(nn.Module):
    """A factor, and maybe an addend, for each entry of one axis."""

    def __init__(self, shape: tuple[int, ...], *, dim: int, bias: bool) -> None:
        super().__init__()
        self.laid = [-1 if axis == dim % len(shape) else 1 for axis in range(len(shape))]
        self.weight = nn.Parameter(torch.empty(shape[dim]))
        self.bias = nn.Parameter(torch.empty(shape[dim])) if bias else None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        scaled = self.weight.reshape(self.laid) * x
        return scaled if self.bias is None else scaled + self.bias.reshape(self.laid)


def cropped(x: torch.Tensor, sizes: Any) -> torch.Tensor:
    """The middle of space."""
    sizes = sizes if isinstance(sizes, list | tuple) else [sizes] * (x.ndim - 2)
    for axis, size in enumerate(sizes, start=2):
        x = x.narrow(axis, (x.shape[axis] - size) // 2, size)
    return x


def module(case: Case) -> nn.Module:
    """The layer of a case as PyTorch has it."""
    fields = dict(case.fields)
    if case.layer == "scale":
        return Scaled(case.shape, **fields)
    if case.layer == "center_crop":
        return nn.Identity() if case.more else Applied(lambda x: cropped(x, fields["size"]))
    if case.layer == "squeeze":
        dim = fields["dim"]
        return Applied(lambda x: x.squeeze(tuple(dim) if isinstance(dim, list) else dim))
    if case.layer == "unsqueeze":
        return Applied(lambda x: x.unsqueeze(fields["dim"]))
    if case.layer == "stochastic_depth":
        return nn.Identity()
    kinds = {"channel_shuffle": nn.ChannelShuffle, "pixel_shuffle": nn.PixelShuffle}
    return kinds.get(case.layer, nn.PixelUnshuffle)(**fields)


def filled(shape: tuple[int, ...], a: float, b: float) -> torch.Tensor:
    """A tensor whose number i is a·i + b."""
    return (torch.arange(math.prod(shape), dtype=torch.float32) * a + b).reshape(shape)


def answer(case: Case) -> dict[str, Any]:
    """The row of a case."""
    inputs = [list(shape) for shape in (case.shape, *case.more)]
    row: dict[str, Any] = {"name": case.name, "layer": case.layer, "fields": dict(case.fields), "inputs": inputs}
    row |= {key: reason for key in ("note", "ours") if (reason := getattr(case, key))}
    if case.ours:
        return row
    layer = module(case).eval()
    parameters = dict(layer.named_parameters())
    for name, tensor in parameters.items():
        tensor.data.copy_(filled(tuple(tensor.shape), *((0.25, 0.5) if name == "weight" else (-0.5, 1.5))))
    x = filled(case.shape, 1, 0)
    try:
        y = cropped(x, case.more[0][2:]) if case.more else layer(x)
    except REFUSALS as refused:
        return {**row, "error": str(refused).partition("\n")[0][:LONGEST_MESSAGE]}
    return row | {
        "output": list(y.shape),
        "parameters": {name: list(tensor.shape) for name, tensor in parameters.items()},
        "values": [int(value) if value.is_integer() else value for value in y.ravel().tolist()],
    }


def main() -> int:
    """Ask PyTorch every case and write the file."""
    if torch.__version__.partition("+")[0] != TORCH:
        print(f"the fixtures come from torch {TORCH}, this is {torch.__version__}", file=sys.stderr)
        return 2
    torch.set_grad_enabled(False)
    rows = []
    for case in without_repetition(moving):
        row = answer(case)
        if case.refused != ("values" not in row) and ": draw " not in case.name:
            print(f"{case.name}: expected {'a refusal' if case.refused else 'values'}, got {row}", file=sys.stderr)
            return 1
        rows.append(row)
    lines = ",\n".join(json.dumps(row, allow_nan=False) for row in rows)
    head = json.dumps({"about": ABOUT, "torch": TORCH}, indent=1).removesuffix("\n}")
    (HERE / "torch_moving.json").write_text(f'{head},\n "cases": [\n{lines}\n]}}\n', encoding="utf-8")
    print(f"{sum('values' in row for row in rows)} cases with values of {len(rows)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
