"""Write zoo_convolutional.json: networks that ship, as torchvision has them or as modules written from their papers.

Run it in the environment of make_torch_layers.py, after scratch/bin/pip install --no-deps torchvision==0.28.0 pillow:
scratch/bin/python tests/oracle/make_zoo_convolutional.py. All runs on the meta device, so no number is random.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import pad
from torch.nn.utils.parametrizations import weight_norm
from torch.utils.flop_counter import FlopCounterMode

try:
    import torchvision
except RuntimeError:
    # torchvision's compiled operators find no CUDA beside a CPU build of PyTorch; no model here uses them.
    OPERATORS = torch.library.Library("torchvision", "DEF")
    OPERATORS.define("nms(Tensor boxes, Tensor scores, float threshold) -> Tensor")
    OPERATORS.define("qnms(Tensor boxes, Tensor scores, float threshold) -> Tensor")
    import torchvision

TORCH, TORCHVISION = "2.13.0", "0.28.0"
HERE = Path(__file__).parent
ABOUT = (
    "torch 2.13 and torchvision 0.28 on the meta device, in evaluation mode, batch 1. macs: products without bias "
    "(torch.utils.flop_counter / 2). buffers: without the integer counter of each batch norm. leaves: module type, "
    "elements of the output and params of each call of a module without children, in execution order. Written by "
    "make_zoo_convolutional.py."
)
OF_TORCHVISION = ("mobilenet_v3_large", "efficientnet_b0", "regnet_y_400mf", "shufflenet_v2_x1_0", "convnext_tiny")


class Causal(nn.Conv1d):
    """A convolution that is padded before the first position."""

    def forward(self, x: Tensor) -> Tensor:
        """Pad and convolve."""
        return super().forward(pad(x, ((self.kernel_size[0] - 1) * self.dilation[0], 0)))


class WaveNetLayer(nn.Module):
    """A gated activation unit with its residual and its skip (van den Oord et al. 2016, figure 4)."""

    def __init__(self, dilation: int) -> None:
        super().__init__()
        self.filter = Causal(32, 32, 2, dilation=dilation)
        self.gate = Causal(32, 32, 2, dilation=dilation)
        self.skip, self.dense = nn.Conv1d(32, 512, 1), nn.Conv1d(32, 32, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return the residual and the skip."""
        z = torch.tanh(self.filter(x)) * torch.sigmoid(self.gate(x))
        return self.dense(z) + x, self.skip(z)


