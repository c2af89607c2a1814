"""Write torch_gradients_windows.json and .npz: PyTorch 2.13.0's gradients of layers with windows, norms and resampling.

Run it as make_torch_layers.py, in the same environment. The same inputs give the same bytes.
"""

from __future__ import annotations

import json
import sys
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import make_torch_layers
import numpy as np
import torch
from layer_cases import Case, all_cases, case, moving
from make_torch_layers import TORCH, filled, question, tensors
from make_torch_moving import module as moving_module
from torch import nn
from torch_modules import module

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent
ABOUT = (
    "PyTorch 2.13.0's gradients of one layer by its input and its parameters (evaluation mode, float32, CPU), given "
    "those by its output. Element i of a filled tensor is (((a*i + b) mod 17) - 8) / 8; `fill` has a and b of the "
    "input, of each parameter and of the gradient by the output; running_var is 1 + its fill squared; the input is "
    "multiplied by `scale` where a case has one. The gradients of all cases stand one after another, flat, in "
    "torch_gradients_windows.npz, key `values`: of each case that by the input, then those by its parameters in their "
    "order. `note` says where more than one torch call gave them. Written by make_torch_gradients_windows.py."
)
make_torch_layers.FILL["gradient"] = [6, 5]
WINDOWED = (
    *("conv", "conv_transpose", "max_pool", "avg_pool", "adaptive_avg_pool", "adaptive_max_pool"),
    *("global_avg_pool", "global_max_pool", "linear", "batch_norm", "instance_norm", "layer_norm", "group_norm"),
    *("local_response_norm", "pad", "upsample"),
)
OUT_OF_BOUNDS = "max_pool: a dilated window that sees padding alone is minus infinity"
"""PyTorch gives each such window's gradient to the channel after its own, the last one's to memory past the array."""
EVERY_OF_THREE_AXES = 5
"""Maps of three spatial axes are large: of their cases, one in so many."""


def cases() -> Iterator[Case]:
    """The cases of torch_layers.json with one and two spatial axes and some with three; norms and scales besides."""
    asked = [one for one in all_cases() if one.layer in WINDOWED and not one.refused and ", draw " not in one.name]
    asked = [one for one in asked if one.name != OUT_OF_BOUNDS]
    deep = [one for one in asked if len(one.shape) > 4]
    yield from (one for one in asked if len(one.shape) <= 4)
    yield from deep[::EVERY_OF_THREE_AXES]
    yield from (
        one for one in moving.cases() if one.layer in ("scale", "center_crop") and not (one.refused or one.ours)
    )
    for shape, normalized in (((2, 5), 5), ((2, 3, 7), 7), ((2, 3, 4), [3, 4]), ((3, 2, 2, 6), [2, 6])):
        for eps, affine in product((None, 1e-2), (True, False)):
            fields: dict[str, Any] = {"normalized_shape": normalized, "elementwise_affine": affine}
            fields |= {"eps": eps} if eps else {}
            yield case(f"over {normalized} of {list(shape)}, {eps}, {affine}", "rms_norm", shape, **fields)


def layer_of(one: Case) -> nn.Module:
    if one.layer == "rms_norm":
        return nn.RMSNorm(**one.fields)
    if one.layer in ("scale", "center_crop"):
        return moving_module(one)
    return module(one.layer, one.fields, one.shape)


def gradients(one: Case, dtype: torch.dtype) -> tuple[nn.Module, torch.Tensor, list[torch.Tensor]]:
    """The layer of a case with filled tensors, what it gives, and the gradients by its input and parameters."""
    layer = layer_of(one).to(dtype).eval()
    parameters, buffers = tensors(layer)
    for name, tensor in (parameters | buffers).items():
        tensor.data.copy_(filled(name, tuple(tensor.shape)))
    x = (filled("input", one.shape) * one.scale).to(dtype).requires_grad_()
    y = layer(x)
    y.backward(filled("gradient", tuple(y.shape)).to(dtype))
    return layer, y, [tensor.grad for tensor in (x, *parameters.values()) if tensor.grad is not None]


def answer(one: Case) -> tuple[dict[str, Any], np.ndarray]:
    """The row of a case and its gradients, flat."""
    layer, y, found = gradients(one, torch.float32)
    # The tests allow 1e-5: PyTorch's own rounding must not use that up.
    for rounded, exact in zip(found, gradients(one, torch.float64)[2], strict=True):
        torch.testing.assert_close(
            rounded.double(), exact, rtol=5e-6, atol=5e-6, msg=lambda text: f"{one.name}: {text}"
        )
    parameters, buffers = tensors(layer)
    if len(found) != 1 + len(parameters):
        raise ValueError(f"{one.name}: {len(found)} gradients")
    row = question(one) | {
        "output": list(y.shape),
        "parameters": {name: list(tensor.shape) for name, tensor in parameters.items()},
        "buffers": {name: list(tensor.shape) for name, tensor in buffers.items()},
    }
    return row, np.concatenate([gradient.numpy().ravel() for gradient in found])


def main() -> int:
    """Ask PyTorch every case and write both files."""
    if torch.__version__.partition("+")[0] != TORCH:
        print(f"the fixtures come from torch {TORCH}, this is {torch.__version__}", file=sys.stderr)
        return 2
    rows, values = zip(*map(answer, (one for one in cases() if not one.more)), strict=True)
    head = {"about": ABOUT, "torch": TORCH, "fill": make_torch_layers.FILL}
    lines = ",\n".join(json.dumps(row, allow_nan=False) for row in rows)
    text = json.dumps(head, indent=1).removesuffix("\n}") + f',\n "cases": [\n{lines}\n]}}\n'
    (HERE / "torch_gradients_windows.json").write_text(text, encoding="utf-8")
    np.savez_compressed(HERE / "torch_gradients_windows.npz", values=np.concatenate(values))
    print(f"{len(rows)} cases, {sum(map(len, values))} values")
    return 0


if __name__ == "__main__":
    sys.exit(main())
