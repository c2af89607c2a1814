"""Steps that use the tensors of another layer: all of them, all but the bias, or single ones by name."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import shapecalc
from shapecalc import ShapecalcError
from shapecalc.execution.gradient_check import verify_backward
from tests.support.examples.all import EXAMPLES
from tests.support.examples.table import POINTS, Example
from tests.support.rows import for_each

BERT = """
input: {shape: [N, T], dtype: int64}
layers:
  - {embedding: {num_embeddings: 11, embedding_dim: 6}, name: words}
  - {linear: 6, name: dense}
  - {linear: 11, share: words, name: decoder}
"""
"""The masked-language head of BERT: the decoder has the weight of the embedding, and a bias of its own."""


def owned(text: str) -> dict[str, tuple[Any, Any]]:
    return {row.path: (row.params, row.buffers) for row in shapecalc.inspect(shapecalc.loads(text)).layers}


def test_a_weight_is_counted_once_and_a_bias_of_its_own_where_it_is() -> None:
    """torch: decoder.weight = words.weight; the parameters of the module, each once, are 66 + 42 + 11."""
    assert owned(BERT) == {"words": (66, 0), "dense": (42, 0), "decoder": (11, 0)}
    assert shapecalc.inspect(shapecalc.loads(BERT)).totals.params == 119


def test_the_values_are_those_of_the_formula() -> None:
    network = shapecalc.loads(BERT)
    random = np.random.default_rng(3)
    table, own = random.standard_normal((11, 6)), random.standard_normal(11)
    weight, bias = random.standard_normal((6, 6)), random.standard_normal(6)
    given = {"words.weight": table, "dense.weight": weight, "dense.bias": bias, "decoder.bias": own}
    tokens = random.integers(0, 11, (2, 5))
    (values,) = shapecalc.run(network, {"input": tokens}, given).values()
    assert np.allclose(values, (table[tokens] @ weight.T + bias) @ table.T + own, atol=1e-12)


def test_the_tensors_are_named_as_in_a_state_dict_once_each() -> None:
    tokens = {"input": np.zeros((1, 2), dtype=np.int64)}
    with pytest.raises(ShapecalcError, match=r"`decoder\.weight` is no parameter"):
        shapecalc.run(shapecalc.loads(BERT), tokens, {"decoder.weight": np.zeros((11, 6))})
    shapecalc.run(shapecalc.loads(BERT), tokens, {"decoder.bias": np.zeros(11)})


CHAIN = """
input: [N, 6]
layers:
  - {linear: {out_features: 6, bias: false}, name: first}
  - {linear: 6, share: first, name: second}
  - {linear: 6, share: second, name: third}
  - {linear: {out_features: 6, bias: false}, share: third, name: fourth}
  - {linear: 6, share: fourth, name: fifth}
  - {share: second, name: sixth}
"""


def test_who_shares_a_step_with_a_bias_of_its_own_shares_that_bias() -> None:
    assert owned(CHAIN) == {
        "first": (36, 0), "second": (6, 0), "third": (0, 0), "fourth": (0, 0), "fifth": (6, 0), "sixth": (0, 0),
    }  # fmt: skip
    rows = {row["path"]: row for row in shapecalc.inspect(shapecalc.loads(CHAIN)).to_dict()["layers"]}
    assert rows["third"]["owners"] == {"weight": "first", "bias": "second"}
    assert rows["sixth"]["owners"] == rows["third"]["owners"]
    assert (rows["fourth"]["shares"], rows["fourth"].get("owners")) == ("first", None)


def test_the_owners_bias_is_not_used_by_a_step_without_one() -> None:
    text = "{input: [N, 3], layers: [{linear: 3, name: a}, {linear: {out_features: 3, bias: false}, share: a}]}"
    network = shapecalc.loads(text)
    given = {"a.weight": np.eye(3), "a.bias": np.array([1.0, 2.0, 3.0])}
    (values,) = shapecalc.run(network, {"input": np.array([[5.0, 7.0, 11.0]])}, given).values()
    assert values.tolist() == [[6.0, 9.0, 14.0]]
    assert shapecalc.inspect(network).totals.params == 12


IN_BLOCKS = """
input: [N, 6]
blocks:
  pair:
    layers:
      - {linear: {out_features: 6, bias: false}, name: plain}
      - {linear: 6, share: plain, name: biased}
