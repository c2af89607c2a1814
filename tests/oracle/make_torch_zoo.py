"""Write torch_zoo.json: DeepLabv3 and SSD300 of torchvision 0.28.0 and a PointNet in torch: figures and numbers.

Run it in the environment of make_torchvision.py: scratch/bin/python tests/oracle/make_torch_zoo.py. The same
script gives the same bytes.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import torch
from make_torchvision import tensor_of, torchvision, unit, write_answers
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

ABOUT = (
    "torchvision's deeplabv3_resnet50 without the auxiliary classifier, the backbone and heads of its ssd300_vgg16, "
    "and PointNet as in the paper's appendix C, all in evaluation mode. figures: [shape of the input, shapes of the "
    "outputs, multiply-accumulates (torch.utils.flop_counter / 2)]. `values` are those of every `step`-th element of "
    "each output for `input`, with tensors as in torchvision_resnet18.json. Written by make_torch_zoo.py."
)


class Detector(nn.Module):
    """The backbone and the heads of torchvision's SSD300, without the boxes that are computed from their outputs."""

    def __init__(self) -> None:
        super().__init__()
        whole = torchvision.models.detection.ssd300_vgg16(weights=None, weights_backbone=None)
        self.backbone, self.head = whole.backbone, whole.head

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the scores of classes and the offsets of boxes."""
        found = self.head([*self.backbone(x).values()])
        return found["cls_logits"], found["bbox_regression"]


class Segmenter(nn.Module):
    """torchvision's DeepLabv3."""

    def __init__(self) -> None:
        super().__init__()
        make = torchvision.models.segmentation.deeplabv3_resnet50
        whole = make(weights=None, weights_backbone=None, aux_loss=False)
        self.backbone, self.classifier = whole.backbone, whole.classifier

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor]:
        """Return the scores of classes at each point of the picture."""
        scores = self.classifier(self.backbone(x)["out"])
        return (nn.functional.interpolate(scores, size=x.shape[-2:], mode="bilinear", align_corners=False),)


class Transform(nn.Module):
    """The T-Net of PointNet: a matrix for all points, by which their coordinates or features are multiplied."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv1d(channels, 64, 1), nn.BatchNorm1d(64)
        self.conv2, self.bn2 = nn.Conv1d(64, 128, 1), nn.BatchNorm1d(128)
        self.conv3, self.bn3 = nn.Conv1d(128, 1024, 1), nn.BatchNorm1d(1024)
        self.fc1, self.bn4 = nn.Linear(1024, 512), nn.BatchNorm1d(512)
        self.fc2, self.bn5 = nn.Linear(512, 256), nn.BatchNorm1d(256)
        self.fc3 = nn.Linear(256, channels * channels)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return x times the matrix plus the identity."""
        channels = x.shape[1]
        y = self.bn1(self.conv1(x)).relu()
        y = self.bn2(self.conv2(y)).relu()
        y = self.bn3(self.conv3(y)).relu().amax(2)
        y = self.bn4(self.fc1(y)).relu()
        y = self.bn5(self.fc2(y)).relu()
        matrix = self.fc3(y).reshape(-1, channels, channels) + torch.eye(channels, dtype=x.dtype, device=x.device)
        return torch.bmm(x.transpose(1, 2), matrix).transpose(1, 2)


class Features(nn.Module):
    """The features of all points together."""

    def __init__(self) -> None:
        super().__init__()
        self.stn = Transform(3)
        self.conv1, self.bn1 = nn.Conv1d(3, 64, 1), nn.BatchNorm1d(64)
        self.fstn = Transform(64)
        self.conv2, self.bn2 = nn.Conv1d(64, 128, 1), nn.BatchNorm1d(128)
        self.conv3, self.bn3 = nn.Conv1d(128, 1024, 1), nn.BatchNorm1d(1024)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the largest of all points, feature by feature."""
        x = self.fstn(self.bn1(self.conv1(self.stn(x))).relu())
        x = self.bn2(self.conv2(x)).relu()
        return self.bn3(self.conv3(x)).amax(2)


class PointNet(nn.Module):
    """The classifier of the paper's figure 2."""

    def __init__(self) -> None:
        super().__init__()
        self.feat = Features()
        self.fc1, self.bn1 = nn.Linear(1024, 512), nn.BatchNorm1d(512)
        self.fc2, self.bn2 = nn.Linear(512, 256), nn.BatchNorm1d(256)
        self.fc3 = nn.Linear(256, 40)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor]:
        """Return the scores of classes."""
        y = self.bn1(self.fc1(self.feat(x))).relu()
        return (self.fc3(self.bn2(self.fc2(y)).relu()),)


CASES: dict[str, tuple[type[nn.Module], list[tuple[int, ...]], tuple[int, ...], int]] = {
    "deeplabv3_resnet50": (Segmenter, [(1, 3, 520, 520), (1, 3, 65, 97)], (2, 3, 33, 50), 997),
    "ssd300_vgg16": (Detector, [(1, 3, 300, 300), (1, 3, 283, 321)], (1, 3, 268, 269), 7919),
    "pointnet": (PointNet, [(1, 3, 1024), (5, 3, 77)], (3, 3, 29), 1),
}
"""By the name of our file: the network, shapes of inputs for figures, that for values, and the step between values."""


def figures(make: type[nn.Module], shape: tuple[int, ...]) -> list[Any]:
    """Return the shapes of the outputs and the multiply-accumulates for an input."""
    with torch.device("meta"):
        net, given = make().eval(), torch.empty(shape)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        outputs = net(given)
    return [list(shape), [list(output.shape) for output in outputs], counter.get_total_flops() // 2]


def answer(make: type[nn.Module], sizes: list[tuple[int, ...]], shape: tuple[int, ...], step: int) -> dict[str, Any]:
    """Return what a network gives with tensors that a formula makes."""
    net = make().eval()
    state = net.state_dict()
    names = [name for name in state if not name.endswith("num_batches_tracked")]
    for number, name in enumerate(names):
        state[name].copy_(torch.from_numpy(tensor_of(name, number, tuple(state[name].shape))))
    given = torch.from_numpy(unit(len(names), shape))
    with torch.no_grad():
        near = [output.numpy().astype(np.float64) for output in net(given.float())]
        exact = [output.numpy() for output in net.double()(given)]
    for one, other in zip(near, exact, strict=True):
        if abs(one - other).max() > 1e-5 * abs(other).max():
            raise ValueError("float32 and float64 lie too far apart to be tested")
    return {
        "params": sum(tensor.numel() for tensor in net.parameters()),
        "figures": [figures(make, size) for size in sizes],
        "tensors": [[name, list(state[name].shape)] for name in names],
        "input": list(shape),
        "step": step,
        "values": [[float(f"{each:.7g}") for each in output.ravel()[::step]] for output in exact],
    }


def main() -> int:
    """Ask torch and write the file."""
    return write_answers("torch_zoo.json", ABOUT, lambda: {name: answer(*case) for name, case in CASES.items()})


if __name__ == "__main__":
    sys.exit(main())
