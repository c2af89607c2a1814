"""Write zoo_windows.json: crnn, yolov3-tiny and convlstm as PyTorch 2.13.0 builds them.

Run it as make_torch_layers.py, in the same environment. The same script gives the same bytes.
"""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

HERE = Path(__file__).parent
ABOUT = (
    "Parameters, buffers (without batch counters), multiply-accumulates (FlopCounterMode on the meta device, halved) "
    "and output shapes of one sample, PyTorch 2.13.0. crnn: the modules of meijieru/crnn.pytorch, models/crnn.py. "
    "yolov3-tiny: those of darknet's yolov3-tiny.cfg. convlstm: keras.layers.ConvLSTM2D as a loop of convolutions, in "
    "the network of Keras's example; Keras 3.15.1 counts 746,689 parameters, moving statistics among them. Written by "
    "make_zoo_windows.py."
)


def crnn() -> nn.Module:
    class Context(nn.Module):
        def __init__(self, features: int, out: int) -> None:
            super().__init__()
            self.rnn, self.embedding = nn.LSTM(features, 256, bidirectional=True), nn.Linear(512, out)

        def forward(self, x: Any) -> Any:
            return self.embedding(self.rnn(x)[0])

    class Crnn(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            layers: list[nn.Module] = []
            reads = 1
            for place, channels in enumerate((64, 128, 256, 256, 512, 512, 512)):
                kernel, padding = (2, 0) if place == 6 else (3, 1)
                layers.append(nn.Conv2d(reads, channels, kernel, 1, padding))
                layers += [nn.BatchNorm2d(channels)] if place in (2, 4, 6) else []
                layers.append(nn.ReLU())
                layers += [nn.MaxPool2d(2, 2)] if place < 2 else []
                layers += [nn.MaxPool2d((2, 2), (2, 1), (0, 1))] if place in (3, 5) else []
                reads = channels
            self.cnn = nn.Sequential(*layers)
            self.rnn = nn.Sequential(Context(512, 256), Context(256, 37))

        def forward(self, x: Any) -> Any:
            return self.rnn(self.cnn(x).squeeze(2).permute(2, 0, 1))

    return Crnn()


class Darknet(nn.Module):
    """yolov3-tiny.cfg, layer by layer."""

    def __init__(self) -> None:
        super().__init__()

        def convolutional(reads: int, channels: int, size: int = 3) -> nn.Module:
            conv = nn.Conv2d(reads, channels, size, 1, size // 2, bias=False)
            return nn.Sequential(conv, nn.BatchNorm2d(channels), nn.LeakyReLU(0.1))

        widths = (3, 16, 32, 64, 128, 256, 512, 1024)
        self.down = nn.ModuleList(convolutional(*pair) for pair in pairwise(widths))
        self.coarse = convolutional(1024, 256, 1)
        self.large = nn.Sequential(convolutional(256, 512), nn.Conv2d(512, 255, 1))
        self.up = nn.Sequential(convolutional(256, 128, 1), nn.Upsample(scale_factor=2))
        self.small = nn.Sequential(convolutional(384, 256), nn.Conv2d(256, 255, 1))

    def forward(self, x: Any) -> Any:
        fine = x
        for place, layer in enumerate(self.down):
            if place == 6:
                x = functional.max_pool2d(functional.pad(x, (0, 1, 0, 1), value=float("-inf")), 2, 1)
            elif place:
                x = functional.max_pool2d(x, 2)
            x = layer(x)
            fine = x if place == 4 else fine
        coarse = self.coarse(x)
        return self.large(coarse), self.small(torch.cat([self.up(coarse), fine], 1))


class ConvLstm(nn.Module):
    """keras.layers.ConvLSTM2D, on [N, T, C, H, W]."""

    def __init__(self, reads: int, channels: int, size: int) -> None:
        super().__init__()
        self.of_input = nn.Conv2d(reads, 4 * channels, size, padding="same")
        self.of_state = nn.Conv2d(channels, 4 * channels, size, padding="same", bias=False)
        self.channels = channels

    def forward(self, x: Any) -> Any:
        h = c = torch.zeros(len(x), self.channels, *x.shape[3:], device=x.device)
        outputs = []
        for each in x.unbind(1):
            i, f, g, o = (self.of_input(each) + self.of_state(h)).chunk(4, 1)
            c = f.sigmoid() * c + i.sigmoid() * g.tanh()
            h = o.sigmoid() * c.tanh()
            outputs.append(h)
        return torch.stack(outputs, 1)


class NextFrames(nn.Module):
    """Keras's example: three ConvLSTM2D, norms between them, and a convolution over time and space."""

    def __init__(self) -> None:
        super().__init__()
        self.over_time = nn.ModuleList(ConvLstm(reads, 64, size) for reads, size in ((1, 5), (64, 3), (64, 1)))
        self.norms = nn.ModuleList(nn.BatchNorm3d(64) for _ in range(2))
        self.frames = nn.Conv3d(64, 1, 3, padding=1)

    def forward(self, x: Any) -> Any:
        for place, layer in enumerate(self.over_time):
            x = layer(x.transpose(1, 2)).transpose(1, 2)
            x = self.norms[place](x) if place < 2 else x
        return self.frames(x).sigmoid()


NETWORKS = {
    "crnn": (crnn, (1, 1, 32, 100)),
    "yolov3-tiny": (Darknet, (1, 3, 416, 416)),
    "convlstm": (NextFrames, (1, 1, 19, 64, 64)),
}


def main() -> None:
    """Build each network on the meta device and count."""
    rows = {}
    for name, (build, shape) in NETWORKS.items():
        with torch.device("meta"):
            network, x = build().eval(), torch.empty(shape)
        with FlopCounterMode(display=False) as counter:
            y = network(x)
        outputs = y if isinstance(y, tuple) else (y,)
        buffers = [each for key, each in network.named_buffers() if not key.endswith("num_batches_tracked")]
        rows[name] = {
            "input": list(shape),
            "outputs": [list(each.shape) for each in outputs],
            "params": sum(each.numel() for each in network.parameters()),
            "buffers": sum(each.numel() for each in buffers),
            "macs": counter.get_total_flops() // 2,
        }
    lines = ",\n".join(f"  {json.dumps(name)}: {json.dumps(row)}" for name, row in rows.items())
    text = f'{{\n "about": {json.dumps(ABOUT)},\n "networks": {{\n{lines}\n }}\n}}\n'
    (HERE / "zoo_windows.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
