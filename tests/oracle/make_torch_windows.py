"""Write torch_windows.json and .npz: PyTorch 2.13.0's pools with windows longer than the map, and causal convolutions.

Run it as make_torch_layers.py, in the same environment. The same inputs give the same bytes.
"""

from __future__ import annotations

import json
import random
import sys
from itertools import product
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

if TYPE_CHECKING:
    from collections.abc import Iterator

TORCH = "2.13.0"
HERE = Path(__file__).parent
FILL = {"input": [5, 3], "weight": [7, 2], "bias": [3, 1], "gradient": [6, 5]}
ABOUT = (
    "PyTorch 2.13.0 (float32, CPU): one layer in the words of this project with filled tensors. Element i of a "
    "filled tensor is (((a*i + b) mod 17) - 8) / 8; `fill` has a and b of the input, of each parameter, and of "
    "the gradient by the output. A causal convolution is F.pad and then the convolution; `pad` with a `value` of "
    "-inf is F.pad. `error` is what PyTorch refuses, with `alone` only its kernel of three axes. The numbers of "
    "all cases stand one after another, flat, in torch_windows.npz, key `values`: of each case the output, the "
    "gradient by the input, and those by its parameters in their order. Written by make_torch_windows.py."
)
SHAPES = {1: [2, 3, 11], 2: [2, 3, 7, 5], 3: [1, 2, 3, 4, 5]}
POOLS = {
    "max_pool": (nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d),
    "avg_pool": (nn.AvgPool1d, nn.AvgPool2d, nn.AvgPool3d),
}
DRAWS = 150


def case(layer: str, shape: list[int], **fields: Any) -> dict[str, Any]:
    return {"layer": layer, "input": shape, "fields": fields}


def cases() -> Iterator[dict[str, Any]]:
    """Windows longer than the map in each rank; draws; causal convolutions; padding of minus infinity."""
    for layer, rank in product(POOLS, SHAPES):
        for kernel, stride, padding in ((40, None, 0), (40, 35, 3), (2560, None, 0), (2560, 2600, 1280), (60, 30, 30)):
            fields = {"kernel_size": kernel, "padding": padding, "ceil_mode": True}
            yield case(layer, SHAPES[rank], **fields, **({"stride": stride} if stride else {}))
        yield case(layer, SHAPES[rank], kernel_size=[*range(2, 1 + rank), 30], stride=40, ceil_mode=True)
        yield case(layer, SHAPES[rank], kernel_size=400, stride=3, ceil_mode=True)
        yield case(layer, SHAPES[rank], kernel_size=100, stride=1, padding=50)
        yield case(layer, SHAPES[rank], kernel_size=10, padding=6, ceil_mode=True)
    for fields in ({"count_include_pad": False}, {"divisor_override": 7}):
        for kernel, stride, padding in ((40, None, 9), (40, 35, 20), (2560, 2560, 1280)):
            given = {"kernel_size": kernel, "stride": stride, "padding": padding, "ceil_mode": True, **fields}
            given = {name: value for name, value in given.items() if value is not None}
            yield case("avg_pool", SHAPES[2], **given)
    for dilation, kernel in ((4, 4), (7, 3), (100, 2), (3, 30)):
        yield case("max_pool", SHAPES[2], kernel_size=kernel, stride=500, dilation=dilation, ceil_mode=True)
    yield from drawn()
    for kernel, stride, dilation, length in product((1, 2, 3, 5), (1, 2, 3), (1, 2, 4), (1, 7, 12)):
        fields = {"kernel_size": kernel, "stride": stride, "dilation": dilation}
        yield case("conv", [2, 3, length], out_channels=4, padding="causal", **fields)
    for mode, length in product(("reflect", "replicate", "circular"), (4, 9)):
        fields = {"kernel_size": 3, "stride": 2, "dilation": 2, "padding_mode": mode}
        yield case("conv", [2, 3, length], out_channels=4, padding="causal", bias=False, **fields)
    yield case("pad", SHAPES[2], padding=[0, 1, 2, 0], value="-inf")
    yield case("pad", SHAPES[1], padding=2, value="inf")


