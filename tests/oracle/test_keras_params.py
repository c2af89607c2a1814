"""`--params-as keras` against Keras 3 itself: every layer with parameters that both have, and whole networks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import shapecalc
from shapecalc.layers import layer_type
from tests.support.examples.all import EXAMPLES
from tests.support.rows import for_each

if TYPE_CHECKING:
    from shapecalc.layers.base import Layer

ORACLE = json.loads((Path(__file__).parent / "keras_params.json").read_text(encoding="utf-8"))
CASES, NETWORKS = ORACLE["cases"], ORACLE["networks"]


def named(case: dict[str, Any]) -> str:
    return f"{case['layer']}-{case['keras']}-{'-'.join(f'{key}={value}' for key, value in case['fields'].items())}"


def made(case: dict[str, Any]) -> Layer:
    cls = layer_type(case["layer"])
    assert cls is not None
    return cls(**{name: tuple(value) if isinstance(value, list) else value for name, value in case["fields"].items()})


@for_each("case", CASES, ids=named)
def test_a_layer_has_the_parameters_that_keras_counts(case: dict[str, Any]) -> None:
    layer, inputs = made(case), [tuple(shape) for shape in case["inputs"]]
    trainable = layer.params_as("keras", *inputs)
    assert (layer.in_keras, trainable) == (True, case["trainable"])
    assert trainable + layer.non_trainable_as("keras", *inputs) == case["params"]


@pytest.mark.parametrize("case", NETWORKS, ids=lambda case: case["network"])
def test_a_network_has_the_totals_of_the_summary_of_keras(case: dict[str, Any]) -> None:
    architecture = shapecalc.loads(case["network"])
    totals = shapecalc.inspect(architecture, params_as="keras").totals
    assert (totals.params, totals.trainable_params) == (case["params"], case["trainable"])
    assert totals.non_trainable_params == case["params"] - case["trainable"]
    usual = shapecalc.inspect(architecture).totals
    assert (usual.params, usual.non_trainable_params) == (usual.trainable_params, 0)
    # What Keras counts as a parameter is no longer a buffer.
    assert usual.buffers == totals.buffers + totals.non_trainable_params


def test_a_layer_without_a_case_says_that_keras_does_not_have_it() -> None:
    has = {case["layer"] for case in CASES}
    made = [(example.layer(), example.closed()) for example in EXAMPLES]
    stored = [layer for layer, shapes in made if layer.parameters(*shapes) or layer.buffers(*shapes)]
    without = {layer.type for layer in stored} - has
    assert without
    assert [layer for layer in stored if layer.type in without and layer.in_keras] == []


@pytest.mark.parametrize(
    ("word", "fields"),
    [
        ("conv_transpose", {"out_channels": 6, "kernel_size": 3, "groups": 3}),
        ("batch_norm", {"track_running_stats": False}),
        ("instance_norm", {"track_running_stats": True}),
        ("lstm", {"hidden_size": 8, "proj_size": 5}),
        ("multihead_attention", {"num_heads": 2, "add_bias_kv": True}),
    ],
)
def test_an_option_that_keras_does_not_have_is_not_covered(word: str, fields: dict[str, Any]) -> None:
    assert not made({"layer": word, "fields": fields}).in_keras


def test_the_count_names_the_layers_that_it_does_not_cover() -> None:
    text = "input: [N, 5, 8]\nlayers: [scale, rbf: 3, class_token, batch_norm]\n"
    report = shapecalc.inspect(shapecalc.loads(text), params_as="keras")
    assert report.uncounted == ("scale", "rbf", "class_token")
    assert report.to_dict()["params_as_pytorch"] == ["scale", "rbf", "class_token"]
    assert shapecalc.inspect(shapecalc.loads(text)).uncounted == ()


def test_a_shared_batch_norm_counts_once() -> None:
    text = "input: [N, 5, 8]\nlayers:\n- {batch_norm: {}, name: first}\n- {batch_norm: {}, share: first}\n"
    totals = shapecalc.inspect(shapecalc.loads(text), params_as="keras").totals
    assert (totals.params, totals.trainable_params, totals.non_trainable_params, totals.buffers) == (20, 10, 10, 0)


def test_a_shared_block_counts_once() -> None:
    text = (
        "input: [N, 5, 8]\nblocks:\n  norm: {layers: [batch_norm, relu, batch_norm]}\nlayers:\n"
        "- {norm: {}, name: first}\n- {norm: {}, share: first}\n"
    )
    totals = shapecalc.inspect(shapecalc.loads(text), params_as="keras").totals
    assert (totals.params, totals.trainable_params, totals.non_trainable_params, totals.buffers) == (40, 20, 20, 0)
