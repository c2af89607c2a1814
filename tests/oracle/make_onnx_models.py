"""Write onnx_models/: small networks of each family by both exporters of PyTorch, and what ONNX Runtime computes.

Run it in an environment with torch 2.13, onnx, onnxscript and onnxruntime. Weights are small integers over 8, so that
the files compress; inputs are filled the same way.
"""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import torch
import torch.nn.functional as F  # noqa: N812
from torch import nn

FOLDER = Path(__file__).parent / "onnx_models"


class Residual(nn.Module):
    def __init__(self, width: int, out: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(width, out, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(out)
        self.conv2 = nn.Conv2d(out, out, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(out)
        self.downsample = nn.Conv2d(width, out, 1, stride)

    def forward(self, x: Any) -> Any:
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + self.downsample(x))


class Cnn(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 7, 2, 3)
        self.pool = nn.MaxPool2d(3, 2, 1, ceil_mode=True)
        self.layers = nn.Sequential(Residual(4, 6, 2), Residual(6, 8, 1))
        self.fc = nn.Linear(8, 5)

    def forward(self, x: Any) -> Any:
        x = self.layers(self.pool(torch.relu(self.stem(x))))
        return self.fc(torch.flatten(F.adaptive_avg_pool2d(x, 1), 1))


class Squeezing(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(6, 6, 5, 2, 2, groups=6)
        self.fc1, self.fc2 = nn.Conv2d(6, 2, 1), nn.Conv2d(2, 6, 1)
        self.project = nn.Conv2d(6, 4, 1)

    def forward(self, x: Any) -> Any:
        x = F.hardswish(self.depthwise(x))
        scale = F.hardsigmoid(self.fc2(F.relu(self.fc1(F.adaptive_avg_pool2d(x, 1)))))
        return F.relu6(self.project(x * scale))


class Vit(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, 8, 4, 4)
        self.token = nn.BlockParameter(torch.zeros(1, 1, 8))
        self.positions = nn.BlockParameter(torch.zeros(1, 10, 8))
        self.block = nn.TransformerEncoderLayer(8, 2, 16, activation="gelu", batch_first=True, norm_first=True)
        self.norm = nn.LayerNorm(8)
        self.head = nn.Linear(8, 3)

    def forward(self, x: Any) -> Any:
        x = self.patches(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.token.expand(x.shape[0], -1, -1), x], 1) + self.positions
        return self.head(self.norm(self.block(x))[:, 0])


class Decoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.wte, self.wpe = nn.Embedding(31, 8), nn.Embedding(16, 8)
        self.ln = nn.LayerNorm(8)
        self.attn, self.proj = nn.Linear(8, 24), nn.Linear(8, 8)
        self.register_buffer("mask", torch.tril(torch.ones(16, 16, dtype=torch.bool)))
        self.head = nn.Linear(8, 31, bias=False)
        self.head.weight = self.wte.weight

    def forward(self, ids: Any) -> Any:
        n, t = ids.shape
        x = self.wte(ids) + self.wpe(torch.arange(t, device=ids.device))
        q, k, v = (y.view(n, t, 2, 4).transpose(1, 2) for y in self.attn(self.ln(x)).split(8, 2))
        scores = (q @ k.transpose(-1, -2) / 2.0).masked_fill(~self.mask[:t, :t], float("-inf"))
        y = (scores.softmax(-1) @ v).transpose(1, 2).reshape(n, t, 8)
        return self.head(x + self.proj(y))


class Recurrent(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(5, 4, num_layers=2, bidirectional=True, batch_first=True)
        self.gru = nn.GRU(8, 3, batch_first=True)

    def forward(self, x: Any) -> Any:
        y, (h, _) = self.lstm(x)
        return self.gru(y)[0], h


class UNet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.down, self.inner = nn.Conv2d(2, 4, 3, padding=1), nn.Conv2d(4, 6, 3, padding=1)
        self.up = nn.ConvTranspose2d(6, 4, 2, 2)
        self.out = nn.Conv2d(8, 2, 1)

    def forward(self, x: Any) -> Any:
        skip = F.relu(self.down(x))
        inner = F.silu(F.group_norm(self.inner(F.avg_pool2d(skip, 2)), 2))
        small = self.out(torch.cat([skip, self.up(inner)], 1))
        large = F.interpolate(small, scale_factor=2.0, mode="bilinear", align_corners=False)
        return F.interpolate(large, scale_factor=2.0, mode="nearest")


class Shifted(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.norm, self.mix = nn.LayerNorm(6), nn.Linear(6, 6)

    def forward(self, x: Any) -> Any:
        n, h, w, c = x.shape
        y = torch.roll(self.norm(x), (-1, -1), (1, 2))
        y = y.view(n, h // 2, 2, w // 2, 2, c).permute(0, 1, 3, 2, 4, 5).reshape(-1, 4, c)
        y = self.mix(F.gelu(y))
        y = y.view(n, h // 2, w // 2, 2, 2, c).permute(0, 1, 3, 2, 4, 5).reshape(n, h, w, c)
        return x + torch.roll(y, (1, 1), (1, 2))


def dynamic(names: dict[int, str]) -> dict[int, Any]:
    return {axis: torch.export.Dim(name) for axis, name in names.items()}


MODELS: dict[str, tuple[type[nn.Module], tuple[int, ...], dict[int, str]]] = {
    "cnn": (Cnn, (1, 3, 33, 37), {}),
    "cnn_batches": (Cnn, (2, 3, 32, 32), {0: "batch"}),
    "squeeze_excite": (Squeezing, (2, 6, 11, 13), {}),
    "vit": (Vit, (2, 3, 12, 12), {}),
    "decoder": (Decoder, (2, 7), {}),
    "decoder_lengths": (Decoder, (2, 7), {1: "sequence"}),
    "recurrent": (Recurrent, (2, 7, 5), {}),
    "unet": (UNet, (1, 2, 6, 10), {}),
    "shifted": (Shifted, (2, 4, 6, 6), {}),
}


def filled(shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
    places = np.arange(int(np.prod(shape)))
    return (((places * 7) % 17 - 8) / 16).astype(np.float32).reshape(shape)


def fill(model: nn.Module) -> None:
    for name, tensor in model.state_dict().items():
        if tensor.is_floating_point():
            tensor.copy_(torch.from_numpy(filled(tuple(tensor.shape)) + (1.0 if "var" in name else 0.0)))


def main() -> int:
    """Export every model twice, and run the files."""
    warnings.simplefilter("ignore")
    FOLDER.mkdir(exist_ok=True)
    outputs: dict[str, np.ndarray[Any, Any]] = {}
    for name, (make, shape, axes) in MODELS.items():
        for exporter in ("dynamo", "script"):
            torch.manual_seed(0)
            model = make().eval()
            fill(model)
            ids = "decoder" in name
            given = np.arange(int(np.prod(shape))).reshape(shape) % 11 if ids else filled(shape)
            file = FOLDER / f"{name}.{exporter}.onnx"
            keywords: dict[str, Any] = {"dynamo": False, "input_names": ["x"]}
            keywords |= {"dynamic_axes": {"x": axes}} if axes else {}
            if exporter == "dynamo":
                keywords = {"dynamo": True, "external_data": False, "verbose": False, "input_names": ["x"]}
                keywords |= {"dynamic_shapes": (dynamic(axes),)} if axes else {}
            try:
                torch.onnx.export(model, (torch.from_numpy(given),), str(file), **keywords)
            except Exception as error:  # noqa: BLE001 - what an exporter cannot write is not here
                print(f"{file.name}: {type(error).__name__} {str(error)[:100]}", file=sys.stderr)
                continue
            proto = onnx.load(file)
            for node in proto.graph.node:  # paths of this computer, and long texts
                kept = [each for each in node.metadata_props if each.key.endswith(("name_scopes", "class_hierarchy"))]
                del node.metadata_props[:]
                node.metadata_props.extend(kept)
            onnx.save(proto, file)
            session = onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])
            results = session.run(None, {session.get_inputs()[0].name: given})
            outputs |= {f"{name}.{exporter}.{place}": each for place, each in enumerate(results)}
            outputs[f"{name}.{exporter}.x"] = given
    proto = onnx.load(FOLDER / "cnn.dynamo.onnx")
    onnx.save(proto, FOLDER / "external.onnx", save_as_external_data=True, location="external.data", size_threshold=64)
    np.savez_compressed(FOLDER / "outputs.npz", **outputs)
    return 0


if __name__ == "__main__":
    sys.exit(main())
