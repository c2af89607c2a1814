"""The lock: what it says of a network, what moves it and whom it blames, and what it makes of a spoilt file."""

from __future__ import annotations

import re

import pytest

from shapecalc.diffing.lock import (
    drift,
    entry_of,
    lock_of,
    read_lock,
    to_json,
)
from shapecalc.diffing.lock.changes import LayerCounts, layer_counts
from shapecalc.files import zoo
from shapecalc.files.load import load
from shapecalc.shape_inference.engine import inspect_at, with_costs_at
from tests.support.locked_networks import CHAIN, MIXTURE, edited, moved, report_of

RESIDUAL = """\
name: residual
input: [N, 8, 16, 16]
blocks:
  basic:
    parameters: [channels, kernel: 3]
    layers:
      - add:
          main:
            - conv: {out_channels: $channels, kernel_size: $kernel, padding: same}
              name: first
            - batch_norm
            - relu
            - conv: {out_channels: $channels, kernel_size: 3, padding: 1}
              name: second
          shortcut:
            - conv: {out_channels: $channels, kernel_size: 1}
      - relu
layers:
  - basic: {channels: 8}
    repeat: 3
    name: stage1
  - basic: {channels: 16}
    name: stage2
  - global_avg_pool
  - flatten
  - linear: 10
    name: head
"""


def test_what_has_not_changed_has_not_moved() -> None:
    assert moved(CHAIN, CHAIN) == []


def test_a_layer_that_changed_is_named_with_what_it_has_and_had() -> None:
    assert edited(CHAIN, ("out_channels: 16", "out_channels: 17")) == [
        ("`c3` has 2,567 params, locked at 2,416", 8),
    ]


def test_the_finding_says_all_that_moved_and_how_to_agree_to_it() -> None:
    entry = entry_of(report_of(CHAIN))
    report = report_of(CHAIN.replace("out_channels: 16", "out_channels: 17"))
    (finding,) = drift(report, entry)
    assert finding.code == "SC502"
    assert finding.help == "run `shapecalc lock --update net.yaml` if the change is meant"
    assert finding.notes[:2] == (
        "gives [N, 17, 10, 10], locked at [N, 16, 10, 10]",
        "does 255,000 MACs, locked at 240,000",
    )
    assert finding.notes[-1].startswith("in total, `chain` has ")


def test_outputs_are_named_in_the_order_of_the_network_on_both_sides() -> None:
    text = """\
input: [N, 3]
outputs: {small: b, large: a}
layers: [{linear: 7, name: a}, {linear: 2, name: b, from: a}]
"""
    lock = read_lock(to_json(lock_of({"net.yaml": report_of(text)}, "0")), "lock")
    findings = drift(report_of(text.replace("linear: 7", "linear: 8")), lock.files["net.yaml"])
    (total,) = (note for finding in findings for note in finding.notes if note.startswith("in total"))
    assert "gives `small` [N, 2], `large` [N, 8], locked at `small` [N, 2], `large` [N, 7]" in total


def test_two_layers_that_changed_are_two_causes_though_the_one_feeds_the_other() -> None:
    found = edited(CHAIN, ("out_channels: 6", "out_channels: 7"), ("out_channels: 16", "out_channels: 17"))
    assert [message.split()[0] for message, _ in found] == ["`c1`", "`c3`"]


def test_a_layer_put_in_does_not_blame_those_whose_names_count_it() -> None:
    assert edited(CHAIN, ("layers:\n", "layers:\n  - dropout: 0.1\n")) == [("`dropout_0` is not in the lock", 4)]


def test_a_layer_put_in_among_its_like_is_one_cause() -> None:
    found = edited(CHAIN, ("  - linear: 120\n", "  - linear: 200\n  - relu\n  - linear: 120\n"))
    assert found == [("`linear_6` and `relu_7` are not in the lock", 12)]


def test_a_layer_taken_out_is_named_where_it_stood() -> None:
    assert edited(CHAIN, ("  - avg_pool: 2\n", "")) == [("`avg_pool_2` is locked, and not there any more", 7)]


def test_the_last_layer_taken_out_is_named() -> None:
    assert edited(CHAIN, ("  - linear: 10\n", "")) == [("`linear_10` is locked, and not there any more", 15)]


def test_another_kind_of_layer_in_the_same_place_is_one_cause() -> None:
    assert edited(CHAIN, ("- tanh", "- relu")) == [("`relu_1` is a `relu`, where `tanh_1` is locked, a `tanh`", 6)]


def test_another_name_is_a_cause_and_those_that_read_it_are_none() -> None:
    assert edited(CHAIN, ("name: c3", "name: conv2")) == [("`conv2` is locked as `c3`", 8)]