layers:
  - {pair: , name: one}
  - {pair: , name: two, share: one}
  - {pair: , name: three, repeat: 2}
"""


def test_a_block_that_is_shared_shares_the_biases_in_it_too() -> None:
    assert owned(IN_BLOCKS) == {
        "one.plain": (36, 0), "one.biased": (6, 0), "two.plain": (0, 0), "two.biased": (0, 0),
        "three.0.plain": (36, 0), "three.0.biased": (6, 0), "three.1.plain": (36, 0), "three.1.biased": (6, 0),
    }  # fmt: skip
    network = shapecalc.loads(IN_BLOCKS)
    steps = {step.path: step for step in network.layers}
    assert (steps["two.biased"].owner("weight"), steps["two.biased"].owner("bias")) == ("one.plain", "one.biased")
    assert shapecalc.inspect(network).totals.params == 3 * 42


@pytest.mark.parametrize("text", [BERT, CHAIN, IN_BLOCKS], ids=["BERT", "chain", "blocks"])
def test_a_pass_in_both_directions_is_proved(text: str) -> None:
    """The derivative along one direction in all parameters is the sum over the uses of each."""
    network = shapecalc.loads(text)
    proof = shapecalc.verify(network)
    assert proof.ok
    for trial in proof.trials:
        total = sum(row.executed_own.params for row in trial.rows if row.executed_own is not None)
        assert total == shapecalc.inspect(network).totals.params
    assert verify_backward(network).ok


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("conv: {out_channels: 6, kernel_size: 1, bias: false}", "conv: {out_channels: 6, kernel_size: 1}"),
        ("conv_transpose: {out_channels: 6, kernel_size: 1, bias: false}",
         "conv_transpose: {out_channels: 6, kernel_size: 1}"),
        ("group_norm: {num_groups: 2, bias: false}", "group_norm: 2"),
        ("batch_norm: {bias: false}", "batch_norm: {}"),
        ("scale: {}", "scale: {bias: true}"),
    ],
)  # fmt: skip
def test_each_layer_with_a_weight_and_a_bias_can(first: str, second: str) -> None:
    network = shapecalc.loads(
        f"{{input: [2, 6, 3, 5], layers: [{{{first}, name: a}}, {{{second}, share: a, name: b}}]}}"
    )
    assert owned_of(network)["b"] == (6, 0)
    assert shapecalc.verify(network).ok
    other = shapecalc.loads(f"{{input: [2, 6, 3, 5], layers: [{{{second}, name: a}}, {{{first}, share: a, name: b}}]}}")
    assert owned_of(other)["b"] == (0, 0)
    assert shapecalc.verify(other).ok


def owned_of(network: shapecalc.Architecture) -> dict[str, tuple[Any, Any]]:
    return {row.path: (row.params, row.buffers) for row in shapecalc.inspect(network).layers}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("linear: {out_features: 6, bias: false}", "linear: 5"),
        ("rms_norm", "layer_norm: {elementwise_affine: false}"),
        ("batch_norm: {affine: false}", "batch_norm: {}"),
        ("batch_norm: {}", "group_norm: 2"),
    ],
)
def test_nothing_but_a_bias_may_be_missing(first: str, second: str) -> None:
    head = f"{{{first}, name: a}}" if ":" in first else f"{{{first}: {{}}, name: a}}"
    with pytest.raises(ShapecalcError, match="SC316"):
        shapecalc.inspect(shapecalc.loads(f"{{input: [2, 6], layers: [{head}, {{{second}, share: a, name: b}}]}}"))


@for_each("example", EXAMPLES, ids=str)
def test_a_layer_says_that_it_has_a_bias_where_it_has_one_next_to_a_weight(example: Example) -> None:
    layer = example.layer()
    assert layer.has_bias == ({"weight", "bias"} <= layer.parameters(*example.at(POINTS[0])).keys())


TIED = """
input: [N, 784]
layers:
  - {linear: {out_features: 32, bias: false}, name: enc}
  - relu
  - {linear: 784, share: {weight: {of: enc.weight, transposed: true}}, name: dec}
