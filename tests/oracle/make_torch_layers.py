"""Write torch_layers.json and torch_layers.npz: what PyTorch 2.13.0 says of every case in layer_cases/.

Run it in an environment of its own: python -m venv scratch, scratch/bin/pip install torch==2.13.0 numpy,
scratch/bin/python tests/oracle/make_torch_layers.py. The same inputs give the same bytes.
"""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
from layer_cases import Case, all_cases
from torch.utils.flop_counter import FlopCounterMode
from torch_modules import module

TORCH = "2.13.0"
HERE = Path(__file__).parent
ABOUT = (
    "What PyTorch 2.13.0 says of one layer on one input: shapes, parameters, multiply-accumulates (FlopCounterMode on "
    "the meta device, halved) and values (evaluation mode, float32, CPU). Element i of a filled tensor is "
    "(((a*i + b) mod 17) - 8) / 8; `fill` has a and b of the input and of each parameter; running_var is 1 + its fill "
    "squared; the input is multiplied by `scale` where a case has one. The outputs of all cases stand one after "
    "another, flat, in torch_layers.npz, key `values`. A case with `error` is one that PyTorch refuses, in its words; "
    "with `alone` beside it, that is one kernel's own limit and our rule takes the case. With `ours` PyTorch was not "
    "asked: only our format refuses the case, and why. `note` says where more than one torch call gave "
    "the figures. Written by make_torch_layers.py."
)
FILL = {"input": [5, 0], "weight": [7, 3], "bias": [3, 1], "running_mean": [3, 2], "running_var": [4, 2]}
REFUSALS = (RuntimeError, ValueError, IndexError, TypeError, AssertionError, NotImplementedError)
LONGEST_MESSAGE = 160


def filled(name: str, shape: tuple[int, ...]) -> torch.Tensor:
    """The tensor of a name by the rule in ABOUT, exact in binary."""
    a, b = FILL[name]
    flat = torch.tensor([((a * i + b) % 17 - 8) / 8 for i in range(math.prod(shape))], dtype=torch.float64)
    values = flat.reshape(shape)
    return 1 + values**2 if name == "running_var" else values


def tensors(layer: torch.nn.Module) -> tuple[dict[str, torch.Tensor], dict[str, torch.Tensor]]:
    """Parameters and buffers by their last name, without PyTorch's batch counter."""
    parameters: dict[str, torch.Tensor] = {name.rpartition(".")[2]: tensor for name, tensor in layer.named_parameters()}
    buffers = {name.rpartition(".")[2]: tensor for name, tensor in layer.named_buffers()}
    buffers.pop("num_batches_tracked", None)
    return parameters, buffers


def run(case: Case, dtype: torch.dtype) -> tuple[torch.nn.Module, torch.Tensor]:
    """The layer of a case with filled parameters, and what it gives for the filled input."""
    layer = module(case.layer, case.fields, case.shape).to(dtype).eval()
    parameters, buffers = tensors(layer)
    for name, tensor in (parameters | buffers).items():
        tensor.data.copy_(filled(name, tuple(tensor.shape)))
    return layer, layer((filled("input", case.shape) * case.scale).to(dtype))


def macs(case: Case) -> int:
    """Half of what FlopCounterMode counts without data; on the CPU it misses fused kernels."""
    with torch.device("meta"):
        layer = module(case.layer, case.fields, case.shape).eval()
        x = torch.empty(case.shape)
    with FlopCounterMode(display=False) as counter:
        layer(x)
    flops: int = counter.get_total_flops()
    if flops % 2:
        raise ValueError(f"{case.name}: {flops} FLOPs are odd")
    return flops // 2


def question(case: Case) -> dict[str, Any]:
    """What a case asks, as the fixture shows it."""
    row: dict[str, Any] = {
        "name": case.name,
        "layer": case.layer,
        "fields": dict(case.fields),
        "input": list(case.shape),
    }
    if case.scale != 1:
        row["scale"] = case.scale
    row |= {key: reason for key in ("note", "ours", "alone") if (reason := getattr(case, key))}
    return row


def answer(case: Case) -> tuple[dict[str, Any], np.ndarray | None]:
    """The row of a case and its flat output, or the row of a refusal and None."""
    row = question(case)
    if case.ours:
        return row, None
    try:
        layer, y = run(case, torch.float32)
        if 0 in y.shape:
            raise RuntimeError(f"gives the empty shape {list(y.shape)}")
        exact = run(case, torch.float64)[1]
        row["macs"] = macs(case)
    except REFUSALS as refused:
        return {**row, "error": str(refused).partition("\n")[0][:LONGEST_MESSAGE]}, None
    # The tests allow 1e-5: PyTorch's own rounding must not use that up.
    torch.testing.assert_close(y.double(), exact, rtol=5e-6, atol=5e-6, msg=lambda text: f"{case.name}: {text}")
    parameters, buffers = tensors(layer)
    row |= {
        "output": list(y.shape),
        "parameters": {name: list(tensor.shape) for name, tensor in parameters.items()},
        "buffers": {name: list(tensor.shape) for name, tensor in buffers.items()},
        "params": sum(tensor.numel() for tensor in parameters.values()),
        "buffer_count": sum(tensor.numel() for tensor in buffers.values()),
    }
    return row, y.detach().numpy().ravel()


def main() -> int:
    """Ask PyTorch every case and write both files."""
    if torch.__version__.partition("+")[0] != TORCH:
        print(f"the fixtures come from torch {TORCH}, this is {torch.__version__}", file=sys.stderr)
        return 2
    torch.set_grad_enabled(False)
    rows, outputs = [], []
    for case in all_cases():
        row, output = answer(case)
        drawn = ", draw " in case.name
        if case.refused != (output is None) and not drawn:
            print(f"{case.name}: expected {'a refusal' if case.refused else 'values'}, got {row}", file=sys.stderr)
            return 1
        rows.append(row)
        if output is not None:
            outputs.append(output)
    head = {"about": ABOUT, "torch": TORCH, "fill": FILL}
    lines = ",\n".join(json.dumps(row, allow_nan=False) for row in rows)
    text = json.dumps(head, indent=1).removesuffix("\n}") + f',\n "cases": [\n{lines}\n]}}\n'
    (HERE / "torch_layers.json").write_text(text, encoding="utf-8")
    np.savez_compressed(HERE / "torch_layers.npz", values=np.concatenate(outputs))
    print(f"{len(outputs)} cases with values, {len(rows) - len(outputs)} refusals, {sum(map(len, outputs))} values")
    return 0


if __name__ == "__main__":
    sys.exit(main())
