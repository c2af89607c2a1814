"""Lists of steps: what each reads, how it is called, branches, and how reading goes on after a mistake."""

from __future__ import annotations

import pytest

from shapecalc.layers.activation import Relu
from tests.support.networks import HEAD, findings, found, layers, read


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


def test_branches_that_merge_keep_the_order_of_the_file() -> None:
    steps = read(layers("{add: {b: [tanh], a: [{relu: {}, name: r}], rest: []}, name: m}")).steps
    assert [(step.path, step.inputs) for step in steps] == [
        ("m.b.tanh_0", ("input",)),
        ("m.a.r", ("input",)),
        ("m", ("m.b.tanh_0", "m.a.r", "input")),
    ]


@pytest.mark.parametrize(
    ("text", "code", "message"),
    [
        ("layers: []\n", "SC107", "`layers` expects at least one step, has none"),
        ("layers: 3\n", "SC107", "`layers` expects a list of steps, receives 3"),
        (
            "layers: [{add: {a: relu, b: []}}]\n",
            "SC107",
            'branch `a` expects a list of steps, receives the string "relu"',
        ),
        (
            "layers: [{add: {a b: [relu], c: []}}]\n",
            "SC110",
            "a branch expects a name of letters, digits and `_`, receives `a b`",
        ),
        (
            "blocks: {b: {layers: [b]}}\nlayers: [b]\n",
            "SC112",
            "block `b` calls itself: b → b",
        ),
        (
            "blocks: {j: {inputs: [x, y], layers: [{add: {}, from: [x, y]}]}}\nlayers: [j]\n",
            "SC313",
            "block `j` expects 2 inputs (x, y), receives 1",
        ),
        (
            "blocks: {b: {layers: [relu]}}\nlayers: [{relu: {}, name: a}, {b: {}, from: [a, input]}]\n",
            "SC313",
            "block `b` expects 1 input (input), receives 2",
        ),
        (
            "layers: [{relu: {}, name: a}, {relu: {}, share: a, repeat: 2}]\n",
            "SC107",
            "`repeat` and `share` stand on one step",
        ),
    ],
)
def test_an_invalid_list_of_steps_is_refused(text: str, code: str, message: str) -> None:
    assert (code, message) in [(finding.code, finding.message) for finding in findings(HEAD + text)]


def test_a_first_step_must_say_which_of_several_inputs_it_reads() -> None:
    text = "inputs: {a: [N, 3], b: [N, 3]}\nlayers: [relu]\n"
    assert found(text) == [("SC104", "relu")]
    (finding,) = findings(text)
    assert finding.message == "the first step expects `from:`, for several inputs enter: `a` or `b`"


LAYERS_BY_NAME = """\
input: [N, 3, 8, 8]
layers:
  first: {conv: {out_channels: 4, kernel_size: 3}}
  second: {batch_norm: {num_features: 5}}
  third: {type: relu}
"""


def test_steps_that_are_keys_with_their_names_are_one_mistake_and_read_all_the_same() -> None:
    layout, size = findings(LAYERS_BY_NAME)
    assert (layout.code, size.code) == ("SC107", "SC301")
    assert layout.help == "write a list of steps, each with its name: `- {conv: …, name: first}`"
    assert len(findings(LAYERS_BY_NAME.replace("num_features: 5", ""))) == 1


def test_steps_without_dashes_are_told_to_begin_with_one() -> None:
    (finding,) = findings("input: [N, 3, 8, 8]\nlayers:\n  conv: {out_channels: 4, kernel_size: 3}\n  relu:\n")
    assert (finding.code, finding.help) == ("SC107", "begin each step with `- `")
