"""The lock: what it says of a network, what moves it and whom it blames, and what it makes of a spoilt file."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest
from hypothesis import given, strategies as st

from shapecalc.diagnostics import ShapecalcError
from shapecalc.diffing.lock import (
    Lock,
    check_lock,
    drift,
    entry_of,
    key_of,
    load_lock,
    lock_of,
    missing_files,
    read_lock,
    to_json,
)
from shapecalc.diffing.lock.entries import FOLLOWING, digest
from shapecalc.files import zoo
from shapecalc.files.load import load, loads
from shapecalc.layers import layer_types
from shapecalc.layers.base import fields_of
from shapecalc.render.check.text import render_diagnostics
from shapecalc.shape_inference.engine import inspect_at

CHAIN = """\
name: chain
input: [N, 1, 32, 32]
layers:
  - conv: {out_channels: 6, kernel_size: 5}
    name: c1
  - tanh
  - avg_pool: 2
  - conv: {out_channels: 16, kernel_size: 5}
    name: c3
  - relu
  - flatten
  - linear: 120
  - relu
  - linear: 84
  - relu
  - linear: 10
"""

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


def report_of(text: str) -> Any:
    return inspect_at(loads(text, "net.yaml"), {})


def moved(text: str, other: str) -> list[tuple[str, int]]:
    """What a lock of one text, written and read again, says of another: messages and lines."""
    lock = read_lock(to_json(lock_of({"net.yaml": report_of(text)}, "0")), "lock")
    return [
        (finding.message, finding.span.line if finding.span else 0)
        for finding in drift(report_of(other), lock.files["net.yaml"])
    ]


def edited(text: str, *edits: tuple[str, str]) -> list[tuple[str, int]]:
    other = text
    for old, new in edits:
        assert old in other
        other = other.replace(old, new, 1)
    return moved(text, other)


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
    assert finding.notes[-1].startswith("in all, `chain` has ")


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


def test_a_field_without_a_figure_moves_the_digest() -> None:
    text = CHAIN.replace("- tanh", "- dropout: 0.1")
    assert edited(text, ("dropout: 0.1", "dropout: 0.2")) == [
        ("`dropout_1` has other fields than were locked, with the same shapes and costs", 6)
    ]


def test_to_write_down_what_holds_anyway_moves_nothing() -> None:
    stated = "{in_channels: 1, out_channels: 6, kernel_size: [5, 5], stride: 1, padding: 0}"
    assert edited(CHAIN, ("{out_channels: 6, kernel_size: 5}", stated)) == []
    assert edited(CHAIN, ("linear: 120", "linear: {in_features: 1600, out_features: 120}")) == []


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


WIRED = """\
input: [N, 8]
layers:
  - linear: 8
    name: a
  - relu:
    name: b
  - add:
    from: [a, b]
    name: sum