def test_a_block_with_another_name_is_one_cause() -> None:
    assert [message for message, _ in edited(RESIDUAL, ("name: stage1", "name: body"))] == [
        "`body` is locked as `stage1`"
    ]


def test_another_number_in_another_name_is_seen_where_nothing_else_is() -> None:
    (found,) = edited(CHAIN, ("name: c3", "name: conv_3"), ("name: c1", "name: c_1"))[:1]
    assert found == ("`c_1` is locked as `c1`", 4)
    named = CHAIN.replace("name: c3", "name: c_3")
    assert moved(named, named.replace("name: c_3", "name: c_4")) == [("`c_4` is locked as `c_3`", 8)]


def test_another_input_is_the_one_cause_of_all_that_follows() -> None:
    assert edited(CHAIN, ("32, 32]", "32, 36]")) == [
        ("the input `input` is [N, 1, 32, 36], locked at [N, 1, 32, 32]", 2)
    ]
    assert edited(CHAIN, ("[N, 1", "[B, 1")) == [("the input `input` is [B, 1, 32, 32], locked at [N, 1, 32, 32]", 2)]


def test_a_changed_layer_behind_a_changed_input_is_a_cause_of_its_own() -> None:
    found = edited(CHAIN, ("32, 32]", "32, 36]"), ("out_channels: 16", "out_channels: 17"))
    assert [message.split(" is ")[0].split(" has ")[0] for message, _ in found] == ["the input `input`", "`c3`"]


def test_an_input_that_came_and_one_that_went_are_named() -> None:
    one = "input: [N, 8]\nlayers: [relu]\n"
    two = "inputs: {input: [N, 8], mask: [N, 8]}\nlayers:\n  - add:\n    from: [input, mask]\n  - relu\n"
    assert ("the input `mask` is not in the lock", 1) in moved(one, two)
    assert ("the input `mask` is locked, and is not there", 1) in moved(two, one)


def test_another_dtype_of_an_input_is_named() -> None:
    text = "input: {shape: [N, 5], dtype: int64}\nlayers: [flatten]\n"
    assert [message for message, _ in edited(text, ("int64", "float32"))] == [
        "the input `input` is float32, locked as int64"
    ]


def test_an_edit_of_a_block_is_one_cause_in_all_its_runs() -> None:
    ((message, line),) = edited(RESIDUAL, ("kernel_size: 3, padding: 1", "kernel_size: 5, padding: 2"))
    assert message == "`stage1.0.add_0.main.second` has 1,608 params, locked at 584"
    assert line == 13


def test_an_argument_of_a_call_is_one_cause_of_all_layers_that_use_it() -> None:
    ((message, _),) = edited(RESIDUAL, ("channels: 16", "channels: 17"))
    assert message.startswith("`stage2.add_0.main.first` has ")


def test_one_more_run_of_a_block_is_one_cause() -> None:
    ((message, _),) = edited(RESIDUAL, ("repeat: 3", "repeat: 4"))
    assert message == "`stage1.3.add_0.main.first` and 6 more layers up to `stage1.3.relu_1` are not in the lock"


def test_one_run_of_a_block_fewer_is_one_cause() -> None:
    ((message, _),) = edited(RESIDUAL, ("repeat: 3", "repeat: 2"))
    assert message.endswith("up to `stage1.2.relu_1` are locked, and not there any more")


def test_a_layer_put_into_a_block_is_one_cause() -> None:
    ((message, line),) = edited(
        RESIDUAL, ("            - batch_norm\n", "            - batch_norm\n            - dropout\n")
    )
    assert (message, line) == ("`stage1.0.add_0.main.dropout_2` is not in the lock", 12)


def test_a_count_that_moves_by_itself_is_laid_to_the_counting() -> None:
    report = report_of(CHAIN)
    entry = entry_of(report)
    layers = tuple(layer._replace(flops=1) if layer.path == "c3" else layer for layer in entry.layers)
    (finding,) = drift(report, entry._replace(layers=layers))
    assert finding.message == "`c3` does 481,600 FLOPs, locked at 1"
    assert "counted otherwise" in finding.notes[-1]


def test_totals_that_no_layer_explains_are_a_finding_too() -> None:
    report = report_of(CHAIN)
    entry = entry_of(report)
    (finding,) = drift(report, entry._replace(params=1))
    assert finding.message.startswith("`net.yaml`: `chain` has ")
    (finding,) = drift(report, entry._replace(costs_at={"N": 2}))
    assert "costs" in finding.message


