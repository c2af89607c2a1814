"""Steps that use the weight of another layer with a bias of their own, and without the owner's bias."""

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
