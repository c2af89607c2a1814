"""Networks that people have asked for, in their right form: outputs and parameters worked out by hand or by PyTorch."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

import shapecalc
from shapecalc.dims import show
from shapecalc.execution.run import parameter_shapes
from tests.support.rows import for_each


class Reported(NamedTuple):
    """A network as it is written, its outputs, and its parameters."""

    text: str
    outputs: dict[str, str]
    params: int


KERAS_GENERATOR = """
input: [N, 100]
layers:
  - linear: {out_features: 12544, bias: false}
  - batch_norm
  - leaky_relu: 0.3
  - reshape: [N, 256, 7, 7]
  - conv_transpose: {out_channels: 128, kernel_size: 5, stride: 1, padding: same, bias: false}
  - batch_norm
  - leaky_relu: 0.3
  - conv_transpose: {out_channels: 64, kernel_size: 5, stride: 2, padding: same, bias: false}
  - batch_norm
  - leaky_relu: 0.3
  - conv_transpose: {out_channels: 1, kernel_size: 5, stride: 2, padding: same, bias: false}
  - tanh
"""
TCN = """
input: [N, 1, T]
blocks:
  level:
    parameters: [d]
    layers:
      - add:
          main:
            - conv: {out_channels: 25, kernel_size: 6, dilation: $d, padding: causal}
            - relu
            - conv: {out_channels: 25, kernel_size: 6, dilation: $d, padding: causal}
            - relu
          shortcut:
            - conv: {out_channels: 25, kernel_size: 1}
      - relu
layers:
  - {level: $d, repeat: {d: [1, 2, 4, 8]}, name: levels}
"""
WAVENET = """
input: [N, 256, T]
parameters: {dilations: [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512,
  1, 2, 4, 8, 16, 32, 64, 128, 256, 512]}
blocks:
  layer:
    parameters: [d]
    inputs: [x]
    layers:
      - {conv: {out_channels: 64, kernel_size: 2, dilation: $d, padding: causal}, from: x}
      - {glu: 1, name: gated}
      - {conv: {out_channels: 512, kernel_size: 1}, from: gated, name: skip}
      - {conv: {out_channels: 32, kernel_size: 1}, from: gated, name: dense}
      - {add: , from: [dense, x], name: residual}
    outputs: {x: residual, skip: skip}
layers:
  - {conv: {out_channels: 32, kernel_size: 2, padding: causal}, name: causal}
  - {layer: $d, repeat: {d: $dilations}, name: stack}
  - {add: , from: stack.skip, name: total}
"""
LSTM = """
input: [60, 8, 256]
layers: [{lstm: {hidden_size: 512, batch_first: true}, name: lstm}]
outputs: {out: lstm, h: lstm.h_n, c: lstm.c_n}
"""
CONSTANT = """
input: [N, 512]
layers:
  - {parameter: {shape: [1, 512, 4, 4]}, name: const}
  - {linear: 512, from: input, name: style}
  - {reshape: [0, 512, 1, 1]}
  - {multiply: , from: [const, reshape_2], name: modulated}
  - {conv: {out_channels: 512, kernel_size: 3, padding: 1}, name: conv1}
"""
QUERIES = """
input: [N, 2048, 25, 34]
layers:
  - {parameter: {shape: [1, 100, 256]}, name: queries}
  - {conv: {out_channels: 256, kernel_size: 1}, from: input}
  - flatten: {start_dim: 2}
  - {permute: [0, 2, 1], name: memory}
  - {scaled_dot_product_attention: , from: [queries, memory, memory], name: first}
  - {add: , from: [first, queries], name: second}
"""
LIKE = """
input: [N, 3, H, W]
layers:
  - {conv: {out_channels: 64, kernel_size: 3, stride: 8, padding: 1}, name: body}
  - {conv: {out_channels: 21, kernel_size: 1}, name: classes}
  - {upsample: {size: {like: input}, mode: bilinear}, name: up}
