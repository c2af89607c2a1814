"""Write googlenet.json: what PyTorch 2.13.0 makes of one small picture in torchvision's GoogLeNet.

Run it as make_torch_layers.py, in the same environment; torchvision itself is not needed, its layout stands below with
the names of its state_dict. The same inputs give the same bytes.
"""

from __future__ import annotations

import json
import math
import sys
import zlib
from pathlib import Path

import torch
from torch import nn

TORCH = "2.13.0"
HERE = Path(__file__).parent
SHAPE = (1, 3, 64, 64)
ABOUT = (
    "What PyTorch 2.13.0 gives, in float64 and evaluation mode, for one picture in GoogLeNet as torchvision 0.28.0 has "
    "it, with both auxiliary heads. Element i of the flattened tensor `name` (of the state_dict, or `input`) is v = "
    "(((7*i*i + 31*i + crc32(name)) mod 65521) - 32760) / 32768. The input is v; weights of convolutions and linear "
    "layers are v * 2 / 2**(bit_length(fan_in) // 2), where fan_in is the product of their axes after the first; "
    "weights of batch norm are 1 + v/4, running_var 1 + v/2, every bias and running_mean v/4. Outputs are rounded to "
    "10 decimals. Written by make_googlenet.py."
)

# 1x1, reduced 3x3, 3x3, reduced 5x5, 5x5 (in torchvision 3x3), pool projection: Szegedy et al. 2014, table 1.
INCEPTION = {
    "3a": (192, 64, 96, 128, 16, 32, 32),
    "3b": (256, 128, 128, 192, 32, 96, 64),
    "4a": (480, 192, 96, 208, 16, 48, 64),
    "4b": (512, 160, 112, 224, 24, 64, 64),
    "4c": (512, 128, 128, 256, 24, 64, 64),
    "4d": (512, 112, 144, 288, 32, 64, 64),
    "4e": (528, 256, 160, 320, 32, 128, 128),
    "5a": (832, 256, 160, 320, 32, 128, 128),
    "5b": (832, 384, 192, 384, 48, 128, 128),
}


class Basic(nn.Module):
    """A convolution, its batch norm and ReLU."""

    def __init__(self, channels: int, out_channels: int, **window: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, out_channels, bias=False, **window)
        self.bn = nn.BatchNorm2d(out_channels, eps=0.001)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return what leaves."""
        return torch.relu(self.bn(self.conv(x)))


class Inception(nn.Module):
    """Four branches side by side."""

    def __init__(self, channels: int, c1: int, r3: int, c3: int, r5: int, c5: int, pool: int) -> None:
        super().__init__()
        self.branch1 = Basic(channels, c1, kernel_size=1)
        self.branch2 = nn.Sequential(Basic(channels, r3, kernel_size=1), Basic(r3, c3, kernel_size=3, padding=1))
        self.branch3 = nn.Sequential(Basic(channels, r5, kernel_size=1), Basic(r5, c5, kernel_size=3, padding=1))
        pooled = nn.MaxPool2d(3, stride=1, padding=1, ceil_mode=True)
        self.branch4 = nn.Sequential(pooled, Basic(channels, pool, kernel_size=1))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the channels of all branches, in their order."""
        return torch.cat([self.branch1(x), self.branch2(x), self.branch3(x), self.branch4(x)], 1)


class Head(nn.Module):
    """An auxiliary classifier."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = Basic(channels, 128, kernel_size=1)
        self.fc1 = nn.Linear(2048, 1024)
        self.fc2 = nn.Linear(1024, 1000)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return a number per class."""
        x = self.conv(nn.functional.adaptive_avg_pool2d(x, (4, 4)))
        return self.fc2(torch.relu(self.fc1(torch.flatten(x, 1))))


class GoogLeNet(nn.Module):
    """torchvision's layout, with both heads run."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = Basic(3, 64, kernel_size=7, stride=2, padding=3)
        self.conv2 = Basic(64, 64, kernel_size=1)
        self.conv3 = Basic(64, 192, kernel_size=3, padding=1)
        for name, widths in INCEPTION.items():
            setattr(self, f"inception{name}", Inception(*widths))
        self.aux1 = Head(512)
        self.aux2 = Head(528)
        self.fc = nn.Linear(1024, 1000)

    def forward(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        """Return a number per class from each of the three classifiers."""
        halved = nn.MaxPool2d(3, stride=2, ceil_mode=True)
        x = halved(self.conv3(self.conv2(halved(self.conv1(x)))))
        outputs = {}
        for name in INCEPTION:
            x = getattr(self, f"inception{name}")(x)
            if name == "3b":
                x = halved(x)
            elif name == "4a":
                outputs["aux1"] = self.aux1(x)
            elif name == "4d":
                outputs["aux2"] = self.aux2(x)
            elif name == "4e":
                x = nn.functional.max_pool2d(x, 2, stride=2, ceil_mode=True)
        outputs["fc"] = self.fc(torch.flatten(nn.functional.adaptive_avg_pool2d(x, (1, 1)), 1))
        return outputs


def filled(name: str, shape: tuple[int, ...]) -> torch.Tensor:
    """The tensor of a name by the rule in ABOUT, before it is scaled."""
    i = torch.arange(math.prod(shape), dtype=torch.int64)
    whole = (7 * i * i + 31 * i + zlib.crc32(name.encode())) % 65521 - 32760
    return (whole.to(torch.float64) / 32768).reshape(shape)


def tensor(name: str, shape: tuple[int, ...]) -> torch.Tensor:
    """A parameter or a buffer by the rule in ABOUT."""
    v = filled(name, shape)
    if len(shape) > 1:
        return v * 2 / 2 ** (math.prod(shape[1:]).bit_length() // 2)
    if name.endswith("running_var"):
        return 1 + v / 2
    return 1 + v / 4 if name.endswith("weight") else v / 4


def main() -> None:
    """Write the file."""
    if torch.__version__.split("+")[0] != TORCH:
        sys.exit(f"expects PyTorch {TORCH}, is {torch.__version__}")
    torch.set_num_threads(1)
    network = GoogLeNet().to(torch.float64).eval()
    state = {
        name: value if name.endswith("num_batches_tracked") else tensor(name, tuple(value.shape))
        for name, value in network.state_dict().items()
    }
    network.load_state_dict(state)
    with torch.no_grad():
        outputs = network(filled("input", SHAPE))
    document = {
        "about": ABOUT,
        "torch": TORCH,
        "input": list(SHAPE),
        "params": sum(parameter.numel() for parameter in network.parameters()),
        "outputs": {name: [round(number, 10) for number in value[0].tolist()] for name, value in outputs.items()},
    }
    lines = json.dumps(document).replace(', "', ',\n"')
    (HERE / "googlenet.json").write_text(f"{lines}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
