"""Two networks side by side: what is added, removed and changed, and that the figures add up."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import pytest

import shapecalc
from shapecalc.diffing.diff import Change, ChangeKind, Comparison, diff
from shapecalc.dims import parse
from shapecalc.files import zoo
from shapecalc.parser.reader import read_tree
from shapecalc.parser.tree import Sequence

if TYPE_CHECKING:
    from shapecalc.shape_inference.report import Report

NAMES = zoo.names()
NEIGHBOURS = tuple(zip(NAMES, NAMES[1:] + NAMES[:1], strict=True))


@cache
def shipped(name: str) -> Report:
    return shapecalc.inspect(shapecalc.load(name))


def text_of(name: str) -> str:
    path = zoo.path(name)
    assert path is not None
    return path.read_text(encoding="utf-8")


def report_of(text: str, **sizes: int) -> Report:
    return shapecalc.inspect(shapecalc.loads(text), **sizes)


def compared(old: str, new: str) -> Comparison:
    return diff(report_of(old), report_of(new))


def differing(comparison: Comparison) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(row.kind.value, row.layer.path, row.changes) for row in comparison.rows if row.kind is not ChangeKind.SAME]


def with_step(text: str, step: str) -> str:
    """A file with one more step in the middle of its outermost list."""
    root, _ = read_tree(shapecalc.diagnostics.Source("", text))
    layers = root.get("layers")
    assert isinstance(layers, Sequence)
    span = layers.items[len(layers.items) // 2].span
    lines = text.splitlines()
    before = lines[span.line - 1]
    lines.insert(span.line - 1, before[: len(before) - len(before.lstrip())] + f"- {step}")
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("name", NAMES)
def test_a_network_compared_with_itself_is_identical(name: str) -> None:
    comparison = diff(shipped(name), shapecalc.inspect(shapecalc.load(name)))
    assert comparison.identical
    assert all(change.delta == 0 for change in comparison.totals)
    assert comparison.tally[ChangeKind.SAME] == len(shipped(name).layers)


@pytest.mark.parametrize(("old", "new"), NEIGHBOURS)
def test_deltas_are_new_less_old_and_those_of_the_rows_add_up_to_them(old: str, new: str) -> None:
    before, after = shipped(old), shipped(new)
    comparison = diff(before, after)
    one, other = before.totals, after.totals
    memory = [4 * part.params + part.activation_bytes for part in (one, other)]
    assert comparison.totals.params.delta == other.params - one.params
    assert comparison.totals.buffers.delta == other.buffers - one.buffers
    assert comparison.totals.macs.delta == other.macs - one.macs
    assert comparison.totals.flops.delta == other.flops - one.flops
    assert comparison.totals.activations == Change(one.activation_bytes, other.activation_bytes)
    assert comparison.totals.memory == Change(*memory)
    assert comparison.totals.layers == Change(len(before.layers), len(after.layers))
    for metric, change in comparison.totals._asdict().items():
        assert sum(getattr(row.figures, metric).delta for row in comparison.rows) == change.delta, metric


@pytest.mark.parametrize(("old", "new"), NEIGHBOURS)
def test_every_layer_of_both_stands_in_one_row(old: str, new: str) -> None:
    comparison = diff(shipped(old), shipped(new))
    assert [row.new for row in comparison.rows if row.new] == list(shipped(new).layers)
    before = sorted(row.old.path for row in comparison.rows if row.old)
    assert before == sorted(row.path for row in shipped(old).layers)


@pytest.mark.parametrize(("old", "new"), NEIGHBOURS)
def test_the_way_back_has_opposite_figures(old: str, new: str) -> None:
    there, back = diff(shipped(old), shipped(new)), diff(shipped(new), shipped(old))
    for one, other in zip(there.totals, back.totals, strict=True):
        assert one == Change(other.after, other.before)


@pytest.mark.parametrize("step", ["relu", "batch_norm"])
@pytest.mark.parametrize("name", NAMES)
def test_an_unnamed_layer_put_in_is_one_added_row_and_taken_out_one_removed(name: str, step: str) -> None:
    text = text_of(name)
    before, after = report_of(text), report_of(with_step(text, step))
    there, back = diff(before, after), diff(after, before)
    (added,) = (row for row in there.rows if row.kind is not ChangeKind.SAME)
    (removed,) = (row for row in back.rows if row.kind is not ChangeKind.SAME)
    assert (added.kind, added.layer.type) == (ChangeKind.ADDED, step)
    assert (removed.kind, removed.layer.type) == (ChangeKind.REMOVED, step)
    assert added.layer == removed.layer


NET = (
    "input: [N, 3, 17, 19]\nlayers:\n  - conv: {out_channels: 5, kernel_size: 3}\n    name: c1\n  - relu\n  - flatten\n"
)


@pytest.mark.parametrize(
    ("edit", "found"),
    [
        (("relu", "gelu"), [("changed", "gelu_1", ("type", "flops"))]),
        (("name: c1", "name: first"), [("changed", "first", ("name",))]),
        (("kernel_size: 3", "kernel_size: [3, 3], stride: 1, in_channels: 3"), []),
        (
            ("out_channels: 5", "out_channels: 7"),
            [
                ("changed", "c1", ("fields", "output", "params", "macs", "flops")),
                ("changed", "relu_1", ("input", "output", "flops")),
                ("changed", "flatten_2", ("input", "output")),
            ],
        ),
    ],
)
def test_a_row_says_what_has_changed_of_a_layer(edit: tuple[str, str], found: list[object]) -> None:
    assert differing(compared(NET, NET.replace(*edit))) == found


def test_layers_put_in_before_a_row_of_alike_ones_are_added_and_change_no_other() -> None:
    text = "input: [N, 8]\nlayers: [linear: 3, relu, linear: 5, relu, linear: 7, relu]\n"
    comparison = compared(text, text.replace("[linear: 3", "[linear: 8, relu, linear: 3"))
    assert [kind for kind, _, _ in differing(comparison)] == ["added", "added"]


def test_of_layers_alike_the_one_that_comes_to_the_same_is_the_one_that_stayed() -> None:
    text = "input: [N, 2]\nlayers: [linear: 4, relu, linear: 9]\n"
    comparison = compared(text, text.replace("relu", "relu, linear: 4, relu"))
    assert [(kind, path) for kind, path, _ in differing(comparison)] == [("added", "linear_2"), ("added", "relu_3")]
    back = text.replace("linear: 4", "linear: 9, relu, linear: 4")
    assert [(kind, path) for kind, path, _ in differing(compared(back, text))][:2] == [
        ("removed", "linear_0"),
        ("removed", "relu_1"),
    ]
    before, after = shipped("vgg11"), shipped("vgg13")
    found = [(kind, path) for kind, path, _ in differing(diff(before, after))]
    assert found == [("added", f"features.{place}") for place in (2, 3, 7, 8)]


def test_a_layer_that_changes_beside_one_put_in_has_changed() -> None:
    comparison = compared(NET, NET.replace("name: c1", "name: first").replace("- relu", "- relu\n  - linear: 2"))
    kinds = {path: kind for kind, path, _ in differing(comparison)}
    assert kinds == {"first": "changed", "linear_2": "added", "flatten_3": "changed"}
    text = "input: [N, 8]\nlayers: [tanh, linear: 3]\n"
    comparison = compared(text, text.replace("tanh, linear: 3", "tanh, gelu, linear: 4"))
    assert [(kind, path) for kind, path, _ in differing(comparison)] == [("added", "gelu_1"), ("changed", "linear_2")]


def test_fields_are_given_before_and_after() -> None:
    comparison = compared(NET, NET.replace("kernel_size: 3", "kernel_size: 5"))
    assert dict(comparison.rows[0].fields) == {"kernel_size": (3, 5)}


def test_a_layer_that_reads_another_has_changed_though_no_figure_has() -> None:
    text = "input: [N, 8]\nlayers:\n  - {relu: {}, name: a}\n  - {relu: {}, name: b}\n  - {add: {}, from: [a, b]}\n"
    comparison = compared(text, text.replace("[a, b]", "[input, b]"))
    assert differing(comparison) == [("changed", "add_2", ("reads",))]
    assert not comparison.identical


def test_what_enters_and_leaves_is_listed_where_it_differs() -> None:
    comparison = compared(NET, NET.replace("17, 19", "17, 23"))
    assert [(end.name, end.before, end.after) for end in comparison.inputs] == [
        ("input", (parse("N"), 3, 17, 19), (parse("N"), 3, 17, 23))
    ]
    assert [end.after for end in comparison.outputs] == [(parse("N"), 5 * 15 * 21)]


def test_an_output_that_another_layer_gives_is_a_change() -> None:
    text = "input: [N, 8]\nlayers: [{relu: {}, name: a}, {relu: {}, name: b}]\noutputs: {o: %s, p: a}\n"
    comparison = compared(text % "b", text % "a")
    assert (comparison.rewired, comparison.identical) == (("o",), False)
    assert comparison.to_dict()["rewired"] == ["o"]


def test_an_output_that_a_layer_put_in_gives_is_told_by_that_layer() -> None:
    assert compared(NET, NET + "  - tanh\n").rewired == compared(NET + "  - tanh\n", NET).rewired == ()


def test_of_symbols_a_delta_is_an_exact_expression() -> None:
    text = "input: [N, 3, H, W]\nlayers: [{conv: {out_channels: 5, kernel_size: 1}}]\n"
    comparison = compared(text, text.replace("5", "7"))
    assert comparison.totals.macs.delta == parse("6*H*W")
    assert comparison.totals.params.delta == 8


def test_what_is_unknown_on_either_side_has_no_delta() -> None:
    assert [Change(None, 1).delta, Change(1, None).delta, Change(None, None).delta] == [None] * 3


def test_a_network_that_was_not_there_adds_all_its_layers() -> None:
    comparison = diff(None, shipped("lenet5"))
    assert {row.kind for row in comparison.rows} == {ChangeKind.ADDED}
    assert comparison.totals.params == Change(0, 61_706)
    assert not comparison.identical


def test_diff_is_public() -> None:
    assert shapecalc.diff(shipped("lenet5"), shipped("lenet5")).identical


def test_the_json_lists_what_differs_and_counts_what_does_not() -> None:
    found = compared(NET, NET.replace("relu", "tanh")).to_dict()
    assert found["tally"] == {"added": 0, "removed": 0, "changed": 1, "same": 2}
    assert [row["after"]["path"] for row in found["layers"]] == ["tanh_1"]
    assert found["totals"]["layers"] == {"before": 3, "after": 3, "delta": 0}


def test_an_infinite_field_is_text_in_json() -> None:
    old, new = (
        f"input: [1, 2, 5, 5]\nlayers:\n  - pad: {{padding: 1, value: {value}}}\n" for value in ("0.5", "-.inf")
    )
    (row,) = compared(old, new).to_dict()["layers"]
    assert row["fields"] == {"value": {"before": 0.5, "after": "-inf"}}


def test_costs_of_networks_with_other_smallest_batches_are_compared_at_one() -> None:
    sixteen, two = (
        shapecalc.inspect(shapecalc.loads(f"input: [N, 500]\nlayers: [{{reshape: [-1, {width}]}}, {{linear: 5}}]"))
        for width in (320, 1000)
    )
    assert (sixteen.costs_at, two.costs_at) == ({"N": 16}, {"N": 2})
    found = diff(two, sixteen)
    assert found.costs_at == ({"N": 16}, {"N": 16})
    assert found.totals.macs.delta == 0  # each element meets five weights


def test_costs_are_compared_as_they_are_if_no_batch_is_valid_for_both() -> None:
    odd, even = (
        shapecalc.inspect(shapecalc.loads(f"input: [N, 5]\nwhere: [{where}]\nlayers: [{{linear: 5}}]"))
        for where in ("N % 2 == 1", "N % 2 == 0")
    )
    assert diff(odd, even).costs_at == ({"N": 1}, {"N": 2})


def test_fewer_chosen_experts_are_fewer_active_params_of_as_many() -> None:
    text = "input: [N, 7]\nlayers:\n  - experts: {{count: 6, top_k: {}, hidden_features: 5}}\n"
    before, after = (shapecalc.inspect(shapecalc.loads(text.format(chosen))) for chosen in (3, 2))
    found = diff(before, after).totals
    assert (found.params.delta, found.active_params.delta) == (0, -3 * 5 * 7)
