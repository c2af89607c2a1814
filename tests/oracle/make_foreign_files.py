"""Write foreign_files.json: the first KiB of files that other tools write, each made by that tool where it can be had.

Run it in an environment of its own: python -m venv scratch, scratch/bin/pip install torch==2.13.0 keras==3.15.1 h5py
onnx==1.23.2 safetensors==0.8.0 transformers==5.24.0 numpy, KERAS_BACKEND=torch scratch/bin/python
tests/oracle/make_foreign_files.py. Formats without a tool there are written by hand after their public descriptions.
"""

from __future__ import annotations

import base64
import json
import pickle
import struct
import sys
import tempfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import keras
import numpy as np
import onnx
import torch
import transformers
from onnx import TensorProto, helper
from safetensors.torch import save_file

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = Path(__file__).parent
HEAD = 1024
VERSIONS = {
    "torch": torch.__version__.partition("+")[0],
    "keras": keras.__version__,
    "onnx": onnx.__version__,
    "transformers": transformers.__version__,
}

MAKERS: dict[str, Callable[[Path], None]] = {}


def file(name: str) -> Callable[[Callable[[Path], None]], Callable[[Path], None]]:
    """Register a function that writes the file of a name."""

    def register(maker: Callable[[Path], None]) -> Callable[[Path], None]:
        MAKERS[name] = maker
        return maker

    return register


def network() -> torch.nn.Module:
    return torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(144, 10))


def graph() -> onnx.GraphProto:
    weights = helper.make_tensor("w", TensorProto.FLOAT, [3, 2], [0.5] * 6)
    return helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 3])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", 2])],
        [weights],
    )


@file("named-producer.onnx")
def named_onnx(path: Path) -> None:
    onnx.save(helper.make_model(graph(), producer_name="pytorch", producer_version="2.13.0"), path)


@file("no-producer.onnx")
def plain_onnx(path: Path) -> None:
    onnx.save(helper.make_model(graph()), path)


@file("newer-opset-first.onnx")
def opset_onnx(path: Path) -> None:
    """Field order is free in protobuf: the opset stands before the graph."""
    model = helper.make_model(graph(), producer_name="tool")
    parts = (onnx.ModelProto(ir_version=10), onnx.ModelProto(opset_import=model.opset_import), onnx.ModelProto())
    parts[2].graph.CopyFrom(model.graph)
    path.write_bytes(b"".join(part.SerializeToString() for part in parts))


def keras_network() -> keras.Model:
    return keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Conv2D(4, 3), keras.layers.Flatten()])


@file("net.keras")
def keras_zip(path: Path) -> None:
    keras_network().save(path)


@file("net.h5")
def keras_h5(path: Path) -> None:
    keras_network().save(path)


@file("sequential-keras.json")
def keras_json(path: Path) -> None:
    path.write_text(keras_network().to_json())


@file("functional-keras.json")
def functional_json(path: Path) -> None:
    inputs = keras.Input((8,))
    path.write_text(keras.Model(inputs, keras.layers.Dense(3)(inputs)).to_json(indent=2))


@file("state_dict.pt")
def state_dict(path: Path) -> None:
    torch.save(network().state_dict(), path)


@file("module.pth")
def whole_module(path: Path) -> None:
    torch.save(network(), path)


@file("before-1.6.pth")
def legacy_torch(path: Path) -> None:
    torch.save(network().state_dict(), path, _use_new_zipfile_serialization=False)


@file("torchscript.pt")
def torchscript(path: Path) -> None:
    torch.jit.save(torch.jit.script(network()), path)


@file("exported.pt2")
def exported(path: Path) -> None:
    torch.export.save(torch.export.export(network(), (torch.zeros(1, 3, 8, 8),)), path)


@file("weights.safetensors")
def safetensors(path: Path) -> None:
    save_file(network().state_dict(), path, metadata={"format": "pt"})


@file("bare.safetensors")
def bare_safetensors(path: Path) -> None:
    save_file({"weight": torch.zeros(2, 3)}, path)


@file("weights.npz")
def npz(path: Path) -> None:
    np.savez(path, weight=np.zeros((2, 3)))


@file("weights.npy")
def npy(path: Path) -> None:
    np.save(path, np.zeros((2, 3)))


@file("object.pkl")
def pickled(path: Path) -> None:
    path.write_bytes(pickle.dumps({"weights": [1.0, 2.0]}, protocol=4))


@file("bert/config.json")
def bert(path: Path) -> None:
    transformers.BertConfig(architectures=["BertForMaskedLM"]).to_json_file(path, use_diff=False)


@file("llama/config.json")
def llama(path: Path) -> None:
    transformers.LlamaConfig(architectures=["LlamaForCausalLM"]).to_json_file(path)


@file("gpt2/config.json")
def gpt2(path: Path) -> None:
    transformers.GPT2Config().to_json_file(path)


@file("mamba/config.json")
def mamba(path: Path) -> None:
    transformers.MambaConfig(architectures=["MambaForCausalLM"]).to_json_file(path)


@file("weights.gguf")
def gguf(path: Path) -> None:
    """Magic, version, numbers of tensors and of keys; a key of type 8, a string."""
    key, value = b"general.architecture", b"llama"
    head = struct.pack("<4sIQQ", b"GGUF", 3, 0, 1)
    path.write_bytes(head + struct.pack("<Q", len(key)) + key + struct.pack("<IQ", 8, len(value)) + value)


def field(number: int, content: bytes | int) -> bytes:
    """A field of a protobuf message: a number below 128, or bytes."""
    if isinstance(content, int):
        return varint(number << 3) + varint(content)
    return varint(number << 3 | 2) + varint(len(content)) + content


