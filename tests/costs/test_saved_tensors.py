"""Which tensors the forward pass saves for the backward pass, as PyTorch saves them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import shapecalc
from shapecalc.costs.saved_tensors import saved_tensors
from shapecalc.shape_inference.engine import inspect_at

if TYPE_CHECKING:
    from shapecalc.shape_inference.report import Report


def of(text: str, **sizes: int) -> Report:
    return inspect_at(shapecalc.loads(text), sizes)


def int_of(live: Any) -> int:
    assert isinstance(live, int)
    return live


def test_in_bf16_values_take_half_and_statistics_and_places_as_much() -> None:
    report = of("{input: [2, 3, 8], layers: [{conv: {out_channels: 4, kernel_size: 1}}, batch_norm, {max_pool: 2}]}")
    # input, conv's output, mean and 1/σ, batch norm's output, places of the largest
    assert saved_tensors(report).size == 4 * (48 + 64 + 8 + 64) + 8 * 32
    assert saved_tensors(report, "bfloat16").size == 2 * (48 + 64 + 64) + 4 * 8 + 8 * 32


def test_a_tensor_that_two_layers_keep_is_counted_once() -> None:
    found = saved_tensors(of("{input: [2, 6], layers: [{linear: 5}, relu, {linear: 4}]}"))
    assert [(kept.name, kept.first) for layer in found.layers for kept in layer.tensors] == [
        ("input", True),
        ("output", True),
        ("input", False),
    ]
    assert found.size == 4 * (12 + 10)


def test_nothing_is_kept_for_gradients_that_nobody_asks_for() -> None:
    found = saved_tensors(of("{input: [2, 6], layers: [tanh, {multiply: {}, from: [input, tanh_0]}, {linear: 5}]}"))
    assert [len(layer.tensors) for layer in found.layers] == [0, 0, 1]


def test_of_a_product_each_factor_is_kept_for_the_gradient_of_the_other() -> None:
    text = "{input: [2, 6], layers: [{linear: 6, name: gate}, {multiply: {}, from: [input, gate]}]}"
    tensors = saved_tensors(of(text)).layers[1].tensors
    assert [(kept.name, kept.slot) for kept in tensors] == [("input 0", "input")]  # nobody asks for the input's


def test_what_lies_in_another_order_is_copied_where_rows_are_joined() -> None:
    text = "{{input: [2, 6, 5], layers: [{{linear: 5}}, {turn}{{linear: 4}}]}}"
    straight, turned = (saved_tensors(of(text.format(turn=turn))) for turn in ("", "{permute: [1, 0, 2]}, "))
    assert straight.layers[-1].tensors[0].slot == "linear_0"
    assert not turned.layers[-1].tensors[0].slot


@pytest.mark.parametrize(
    ("layers", "in_place", "avoided"),
    [
        ("{linear: 5}, relu, {linear: 4}", True, 0),  # it keeps its output in any case
        ("{linear: 5}, relu6, {linear: 4}", True, 40),  # in place of its input it keeps what linear keeps
        ("{linear: 5}, relu6", False, 0),  # what leaves may be written over, what it reads leaves
        ("{linear: 5}, tanh, relu, {linear: 4}", False, 0),  # tanh keeps its output
        ("relu, {linear: 5}", False, 0),  # the batch is not ours to write over
        ("{linear: 5, name: a}, relu, {add: {}, from: [relu_1, a]}", False, 0),  # a is read again
    ],
)
def test_a_layer_writes_over_what_nobody_else_needs(layers: str, in_place: bool, avoided: int) -> None:
    text = f"{{input: [2, 6], layers: [{layers}], outputs: {{y: linear_0}}}}" if layers.endswith("relu6") else ""
    found = saved_tensors(of(text or f"{{input: [2, 6], layers: [{layers}]}}"))
    assert any(layer.in_place for layer in found.layers) == in_place
    assert sum(int_of(layer.avoided) for layer in found.layers) == avoided


def test_what_follows_without_a_product_can_be_computed_again() -> None:
    layers = "{conv: {out_channels: 4, kernel_size: 1, bias: false}}, batch_norm, relu, {dropout: 0.5}, {max_pool: 2}"
    text = f"{{input: [2, 3, 8], layers: [{layers}]}}"
    found = saved_tensors(of(text))
    assert {
        (layer.row.path, tensor.name): tensor.recomputable for layer in found.layers for tensor in layer.tensors
    } == {
        ("conv_0", "input"): False,  # it is given
        ("batch_norm_1", "input"): False,  # a product
        ("batch_norm_1", "mean"): True,
        ("batch_norm_1", "1/σ"): True,
        ("relu_2", "output"): True,
        ("dropout_3", "mask"): False,  # it would be another
        ("max_pool_4", "input"): True,
        ("max_pool_4", "indices"): True,
    }
