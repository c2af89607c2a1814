"""Modules that are the same but for numbers become blocks: what is a parameter, and what is not folded."""

from __future__ import annotations

import sys

import pytest

import shapecalc
from shapecalc.importers.graph import ImportedGraph, Place, Stored
from shapecalc.importers.writing import write


class Module:
    """A graph whose steps are those of modules, each with its path."""

    def __init__(self, *shape):
        self.graph = ImportedGraph("net", "a test")
        self.last = self.graph.input("x", shape)

    def linear(self, path, features, **more):
        self.graph.place = Place(path)
        width = self.last.shape[-1]
        tensors = {"weight": Stored(f"{path}.weight", (features, width)), "bias": Stored(f"{path}.bias", (features,))}
        self.last = self.graph.step("linear", self.last, out_features=features, tensors=tensors, **more)
        return self.last

    def act(self, path, type_="relu", **fields):
        self.graph.place = Place(path)
        self.last = self.graph.step(type_, self.last, **fields)
        return self.last

    def text(self):
        self.graph.output("y", self.last)
        return write(self.graph).text

    def body(self):
        return self.text().partition("blocks:\n")[2]


def layers(net, name, features, middle=None, type_="relu"):
    net.linear(f"{name}.up", middle or 2 * features)
    net.act(f"{name}.act", type_)
    net.linear(f"{name}.down", features)
    net.act(f"{name}.out", type_)


def test_equal_modules_are_one_block_that_repeats():
    net = Module(1, 4)
    for layer in range(3):
        layers(net, f"h.{layer}", 4)
    assert "- {h: , repeat: 3, name: h}" in net.text()


def test_what_differs_is_a_parameter_and_a_multiple_of_it_is_written_as_one():
    net = Module(1, 4)
    for layer, features in enumerate((4, 6, 10)):
        layers(net, f"h.{layer}", features)
    body = net.body()
    assert "    parameters: [features]\n" in body
    assert '{linear: "${2 * features}", name: up}' in body
    assert "{linear: $features, name: down}" in body
    assert "repeat: {features: [4, 6, 10]}" in body


def test_values_without_a_common_factor_are_two_parameters():
    net = Module(1, 4)
    for layer, (features, middle) in enumerate(((4, 7), (6, 5), (10, 11))):
        layers(net, f"h.{layer}", features, middle)
    assert "    parameters: [features, features_2]\n" in net.body()


def test_two_modules_of_other_types_are_not_folded():
    net = Module(1, 4)
    layers(net, "h.0", 4)
    layers(net, "h.1", 4, type_="tanh")
    assert "blocks:" not in net.text()


def test_a_block_that_would_not_save_a_line_is_not_written():
    net = Module(1, 4)
    for layer in range(2):
        net.linear(f"h.{layer}.fc", 4)
        net.act(f"h.{layer}.act")
    assert "blocks:" not in net.text()


def test_a_module_that_shares_a_tensor_with_another_is_not_folded():
    net = Module(1, 4)
    for layer in range(3):
        layers(net, f"h.{layer}", 4)
    net.graph.place = Place("head")
    shared = Stored("h.0.up.weight", (8, 4))
    net.last = net.graph.step("linear", net.last, out_features=8, bias=False, tensors={"weight": shared})
    text = net.text()
    assert "name: h.0.up}" in text
    assert "share: {weight: h.0.up.weight}" in text
    assert shapecalc.inspect(shapecalc.loads(text)).totals.params == 3 * (8 * 4 + 8 + 4 * 8 + 4)


def test_a_value_that_is_read_later_is_a_further_output():
    net = Module(1, 4)
    kept = []
    for layer in range(5):
        net.linear(f"h.{layer}.up", 8)
        kept.append(net.act(f"h.{layer}.act"))
        net.linear(f"h.{layer}.down", 4)
        net.act(f"h.{layer}.out")
    net.graph.place = Place()
    net.last = net.graph.step("add", *kept)
    text = net.text()
    assert "    outputs: {output: relu_3, relu_1: relu_1}\n" in text
    assert "{add: , from: [h.0.relu_1, h.1.relu_1, h.2.relu_1, h.3.relu_1, relu_5]}" in text
    shapecalc.loads(text)


