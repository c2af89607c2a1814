"""Networks with tensors as steps and tied tensors against PyTorch: parameters, values and gradients."""

from __future__ import annotations

import json
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

import shapecalc
from tests.support.rows import for_each

RECORDED = json.loads((Path(__file__).parent / "torch_tensors.json").read_text(encoding="utf-8"))
NETWORKS = {
    "stylegan": """
parameters: {width: 512}
input: [N, $width]
layers:
  - {linear: $width, name: style}
  - {unsqueeze: -1}
  - {unsqueeze: -1, name: scales}
  - {parameter: [1, $width, 4, 4], name: const}
  - {multiply: , from: [const, scales]}
  - {parameter: [$width, $width, 3, 3], name: kernel}
  - {conv: {out_channels: $width, kernel_size: 3, padding: 1, bias: false}, share: {weight: kernel}, name: conv}
  - {square: , from: kernel}
  - sum: 3
  - sum: 2
  - {permute: [1, 0], name: power}
  - {square: , from: style, name: squares}
  - {matmul: , from: [squares, power]}
  - add: 1.0e-8
  - rsqrt
  - {unsqueeze: -1}
  - {unsqueeze: -1, name: lengths}
  - {multiply: , from: [conv, lengths], name: modulated}
  - {parameter: [1, $width, 1, 1], name: bias}
  - {add: , from: [modulated, bias]}
  - leaky_relu: 0.2
""",
    "detr": """
parameters: {channels: 2048, width: 256, queries: 100}
input: [N, $channels, H, W]
layers:
  - {conv: {out_channels: $width, kernel_size: 1}, name: input_proj}
  - {flatten: {start_dim: 2}}
  - {permute: [0, 2, 1], name: memory}
  - {parameter: [1, $queries, $width], name: query_embed}
  - {linear: $width, from: query_embed, name: q}
  - {linear: $width, from: memory, name: k}
  - {linear: $width, from: memory, name: v}
  - {scaled_dot_product_attention: , from: [q, k, v]}
  - {linear: 92, name: class_embed}
""",
    "tied": """
parameters: {size: 784, width: 32}
input: [N, $size]
layers:
  - {linear: {out_features: $width, bias: false}, name: enc}
  - relu
  - {linear: {out_features: $size, bias: false}, share: {weight: {of: enc.weight, transposed: true}}, name: dec}
""",
}
SMALL = {"stylegan": {"width": 3}, "detr": {"channels": 5, "width": 4, "queries": 3}, "tied": {"size": 6, "width": 4}}


def filled(number: int, shape: Any) -> Any:
    return np.array([((7 * i + 3 + number) % 17 - 8) / 16 for i in range(prod(shape))]).reshape(shape)


@for_each("name", NETWORKS)
def test_a_tensor_counts_once_whatever_the_batch_is_and_however_often_it_is_used(name: str) -> None:
    network = shapecalc.loads(NETWORKS[name])
    assert shapecalc.inspect(network).totals.params == RECORDED[name]["params"]
    assert shapecalc.inspect(network, N=7).totals.params == RECORDED[name]["params"]


@for_each("name", NETWORKS)
def test_values_and_gradients_are_those_of_pytorch(name: str) -> None:
    network, row = shapecalc.loads(NETWORKS[name], parameters=SMALL[name]), RECORDED[name]
    given = {path: filled(number, shape) for number, (path, shape) in enumerate(row["parameters"].items())}
    run = shapecalc.values(network, filled(-1, row["input"]), given, backward=True)
    assert {record.name for record in run.tensors() if record.drawn} == set()
    output = network.output_slots["output"]
    np.testing.assert_allclose(run[output], np.array(row["output"]), rtol=1e-10, atol=1e-12)
    for path, gradient in row["gradients"].items():
        np.testing.assert_allclose(run[f"{path}.grad"], np.array(gradient), rtol=1e-9, atol=1e-11, err_msg=path)


@for_each("name", NETWORKS)
def test_the_small_network_is_proved_in_both_directions(name: str) -> None:
    network = shapecalc.loads(NETWORKS[name], parameters=SMALL[name])
    sizes = {"H": 2, "W": 3} if name == "detr" else {}
    assert shapecalc.verify(network, **sizes).ok
    assert shapecalc.verify(network, backward=True, **sizes).ok