def varint(number: int) -> bytes:
    if number < 128:
        return bytes([number])
    return bytes([number & 127 | 128]) + varint(number >> 7)


@file("saved_model.pb")
def saved_model(path: Path) -> None:
    """tensorflow/core/protobuf/saved_model.proto, meta_graph.proto: schema version; stripped ops, tag, version."""
    ops = b"".join(field(1, field(1, name)) for name in (b"Add", b"Const", b"MatMul", b"NoOp"))
    information = field(2, ops) + field(4, b"serve") + field(5, b"2.16.1")
    path.write_bytes(field(1, 1) + field(2, field(1, information)))


@file("net.mlmodel")
def core_ml(path: Path) -> None:
    """Core ML's Model.proto: version of the format; description with an input, an output; a network (500)."""
    feature = field(1, b"image") + field(3, field(4, field(1, 224) + field(2, 224)))
    described = field(1, feature) + field(10, field(1, b"classLabel"))
    path.write_bytes(field(1, 1) + field(2, described) + field(500, field(1, b"\x0a\x04conv")))


@file("net.tflite")
def tflite(path: Path) -> None:
    """A flatbuffer: offset of the root table, file identifier."""
    path.write_bytes(struct.pack("<I4s", 28, b"TFL3") + bytes(20) + b"\x14\x00\x20\x00" + bytes(40))


@file("lenet.prototxt")
def prototxt(path: Path) -> None:
    path.write_text(
        'name: "LeNet"\ninput: "data"\ninput_dim: 1\ninput_dim: 1\ninput_dim: 28\ninput_dim: 28\n'
        'layer {\n  name: "conv1"\n'
        '  type: "Convolution"\n  bottom: "data"\n  top: "conv1"\n  convolution_param {\n    num_output: 20\n    '
        "kernel_size: 5\n  }\n}\n"
    )


@file("old.prototxt")
def old_prototxt(path: Path) -> None:
    path.write_text('name: "Old"\nlayers {\n  name: "data"\n  type: DATA\n}\nlayers {\n  name: "ip"\n}\n')


@file("yolov3.cfg")
def darknet(path: Path) -> None:
    path.write_text(
        "# Testing\n[net]\nbatch=1\nwidth=416\nheight=416\nchannels=3\n\n[convolutional]\n"
        "batch_normalize=1\nfilters=32\n"
        "size=3\nstride=1\npad=1\nactivation=leaky\n"
    )


@file("yolov8.yaml")
def ultralytics(path: Path) -> None:
    """The form of ultralytics' model files, with the comments that push `backbone:` far down."""
    scales = "".join(f"  {scale}: [0.33, 0.25, 1024] # {'summary of layers, parameters ' * 4}\n" for scale in "nsmlx")
    path.write_text(
        "# Object detection model with P3/8 - P5/32 outputs\n\n# Parameters\nnc: 80 # number of classes\n"
        f"scales: # model compound scaling constants\n{scales}\nbackbone:\n  # [from, repeats, module, args]\n"
        "  - [-1, 1, Conv, [64, 3, 2]] # 0-P1/2\n  - [-1, 3, C2f, [128, True]]\n\nhead:\n"
        '  - [-1, 1, nn.Upsample, [None, 2, "nearest"]]\n  - [[-1, 6], 1, Concat, [1]]\n'
    )


@file("yolov5.yaml")
def yolov5(path: Path) -> None:
    path.write_text(
        "nc: 80\ndepth_multiple: 0.33\nwidth_multiple: 0.50\nanchors:\n  - [10, 13, 16, 30, 33, 23]\nbackbone:\n"
        "  [[-1, 1, Conv, [64, 6, 2, 2]],\n   [-1, 3, C3, [128]]]\nhead:\n  [[-1, 1, Conv, [512, 1, 1]]]\n"
    )


@file("net.py")
def python(path: Path) -> None:
    path.write_text(
        '"""A network."""\n\nimport torch\nfrom torch import nn\n\n\nclass Net(nn.Module):\n    def __init__(self):\n'
        "        super().__init__()\n        self.conv = nn.Conv2d(3, 8, 3)\n\n    def forward(self, x):\n"
        "        return self.conv(x)\n"
    )


@file("notebook.ipynb")
def notebook(path: Path) -> None:
    cells = [{"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": [], "source": ["import torch"]}]
    path.write_text(json.dumps({"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, indent=1))


@file("package.json")
def other_json(path: Path) -> None:
    path.write_text('{\n  "version": "1.0.0",\n  "dependencies": {"left-pad": "^1.3.0"}\n}\n')


@file("figure.png")
def png(path: Path) -> None:
    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    pixels = zlib.compress(b"\0\0\0\0")
    header = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b""))


@file("paper.pdf")
def pdf(path: Path) -> None:
    path.write_bytes(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<< /Type /Catalog >>\nendobj\n")


def main() -> None:
    torch.manual_seed(0)
    heads = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, maker in MAKERS.items():
            path = Path(folder, name)
            path.parent.mkdir(exist_ok=True)
            maker(path)
            heads[name] = base64.b64encode(path.read_bytes()[:HEAD]).decode()
            print(name, path.stat().st_size, path.read_bytes()[:60], file=sys.stderr)
    document = {
        "about": "The first KiB of files; written by make_foreign_files.py.",
        "versions": VERSIONS,
        "files": heads,
    }
    (HERE / "foreign_files.json").write_text(json.dumps(document, indent=1) + "\n")


if __name__ == "__main__":
    main()
