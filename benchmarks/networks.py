"""The networks that are measured, by name: an architecture, the sizes of its symbols, and its layers as plain values.

The peers' environment has no shapecalc: it builds its twins from those plain values (`benchmarks.twins`), so that both
sides run the same layers in the same order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import shapecalc
from shapecalc.architecture import Architecture, Input, Step
from shapecalc.costs.liveness import output_slots
from shapecalc.execution.lowering import concrete, fields_as_written
from shapecalc.layers.activation import Relu
from shapecalc.layers.conv import Conv
from shapecalc.layers.normalization import BatchNorm

if TYPE_CHECKING:
    from shapecalc.dims import Dim
    from shapecalc.shape_inference.report import Report

LSTM = """
name: two-layer LSTM
input: [T, N, 256]
layers:
  - lstm: {hidden_size: 512, num_layers: 2}
"""

BLOCK = """
name: transformer block
input: [N, T, 768]
layers:
  - add:
      main: [layer_norm, multihead_attention: {num_heads: 12, batch_first: true, is_causal: true}]
      shortcut: []
  - add:
      main: [layer_norm, linear: 3072, gelu, linear: 768]
      shortcut: []
"""

DECODER = """
name: decoder of 96 blocks                 # GPT-3's numbers: Brown et al. 2020, table 2.1
input: {shape: [N, T], dtype: int64}
blocks:
  block:
    layers:
      - add:
          main: [layer_norm, multihead_attention: {num_heads: 96, batch_first: true, is_causal: true}]
          shortcut: []
      - add:
          main: [layer_norm, linear: 49152, gelu: {approximate: tanh}, linear: 12288]
          shortcut: []
layers:
  - embedding: {num_embeddings: 50257, embedding_dim: 12288}
  - positional_encoding: {kind: learned, max_length: 2048, batch_first: true}
  - {block: {}, repeat: 96, name: h}
  - layer_norm
  - linear: {out_features: 50257, bias: false}
"""

TEXTS = {"lstm": LSTM, "lstm32": LSTM, "block": BLOCK, "decoder96": DECODER}
"""Architectures that the package does not bring."""

NAMES = {
    "resnet50": "ResNet-50",
    "resnet152": "ResNet-152",
    "vgg16": "VGG-16",
    "decoder96": "decoder of 96 blocks",
}

IMAGE = {"N": 1, "H": 224, "W": 224}
SIZES = {
    "lenet5": {"N": 1},
    "alexnet": {"N": 1},
    "vgg16": IMAGE,
    "googlenet": IMAGE,
    "resnet18": IMAGE,
    "resnet50": IMAGE,
    "resnet152": IMAGE,
    "lstm": {"T": 128, "N": 1},
    "lstm32": {"T": 128, "N": 32},
    "block": {"T": 512, "N": 1},
    "decoder96": {"T": 2048, "N": 1},
}


def stack(layers: int, batch: Dim, side: Dim, *, distinct: bool) -> Architecture:
    """Return a stack of convolution, batch norm and ReLU; `distinct` makes no two convolutions or norms alike."""
    alike = (Conv(out_channels=8, kernel_size=3, padding=1), BatchNorm(), Relu())
    steps: list[Step] = []
    reads = "input"
    for position in range(layers):
        layer = alike[position % 3]
        if distinct and position % 3 == 0:
            layer = Conv(out_channels=8 + position % 4093, kernel_size=3, padding=1)
        elif distinct and position % 3 == 1:
            layer = BatchNorm(eps=1e-5 + position * 1e-9)
        steps.append(Step(f"layer_{position}", layer, (reads,)))
        reads = f"layer_{position}"
    return Architecture("stack", (Input("input", (batch, 8, side, side)),), tuple(steps), {"output": reads})


def architecture(name: str) -> Architecture:
    """Return an architecture of this suite or of the package; `stack-alike-1000` is a stack of 1,000 layers."""
    if name.startswith("stack-"):
        _, kind, layers = name.split("-")
        return stack(int(layers), 2, 32, distinct=kind == "distinct")
    return shapecalc.loads(TEXTS[name]) if name in TEXTS else shapecalc.load(name)


def inspected(name: str) -> Report:
    """Return a network's report with every symbol a number."""
    return shapecalc.inspect(architecture(name), **SIZES.get(name, {}))


def plain(name: str) -> dict[str, Any]:
    """Return a network as plain values: what enters, what leaves, and a row per layer in the order of execution."""
    report = inspected(name)
    (entry,) = report.inputs
    rows = [
        {
            "word": row.type,
            "fields": fields_as_written(row.step.layer),
            "parameters": {
                part: concrete(shape) for part, shape in (*row.facts.parameters.items(), *row.facts.buffers.items())
            },
            "reads": row.step.inputs,
            "writes": list(output_slots(row)),
            "enters": [concrete(shape) for shape in row.inputs],
            "leaves": [concrete(shape) for shape in row.outputs.values()],
        }
        for row in report.layers
    ]
    return {
        "name": name,
        "input": {"slot": entry.name, "shape": concrete(entry.shape), "dtype": entry.dtype},
        "output": next(iter(report.architecture.outputs.values())) if rows else None,
        "params": report.totals.params,
        "rows": rows,
    }