"""
"""An autoencoder with tied weights: y = relu(x Wᵀ) W + b."""


def test_a_transposed_weight_is_counted_once_and_its_arithmetic_at_each_use() -> None:
    assert owned(TIED) == {"enc": (25_088, 0), "relu_1": (0, 0), "dec": (784, 0)}
    assert shapecalc.inspect(shapecalc.loads(TIED)).totals.macs == 2 * 25_088


def test_a_transposed_weight_has_the_values_and_the_gradient_of_both_uses() -> None:
    """The gradient of the sum of outputs: of the decoder h, of the encoder the sum of each row where h > 0."""
    random = np.random.default_rng(5)
    x, w, b = (random.standard_normal(shape) for shape in ((3, 784), (32, 784), (784,)))
    result = shapecalc.values(shapecalc.loads(TIED), x, {"enc.weight": w, "dec.bias": b}, backward=True)
    h = np.maximum(x @ w.T, 0)
    np.testing.assert_allclose(result["dec"], h @ w + b, rtol=1e-9, atol=1e-9)
    decoder = np.tile(h.sum(axis=0)[:, None], (1, 784))
    encoder = ((h > 0) * w.sum(axis=1)).T @ x
    np.testing.assert_allclose(result["enc.weight.grad"], decoder + encoder, rtol=1e-9, atol=1e-9)


def test_a_step_that_shares_a_transposed_tensor_transposed_has_it_as_it_is() -> None:
    text = TIED + "  - relu\n  - {linear: 32, share: {weight: {of: dec.weight, transposed: true}}, name: again}\n"
    rows = {row["path"]: row for row in shapecalc.inspect(shapecalc.loads(text)).to_dict()["layers"]}
    assert rows["dec"]["shared"] == {"weight": {"tensor": "enc.weight", "transposed": True}}
    assert rows["again"]["shared"] == {"weight": {"tensor": "enc.weight", "transposed": False}}
    assert shapecalc.verify(shapecalc.loads(text), backward=True).ok


FIXED = """
input: [N, 3, 9, 9]
layers:
  - {conv: {out_channels: 3, kernel_size: 1}, name: mix}
  - {buffer: {shape: [3, 1, 3, 3]}, name: filter}
  - {conv: {out_channels: 3, kernel_size: 3, groups: 3, bias: false}, share: {weight: filter}, name: blur}
  - {parameter: {shape: [5, 3, 1, 1]}, name: kernel}
  - {conv: {out_channels: 5, kernel_size: 1}, share: {weight: kernel}, name: project}
"""


def test_a_convolution_with_the_filter_of_a_buffer_has_no_parameter_of_its_own() -> None:
    assert owned(FIXED) == {"mix": (12, 0), "filter": (0, 27), "blur": (0, 0), "kernel": (15, 0), "project": (5, 0)}
    assert shapecalc.inspect(shapecalc.loads(FIXED)).trained == {"mix.weight", "mix.bias", "kernel", "project.bias"}


def test_a_fixed_filter_has_no_gradient_and_passes_one_on() -> None:
    """No multiply-accumulate for the gradient of the filter; those of its input as in a trained convolution."""
    step = shapecalc.train_cost(shapecalc.loads(FIXED.replace("N", "1"))).step
    work = dict(zip([layer.row.path for layer in step.saved.layers], step.work, strict=True))
    assert (work["blur"].to_inputs, work["blur"].to_weights) == (3 * 49 * 9, 0)
    assert (work["project"].to_inputs, work["project"].to_weights) == (15 * 49, 15 * 49)
    result = shapecalc.values(shapecalc.loads(FIXED), backward=True, optimizer="sgd", lr=0.1)
    assert {"kernel.grad", "kernel.updated", "mix.weight.grad"} <= result.arrays.keys()
    assert {"filter.updated", "blur.weight.grad"}.isdisjoint(result.arrays)


@for_each("text", [TIED, FIXED], ids=["tied", "fixed"])
def test_single_shared_tensors_are_proved_in_both_directions(text: str) -> None:
    network = shapecalc.loads(text)
    assert shapecalc.verify(network).ok
    assert shapecalc.verify(network, backward=True).ok


def test_blocks_that_share_their_tensors_share_those_of_their_inner_steps() -> None:
    text = """
input: [N, 6]
blocks:
  pair:
    layers:
      - {linear: {out_features: 4, bias: false}, name: down}
      - {linear: {out_features: 6, bias: false}, share: {weight: {of: down.weight, transposed: true}}, name: up}
