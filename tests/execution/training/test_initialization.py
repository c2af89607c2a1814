from __future__ import annotations

import numpy as np
import pytest

from shapecalc.execution.training.initialization import initial_parameters
from shapecalc.files.load import loads
from shapecalc.shape_inference.engine import inspect_at

NET = """
input: [N, 3, 8, 8]
layers:
  - {conv: {out_channels: 16, kernel_size: 3}, name: conv}
  - {batch_norm: {}, name: norm}
  - flatten
  - {linear: 50, name: linear}
"""
SEQUENCE = """
input: {shape: [N, T], dtype: int64}
layers:
  - {embedding: {num_embeddings: 500, embedding_dim: 8, padding_idx: 0}, name: table}
  - {gru: {hidden_size: 64, batch_first: true}, name: gru}
"""


def start(text: str, **sizes: int) -> dict[str, np.ndarray]:
    return initial_parameters(inspect_at(loads(text), {"N": 2, **sizes}), seed=3)


@pytest.mark.parametrize(("layer", "fan_in"), [("conv", 27), ("linear", 16 * 36)])
def test_weights_and_biases_are_uniform_within_one_over_the_root_of_the_fan_in(layer: str, fan_in: int) -> None:
    arrays = start(NET)
    for name in ("weight", "bias"):
        array = arrays[f"{layer}.{name}"]
        assert array.dtype == np.float32
        assert 0.75 * fan_in**-0.5 < abs(array).max() <= fan_in**-0.5
        assert array.min() < 0 < array.max()


def test_norms_begin_at_rest() -> None:
    arrays = start(NET)
    values = {name: set(arrays[f"norm.{name}"].tolist()) for name in ("weight", "bias", "running_mean", "running_var")}
    assert values == {"weight": {1.0}, "bias": {0.0}, "running_mean": {0.0}, "running_var": {1.0}}


def test_recurrent_weights_are_within_one_over_the_root_of_the_hidden_size_whatever_they_read() -> None:
    arrays = start(SEQUENCE, T=3)
    assert all(0.1 < abs(arrays[f"gru.{name}_l0"]).max() <= 0.125 for name in ("weight_ih", "weight_hh", "bias_ih"))


def test_an_embedding_is_normal_and_its_padding_zero() -> None:
    table = start(SEQUENCE, T=3)["table.weight"]
    assert not table[0].any()
    assert 0.9 < table[1:].std() < 1.1


def test_each_tensor_has_numbers_of_its_own() -> None:
    arrays = start(NET)
    assert not np.array_equal(arrays["conv.bias"], arrays["linear.bias"][:16])


def test_a_table_of_positions_and_a_class_token_are_narrow_and_normal() -> None:
    steps = "[positional_encoding: {kind: learned, max_length: 50, batch_first: true}, class_token: ]"
    arrays = initial_parameters(inspect_at(loads(f"{{input: [2, 7, 97], layers: {steps}}}"), {}), seed=3)
    assert all(0.015 < array.std() < 0.025 for array in arrays.values())
    assert [name.rpartition(".")[2] for name in arrays] == ["weight", "token"]


@pytest.mark.parametrize("norm", ["layer_norm", "rms_norm", "group_norm: 3", "instance_norm: {affine: true}", "scale"])
def test_what_has_a_weight_for_each_channel_begins_with_ones(norm: str) -> None:
    arrays = initial_parameters(inspect_at(loads(f"{{input: [2, 3, 7], layers: [{norm}]}}"), {}), seed=3)
    assert {"weight"} <= {name.rpartition(".")[2] for name in arrays} <= {"weight", "bias"}
    assert all((array == name.endswith("weight")).all() for name, array in arrays.items())
