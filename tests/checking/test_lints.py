"""All lints together: on the networks that ship, and on networks built in Python."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest

import shapecalc
from shapecalc.architecture import Group, Step
from shapecalc.checking.diagnose import diagnose
from shapecalc.checking.lints import WITHOUT_EFFECT, lint
from shapecalc.files.zoo import names
from shapecalc.shape_inference.engine import inspect, inspect_at
from shapecalc.shape_inference.report import BATCH_SYMBOLS
from tests.house.test_cases import FOLDER
from tests.support.lints import TABLE, layers
from tests.support.rows import for_each

if TYPE_CHECKING:
    from pathlib import Path


def test_of_the_zoo_a_few_are_warned_for_what_they_really_do() -> None:
    found = {name: codes_of(name) for name in names()}
    assert {name: found[name] for name in found if found[name]} == {
        "squeezenet1_1": {"SC401"},  # made for 227 x 227, used at 224
        **{f"vgg{depth}_bn": {"SC405"} for depth in (11, 13, 16, 19)},  # torchvision's have these biases
        "crnn": {"SC405"},  # so has its port to PyTorch
        "pointnet": {"SC404", "SC405"},  # its own code has biases and dropout before batch_norm
    }


def codes_of(name: str) -> set[str]:
    return {finding.code for finding in lint(inspect(shapecalc.load(name)))}


def test_inspect_shows_what_has_no_effect_and_axes_in_another_order_and_leaves_the_rest_to_check() -> None:
    assert frozenset({"SC402", "SC403"}) == WITHOUT_EFFECT
    text = "input: [N, 28, 28, 1]\n" + layers(
        "conv: {out_channels: 8, kernel_size: 3, padding: 1}", "batch_norm", "softmax"
    )
    report = inspect(shapecalc.loads(text))
    assert {finding.code for finding in lint(report)} == {"SC405", "SC407", "SC414"}
    assert {finding.code for finding in diagnose(report, brief=True)} == {"SC407", "SC414"}


def test_a_network_that_was_built_in_python_has_no_place_to_warn_of() -> None:
    architecture = shapecalc.loads(TABLE + layers("linear: 5", "batch_norm", "dropout", "batch_norm", "softmax: 1"))
    steps = tuple(step._replace(spans=None) for step in architecture.steps)
    assert lint(inspect(dataclasses.replace(architecture, steps=steps))) == ()


def test_an_input_that_was_built_in_python_has_no_place_either() -> None:
    architecture = shapecalc.loads(
        "input: [N, 28, 28, 1]\n" + layers("conv: {out_channels: 8, kernel_size: 3, padding: 1}")
    )
    inputs = tuple(entry._replace(span=None) for entry in architecture.inputs)
    assert lint(inspect(dataclasses.replace(architecture, inputs=inputs))) == ()


RIGHT = sorted((FOLDER.parent / "checking" / "lints" / "right_networks").glob("*.yaml"))


@for_each("path", RIGHT, ids=lambda path: path.stem)
def test_a_right_network_is_clean_with_a_free_batch_and_with_a_number(path: Path) -> None:
    architecture = shapecalc.load(path)
    batch = [name for name in architecture.symbols if name in BATCH_SYMBOLS]
    assert lint(inspect(architecture)) == ()
    assert lint(inspect_at(architecture, dict.fromkeys(batch, 6))) == ()


@pytest.mark.parametrize("name", names())
def test_a_batch_of_several_samples_adds_no_warning_to_the_zoo(name: str) -> None:
    architecture = shapecalc.load(name)
    batch = [symbol for symbol in architecture.symbols if symbol in BATCH_SYMBOLS]  # a graph has none
    free, bound = (lint(inspect(architecture, **sizes)) for sizes in ({}, dict.fromkeys(batch, 6)))
    assert {finding.code for finding in free} == {finding.code for finding in bound}


BROKEN = sorted(path for code in range(409, 417) for path in FOLDER.glob(f"SC{code}-*.yaml"))


@for_each("path", BROKEN, ids=lambda path: path.stem)
def test_steps_without_positions_are_not_warned_of(path: Path) -> None:
    architecture = shapecalc.load(path)
    assert lint(inspect(architecture))
    without = tuple(without_positions(step) for step in architecture.steps)
    assert lint(inspect(dataclasses.replace(architecture, steps=without))) == ()


def without_positions(step: Step | Group) -> Step | Group:
    if isinstance(step, Step):
        return step._replace(spans=None)
    inside = dataclasses.replace(step.subgraph, steps=tuple(map(without_positions, step.subgraph.steps)))
    return step._replace(spans=None, subgraph=inside)
