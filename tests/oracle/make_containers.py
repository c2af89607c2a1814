"""Write tests/hostile/containers/: small files of torch.export and ONNX, from which broken ones are made.

Run it in an environment with torch 2.13.0, onnx 1.23.0 and numpy: `python tests/oracle/make_containers.py`. The files
of Keras are those of keras_imports/.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

VERSION = {"opset_imports": [helper.make_opsetid("", 17)], "ir_version": 8}
FOLDER = Path(__file__).parents[1] / "hostile" / "containers"


class Convolutional(nn.Module):
    """Convolutions, a pool and a classifier."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 4, 3, padding=1)
        self.norm = nn.BatchNorm2d(4)
        self.head = nn.Linear(4, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return scores."""
        y = torch.relu(self.norm(self.conv(x)))
        y = torch.cat([y, y + 1], dim=1)[:, :4]
        return self.head(y.mean((2, 3)))


class Sequence(nn.Module):
    """An embedding, a recurrent layer and attention."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(11, 8)
        self.lstm = nn.LSTM(8, 4, batch_first=True, bidirectional=True)
        self.qkv = nn.Linear(8, 24)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        """Return a sequence."""
        x, _ = self.lstm(self.embedding(tokens))
        q, k, v = self.qkv(x).chunk(3, -1)
        return nn.functional.scaled_dot_product_attention(q, k, v) * 0.5


def programs() -> None:
    """Write the files of torch.export, with a symbolic batch."""
    batch = torch.export.Dim("batch")
    for name, model, x in (
        ("convolutional", Convolutional(), torch.zeros(2, 3, 8, 8)),
        ("sequence", Sequence(), torch.zeros(2, 6, dtype=torch.int64)),
    ):
        program = torch.export.export(model.eval(), (x,), dynamic_shapes=({0: batch},))
        torch.export.save(program, FOLDER / f"{name}.pt2")


def tensor(name: str, *shape: int) -> onnx.TensorProto:
    """Return an initializer."""
    values = np.sin(np.arange(np.prod(shape))).reshape(shape).astype(np.float32)
    return numpy_helper.from_array(values, name)


def convolutional() -> onnx.ModelProto:
    """Return convolutions, a pool and a classifier in ONNX."""
    nodes = [
        helper.make_node("Conv", ["x", "w", "b"], ["c"], pads=[1, 1, 1, 1], kernel_shape=[3, 3]),
        helper.make_node("Relu", ["c"], ["r"]),
        helper.make_node("MaxPool", ["r"], ["p"], kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("Shape", ["p"], ["s"]),
        helper.make_node("Flatten", ["p"], ["f"]),
        helper.make_node("Gemm", ["f", "g", "h"], ["y"], transB=1),
    ]
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 3, 8, 8])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", 5])
    initial = [tensor("w", 4, 3, 3, 3), tensor("b", 4), tensor("g", 5, 64), tensor("h", 5)]
    return helper.make_model(helper.make_graph(nodes, "convolutional", [x], [y], initial), **VERSION)


def recurrent() -> onnx.ModelProto:
    """Return a recurrent layer and a product in ONNX."""
    nodes = [
        helper.make_node("LSTM", ["x", "w", "r"], ["o", "h", "c"], hidden_size=4),
        helper.make_node("Squeeze", ["o", "axis"], ["q"]),
        helper.make_node("MatMul", ["q", "m"], ["y"]),
    ]
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["T", "N", 3])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["T", "N", 2])
    axis = numpy_helper.from_array(np.array([1], np.int64), "axis")
    initial = [tensor("w", 1, 16, 3), tensor("r", 1, 16, 4), tensor("m", 4, 2), axis]
    return helper.make_model(helper.make_graph(nodes, "recurrent", [x], [y], initial), **VERSION)


def main() -> None:
    """Write all files."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    programs()
    for model in (convolutional(), recurrent()):
        onnx.checker.check_model(model)
        onnx.save(model, FOLDER / f"{model.graph.name}.onnx")


if __name__ == "__main__":
    main()