def drawn() -> Iterator[dict[str, Any]]:
    """Pools around the sizes at which a window passes the map."""
    dice = random.Random(16)
    for _ in range(DRAWS):
        layer, rank = dice.choice([*POOLS]), dice.choice((1, 1, 2, 2, 3))
        kernel, dilation = dice.randint(1, 14), dice.choice((1, 1, 2, 3)) if layer == "max_pool" else 1
        fields: dict[str, Any] = {
            "kernel_size": kernel,
            "stride": dice.randint(1, 16),
            "ceil_mode": dice.random() < 0.8,
        }
        fields["padding"] = dice.randint(0, kernel // 2)
        if layer == "max_pool":
            fields["dilation"] = dilation
        else:
            fields["count_include_pad"] = dice.random() < 0.5
        yield case(layer, [1, 2, *(dice.randint(1, 9) for _ in range(rank))], **fields)


def filled(name: str, shape: tuple[int, ...]) -> torch.Tensor:
    a, b = FILL[name]
    values = ((((a * np.arange(prod(shape)) + b) % 17) - 8) / 8).reshape(shape)
    return torch.tensor(values, dtype=torch.float32)


def module(one: dict[str, Any]) -> nn.Module:
    fields, rank = dict(one["fields"]), len(one["input"]) - 2
    fields = {name: tuple(value) if isinstance(value, list) else value for name, value in fields.items()}
    if one["layer"] == "conv":
        return Causal(one["input"][1], rank, **fields)
    if one["layer"] == "pad":
        return Pad(fields["padding"], rank, float(fields["value"]))
    return POOLS[one["layer"]][rank - 1](**fields)


class Pad(nn.Module):
    """F.pad of every spatial axis, or of the last axes by a list."""

    def __init__(self, padding: Any, rank: int, value: float) -> None:
        super().__init__()
        self.padding = (padding,) * (2 * rank) if isinstance(padding, int) else padding
        self.value = value

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return functional.pad(x, self.padding, value=self.value)


class Causal(nn.Module):
    """A convolution of a row that d(k - 1) elements are put before."""

    def __init__(self, channels: int, rank: int, padding: str, padding_mode: str = "zeros", **fields: Any) -> None:
        super().__init__()
        assert (rank, padding) == (1, "causal")
        self.conv = nn.Conv1d(channels, **fields)
        self.before = fields.get("dilation", 1) * (fields["kernel_size"] - 1)
        self.mode = "constant" if padding_mode == "zeros" else padding_mode

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.conv(functional.pad(x, (self.before, 0), mode=self.mode))


def answer(one: dict[str, Any]) -> tuple[dict[str, Any], np.ndarray]:
    """The row of a case and its numbers, flat."""
    row = {"name": f"{one['layer']}: {json.dumps(one['fields'])} on {one['input']}", **one}
    layer, x = module(one), filled("input", tuple(one["input"])).requires_grad_()
    parameters = {name.rpartition(".")[2]: parameter for name, parameter in layer.named_parameters()}
    for name, parameter in parameters.items():
        parameter.data.copy_(filled(name, tuple(parameter.shape)))
    try:
        y = layer(x)
    except RuntimeError as error:
        alone = {"alone": True} if "smaller than kernel size" in str(error) else {}
        return row | {"error": str(error).splitlines()[0], **alone}, np.zeros(0, np.float32)
    y.backward(filled("gradient", tuple(y.shape)))
    row |= {"output": list(y.shape), "parameters": {name: list(one.shape) for name, one in parameters.items()}}
    values = [y.detach(), x.grad, *(parameter.grad for parameter in parameters.values())]
    return row, np.concatenate([value.numpy().ravel() for value in values])


def main() -> int:
    """Ask PyTorch every case and write both files."""
    if torch.__version__.partition("+")[0] != TORCH:
        print(f"the fixture comes from torch {TORCH}, this is {torch.__version__}", file=sys.stderr)
        return 2
    # PyTorch gives the gradient of a dilated window that sees padding alone to memory past the array.
    asked = list(map(answer, cases()))
    rows, values = zip(*(one for one in asked if one[0]["layer"] == "pad" or np.isfinite(one[1]).all()), strict=True)
    head = {"about": ABOUT, "torch": TORCH, "fill": FILL}
    lines = ",\n".join(json.dumps(row, allow_nan=False) for row in rows)
    text = json.dumps(head, indent=1).removesuffix("\n}") + f',\n "cases": [\n{lines}\n]}}\n'
    (HERE / "torch_windows.json").write_text(text, encoding="utf-8")
    np.savez_compressed(HERE / "torch_windows.npz", values=np.concatenate(values))
    print(f"{len(rows)} cases, {sum('error' in row for row in rows)} refused, {sum(map(len, values))} values")
    return 0


if __name__ == "__main__":
    sys.exit(main())
