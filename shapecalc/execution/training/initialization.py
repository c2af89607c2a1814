"""Initial weights of training, with the distributions of PyTorch's layers, drawn by path and seed."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import numpy as np

from shapecalc.execution.lowering import concrete, random_parameters

if TYPE_CHECKING:
    from shapecalc.reference.base import Array
    from shapecalc.shape_inference.report import Report
    from shapecalc.shape_inference.rows import LayerReport

AT_REST = {"weight": 1, "gain": 1, "bias": 0, "running_mean": 0, "running_var": 1}
"""Where what starts as a constant begins: norms change nothing but the statistics."""


def initial_parameters(report: Report, *, seed: int = 0) -> dict[str, Array]:
    """Return weights and buffers by path (`c1.weight`), in the order of the layers.

    Weights and biases are uniform between ±1/√fan-in (±1/√H in recurrent layers), embeddings normal, norms at rest.
    Buffers that are no running statistics are as in a run with this seed.
    Source: `reset_parameters` of torch.nn.Linear, Conv2d, RNNBase, Embedding, BatchNorm2d.
    """
    start = random_parameters(report, seed=seed)
    for row in report.layers:
        for name in filter(row.step.owns, row.facts.parameters):
            start[row.step.tensor(name)] = _drawn(row, name, seed)
        for name in filter(row.step.owns, row.facts.buffers):
            if name in AT_REST:
                start[row.step.tensor(name)] = np.full(
                    concrete(row.facts.buffers[name]), AT_REST[name], dtype=np.float32
                )
    return start


def _drawn(row: LayerReport, name: str, seed: int) -> Array:
    random = np.random.default_rng([seed, zlib.crc32(row.step.tensor(name).encode())])
    initial, shape = row.step.layer.initial(name, *row.inputs), concrete(row.facts.parameters[name])
    if initial.distribution == "norm":
        others = tuple(axis for axis, size in enumerate(shape) if size == 1)
        return np.asarray(np.sqrt(np.square(_drawn(row, initial.of, seed)).sum(axis=others, keepdims=True)))
    if initial.distribution == "constant":
        value = AT_REST[name] if initial.value is None else initial.value
        return np.full(shape, value, dtype=np.float32)
    if initial.distribution == "normal":
        table: Array = initial.deviation * random.standard_normal(shape, dtype=np.float32)
        if initial.zero_row is not None:
            table[initial.zero_row] = 0
        return table
    assert isinstance(initial.fan_in, int)  # every symbol has a number
    bound = np.float32(max(initial.fan_in, 1) ** -0.5)
    drawn: Array = 2 * bound * random.random(shape, dtype=np.float32) - bound
    return drawn