"""
FRAMES = """
input: [N, T, 3, 64, 64]
layers:
  - flatten: {start_dim: 0, end_dim: 1}
  - conv: {out_channels: 32, kernel_size: 3, padding: 1}
  - relu
  - global_avg_pool
  - flatten
  - reshape: [N, T, 32]
  - lstm: {hidden_size: 64, batch_first: true}
"""
REPORTED = {
    "Keras's generator": Reported(KERAS_GENERATOR, {"output": "[N, 1, 28, 28]"}, 2_305_472),
    "further outputs of an LSTM": Reported(
        LSTM, {"out": "[60, 8, 512]", "h": "[1, 60, 512]", "c": "[1, 60, 512]"}, 4 * 512 * (256 + 512 + 2)
    ),
    "TCN": Reported(
        TCN,
        {"output": "[N, 25, T]"},
        (25 * 6 + 25) + 3 * (25 * 25 * 6 + 25) + 4 * (25 * 25 * 6 + 25) + (25 + 25) + 3 * (25 * 25 + 25),
    ),
    "30 layers of WaveNet": Reported(
        WAVENET,
        {"output": "[N, 512, T]"},
        (256 * 2 * 32 + 32) + 30 * ((32 * 2 * 64 + 64) + (32 * 512 + 512) + (32 * 32 + 32)),
    ),
    "a trainable constant": Reported(
        CONSTANT, {"output": "[N, 512, 4, 4]"}, 512 * 16 + (512 * 512 + 512) + (512 * 512 * 9 + 512)
    ),
    "queries of DETR": Reported(QUERIES, {"output": "[N, 100, 256]"}, 100 * 256 + 2048 * 256 + 256),
    "as large as another": Reported(LIKE, {"output": "[N, 21, H, W]"}, (3 * 64 * 9 + 64) + (64 * 21 + 21)),
    "each frame": Reported(FRAMES, {"output": "[N, T, 64]"}, (3 * 32 * 9 + 32) + 4 * 64 * (32 + 64 + 2)),
    "a mean of two axes": Reported(
        "{input: [N, 64, 7, 7], layers: [{mean: [2, 3]}, {linear: 10}]}", {"output": "[N, 10]"}, 650
    ),
    "Chomp1d": Reported(
        "{input: [N, 25, T], layers: [{conv: {out_channels: 25, kernel_size: 6, padding: 5}}, "
        "{slice: {dim: 2, end: -5}}]}",
        {"output": "[N, 25, T]"},
        25 * 25 * 6 + 25,
    ),
    "a head wider than its share": Reported(
        "{input: [N, T, 1024], layers: [{linear: {out_features: 2048, bias: false}}]}",
        {"output": "[N, T, 2048]"},
        2**21,
    ),
}


@for_each("name", REPORTED)
def test_it_has_the_outputs_and_the_parameters_that_are_right(name: str) -> None:
    row = REPORTED[name]
    report = shapecalc.inspect(shapecalc.loads(row.text), symbolic=True)
    assert {key: show(shape) for key, shape in report.outputs.items()} == row.outputs
    assert report.totals.params == row.params


def test_the_last_step_of_a_causal_tcn_reads_as_many_steps_as_its_paper_says() -> None:
    # Bai et al. 2018: two convolutions in each level reach 2 · 5 · d further back.
    network, length = shapecalc.loads(TCN), 160
    report = shapecalc.inspect(network, N=1, T=length)
    params = {path: np.full(shape, 0.01, dtype=np.float64) for path, shape in parameter_shapes(report).items()}
    still = np.ones((1, 1, length))
    moved = np.repeat(still, length, axis=0) + np.eye(length)[:, None]
    last = [shapecalc.run(network, given, params)["output"][:, :, -1] for given in (still, moved)]
    read = np.flatnonzero(np.any(last[1] != last[0], axis=1))
    assert read.tolist() == [*range(length - (1 + 2 * 5 * (1 + 2 + 4 + 8)), length)]
