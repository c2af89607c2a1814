"""Convolutional networks that ship, written with lists to repeat over and conditions, against PyTorch's modules."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

import shapecalc
from shapecalc import verify
from shapecalc.checking.expect import unmet
from shapecalc.files import zoo
from tests.support.rows import for_each

MODELS: dict[str, Any] = json.loads(Path(__file__).with_name("zoo_convolutional.json").read_text("utf-8"))["models"]
NAMES = tuple(MODELS)
OF_TORCHVISION = ("mobilenet_v3_large", "efficientnet_b0", "regnet_y_400mf", "shufflenet_v2_x1_0", "convnext_tiny")
WITH_PARAMETERS = {
    **dict.fromkeys(("Conv1d", "Conv2d", "ParametrizedCausal"), "conv"),
    "ConvTranspose2d": "conv_transpose",
    "BatchNorm2d": "batch_norm",
    "Linear": "linear",
}
OTHERS = {
    **dict.fromkeys(("LayerNorm", "LayerNorm2d"), "layer_norm"),
    "AdaptiveAvgPool2d": "adaptive_avg_pool",
    "Dropout": "dropout",
    "GELU": "gelu",
    "Hardsigmoid": "hardsigmoid",
    "Hardswish": "hardswish",
    "MaxPool2d": "max_pool",
    "ReLU": "relu",
    "SiLU": "silu",
    "Sigmoid": "sigmoid",
}
"""What torchvision computes by modules alone; the models written from papers use functions too."""
SIZES = {
    **{key: {"H": 64, "W": 64} for key in OF_TORCHVISION},
    "wavenet": {"T": 40},
    "tcn": {"T": 50},
}


@for_each("name", NAMES)
def test_the_totals_are_pytorchs(name: str) -> None:
    report, theirs = shapecalc.inspect(shapecalc.load(name), N=1), MODELS[name]
    assert [list(entry.shape) for entry in report.inputs] == theirs["inputs"]
    assert [list(shape) for shape in report.outputs.values()] == theirs["outputs"]
    totals = report.totals
    assert (totals.params, totals.buffers, totals.macs) == (theirs["params"], theirs["buffers"], theirs["macs"])


@for_each("name", NAMES)
def test_the_layers_are_pytorchs_with_the_elements_and_params_of_each(name: str) -> None:
    words = WITH_PARAMETERS | (OTHERS if name in OF_TORCHVISION else {})
    rows = shapecalc.inspect(shapecalc.load(name), N=1).layers
    theirs = Counter((words[kind], *figures) for kind, *figures in MODELS[name]["leaves"] if kind in words)
    used = {word for word, *_ in theirs}
    ours = Counter((row.type, row.facts.activations, row.facts.params) for row in rows if row.type in used)
    assert ours == theirs


@for_each("name", NAMES)
def test_it_names_its_source_and_its_figures_which_are_met(name: str) -> None:
    architecture = shapecalc.load(name)
    assert architecture.cites
    assert {"params", "macs"} <= {line.key for line in architecture.expect}
    assert unmet(shapecalc.inspect(architecture)) == ()


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.slow] if name == "siamese" else []) for name in NAMES]
)
def test_running_it_proves_every_row(name: str) -> None:
    proof = verify(shapecalc.load(name), N=1, **SIZES.get(name, {}))
    assert proof.ok, [row.layer.path for trial in proof.trials for row in trial.rows if not row.ok]
    assert proof.unproved == ()


def test_no_file_is_longer_than_a_page() -> None:
    lengths = {name: len(Path(str(zoo.path(name))).read_text(encoding="utf-8").splitlines()) for name in NAMES}
    assert {name: lines for name, lines in lengths.items() if lines > 64} == {}
