"""Write torch_tensors.json: networks with tensors as steps and tied tensors, as PyTorch 2.13.0 computes them.

Run it as make_torch_layers.py, in the same environment. The same inputs give the same bytes.
"""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional

TORCH = "2.13.0"
HERE = Path(__file__).parent
ABOUT = (
    "Outputs and gradients of the sum of the outputs in float64. Element i of parameter number k, in the order of "
    "`parameters`, and of the input, number -1, is (((7*i + 3 + k) mod 17) - 8) / 16. Written by make_torch_tensors.py."
)


class StyleGan(nn.Module):
    """The first block of StyleGAN2: a learnt constant, convolved with a kernel that a style modulates."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.const = nn.Parameter(torch.zeros(1, width, 4, 4))
        self.style = nn.Linear(width, width)
        self.kernel = nn.Parameter(torch.zeros(width, width, 3, 3))
        self.bias = nn.Parameter(torch.zeros(1, width, 1, 1))

    def forward(self, w: torch.Tensor) -> torch.Tensor:
        style = self.style(w)
        modulated = self.kernel * style[:, None, :, None, None]
        modulated = modulated * (modulated.square().sum((2, 3, 4), keepdim=True) + 1e-8).rsqrt()
        x = self.const.expand(len(w), -1, -1, -1).reshape(1, -1, 4, 4)  # samples as groups, as in the paper's code
        y = functional.conv2d(x, modulated.flatten(0, 1), padding=1, groups=len(w)).unflatten(1, (len(w), -1))[0]
        return functional.leaky_relu(y + self.bias, 0.2)


class Detr(nn.Module):
    """Learnt queries that attend to a map, as in the decoder of DETR, with one head."""

    def __init__(self, channels: int, width: int, queries: int) -> None:
        super().__init__()
        self.input_proj = nn.Conv2d(channels, width, 1)
        self.query_embed = nn.Parameter(torch.zeros(1, queries, width))
        self.q, self.k, self.v = (nn.Linear(width, width) for _ in range(3))
        self.class_embed = nn.Linear(width, 92)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        memory = self.input_proj(x).flatten(2).transpose(1, 2)
        query = self.q(self.query_embed).expand(len(x), -1, -1)
        return self.class_embed(functional.scaled_dot_product_attention(query, self.k(memory), self.v(memory)))


class Tied(nn.Module):
    """An autoencoder whose decoder has the transposed weight of the encoder."""

    def __init__(self, size: int, width: int) -> None:
        super().__init__()
        self.enc = nn.Linear(size, width, bias=False)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return functional.linear(self.enc(x).relu(), self.enc.weight.T)


def filled(number: int, shape: tuple[int, ...]) -> torch.Tensor:
    """A tensor of multiples of 1/16, exact in binary."""
    flat = [((7 * i + 3 + number) % 17 - 8) / 16 for i in range(math.prod(shape))]
    return torch.tensor(flat, dtype=torch.float64).reshape(shape)


def case(small: nn.Module, full: nn.Module, shape: tuple[int, ...]) -> dict[str, object]:
    """Values of a small network, and the parameters of one in full size."""
    small.double()
    with torch.no_grad():
        for number, parameter in enumerate(small.parameters()):
            parameter.copy_(filled(number, tuple(parameter.shape)))
    output = small(filled(-1, shape))
    output.sum().backward()
    return {
        "input": list(shape),
        "parameters": {name: list(parameter.shape) for name, parameter in small.named_parameters()},
        "output": output.tolist(),
        "gradients": {name: parameter.grad.tolist() for name, parameter in small.named_parameters()},
        "params": sum(parameter.numel() for parameter in full.parameters()),
    }


def main() -> None:
    if torch.__version__.partition("+")[0] != TORCH:
        sys.exit(f"expects PyTorch {TORCH}, has {torch.__version__}")
    cases = {
        "stylegan": case(StyleGan(3), StyleGan(512), (2, 3)),
        "detr": case(Detr(5, 4, 3), Detr(2048, 256, 100), (2, 5, 2, 3)),
        "tied": case(Tied(6, 4), Tied(784, 32), (2, 6)),
    }
    (HERE / "torch_tensors.json").write_text(json.dumps({"about": ABOUT, "torch": TORCH, **cases}) + "\n")


if __name__ == "__main__":
    main()
