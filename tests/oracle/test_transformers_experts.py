"""Experts against transformers' own blocks: tensors, outputs, gradients and multiply-accumulates of fourteen models."""

from __future__ import annotations

import json
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from shapecalc.layers.base import fields_of
from shapecalc.layers.experts import Experts
from shapecalc.reference import find, find_backward
from shapecalc.reference.base import Array, Call
from shapecalc.reference.gradients import Context
from tests.oracle.test_torch_fixtures import ORACLE
from tests.support.rows import for_each

if TYPE_CHECKING:
    Row = dict[str, Any]

CASES = json.loads((ORACLE / "transformers_experts.json").read_text(encoding="utf-8"))["cases"]
X = (2, 5, 8)
OUTSIDE = {"granitemoe": {"router.weight": "gate.weight"}}
OUTSIDE["gpt_oss"] = {"router.weight": "gate.weight", "router.bias": "gate.bias"}
"""The names of tensors in other models than those whose names are ours."""

each = for_each("case", [pytest.param(row, id=f"{row['model']} {row['fields']}") for row in CASES])


def filled(seed: int, shape: tuple[int, ...]) -> Array:
    elements = [((7919 * i + 104729 * seed) % 10007) / 10007 - 0.5 for i in range(prod(shape))]
    return np.asarray(elements).reshape(shape).astype(np.float32)


def ours(row: Row, tensors: dict[str, Array]) -> dict[str, Array]:
    """A model's tensors as this layer has them: gpt-oss stores [in, out], and gate and up rows alternate."""
    found = {OUTSIDE.get(row["model"], {}).get(name, name): tensor for name, tensor in tensors.items()}
    if row["model"] == "gpt_oss":
        for name in ("experts.gate_up_proj", "experts.gate_up_proj_bias"):
            found[name] = np.concatenate([found[name][..., ::2], found[name][..., 1::2]], axis=-1)
        for name in ("experts.gate_up_proj", "experts.down_proj"):
            found[name] = found[name].swapaxes(1, 2)
    return found


def loaded(row: Row) -> tuple[Experts, Call]:
    layer = Experts(**row["fields"])
    tensors = {name: filled(seed, tuple(shape)) for seed, (name, shape) in enumerate(row["tensors"].items(), start=3)}
    fields = {name: getattr(layer, name) for name in fields_of(Experts)}
    return layer, Call("layer", "experts", fields, ours(row, tensors), ("x",), ("y",))


@each
def test_the_tensors_are_those_of_the_model(case: Row) -> None:
    layer, call = loaded(case)
    predicted = {**layer.parameters(X), **layer.buffers(X)}
    assert {name: tensor.shape for name, tensor in call.parameters.items()} == predicted
    if case["model"] not in OUTSIDE:
        assert {name: tuple(shape) for name, shape in case["tensors"].items()} == predicted


@each
def test_the_output_and_the_multiply_accumulates_are_those_of_the_model(case: Row) -> None:
    layer, call = loaded(case)
    y = find("experts").run(call, filled(0, X))
    expected = np.asarray(case["output"]).reshape(X)
    np.testing.assert_allclose(y, expected, rtol=2e-5, atol=2e-5 * abs(expected).max())
    assert call.work.macs == layer.macs(X, X) == case["macs"]


@each
def test_the_gradients_are_those_of_the_model(case: Row) -> None:
    _, call = loaded(case)
    x = filled(0, X)
    found = find_backward("experts")(Context(call, (x,), (x,)), filled(1, X))
    expected = np.asarray(case["gradient"]).reshape(X)
    assert found.inputs[0] is not None
    np.testing.assert_allclose(found.inputs[0], expected, rtol=2e-5, atol=2e-5 * abs(expected).max())
    directions = {name: filled(2, tuple(case["tensors"][name])) for name in case["slopes"]}
    slopes = {name: float((found.parameters[name] * way).sum()) for name, way in ours(case, directions).items()}
    names = OUTSIDE.get(case["model"], {})
    assert slopes == pytest.approx({names.get(name, name): slope for name, slope in case["slopes"].items()}, abs=2e-5)