layers:
  - {pair: , name: one}
  - {pair: , name: two, share: one}
  - {pair: , name: three, repeat: 2}
"""
    network = shapecalc.loads(text)
    assert {step.path: step.tensor("weight") for step in network.layers} == {
        "one.down": "one.down.weight", "one.up": "one.down.weight", "two.down": "one.down.weight",
        "two.up": "one.down.weight", "three.0.down": "three.0.down.weight", "three.0.up": "three.0.down.weight",
        "three.1.down": "three.1.down.weight", "three.1.up": "three.1.down.weight",
    }  # fmt: skip
    assert shapecalc.inspect(network).totals.params == 3 * 24
    assert shapecalc.verify(network, backward=True).ok


@for_each(
    "share,message,help_text",
    [
        ("{weight: enc.weight}", "expects weight [784, 32], `enc.weight` is [32, 784]",
         "write `{of: enc.weight, transposed: true}`, which uses it with its axes swapped"),
        ("enc", "expects weight [784, 32], `enc` has weight [32, 784]",
         "write `{weight: {of: enc.weight, transposed: true}}`, which uses it with its axes swapped"),
        ("{weight: {of: back.weight, transposed: true}}", "`back.weight` is [32, 784], transposed",
         "leave `transposed: true` out: it fits as it is"),
        ("{wieght: enc.weight}", "`share` names `wieght`, `linear` has `weight`", "write `weight`"),
        ("{weight: enc.wieght}", "`share` names `enc.wieght`, `enc` has `weight`", "write `enc.weight`"),
        ("{weight: ids}", "expects weight [784, 32], `ids` is [5]", None),
        ("{weight: flags}", "expects weight of float32, `flags` is bool", None),
        ("{weight: {of: cube, transposed: true}}", "transposes a tensor of 2 axes, `cube` is [1, 2, 3]", None),
    ],
)  # fmt: skip
def test_a_tensor_that_does_not_fit_is_named_with_what_fits(share: str, message: str, help_text: str | None) -> None:
    text = """
input: [N, 784]
layers:
  - {buffer: {shape: [5], dtype: int64}, name: ids}
  - {buffer: {shape: [784, 32], dtype: bool}, name: flags}
  - {parameter: {shape: [1, 2, 3]}, name: cube}
  - {linear: {out_features: 32, bias: false}, name: enc}
  - {linear: {out_features: 784, bias: false}, name: back}
  - {linear: {out_features: 32, bias: false}, name: again}
  - {linear: {out_features: 784, bias: false}, share: SHARE, name: dec}
"""
    with pytest.raises(ShapecalcError, match="SC316") as caught:
        shapecalc.inspect(shapecalc.loads(text.replace("SHARE", share)))
    (diagnostic,) = caught.value.diagnostics
    assert message in diagnostic.message
    assert diagnostic.help == help_text


def test_what_is_saved_beside_fixed_weights_is_what_pytorch_saves() -> None:
    """torch 2.13, `saved_tensors_hooks`: a convolution saves its input all the same, a linear layer does not."""
    text = """
input: [2, 3, 9, 9]
layers:
  - {conv: {out_channels: 3, kernel_size: 1, bias: false}, name: first}
  - {buffer: [3, 1, 3, 3], name: filter}
  - {conv: {out_channels: 3, kernel_size: 3, groups: 3, bias: false}, share: {weight: filter}, name: blur}
  - {parameter: [1, 3, 1, 1], name: gain}
  - {multiply: , from: [blur, gain], name: scaled}
  - {constant: 0.5, name: half}
  - {multiply: , from: [scaled, half], name: halved}
  - {buffer: [4, 7], name: rows}
  - {linear: {out_features: 4, bias: false}, share: {weight: rows}, name: fixed}
  - {linear: {out_features: 4, bias: false}, name: trained}
"""
    layers = shapecalc.train_cost(shapecalc.loads(text)).step.saved.layers
    saved = {layer.row.path: [tensor.size for tensor in layer.tensors] for layer in layers if layer.tensors}
    assert saved == {
        "first": [4 * 486], "blur": [4 * 486], "scaled": [4 * 294, 0], "halved": [4], "trained": [4 * 168],
    }  # fmt: skip
