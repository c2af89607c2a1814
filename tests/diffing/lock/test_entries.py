"""What a lock says of a file, and its JSON."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

from shapecalc.diffing.lock import (
    lock_of,
    to_json,
)
from shapecalc.diffing.lock.entries import FOLLOWING, digest
from shapecalc.files import zoo
from shapecalc.files.load import load
from shapecalc.layers import layer_types
from shapecalc.layers.base import fields_of
from shapecalc.shape_inference.engine import inspect_at
from tests.support.locked_networks import CHAIN, MIXTURE, edited, report_of


def test_a_field_without_a_figure_moves_the_digest() -> None:
    text = CHAIN.replace("- tanh", "- dropout: 0.1")
    assert edited(text, ("dropout: 0.1", "dropout: 0.2")) == [
        ("`dropout_1` has other fields than were locked, with the same shapes and costs", 6)
    ]


def test_to_write_down_what_holds_anyway_moves_nothing() -> None:
    stated = "{in_channels: 1, out_channels: 6, kernel_size: [5, 5], stride: 1, padding: 0}"
    assert edited(CHAIN, ("{out_channels: 6, kernel_size: 5}", stated)) == []
    assert edited(CHAIN, ("linear: 120", "linear: {in_features: 1600, out_features: 120}")) == []


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


def test_the_active_params_of_a_mixture_are_locked_and_no_other_file_has_them() -> None:
    document = json.loads(to_json(lock_of({"a": report_of(MIXTURE), "b": report_of(CHAIN)}, "0")))["files"]
    assert document["a"]["active_params"] == 42 + 168
    assert [layer.get("active_params") for layer in document["a"]["layers"]] == [None, 168]
    assert not any("active_params" in each for each in (document["b"], *document["b"]["layers"]))
