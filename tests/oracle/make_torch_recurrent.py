"""Write torch_recurrent.json and torch_recurrent.npz: what PyTorch 2.13.0 says of sequences, indices and reductions.

Run it as make_torch_layers.py, in the same environment. The same inputs give the same bytes.
"""

from __future__ import annotations

import json
import math
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
from layer_cases import Case, sequence_cases
from torch.utils.flop_counter import FlopCounterMode
from torch_modules import module

TORCH = "2.13.0"
HERE = Path(__file__).parent
ABOUT = (
    "What PyTorch 2.13.0 says of one layer on its inputs: shapes of every output, parameters, multiply-accumulates "
    "(FlopCounterMode on the meta device, halved) and values (evaluation mode, float32, CPU). Element i of a filled "
    "tensor is (((a*i + b) mod 17) - 8) / 8, with a and b of `fill.inputs` for each input in turn; parameter number k "
    "is filled with a = 7, b = 3 + k and then halved. The inputs are multiplied by `scale` where a case has one. Where "
    "it has `below`, its input is whole numbers (int64), element i being 5*i mod below; where it has `cells`, those "
    "are the first input, whole numbers if all of them are. The outputs of all cases stand one after another, flat, in "
    "torch_recurrent.npz, key `values`. A case with `error` is one that PyTorch refuses, in its words; with `ours` "
    "only our format does, and why. `note` says where more than one torch call gave the figures. Written by "
    "make_torch_recurrent.py."
)
FILL = {"inputs": [[5, 0], [4, 3], [6, 1]], "parameters": [7, 3]}
REFUSALS = (RuntimeError, ValueError, IndexError, TypeError, AssertionError)
LONGEST_MESSAGE = 160
OUTPUTS = ("output", "h_n", "c_n")


def filled(a: int, b: int, shape: tuple[int, ...]) -> torch.Tensor:
    """A tensor by the rule in ABOUT, exact in binary."""
    flat = [((a * i + b) % 17 - 8) / 8 for i in range(math.prod(shape))]
    return torch.tensor(flat, dtype=torch.float64).reshape(shape)


def inputs(case: Case, dtype: torch.dtype) -> list[torch.Tensor]:
    """The inputs of a case by the rule in ABOUT."""
    shapes = (case.shape, *case.more)
    if case.below:
        return [torch.tensor([5 * i % case.below for i in range(math.prod(shape))]).reshape(shape) for shape in shapes]
    made = [(filled(*FILL["inputs"][j], shape) * case.scale).to(dtype) for j, shape in enumerate(shapes)]
    if case.cells:
        whole = all(isinstance(cell, int) for cell in case.cells)
        made[0] = torch.tensor(case.cells, dtype=torch.int64 if whole else dtype).reshape(case.shape)
    return made


def called(layer: torch.nn.Module, arrays: list[torch.Tensor]) -> dict[str, torch.Tensor]:
    """Every output by name; recurrent layers take their states, and an LSTM both in a tuple."""
    if not isinstance(layer, torch.nn.RNNBase):
        return {"output": layer(*arrays)}
    x, *states = arrays
    given = () if not states else (tuple(states),) if isinstance(layer, torch.nn.LSTM) else (states[0],)
    output, last = layer(x, *given)
    return dict(zip(OUTPUTS, (output, *(last if isinstance(last, tuple) else (last,))), strict=False))


def run(case: Case, dtype: torch.dtype) -> tuple[torch.nn.Module, dict[str, torch.Tensor]]:
    """The layer of a case with filled parameters, and what it gives for the filled inputs."""
    layer = module(case.layer, case.fields, case.shape).to(dtype).eval()
    a, b = FILL["parameters"]
    for k, tensor in enumerate(layer.parameters()):
        tensor.data.copy_(filled(a, b + k, tuple(tensor.shape)) / 2)
    return layer, called(layer, inputs(case, dtype))


def macs(case: Case) -> int:
    """Half of what FlopCounterMode counts without data; on the CPU it misses fused kernels."""
    if case.layer == "one_hot":  # the meta device cannot say whether an index is a class
        return 0
    with torch.device("meta"):
        layer = module(case.layer, case.fields, case.shape).eval()
    arrays = [tensor.to("meta") for tensor in inputs(case, torch.float32)]
    with FlopCounterMode(display=False) as counter:
        called(layer, arrays)
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
        "inputs": [list(shape) for shape in (case.shape, *case.more)],
    }
    if case.scale != 1:
        row["scale"] = case.scale
    row |= {key: value for key in ("below", "note", "ours") if (value := getattr(case, key))}
    return row | ({"cells": list(case.cells)} if case.cells else {})


def answer(case: Case) -> tuple[dict[str, Any], np.ndarray | None]:
    """The row of a case and its outputs, flat; or the row of a refusal and None."""
    row = question(case)
    if case.ours:
        return row, None
    try:
        layer, outputs = run(case, torch.float32)
        exact = run(case, torch.float64)[1]
        row["macs"] = macs(case)
    except REFUSALS as refused:
        return {**row, "error": str(refused).partition("\n")[0][:LONGEST_MESSAGE]}, None
    for name, y in outputs.items():
        # The tests allow 1e-5: PyTorch's own rounding must not use that up.
        torch.testing.assert_close(
            y.double(), exact[name].double(), rtol=5e-6, atol=5e-6, msg=lambda text: f"{case.name}: {text}"
        )
    parameters = dict(layer.named_parameters())
    row |= {
        "outputs": {name: list(y.shape) for name, y in outputs.items()},
        "parameters": {name: list(tensor.shape) for name, tensor in parameters.items()},
        "params": sum(tensor.numel() for tensor in parameters.values()),
    }
    return row, np.concatenate([y.detach().numpy().ravel() for y in outputs.values()])


def main() -> int:
    """Ask PyTorch every case and write both files."""
    if torch.__version__.partition("+")[0] != TORCH:
        print(f"the fixtures come from torch {TORCH}, this is {torch.__version__}", file=sys.stderr)
        return 2
    torch.set_grad_enabled(False)
    warnings.filterwarnings("ignore", message="LSTM with projections is not supported with oneDNN")
    rows, outputs = [], []
    for case in sequence_cases():
        row, output = answer(case)
        if case.refused != (output is None):
            print(f"{case.name}: expected {'a refusal' if case.refused else 'values'}, got {row}", file=sys.stderr)
            return 1
        rows.append(row)
        if output is not None:
            outputs.append(output)
    head = {"about": ABOUT, "torch": TORCH, "fill": FILL}
    lines = ",\n".join(json.dumps(row, allow_nan=False) for row in rows)
    text = json.dumps(head, indent=1).removesuffix("\n}") + f',\n "cases": [\n{lines}\n]}}\n'
    (HERE / "torch_recurrent.json").write_text(text, encoding="utf-8")
    np.savez_compressed(HERE / "torch_recurrent.npz", values=np.concatenate(outputs))
    print(f"{len(outputs)} cases with values, {len(rows) - len(outputs)} refusals, {sum(map(len, outputs))} values")
    return 0


if __name__ == "__main__":
    sys.exit(main())