def test_a_mask_that_all_modules_read_is_a_second_input():
    net = Module(1, 4)
    mask = net.graph.input("mask", (1, 4))
    for layer in range(3):
        net.linear(f"h.{layer}.up", 8)
        net.linear(f"h.{layer}.down", 4)
        net.graph.place = Place(f"h.{layer}")
        net.last = net.graph.step("multiply", net.last, mask)
        net.act(f"h.{layer}.act")
    text = net.text()
    assert "    inputs: [x, x_1]\n" in text
    assert "{h: , repeat: 3, name: h, from: [x, mask]}" in text
    assert shapecalc.inspect(shapecalc.loads(text)).outputs == {"output": (1, 4)}


def test_two_runs_with_other_numbers_are_two_calls_and_three_are_one():
    def text(count):
        net = Module(1, 4)
        for layer in range(count):
            layers(net, f"h.{layer}", (4, 6, 10)[layer])
            layers(net, f"g.{layer}", 5)
        return net.text()

    assert "repeat" not in text(2)

    net = Module(1, 4)
    for layer in range(3):
        layers(net, f"h.{layer}", (4, 6, 10)[layer])
    assert "repeat: {features: [4, 6, 10]}" in net.text()


@pytest.mark.parametrize("first", [0, 1])
def test_runs_count_from_zero(first):
    net = Module(1, 4)
    for layer in range(first, first + 4):
        layers(net, f"h.{layer}", 4)
    assert ("repeat: 4" in net.text()) == (first == 0)


def test_names_of_tensors_are_those_of_the_file_after_folding():
    net = Module(1, 4)
    for layer in range(3):
        layers(net, f"h.{layer}", 4)
    net.graph.output("y", net.last)
    written = write(net.graph)
    assert all(path == stored.name for path, stored in written.tensors.items())
    assert len(written.tensors) == 12


def rows(text):
    return [row.output for row in shapecalc.inspect(shapecalc.loads(text)).layers]


def test_runs_whose_values_are_also_read_later_are_calls_of_their_own():
    net = Module(1, 4)
    values = []
    for layer in range(4):
        layers(net, f"h.{layer}", 4)
        values.append(net.last)
    net.graph.place = Place()
    net.last = net.graph.step("add", values[0], values[3])
    text = net.text()
    assert "repeat" not in text
    assert "{add: , from: [h.0, h.3]}" in text


def test_runs_that_read_different_masks_are_calls_of_their_own():
    net = Module(1, 4)
    masks = [net.graph.input(f"mask_{layer}", (1, 4)) for layer in range(4)]
    for layer, mask in enumerate(masks):
        net.linear(f"h.{layer}.up", 8)
        net.linear(f"h.{layer}.down", 4)
        net.graph.place = Place(f"h.{layer}")
        net.last = net.graph.step("multiply", net.last, mask)
        net.act(f"h.{layer}.act")
    text = net.text()
    assert "repeat" not in text
    assert "{h: , name: h.3, from: [h.2, mask_3]}" in text


def test_a_path_of_many_thousand_modules_is_no_recursion_and_modules_beyond_the_deepest_are_one():
    net = Module(1, 4)
    path = ".".join(["a"] * 5_000)
    for layer in range(3):
        layers(net, f"{path}.{layer}", 4)
    assert rows(net.text())[-1] == (1, 4)


def test_many_small_modules_take_linear_time():
    calls = []
    for count in (200, 800):
        net = Module(1, 4)
        for layer in range(count):
            layers(net, f"h{layer}.block", 4 if layer % 2 else 6)
        net.graph.output("y", net.last)
        counted = 0

        def count_calls(_frame, event, _argument):
            nonlocal counted
            counted += event == "call"

        sys.setprofile(count_calls)
        write(net.graph)
        sys.setprofile(None)
        calls.append(counted)
    assert calls[1] < 4.5 * calls[0]
