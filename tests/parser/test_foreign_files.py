"""Files of other tools are named for what they are: by their first bytes, whatever they are called and how large."""

from __future__ import annotations

import base64
import io
import json
import sys
from pathlib import Path
from time import process_time
from types import SimpleNamespace

import pytest
import yaml

import shapecalc
from shapecalc import ShapecalcError
from shapecalc.diagnostics.limits import LIMITS
from shapecalc.files import zoo
from shapecalc.files.load import importable_format
from shapecalc.parser.files import read_source
from shapecalc.parser.foreign_files import _FAMILIES, HEAD, binary_format, text_format
from tests.support.rows import for_each

ROOT = Path(shapecalc.__file__).parent.parent

FILES = {
    name: base64.b64decode(head)
    for name, head in json.loads((ROOT / "tests/oracle/foreign_files.json").read_text())["files"].items()
}
WHAT = {
    "named-producer.onnx": "an ONNX model",
    "no-producer.onnx": "an ONNX model",
    "newer-opset-first.onnx": "an ONNX model",
    "net.keras": "a Keras archive (`.keras`)",
    "net.h5": "an HDF5 file, such as Keras's `.h5`",
    "sequential-keras.json": "a Keras model in JSON",
    "functional-keras.json": "a Keras model in JSON",
    "state_dict.pt": "a PyTorch archive (`torch.save` or TorchScript)",
    "module.pth": "a PyTorch archive (`torch.save` or TorchScript)",
    "before-1.6.pth": "a PyTorch file of a version before 1.6",
    "torchscript.pt": "a TorchScript archive",
    "exported.pt2": "a `torch.export` program (`.pt2`)",
    "weights.safetensors": "a safetensors file",
    "bare.safetensors": "a safetensors file",
    "weights.npz": "NumPy arrays (`.npz`)",
    "weights.npy": "a NumPy array",
    "object.pkl": "a Python pickle",
    "bert/config.json": "a Hugging Face configuration of `bert`",
    "llama/config.json": "a Hugging Face configuration of `llama`",
    "gpt2/config.json": "a Hugging Face configuration of `gpt2`",
    "mamba/config.json": "a Hugging Face configuration of `mamba`",
    "weights.gguf": "a GGUF file",
    "saved_model.pb": "a TensorFlow SavedModel",
    "net.mlmodel": "a Core ML model",
    "net.tflite": "a TensorFlow Lite model",
    "lenet.prototxt": "a Caffe network (prototxt)",
    "old.prototxt": "a Caffe network (prototxt)",
    "yolov3.cfg": "a darknet configuration",
    "yolov8.yaml": "a model file of ultralytics (YOLO)",
    "yolov5.yaml": "a model file of ultralytics (YOLO)",
    "net.py": "Python source",
    "notebook.ipynb": "a Jupyter notebook",
    "package.json": "a JSON file without `input` and `layers`",
    "figure.png": "a PNG picture",
    "paper.pdf": "a PDF document",
}
NETWORKS = [
    *(ROOT / "architectures").glob("*.yaml"),
    *(path for path in (ROOT / "tests").rglob("*.y*ml") if not path.name.startswith("SC006")),
]


def refusal(path: Path | str) -> ShapecalcError:
    with pytest.raises(ShapecalcError) as caught:
        shapecalc.load(path)
    return caught.value


def test_each_kind_of_file_is_tried() -> None:
    assert set(WHAT) == set(FILES)


@for_each("name", WHAT)
def test_the_content_decides_and_not_the_name(name: str, tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    path.write_bytes(FILES[name])
    error = refusal(path)
    (finding,) = error.diagnostics
    assert (finding.code, error.exit_code) == ("SC006", 2)
    assert finding.message == f"`{path}` is {WHAT[name]}, expects a network in YAML"
    assert finding.help
    assert "UTF-8" not in finding.help


@for_each("name", WHAT)
@for_each("filling", [b"\0", b" ", b"\n# x", b"\xff\xfe\x08"], ids=repr)
def test_a_file_beyond_the_limit_is_named_too(name: str, filling: bytes, tmp_path: Path) -> None:
    path = tmp_path / "large"
    path.write_bytes(FILES[name] + filling * LIMITS.file_size)
    if importable_format(str(path)) is not None:
        codes = []
        try:
            shapecalc.load(path)  # bytes of a message that protobuf does not know are no mistake
        except ShapecalcError as error:
            codes = [finding.code for finding in error.diagnostics]
        assert codes in ([], ["SC032"])
        return
    (finding,) = refusal(str(path)).diagnostics
    assert (finding.code, WHAT[name] in finding.message) == ("SC006", True)


@for_each("name", WHAT)
def test_standard_input_is_looked_at_as_well(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(FILES[name])))
    (finding,) = refusal("-").diagnostics
    assert finding.message == f"`<stdin>` is {WHAT[name]}, expects a network in YAML"