def test_a_change_early_in_a_deep_network_is_one_finding_there() -> None:
    deep = (
        "input: [N, 3, 64, 64]\nlayers:\n" + "  - conv: {out_channels: 4, kernel_size: 3, padding: 1}\n  - relu\n" * 300
    )
    ((message, line),) = edited(deep, ("out_channels: 4", "out_channels: 5"))
    assert (message, line) == ("`conv_0` has 140 params, locked at 112", 3)


@pytest.mark.parametrize("most", [0, 1_000_000])
def test_every_other_layer_of_thousands_is_one_cause_where_one_line_changed(most: int, monkeypatch) -> None:
    monkeypatch.setattr("shapecalc.diffing.lock.alignment.MOST_COMPARED", most)
    deep = (
        "input: [N, 3]\nblocks: {pair: {layers: [tanh, relu]}}\nlayers:\n"
        "  - dropout\n  - pair:\n    repeat: 900\n    name: deep\n"
    )
    assert edited(deep, ("relu", "gelu")) == [
        ("`deep.0.gelu_1` is a `gelu`, where `deep.0.relu_1` is locked, a `relu`", 2)
    ]
    assert edited(deep, ("  - dropout\n", "")) == [("`dropout_0` is locked, and not there any more", 2)]
    assert edited(deep, ("layers:\n", "layers:\n  - sigmoid\n")) == [("`sigmoid_0` is not in the lock", 4)]


@pytest.mark.parametrize("name", zoo.names())
def test_one_more_parameter_anywhere_fails_and_names_the_layer(name: str) -> None:
    report = inspect_at(load(name), {})
    entry = entry_of(report)
    learnt = [place for place, layer in enumerate(entry.layers) if layer.params]
    for place in {learnt[0], learnt[len(learnt) // 2], learnt[-1]}:
        before = entry.layers[place]
        assert isinstance(before.params, int)
        assert isinstance(entry.params, int)
        fewer = before._replace(params=before.params - 1)
        layers = (*entry.layers[:place], fewer, *entry.layers[place + 1 :])
        (finding,) = drift(report, entry._replace(layers=layers, params=entry.params - 1))
        noun = "param" if before.params == 1 else "params"
        assert finding.message == f"`{before.path}` has {before.params:,} {noun}, locked at {before.params - 1:,}"
        spans = report.layers[place].step.spans
        assert spans is not None
        assert finding.span == spans.type


@pytest.mark.parametrize("name", zoo.names())
def test_every_network_of_the_zoo_comes_back_as_it_was_locked(name: str) -> None:
    for symbolic in (False, True):
        report = inspect_at(load(name), {}, symbolic=symbolic)
        lock = lock_of({name: report}, "0.1.0")
        again = read_lock(to_json(lock), "lock")
        assert again == lock
        assert to_json(again) == to_json(lock)
        assert drift(report, again.files[name]) == ()


def test_costs_that_were_locked_at_another_batch_are_compared_at_that_batch() -> None:
    report = report_of("input: [N, 500]\nlayers: [{reshape: [-1, 320]}, {linear: 5}]")
    assert report.costs_at == {"N": 16}
    locked = entry_of(with_costs_at(report, {"N": 1}))
    assert (locked.costs_at, locked.macs) == ({"N": 1}, 1600)  # one row, as floor division leaves it
    assert drift(report, locked) == ()
    changed = report_of("input: [N, 500]\nlayers: [{reshape: [-1, 320]}, {linear: 7}]")
    assert [finding.code for finding in drift(changed, locked)] == ["SC502"]


def test_active_params_move_a_lock_that_states_them_and_none_that_does_not() -> None:
    report = report_of(MIXTURE)
    text = to_json(lock_of({"net.yaml": report}, "0"))
    assert drift(report, read_lock(text, "lock").files["net.yaml"]) == ()
    other = text.replace('"active_params": 168', '"active_params": 169').replace(
        '"active_params": 210', '"active_params": 211'
    )
    (finding,) = drift(report, read_lock(other, "lock").files["net.yaml"])
    assert finding.message == "`mixed` has 168 active params, locked at 169"
    assert "in total, `mixture` has 210 active params, locked at 211" in finding.notes
    earlier = re.sub(r'"active_params": \d+, ?', "", re.sub(r'\n *"active_params": \d+,', "", text))
    assert "active_params" not in earlier
    entry = read_lock(earlier, "lock").files["net.yaml"]
    assert drift(report, entry) == ()
    changed = report_of(MIXTURE.replace("top_k: 1", "top_k: 2"))
    (finding,) = drift(changed, entry)
    assert finding.message == "`mixed` does 936 MACs, locked at 504"
    assert layer_counts(entry, entry_of(report)) == LayerCounts()
    assert layer_counts(entry, entry_of(changed)) == LayerCounts(changed=1)
