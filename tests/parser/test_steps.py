"""Lists of steps: what each reads, how it is called, branches, and how reading goes on after a mistake."""

from __future__ import annotations

import pytest

from shapecalc.layers.activation import Relu
from tests.support.networks import findings, found, layers, read


@pytest.mark.parametrize("step", ["relu", "relu:", "relu: {}", "relu: null", "{relu: {}}", "{relu: }"])
def test_a_layer_alone_is_written_in_any_of_these_ways(step: str) -> None:
    assert read(layers(step)).steps[0].layer == Relu()


def test_steps_read_one_another_in_order() -> None:
    steps = read(layers("{relu: {}, name: a}", "tanh", "{relu: {}, name: c.0}")).steps
    assert [(step.path, step.inputs) for step in steps] == [("a", ("input",)), ("tanh_1", ("a",)), ("c.0", ("tanh_1",))]


def test_a_step_without_a_name_is_called_after_its_layer_and_position() -> None:
    assert [step.path for step in read(layers("relu", "relu")).steps] == ["relu_0", "relu_1"]


def test_the_last_step_is_what_leaves() -> None:
    assert read(layers("relu", "{tanh: {}, name: end}")).outputs == {"output": "end"}


def test_steps_after_a_broken_one_are_checked_for_what_they_say_themselves() -> None:
    text = layers("banana", "max_pool: 99", "linear: 0", "{relu: {}, name: a b}")
    assert found(text) == [("SC101", "banana"), ("SC201", "0"), ("SC110", "a b")]


def test_a_step_repeats_or_shares() -> None:
    text = layers("{relu: {}, name: a}", "{relu: {}, share: a, repeat: 2}")
    assert [finding.message for finding in findings(text)] == ["`repeat` and `share` stand on one step"]


def test_a_first_step_must_say_which_of_several_inputs_it_reads() -> None:
    text = "inputs: {a: [N, 3], b: [N, 3]}\nlayers: [relu]\n"
    assert found(text) == [("SC104", "relu")]
    (finding,) = findings(text)
    assert finding.message == "the first step expects `from:`, for several inputs enter: `a` or `b`"
