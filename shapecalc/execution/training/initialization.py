"""The weights that training starts from: distributed as PyTorch's layers start, drawn by name and seed."""

from __future__ import annotations

import math
import zlib
from typing import TYPE_CHECKING

import numpy as np

from shapecalc.execution.lowering import numbers, random_parameters

if TYPE_CHECKING:
    from shapecalc.layers import Layer
    from shapecalc.reference.base import Array
    from shapecalc.shape_inference.report import LayerReport, Report

AT_REST = {"weight": 1, "bias": 0, "running_mean": 0, "running_var": 1}
"""What norms begin with: they change nothing but the statistics."""

FROM_NORMAL = {"embedding": 1.0, "positional_encoding": 0.02, "class_token": 0.02}
"""Tables and vectors that are looked up or added, with the deviation that they are drawn with."""


def starting_parameters(report: Report, *, seed: int = 0) -> dict[str, Array]:
    """Return weights and buffers by path (`c1.weight`), in the order of the layers.

    Weights and biases are uniform between ±1/√fan-in (±1/√H in recurrent layers), embeddings normal, norms at rest.
    Buffers that are no running statistics are as in a run with this seed.
    Source: `reset_parameters` of torch.nn.Linear, Conv2d, RNNBase, Embedding, BatchNorm2d.
    """
    start = random_parameters(report, seed=seed)
    for row in report.layers:
        if row.step.weights:
            continue
        for name in row.facts.parameters:
            path = f"{row.path}.{name}"
            start[path] = _drawn(row, name, np.random.default_rng([seed, zlib.crc32(path.encode())]))
        for name in row.facts.buffers:
            if name in AT_REST:
                start[f"{row.path}.{name}"] = np.full(numbers(row.facts.buffers[name]), AT_REST[name], dtype=np.float32)
    return start


def _drawn(row: LayerReport, name: str, random: np.random.Generator) -> Array:
    word, shape = row.type, numbers(row.facts.parameters[name])
    if word.endswith("_norm") or word == "scale":
        return np.full(shape, AT_REST[name], dtype=np.float32)
    if word in FROM_NORMAL:
        table = FROM_NORMAL[word] * random.standard_normal(shape, dtype=np.float32)
        padding = getattr(row.step.layer, "padding_idx", None)
        if padding is not None:
            table[padding] = 0
        return table
    bound = np.float32(_fan_in(row.step.layer, row, name) ** -0.5)
    drawn: Array = 2 * bound * random.random(shape, dtype=np.float32) - bound
    return drawn


def _fan_in(layer: Layer, row: LayerReport, name: str) -> int:
    """How many numbers each entry of the weight's output adds up; a bias is drawn as the weight before it."""
    hidden = getattr(layer, "hidden_size", None)
    if isinstance(hidden, int):
        return hidden
    last = 1
    for each, shape in row.facts.parameters.items():
        if len(shape) > 1:
            last = math.prod(numbers(shape)[1:])
        if each == name:
            break
    return max(last, 1)
