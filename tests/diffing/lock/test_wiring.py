"""Which values a layer reads is part of the lock."""

from __future__ import annotations

from shapecalc.diffing.lock import (
    drift,
    entry_of,
)
from shapecalc.files.load import loads
from shapecalc.shape_inference.engine import inspect_at
from tests.support.locked_networks import WIRED, edited, moved


def test_other_values_to_read_are_a_cause_though_no_figure_moves() -> None:
    assert edited(WIRED, ("from: [a, b]", "from: [input, b]")) == [
        ("`sum` reads `input` and `b`, locked as reading `a` and `b`", 7)
    ]


def test_weights_of_another_layer_are_a_cause() -> None:
    text = "input: [N, 8]\nlayers:\n  - linear: 8\n    name: a\n  - linear: 8\n    name: b\n"
    assert [message for message, _ in moved(text, text + "    share: a\n")] == [
        "`b` uses the weights of `a`, locked as using weights of its own"
    ]


def test_branches_in_another_order_are_a_cause_where_the_order_counts() -> None:
    text = "input: [N, 8]\nlayers:\n  - {}:\n      left: [linear: 3]\n      right: [linear: 5]\n"
    other = "input: [N, 8]\nlayers:\n  - {}:\n      right: [linear: 5]\n      left: [linear: 3]\n"
    assert len(moved(text.replace("{}", "concat"), other.replace("{}", "concat"))) == 1
    even = text.replace("5", "3"), other.replace("5", "3")
    assert len(moved(*(side.replace("{}", "concat") for side in even))) == 1


def test_a_name_of_what_leaves_is_held() -> None:
    text = "input: [N, 8]\noutputs: {logits: a}\nlayers:\n  - linear: 8\n    name: a\n"
    assert len(edited(text, ("logits", "scores"))) == 1


def test_an_output_that_another_layer_gives_is_drift_though_nothing_else_moves() -> None:
    text = "input: [N, 8]\nlayers:\n  - {relu: , name: a}\n  - {relu: , name: b}\noutputs: {first: a, second: b}\n"
    entry = entry_of(inspect_at(loads(text), {}))
    swapped = inspect_at(loads(text.replace("first: a, second: b", "first: b, second: a")), {})
    assert [finding.message for finding in drift(swapped, entry)] == [
        "the output `second` is given by `a`, locked as given by `b`",
        "the output `first` is given by `b`, locked as given by `a`",
    ]
    longer = inspect_at(loads(text.replace("  - {relu: , name: b}", "  - relu\n  - {relu: , name: b}")), {})
    assert len(drift(longer, entry)) == 1  # the layer that came, and not what follows from it
