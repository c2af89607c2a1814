"""Values: a model's own weights in the network that was written of it, and what both compute."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch

import shapecalc

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .records import Step

VOCABULARY = 200
"""Ids are drawn below this number."""
TOLERANCE = 2e-5
"""The relative error above which values are computed again in float64."""


def disturb(model: torch.nn.Module) -> None:
    """Let no parameter and no statistic be the same in all places, as zeros and ones are: errors would hide in them."""
    for name, buffer in model.named_buffers():
        if name.endswith("running_mean"):
            buffer.normal_(0, 0.1)
        elif name.endswith("running_var"):
            buffer.uniform_(0.5, 1.5)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.is_floating_point() and bool((parameter == parameter.flatten()[:1]).all()):
                parameter.add_(torch.randn_like(parameter), alpha=0.02)


def of_network(
    steps: dict[str, Step], constants: dict[int, torch.Tensor], text: str, model: torch.nn.Module
) -> dict[str, Any]:
    """Return the model's tensors by the paths that the network has them by."""
    own = dict(model.named_parameters(remove_duplicate=False))
    arrays: dict[str, Any] = {}
    for row in shapecalc.inspect(shapecalc.loads(text), N=1).layers:
        step = steps[row.path]
        held = [own[name].T if name in step.turned else own[name] for name in step.weights]
        held += step.statistics
        if id(step) in constants:
            held = [constants[id(step)]]
        names = list(row.facts.tensors)
        assert step.share is not None or len(names) == len(held), (row.path, names, step.weights)
        for name, tensor in zip(names, held, strict=False):
            shape = row.facts.tensors[name]
            if row.step.owns(name):
                assert math.prod(shape) == tensor.numel(), (row.path, name, shape, tensor.shape)
                arrays[row.step.tensor(name)] = tensor.detach().reshape(shape).numpy()
    return arrays


def inputs_of(shapes: Sequence[Sequence[int]], dtypes: Sequence[torch.dtype]) -> list[torch.Tensor]:
    """Return random inputs: ids below `VOCABULARY`, or numbers of a normal distribution."""
    return [
        torch.randn(tuple(shape)) if dtype.is_floating_point else torch.randint(0, VOCABULARY, tuple(shape))
        for shape, dtype in zip(shapes, dtypes, strict=True)
    ]


def largest_error(text: str, arrays: dict[str, Any], model: torch.nn.Module, inputs: list[torch.Tensor]) -> float:
    """Return the largest difference of an output from PyTorch's, relative to the largest element of that output."""
    with torch.no_grad():
        expected = torch.utils._pytree.tree_leaves(model(*inputs))
    network = shapecalc.loads(text)
    names = [entry.name for entry in network.inputs]
    given = dict(zip(names, (each.numpy() for each in inputs), strict=True))
    found = shapecalc.run(network, given, arrays).values()
    errors = [
        float(abs(torch.from_numpy(ours) - theirs).max() / max(float(abs(theirs).max()), 1e-30))
        for ours, theirs in zip(found, expected, strict=False)
    ]
    return max(errors)


def in_double(arrays: dict[str, Any]) -> dict[str, Any]:
    """Return arrays with those of numbers in float64."""
    return {name: array.astype("float64") if array.dtype.kind == "f" else array for name, array in arrays.items()}
