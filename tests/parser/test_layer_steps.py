"""Steps whose kind is a layer: tensors, layers, and merges with their branches."""

from __future__ import annotations

from tests.support.networks import findings, layers, read
from tests.support.rows import for_each


def test_branches_that_merge_keep_the_order_of_the_file() -> None:
    steps = read(layers("{add: {b: [tanh], a: [{relu: {}, name: r}], rest: []}, name: m}")).steps
    assert [(step.path, step.inputs) for step in steps] == [
        ("m.b.tanh_0", ("input",)),
        ("m.a.r", ("input",)),
        ("m", ("m.b.tanh_0", "m.a.r", "input")),
    ]


@for_each(
    "step, refused_as",
    {
        "{add: {a: relu, b: []}}": ("SC107", 'branch `a` expects a list of steps, receives the string "relu"'),
        "{add: {a b: [relu], c: []}}": (
            "SC110",
            "a branch expects a name of letters, digits and `_`, receives `a b`",
        ),
        "{parameter: {shape: [3]}, from: input}": ("SC313", "`parameter` expects no input, has `from`"),
        "{constant: 2, repeat: 2}": ("SC107", "`constant` expects no `repeat`"),
    }.items(),
)
def test_a_wrong_branch_or_key_of_a_layer_is_refused(step: str, refused_as: tuple[str, str]) -> None:
    assert refused_as in [(finding.code, finding.message) for finding in findings(layers("relu", step))]


def test_a_sum_of_which_one_branch_is_present_is_that_branch() -> None:
    steps = read(layers("{add: {a: [tanh], b: {when: false, layers: [relu]}}, name: m}")).steps
    assert [(step.path, step.layer.type) for step in steps] == [("m.a.tanh_0", "tanh"), ("m", "identity")]
