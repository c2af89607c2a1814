"""Write torchvision_more.json and torchvision_resnet18.json: models of torchvision 0.28.0 leaf by leaf, and numbers.

Run it in the environment of make_torch_layers.py, after scratch/bin/pip install --no-deps torchvision==0.28.0 pillow:
scratch/bin/python tests/oracle/make_torchvision.py. The same inputs give the same bytes.
"""

from __future__ import annotations

import json
import sys
from math import isqrt, prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

try:
    import torchvision
except RuntimeError:
    # torchvision's compiled operators find no CUDA beside a CPU build of PyTorch. No model here uses them, but the
    # package asks for their names when it is imported.
    OPERATORS = torch.library.Library("torchvision", "DEF")
    OPERATORS.define("nms(Tensor boxes, Tensor scores, float threshold) -> Tensor")
    OPERATORS.define("qnms(Tensor boxes, Tensor scores, float threshold) -> Tensor")
    import torchvision

if TYPE_CHECKING:
    from collections.abc import Callable

TORCH, TORCHVISION = "2.13.0", "0.28.0"
HERE = Path(__file__).parent
ABOUT_MODELS = (
    "torchvision 0.28 models under torch 2.13 on the meta device, in evaluation mode. macs: conv and linear products "
    "without bias (torch.utils.flop_counter / 2). leaves: [path, module type, output shape, params] in execution "
    "order. aux_params: parameters of auxiliary classifiers, included in params; they do not run. buffers: with the "
    "integer counter of each batch norm. Written by make_torchvision.py."
)
ABOUT_NUMBERS = (
    "torchvision's ResNet-18 in evaluation mode, float32 on the CPU, on an input of `input` and with tensors that need "
    "no file: number i of tensor k is ((k + 3)*i*i + (7*k + 5)*i + 11*k) mod 1009, less 504, divided by 504: call it "
    "u. Tensors count from 0 in the order of the state_dict, without the counters of batches; the input comes after "
    "the last. Weights of convolutions and of the linear layer are 2u / isqrt(inputs of one output); weights of batch "
    "norms 1 + u/4, biases and running means u/4, running variances 1 + u/2; the input is u. Worked out in float64, "
    "rounded to float32 once. `values` are the first `shown` numbers of each sample's output, `sums` and `squares` "
    "the sums of all its numbers and of their squares. Written by make_torchvision.py."
)
MODELS: dict[str, tuple[int, dict[str, Any]]] = {
    "resnext50_32x4d": (224, {}),
    "wide_resnet50_2": (224, {}),
    "inception_v3": (299, {"aux_logits": True, "init_weights": False}),
    "googlenet": (224, {"aux_logits": False, "init_weights": False}),
    "densenet121": (224, {}),
    "mobilenet_v2": (224, {}),
    "squeezenet1_1": (224, {}),
}
SHOWN = 32


def model_row(name: str, size: int, options: dict[str, Any]) -> dict[str, Any]:
    """One model's totals and leaves."""
    with torch.device("meta"):
        model = torchvision.models.get_model(name, weights=None, **options).eval()
        image = torch.empty(1, 3, size, size)
    leaves: list[list[Any]] = []

    def note(path: str, module: nn.Module) -> None:
        params = sum(tensor.numel() for tensor in module.parameters())
        kind = type(module).__name__
        module.register_forward_hook(lambda _m, _x, y: leaves.append([path, kind, list(y.shape), params]))

    for path, module in model.named_modules():
        if not any(True for _ in module.children()):
            note(path, module)
    with FlopCounterMode(display=False) as counter:
        output = model(image)
    aux = [module for path, module in model.named_modules() if path in ("AuxLogits", "aux1", "aux2")]
    return {
        "input": list(image.shape),
        "output": list(output.shape),
        "params": sum(tensor.numel() for tensor in model.parameters()),
        "aux_params": sum(tensor.numel() for module in aux for tensor in module.parameters()),
        "buffers": sum(tensor.numel() for tensor in model.buffers()),
        "macs": counter.get_total_flops() // 2,
        "leaves": leaves,
    }