class WaveNet(nn.Module):
    """Thirty layers, of which the skips are summed."""

    def __init__(self) -> None:
        super().__init__()
        self.causal = Causal(256, 32, 2)
        self.layers = nn.ModuleList(WaveNetLayer(2**exponent) for _ in range(3) for exponent in range(10))
        self.head = nn.Sequential(nn.ReLU(), nn.Conv1d(512, 512, 1), nn.ReLU(), nn.Conv1d(512, 256, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Return the scores of the next sample."""
        x, total = self.causal(x), torch.zeros((), device=x.device)
        for layer in self.layers:
            x, skip = layer(x)
            total = total + skip
        result: Tensor = self.head(total)
        return result


class TemporalBlock(nn.Module):
    """Two causal convolutions with a residual (Bai et al. 2018, figure 1b)."""

    def __init__(self, channels: int, dilation: int) -> None:
        super().__init__()
        self.net = nn.Sequential(
            weight_norm(Causal(channels, 25, 7, dilation=dilation)),
            *(nn.ReLU(), nn.Dropout(0.05)),
            weight_norm(Causal(25, 25, 7, dilation=dilation)),
            *(nn.ReLU(), nn.Dropout(0.05)),
        )
        self.project = nn.Conv1d(channels, 25, 1) if channels != 25 else None

    def forward(self, x: Tensor) -> Tensor:
        """Return the sum with the input, after a ReLU."""
        return torch.relu(self.net(x) + (x if self.project is None else self.project(x)))


class Tcn(nn.Module):
    """Eight blocks, and a classifier of the last position."""

    def __init__(self) -> None:
        super().__init__()
        self.tcn = nn.Sequential(*(TemporalBlock(25 if level else 1, 2**level) for level in range(8)))
        self.linear = nn.Linear(25, 10)

    def forward(self, x: Tensor) -> Tensor:
        """Return the logarithms of the probabilities."""
        return torch.log_softmax(self.linear(self.tcn(x)[:, :, -1]), 1)


class Dcgan(nn.Module):
    """The generator and the discriminator of examples/dcgan, one after the other."""

    def __init__(self) -> None:
        super().__init__()
        up = [nn.ConvTranspose2d(100, 512, 4, bias=False), nn.BatchNorm2d(512), nn.ReLU()]
        for width in (256, 128, 64):
            up += [nn.ConvTranspose2d(2 * width, width, 4, 2, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
        self.generator = nn.Sequential(*up, nn.ConvTranspose2d(64, 3, 4, 2, 1, bias=False), nn.Tanh())
        down: list[nn.Module] = [nn.Conv2d(3, 64, 4, 2, 1, bias=False), nn.LeakyReLU(0.2)]
        for width in (128, 256, 512):
            down += [nn.Conv2d(width // 2, width, 4, 2, 1, bias=False), nn.BatchNorm2d(width), nn.LeakyReLU(0.2)]
        self.discriminator = nn.Sequential(*down, nn.Conv2d(512, 1, 4, bias=False), nn.Sigmoid())

    def forward(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """Return the picture and the probability that it is real."""
        picture = self.generator(z)
        return picture, self.discriminator(picture)


class Vae(nn.Module):
    """The model of examples/vae, with the noise as an input."""

    def __init__(self) -> None:
        super().__init__()
        self.fc1, self.fc21, self.fc22 = nn.Linear(784, 400), nn.Linear(400, 20), nn.Linear(400, 20)
        self.fc3, self.fc4 = nn.Linear(20, 400), nn.Linear(400, 784)

    def forward(self, x: Tensor, noise: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the picture, and the mean and the logarithm of the variance of its code."""
        hidden = torch.relu(self.fc1(x))
        mean, log_variance = self.fc21(hidden), self.fc22(hidden)
        z = mean + noise * torch.exp(0.5 * log_variance)
        return torch.sigmoid(self.fc4(torch.relu(self.fc3(z)))), mean, log_variance


class Siamese(nn.Module):
    """One tower for both pictures (Koch et al. 2015, figure 4)."""

    def __init__(self) -> None:
        super().__init__()
        stages: list[nn.Module] = []
        for before, width, size in ((1, 64, 10), (64, 128, 7), (128, 128, 4)):
            stages += [nn.Conv2d(before, width, size), nn.ReLU(), nn.MaxPool2d(2)]
        stages += [nn.Conv2d(128, 256, 4), nn.ReLU(), nn.Flatten(), nn.Linear(9216, 4096), nn.Sigmoid()]
        self.tower, self.score = nn.Sequential(*stages), nn.Linear(4096, 1)

    def forward(self, left: Tensor, right: Tensor) -> Tensor:
        """Return the probability that both show the same character."""
        return torch.sigmoid(self.score(abs(self.tower(left) - self.tower(right))))


WRITTEN: dict[str, tuple[type[nn.Module], list[tuple[int, ...]]]] = {
    "wavenet": (WaveNet, [(1, 256, 16000)]),
    "tcn": (Tcn, [(1, 1, 784)]),
    "dcgan": (Dcgan, [(1, 100, 1, 1)]),
    "vae": (Vae, [(1, 784), (1, 20)]),
    "siamese": (Siamese, [(1, 1, 105, 105)] * 2),
}


def row(model: nn.Module, inputs: list[tuple[int, ...]]) -> dict[str, Any]:
    """Return the totals and leaves of a model on the meta device."""
    leaves: list[list[Any]] = []

    def note(module: nn.Module) -> None:
        params = sum(tensor.numel() for tensor in module.parameters())
        kind = next(
            cls.__name__ for cls in type(module).__mro__ if cls.__module__.startswith(("torch.nn", "torchvision"))
        )
        module.register_forward_hook(lambda _m, _x, y: leaves.append([kind, y.numel(), params]))

    for module in model.modules():
        parts = [name for name, _ in module.named_children() if name != "parametrizations"]
        inside = "Parametriz" in type(module).__name__ and not isinstance(module, nn.Conv1d)
        if not parts and not inside and not type(module).__name__.startswith("_WeightNorm"):
            note(module)
    with FlopCounterMode(display=False) as counter:
        given = model(*(torch.empty(shape, device="meta") for shape in inputs))
    outputs = given if isinstance(given, tuple) else (given,)
    return {
        "inputs": [list(shape) for shape in inputs],
        "outputs": [list(output.shape) for output in outputs],
        "params": sum(tensor.numel() for tensor in model.parameters()),
        "buffers": sum(tensor.numel() for name, tensor in model.named_buffers() if "num_batches" not in name),
        "macs": counter.get_total_flops() // 2,
        "leaves": leaves,
    }


def main() -> int:
    """Ask PyTorch and write the file."""
    found = torch.__version__.partition("+")[0], torchvision.__version__.partition("+")[0]
    if found != (TORCH, TORCHVISION):
        print(f"expects torch {TORCH} and torchvision {TORCHVISION}, finds {found}", file=sys.stderr)
        return 2
    rows = {}
    for name in OF_TORCHVISION:
        rows[name] = row(torchvision.models.get_model(name, weights=None).eval().to("meta"), [(1, 3, 224, 224)])
    for name, (cls, inputs) in WRITTEN.items():
        rows[name] = row(cls().eval().to("meta"), inputs)
    head = json.dumps({"about": ABOUT, "torch": TORCH, "torchvision": TORCHVISION}, indent=1).removesuffix("\n}")
    lines = ",\n".join(f"  {json.dumps(name)}: {json.dumps(value)}" for name, value in rows.items())
    (HERE / "zoo_convolutional.json").write_text(f'{head},\n "models": {{\n{lines}\n }}\n}}\n', encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