def test_no_more_than_the_head_of_a_large_file_decides(tmp_path: Path) -> None:
    path = tmp_path / "late.yaml"
    path.write_bytes(b"# nothing yet\n" * HEAD + FILES["net.py"] + b"#" * LIMITS.file_size)
    (finding,) = refusal(path).diagnostics
    assert finding.code == "SC010"


@for_each("path", NETWORKS, ids=lambda path: path.name)
def test_no_network_and_no_network_with_mistakes_is_taken_for_another_file(path: Path) -> None:
    head = path.read_bytes()[:HEAD]
    assert (binary_format(head), text_format(head.decode("utf-8", "replace"))) == (None, None)


def in_json(name: str) -> str:
    path = zoo.path(name)
    assert path is not None
    return json.dumps(yaml.safe_load(path.read_text()))


@pytest.mark.parametrize("name", ["lenet5", "resnet50", "bert-base"])
def test_a_network_in_json_is_read_and_its_mistakes_are_its_own(name: str, tmp_path: Path) -> None:
    text = in_json(name)
    path = tmp_path / "net.json"
    path.write_text(text)
    assert shapecalc.load(path).layers
    path.write_text(text.replace('"linear"', '"lineal"'))
    assert {finding.code for finding in refusal(path).diagnostics} == {"SC101"}


LOOKALIKES = {
    "a name that Keras writes": "{class_name: Sequential, input: [N, 3], layers: [relu]}",
    "a key of ultralytics": "nc: 80\ninput: [N, 3]\nlayers: [relu]\n",
    "words of Python in a text": "name: import torch\ninput: [N, 3]\nlayers: [rely]\n",
    "text of a citation": "source: |\n  import torch\n  class Net(nn.Module):\ninput: [N, 3]\nlayers: [rely]\n",
    "a darknet section as a list": "input: [N, 3]\nlayers:\n  [net]\n",
    "the letters of GGUF": "GGUF: 3\ninput: [N, 3]\nlayers: [relu]\n",
    "the letters of TensorFlow Lite": "abc: TFL3\ninput: [N, 3]\nlayers: [relu]\n",
    "the letters of a ZIP": "PK: 3\ninput: [N, 3]\nlayers: [relu]\n",
    "a brace after eight letters": "abcdefg {\n",
    "a model type beside layers": '{"model_type": "llama", "input": ["N", 3], "layers": ["relu"]}',
    "a network in JSON without layers": '{"input": ["N"]}',
    "a network in JSON without an input": '{"layers": ["relu"]}',
    "a network in JSON, a key misspelt": '{"laers": ["relu"], "input": ["N"]}',
    "a file of blocks in JSON": '{ "blocks": {"b": {"layers": []}}, "sizes": {}}',
    "two networks' worth of layers": "layers:\n  - relu\nlayers: []\n",
    "an empty file": "",
    "a comment": "# import torch\n",
    "a list of steps": "- relu\n- linear: 3\n",
}


