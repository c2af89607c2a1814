"""What is said to be kept for the backward pass is what PyTorch keeps, to the byte; what differs is explained."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import shapecalc
from shapecalc.costs.saved_tensors import saved_tensors
from shapecalc.layers import layer_types
from shapecalc.shape_inference.engine import inspect_at
from tests.oracle.torch_cases import layers_asked
from tests.support.rows import for_each

FIXTURE = json.loads(Path(__file__).with_name("torch_saved.json").read_text(encoding="utf-8"))
BYTES = {"": 4, "float32": 4, "int64": 8, "bool": 1}


def plain(value: Any) -> Any:
    return tuple(map(plain, value)) if isinstance(value, list) else value


def case_id(case: dict[str, Any]) -> str:
    fields = ",".join(f"{name}={value}" for name, value in case["fields"].items())
    return f"{case['layer']}-{fields}-{'x'.join(str(shape) for shape in case['shapes'])}".replace(" ", "")


@for_each("case", [pytest.param(case, id=case_id(case)) for case in FIXTURE["layers"]])
def test_a_layer_keeps_what_pytorch_keeps(case: dict[str, Any]) -> None:
    layer = layer_types()[case["layer"]](**{name: plain(value) for name, value in case["fields"].items()})
    shapes = plain(case["shapes"])
    kept = layer.saved(*shapes, next(iter(layer.outputs(*shapes).values())))
    inputs = {record.of for record in kept if isinstance(record.of, int)}
    assert {
        "inputs": sorted(inputs),
        "output": any(record.of == "output" for record in kept),
        "own": sum(BYTES[record.dtype] * record.elements for record in kept if record.of is None),
    } == {name: case[name] for name in ("inputs", "output", "own")}


@pytest.mark.parametrize(
    "case", [pytest.param(case, id=f"{case['name']}-{case['sizes']}") for case in FIXTURE["networks"]]
)
def test_a_network_keeps_what_pytorch_keeps(case: dict[str, Any]) -> None:
    found = saved_tensors(inspect_at(shapecalc.load(case["name"]), case["sizes"]))
    assert found.size == case["bytes"]


UNASKED = {
    **dict.fromkeys(("parameter", "buffer", "constant"), "they compute nothing"),
    "opaque": "it is no layer",
    "deform_conv": "torchvision has it in its compiled part, which the fixtures were made without",
}


def test_pytorch_is_asked_about_every_word() -> None:
    assert {case["layer"] for case in FIXTURE["layers"]} | layers_asked("saved") == {*layer_types()} - {*UNASKED}


RECURRENT = [case for case in FIXTURE["networks"] if "fused" in case]


@pytest.mark.parametrize("case", [pytest.param(case, id=case["name"]) for case in RECURRENT])
def test_what_a_fused_recurrent_kernel_keeps_instead_is_explained_to_the_byte(case: dict[str, Any]) -> None:
    found = saved_tensors(inspect_at(shapecalc.load(case["name"]), case["sizes"]))
    samples, steps = case["sizes"]["N"], case["sizes"]["T"]
    expected = found.size + case["workspaces"]  # what oneDNN needs for itself, nobody else can know
    for layer in found.layers:
        if layer.row.type != "lstm":  # oneDNN has no kernel for training a GRU that PyTorch would call
            continue
        lstm: Any = layer.row.step.layer
        kept = {tensor.name: tensor.size for tensor in layer.tensors}
        # In place of gates and states of each step: each level's and direction's output, and its last h and c.
        levels = lstm.num_layers * lstm.directions
        expected += levels * 4 * samples * lstm.hidden_size * (steps + 2) - kept["gates"] - kept["states"]
        # Both directions read one turned copy of the input.
        expected -= kept["input, turned"] // lstm.directions * (lstm.directions - 1)
    assert expected == case["fused"]


@pytest.mark.parametrize("case", [case for case in FIXTURE["networks"] if "inplace" in case])
def test_relu_in_place_keeps_as_much(case: dict[str, Any]) -> None:
    # It keeps its output in either case: what it writes over, nobody kept.
    found = saved_tensors(inspect_at(shapecalc.load(case["name"]), case["sizes"]))
    assert sum(layer.in_place for layer in found.layers if layer.row.type == "relu") == (
        17 if "resnet" in case["name"] else 15
    )
    assert {layer.avoided for layer in found.layers} == {0}
    assert found.size == case["inplace"]