def unit(number: int, shape: tuple[int, ...]) -> np.ndarray:
    """The numbers u of one tensor by the rule in ABOUT_NUMBERS, from -1 to 1."""
    i = np.arange(prod(shape), dtype=np.int64)
    cells = ((number + 3) * i * i + (7 * number + 5) * i + 11 * number) % 1009 - 504
    return (cells / 504).reshape(shape)


def tensor_of(name: str, number: int, shape: tuple[int, ...]) -> np.ndarray:
    """One tensor of the state_dict."""
    u = unit(number, shape)
    if name.endswith("running_var"):
        return 1 + u / 2
    if len(shape) > 1:
        return 2 * u / isqrt(prod(shape[1:]))
    return 1 + u / 4 if name.endswith("weight") else u / 4


def resnet18_row() -> dict[str, Any]:
    """What ResNet-18 gives with numbers that a formula makes."""
    model = torchvision.models.resnet18(weights=None).eval()
    state = model.state_dict()
    names = [name for name in state if not name.endswith("num_batches_tracked")]
    for number, name in enumerate(names):
        state[name].copy_(torch.from_numpy(tensor_of(name, number, tuple(state[name].shape))))
    shape = (2, 3, 64, 64)
    image = torch.from_numpy(unit(len(names), shape))
    with torch.no_grad():
        output = model(image.float()).numpy().astype(np.float64)
        exact = model.double()(image).numpy()
    if abs(output - exact).max() > 1e-5 * abs(exact).max():
        raise ValueError("float32 and float64 lie too far apart to be tested")
    return {
        "model": "resnet18",
        "input": list(shape),
        "output": list(output.shape),
        "tensors": [[name, list(state[name].shape)] for name in names],
        "shown": SHOWN,
        "values": [[round(float(cell), 6) for cell in row[:SHOWN]] for row in output],
        "sums": [round(float(row.sum()), 5) for row in output],
        "squares": [round(float((row**2).sum()), 5) for row in output],
    }


def write(name: str, about: str, key: str, rows: dict[str, Any]) -> None:
    """Write a file with a line per row, so that differences show which changed."""
    head = json.dumps({"about": about, "torch": TORCH, "torchvision": TORCHVISION}, indent=1).removesuffix("\n}")
    lines = ",\n".join(f"  {json.dumps(row)}: {json.dumps(value)}" for row, value in rows.items())
    (HERE / name).write_text(f"{head},\n {json.dumps(key)}: {{\n{lines}\n }}\n}}\n", encoding="utf-8")


def are_expected() -> bool:
    """Whether torch and torchvision have the versions that the fixtures come from; say so if they have not."""
    own = torch.__version__.partition("+")[0], torchvision.__version__.partition("+")[0]
    if own != (TORCH, TORCHVISION):
        print(f"the fixtures come from torch {TORCH} and torchvision {TORCHVISION}, these are {own}", file=sys.stderr)
    return own == (TORCH, TORCHVISION)


def write_answers(file: str, about: str, ask: Callable[[], dict[str, Any]]) -> int:
    """Write a file of what torch says, on one thread, and return the exit code."""
    if not are_expected():
        return 2
    torch.set_num_threads(1)
    answers = {"about": about, "torch": TORCH, "torchvision": TORCHVISION, **ask()}
    (HERE / file).write_text(json.dumps(answers) + "\n", encoding="utf-8")
    return 0


def main() -> int:
    """Ask torchvision and write the files."""
    if not are_expected():
        return 2
    models = {name: model_row(name, size, options) for name, (size, options) in MODELS.items()}
    write("torchvision_more.json", ABOUT_MODELS, "models", models)
    write("torchvision_resnet18.json", ABOUT_NUMBERS, "numbers", resnet18_row())
    print(f"{len(models)} models")
    return 0


if __name__ == "__main__":
    sys.exit(main())