@for_each("text", LOOKALIKES.values(), ids=list(LOOKALIKES))
def test_what_looks_like_another_file_is_read_as_a_network(text: str, tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    path.write_text(text)
    assert "SC006" not in {finding.code for finding in refusal(path).diagnostics}


MORE = {
    "imports in one line": ("import os, sys\nprint(1)\n", "Python source"),
    "an import with a comment": ("import torch.nn as nn  # the layers\n", "Python source"),
    "a script without imports": ("model = nn.Sequential(\n    nn.Linear(3, 5),\n)\n", "Python source"),
    "a class": ("# a network\nclass Net:\n    pass\n", "Python source"),
    "Windows' line ends": ("import torch\r\nx = 1\r\n", "Python source"),
    "darknet after comments": ("#\n\n  # x\n[net]\r\nwidth=28\r\n", "a darknet configuration"),
    "darknet's other word": ("[network]\nwidth=28\n", "a darknet configuration"),
    "a layer in one line": ('layer { name: "data" type: "Input" }\n', "a Caffe network (prototxt)"),
    "diffusers": ('{\n "_class_name": "UNet2DModel",\n "_diffusers_version": "0.6.0"\n}',
                  "a configuration of Hugging Face diffusers"),
    "a class of Hugging Face whose model type is far down": (
        '{"architectures": ["ViTForImageClassification"], "id2label": {%s' % ('"0": "tench", ' * 90),
        "a Hugging Face configuration of `ViT`",
    ),
    "a configuration without either": ('{"size": 8, "transformers_version": "5.0"}', "a Hugging Face configuration"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "what"), MORE.values(), ids=list(MORE))
def test_other_forms_are_recognised(text: str, what: str) -> None:
    found = text_format(text[:HEAD])
    assert found is not None
    assert found.what == what


@pytest.mark.parametrize(
    ("name", "ships"), [("bert", "bert-base"), ("llama", "llama3-8b"), ("gpt2", "gpt2-small"), ("mamba", None)]
)
def test_a_family_that_ships_is_offered_and_no_other(name: str, ships: str | None) -> None:
    found = text_format(FILES[f"{name}/config.json"].decode())
    assert found is not None
    assert ("--from" in found.help) == (ships is not None)
    if ships:
        assert found.help.endswith(f"`shapecalc init net.yaml --from {ships}`")


def test_every_family_ships() -> None:
    assert set(_FAMILIES.values()) <= set(zoo.names())


def test_a_file_that_only_its_name_tells_is_recognised(tmp_path: Path) -> None:
    path = tmp_path / "licence.py"
    path.write_text("# licence\n" * 200 + "import torch\n")
    (finding,) = refusal(path).diagnostics
    assert "is Python source" in finding.message


def test_in_a_folder_what_is_no_yaml_is_not_read_and_a_yaml_of_ultralytics_is_passed_over(tmp_path: Path) -> None:
    for name in ("named-producer.onnx", "net.py", "package.json"):
        (tmp_path / name).write_bytes(FILES[name])
    (tmp_path / "yolo.yaml").write_bytes(FILES["yolov5.yaml"])
    (tmp_path / "net.yaml").write_text("input: [N, 3]\nlayers: [linear: 3]\n")
    results = shapecalc.check(tmp_path)
    assert [(result.findings, result.readable) for result in results] == [((), True)]
    assert [Path(name).name for name in results.skipped] == ["yolo.yaml"]
    (foreign,) = shapecalc.check(tmp_path / "yolo.yaml")
    assert [finding.code for finding in foreign.findings] == ["SC006"]
    assert not foreign.readable


@for_each("name", ["figure.png", "named-producer.onnx", "weights.gguf"])
@for_each("length", range(33))
def test_a_file_that_is_cut_off_raises_nothing_else(name: str, length: int, tmp_path: Path) -> None:
    path = tmp_path / "cut.yaml"
    path.write_bytes(FILES[name][:length])
    with pytest.raises(ShapecalcError):
        shapecalc.load(path)


def test_a_broken_message_is_no_file_that_is_known() -> None:
    for head in (
        b"\x08",
        b"\x08\x80\x80",
        b"\x08\x01\x12",
        b"\x08\x01\x12\xff\xff\xff\xff\xff\x7f",
        b"\x08\x01\x0b",
        b"PK\x03\x04",
    ):
        binary_format(head)
    assert binary_format(b"\x08\x96\x01\x0d\x00\x00\x80\x3f") is None


@for_each("unit", ["#", " ", "\n", "#\n", "\t#", "import a,", "{", '{"', '"a":', "nc:\n", "layer", "(", "a.", "\\"])
@for_each("start", ["", "{", "nc:", "class A(", "import a", "layer {", "[net]"])
def test_no_text_takes_long(start: str, unit: str) -> None:
    head = (start + unit * HEAD)[:HEAD]
    began = process_time()
    text_format(head)
    assert process_time() - began < 0.1


def test_a_file_whose_bytes_are_not_known_is_still_no_text(tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    path.write_bytes(b"\x7fELF\x02\x01\x01\0\0\xff")
    with pytest.raises(ShapecalcError, match="SC002"):
        read_source(path)
