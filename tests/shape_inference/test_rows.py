"""The rows of a report: layers, groups of several runs, and their sums."""

from __future__ import annotations

import shapecalc
from shapecalc import inspect
from shapecalc.dims import symbol
from shapecalc.layers.activation import Relu
from shapecalc.shape_inference.rows import GroupReport, leaves, sum_of
from tests.support.inferred_networks import by_hand

STACK = """
input: [N, 8]
blocks:
  pair: {layers: [{linear: 8, name: a}, {relu: , name: b}], outputs: {b: b, a: a}}
layers:
  - {pair: , name: p, repeat: 3}
  - {pair: , share: p, repeat: 3}
"""


def test_the_sums_of_a_group_are_those_of_its_layers_and_shared_weights_count_once() -> None:
    report = inspect(shapecalc.loads(STACK))
    own, shared = report.tree
    assert isinstance(own, GroupReport)
    assert isinstance(shared, GroupReport)
    assert (own.sums.params, shared.sums.params, own.sums.macs, shared.sums.macs) == (3 * 72, 0, 3 * 64, 3 * 64)
    assert report.totals.params == sum_of(row.params for row in report.layers) == 3 * 72
    assert report.totals.macs == sum_of(row.macs for row in leaves(report.tree)) == 6 * 64


def test_a_group_gives_the_outputs_of_every_run() -> None:
    (own, _) = inspect(shapecalc.loads(STACK)).tree
    assert own.outputs == dict.fromkeys(("p", "p.0.a", "p.1.a", "p.2.a"), (symbol("N"), 8))


def test_a_sum_with_an_unknown_count_is_unknown() -> None:
    assert (sum_of([]), sum_of([2, symbol("N")]), sum_of([2, None, 3])) == (0, symbol("N") + 2, None)


def test_a_layer_of_a_python_built_architecture_has_no_line() -> None:
    assert inspect(by_hand(("relu", Relu(), "input"))).layers[0].line is None


def test_active_params_are_those_of_the_chosen_experts_and_of_all_other_layers() -> None:
    text = "input: [N, 7]\nlayers:\n  - experts: {count: 6, top_k: 2, hidden_features: 5}\n  - linear: 3\n"
    report = inspect(shapecalc.loads(text))
    assert report.totals.params == 6 * 7 + 6 * 105 + 24
    assert report.totals.active_params == 6 * 7 + 2 * 105 + 24
    document = report.to_dict()
    assert document["totals"]["active_params"] == 276
    assert [row.get("active_params") for row in document["layers"]] == [252, None]


def test_active_params_of_shared_experts_count_once() -> None:
    step = "experts: {count: 6, top_k: 2, hidden_features: 5}"
    text = f"input: [N, 7]\nlayers:\n  - {{{step}, name: a}}\n  - {{{step}, share: a}}\n"
    totals = inspect(shapecalc.loads(text)).totals
    assert (totals.params, totals.active_params) == (6 * 7 + 6 * 105, 6 * 7 + 2 * 105)
