"""All lints together: on the networks that ship, and on networks built in Python."""

from __future__ import annotations

import shapecalc
from shapecalc.checking.diagnose import diagnose
from shapecalc.checking.lints import WITHOUT_EFFECT, lint
from shapecalc.files.zoo import names
from shapecalc.shape_inference.engine import inspect
from tests.support.lints import TABLE, layers


def test_of_the_zoo_a_few_are_warned_for_what_they_really_do() -> None:
    found = {name: codes_of(name) for name in names()}
    assert {name: found[name] for name in found if found[name]} == {
        "squeezenet1_1": {"SC401"},  # made for 227 x 227, used at 224
        **{f"vgg{depth}_bn": {"SC405"} for depth in (11, 13, 16, 19)},  # torchvision's have these biases
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
    import dataclasses

    architecture = shapecalc.loads(TABLE + layers("linear: 5", "batch_norm", "dropout", "batch_norm", "softmax: 1"))
    steps = tuple(step._replace(spans=None) for step in architecture.steps)
    assert lint(inspect(dataclasses.replace(architecture, steps=steps))) == ()


def test_an_input_that_was_built_in_python_has_no_place_either() -> None:
    import dataclasses

    architecture = shapecalc.loads(
        "input: [N, 28, 28, 1]\n" + layers("conv: {out_channels: 8, kernel_size: 3, padding: 1}")
    )
    inputs = tuple(entry._replace(span=None) for entry in architecture.inputs)
    assert lint(inspect(dataclasses.replace(architecture, inputs=inputs))) == ()
