"""What is said to be kept for the backward pass is what PyTorch keeps, to the byte; what differs is explained."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import shapecalc
from shapecalc.engine import inspect_at
from shapecalc.keeping import keeping
from shapecalc.layers import layer_types

FIXTURE = json.loads(Path(__file__).with_name("oracle").joinpath("torch_saved.json").read_text(encoding="utf-8"))
BYTES = {"": 4, "float32": 4, "int64": 8}


def plain(value: Any) -> Any:
    return tuple(map(plain, value)) if isinstance(value, list) else value


def case_id(case: dict[str, Any]) -> str:
    fields = ",".join(f"{name}={value}" for name, value in case["fields"].items())
    return f"{case['layer']}-{fields}-{'x'.join(str(shape) for shape in case['shapes'])}".replace(" ", "")


@pytest.mark.parametrize("case", [pytest.param(case, id=case_id(case)) for case in FIXTURE["layers"]])
def test_a_layer_keeps_what_pytorch_keeps(case: dict[str, Any]) -> None:
    layer = layer_types()[case["layer"]](**{name: plain(value) for name, value in case["fields"].items()})
    shapes = plain(case["shapes"])
    kept = layer.saved(*shapes, next(iter(layer.outputs(*shapes).values())))
    inputs = {record.of for record in kept if isinstance(record.of, int)}
    assert {
        "inputs": sorted(inputs),
        "output": any(record.of == "output" for record in kept),
        "own": sum(BYTES[record.dtype] * record.numbers for record in kept if record.of is None),
    } == {name: case[name] for name in ("inputs", "output", "own")}


@pytest.mark.parametrize(
    "case", [pytest.param(case, id=f"{case['name']}-{case['sizes']}") for case in FIXTURE["networks"]]
)
def test_a_network_keeps_what_pytorch_keeps(case: dict[str, Any]) -> None:
    found = keeping(inspect_at(shapecalc.load(case["name"]), case["sizes"]))
    assert found.size == case["bytes"]