"""


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
    assert finding.message.startswith("`chain` has ")
    (finding,) = drift(report, entry._replace(costs_at={"N": 2}))
    assert "costs" in finding.message


def test_a_name_of_what_leaves_is_held() -> None:
    text = "input: [N, 8]\noutputs: {logits: a}\nlayers:\n  - linear: 8\n    name: a\n"
    assert len(edited(text, ("logits", "scores"))) == 1


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
        place_of = report.layers[place].step.place
        assert place_of is not None
        assert finding.span == place_of.word


@pytest.mark.parametrize("name", zoo.names())
def test_every_network_of_the_zoo_comes_back_as_it_was_locked(name: str) -> None:
    for symbolic in (False, True):
        report = inspect_at(load(name), {}, symbolic=symbolic)
        lock = lock_of({name: report}, "0.1.0")
        again = read_lock(to_json(lock), "lock")
        assert again == lock
        assert to_json(again) == to_json(lock)
        assert drift(report, again.files[name]) == ()


def figures(value: Any) -> Any:
    if isinstance(value, dict):
        assert list(value) == sorted(value)
        for inner in value.values():
            yield from figures(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from figures(inner)
    else:
        yield value


def test_keys_are_sorted_and_numbers_are_whole() -> None:
    reports = {name: inspect_at(load(name), {}, symbolic=True) for name in reversed(zoo.names())}
    found = list(figures(json.loads(to_json(lock_of(reports, "0.1.0")))))
    assert found
    assert {type(value) for value in found} <= {int, str, type(None)}


def test_a_lock_does_not_depend_on_the_order_of_its_files() -> None:
    reports = {name: report_of(CHAIN) for name in ("a", "b", "é")}
    backwards = dict(reversed(reports.items()))
    assert to_json(lock_of(reports, "0")) == to_json(lock_of(backwards, "0"))
    assert to_json(lock_of(reports, "0")).isascii()


def test_only_sizes_that_follow_from_the_input_are_left_out_of_the_digest() -> None:
    for word, layer in layer_types().items():
        for name, field in fields_of(layer).items():
            assert (name in FOLLOWING) <= field.nullable, (word, name)
    conv = layer_types()["conv"](out_channels=6, kernel_size=5)  # type: ignore[call-arg]
    for change in ({"stride": 2}, {"padding": "same"}, {"bias": False}, {"padding_mode": "reflect"}, {"groups": 2}):
        assert digest(dataclasses.replace(conv, **change)) != digest(conv)  # type: ignore[type-var]


def lock_text() -> str:
    return to_json(lock_of({"net.yaml": report_of(CHAIN), "wired.yaml": report_of(WIRED)}, "0.1.0"))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"schema_version": 1', '"schema_version": 2', "has `schema_version` `2`, this version of shapecalc reads 1"),
        ('"schema_version": 1', '"schema_version": true', "has `schema_version` `true`"),
        ('"convention": 1', '"convention": 2', "was counted by convention `2`, this version of shapecalc counts by 1"),
        ('"params": 156', '"params": 156.0', "holds the number 156.0, expects whole numbers alone"),
        ('"params": 156', '"params": NaN', "holds the number NaN"),
        ('"params": 156', '"params": -1', "`files.net.yaml.layers[0].params`, expects a whole number, receives `-1`"),
        ('"params": 156', '"params": true', "expects a whole number, receives `true`"),
        ('"params": 156', '"params": [156]', "expects a whole number, receives a list"),
        ('"params": 156', f'"params": {"9" * 5000}', "holds a number that is too long"),
        ('"params": 156, ', "", "`files.net.yaml.layers[0]`, lacks `params`"),
        ('"path": "c3"', '"path": "c1"', "layers[3].path`, is `c1`, which stands before it already"),
        ('"path": "c3"', '"path": "c1", "path": "c3"', "has the key `path` twice in one place"),
        ('"path": "c3"', '"path": 3', "expects a text, receives `3`"),
        ('"type": "tanh"', '"type": null', "expects a text, receives `null`"),
        ('"wired.yaml"', '"net.yaml"', "has the key `net.yaml` twice in one place"),
        ('{"costs_at"', "{", ""),
    ],
)
def test_a_spoilt_lock_is_refused_with_its_place(old: str, new: str, message: str) -> None:
    text = lock_text()
    if not message:
        old, new, message = '"convention"', "convention", "is not JSON"
    assert old in text
    with pytest.raises(ShapecalcError) as raised:
        read_lock(text.replace(old, new, 1), "the.lock")
    (finding,) = raised.value.diagnostics
    assert (finding.code, raised.value.exit_code) == ("SC504", 2)
    assert finding.message.startswith("`the.lock`")
    assert message in finding.message
    assert finding.help


def test_a_lock_with_the_marks_of_a_merge_is_shown_at_its_line() -> None:
    lines = lock_text().splitlines(keepends=True)
    with pytest.raises(ShapecalcError) as raised:
        read_lock("".join([*lines[:4], "<<<<<<< ours\n", *lines[4:]]), "the.lock")
    (finding,) = raised.value.diagnostics
    assert finding.span is not None
    assert finding.span.line == 5


@pytest.mark.parametrize("text", ["", "[]", "3", '"a"', "null", "[" * 100_000, '{"a":' * 100_000, "\0", "{}"])
def test_what_is_no_lock_is_refused(text: str) -> None:
    with pytest.raises(ShapecalcError) as raised:
        read_lock(text, "the.lock")
    assert [finding.code for finding in raised.value.diagnostics] == ["SC504"]


def places_in(value: Any, path: tuple[Any, ...] = ()) -> Any:
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, below in inner:
        yield from places_in(below, (*path, key))


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2**70) | st.floats() | st.text(max_size=4) | st.just("\x1b[31m\u202e"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@given(st.data())
def test_a_lock_with_anything_anywhere_is_refused_or_held_to(data: st.DataObject) -> None:
    whole = json.loads(lock_text())
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(list(places_in(whole))))
        if not path:
            continue
        holder = whole
        for key in path[:-1]:
            holder = holder[key]
        if data.draw(st.booleans()):
            del holder[path[-1]]
        else:
            holder[path[-1]] = data.draw(VALUES)
    try:
        lock = read_lock(json.dumps(whole), "the.lock")
    except ShapecalcError as error:
        codes = {finding.code for finding in error.diagnostics}
        found, source = error.diagnostics, error.source
    else:
        codes = {"SC504"}
        report = report_of(CHAIN)
        found, source = check_lock(report, "net.yaml", lock, "the.lock"), report.architecture.file
        entry = lock.files.get("net.yaml")
        assert bool(found) == (entry is None or entry != entry_of(report))
    assert codes == {"SC504"}
    drawn = render_diagnostics(found, source)
    assert not set(drawn) & {"\x1b", "\u202e"}


@given(st.text())
def test_any_text_is_a_lock_or_refused(text: str) -> None:
    with pytest.raises(ShapecalcError):
        read_lock(text, "the.lock")


def test_a_file_that_is_not_in_the_lock_and_one_that_is_gone_are_named(tmp_path) -> None:
    (tmp_path / "here.yaml").write_text(CHAIN)
    lock_file = str(tmp_path / "shapecalc.lock.json")
    lock = lock_of({"here.yaml": report_of(CHAIN), "gone.yaml": report_of(CHAIN)}, "0")
    assert check_lock(report_of(CHAIN), str(tmp_path / "here.yaml"), lock, lock_file) == ()
    (finding,) = check_lock(report_of(CHAIN), str(tmp_path / "new.yaml"), lock, lock_file)
    assert finding.code == "SC503"
    assert finding.help is not None
    assert finding.help.startswith("lock it: `shapecalc lock ")
    assert list(missing_files(lock, lock_file)) == ["gone.yaml"]
    assert missing_files(Lock({"\0": lock.files["here.yaml"]}, "0"), lock_file)["\0"].code == "SC503"


def test_files_are_named_from_the_folder_of_the_lock(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert key_of("./a//b.yaml", "shapecalc.lock.json") == "a/b.yaml"
    assert key_of("a/b.yaml", "a/the.lock") == "b.yaml"
    assert key_of("b.yaml", "a/the.lock") == "../b.yaml"
    assert key_of(str(tmp_path / "b.yaml"), "the.lock") == "b.yaml"


def test_no_lock_is_an_error_that_says_how_to_write_one(tmp_path) -> None:
    with pytest.raises(ShapecalcError) as raised:
        load_lock(str(tmp_path / "the.lock"))
    assert raised.value.exit_code == 2
    assert [finding.code for finding in raised.value.diagnostics] == ["SC503"]


def test_a_lock_that_cannot_be_read_is_unreadable(tmp_path) -> None:
    (tmp_path / "latin").write_bytes(b"\xff")
    for path in (tmp_path, tmp_path / "latin"):
        with pytest.raises(ShapecalcError) as raised:
            load_lock(str(path))
        assert raised.value.exit_code == 2


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
