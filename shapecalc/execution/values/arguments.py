"""Inputs and parameters of a run as arrays: given ones, and those that a word fills."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from shapecalc.execution.lowering import concrete, random_inputs, random_parameters
from shapecalc.execution.run import (
    as_dtype,
    by_name,
    parameter_arrays,
    parameter_dtypes,
    parameter_shapes,
    refused,
    sizes_of,
)
from shapecalc.execution.stored_weights import StoredWeights, is_weights_file, read_weights
from shapecalc.execution.verify import trial_sizes
from shapecalc.shape_inference.engine import Reports
from shapecalc.shape_inference.report import BATCH_SYMBOLS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike

    from shapecalc.architecture import Architecture, Input
    from shapecalc.reference.base import Array
    from shapecalc.shape_inference.report import Report

FILLS = {"ones": 1, "zeros": 0}
RANDOM = "random"
WORDS = (RANDOM, *FILLS)
"""Words that fill an input or a parameter."""
DTYPES = ("float64", "float32")


def given_inputs(
    architecture: Architecture, inputs: Mapping[str, ArrayLike] | ArrayLike, dtype: str
) -> tuple[dict[str, Array], dict[str, str]]:
    """Return the inputs that are arrays, each with the rank of its input, and those that are words."""
    if isinstance(inputs, str):
        inputs = {entry.name: inputs for entry in architecture.inputs}
    arrays: dict[str, Array] = {}
    words: dict[str, str] = {}
    given = by_name(architecture, inputs)
    for entry in architecture.inputs:
        value = given[entry.name]
        if isinstance(value, str):
            words[entry.name] = _word(entry.name, value)
        else:
            floats = entry.dtype == "float32"
            array = as_dtype(entry.name, value, dtype if floats else entry.dtype)
            arrays[entry.name] = _sample(entry, array.astype(dtype, copy=False) if floats else array)
    return arrays, words


def _word(name: str, word: str) -> str:
    if word not in WORDS:
        raise refused(f"`{name}` expects numbers or one of {', '.join(WORDS)}, receives `{word}`")
    return word


def _sample(entry: Input, array: Array) -> Array:
    """Return an array with the rank of its input: one sample may be without the axis of samples."""
    if array.ndim == len(entry.shape) - 1 and str(entry.shape[0]) in (*BATCH_SYMBOLS, "1"):
        return array[None]
    return array


def report_of(architecture: Architecture, arrays: Mapping[str, Array], sizes: Mapping[str, int]) -> Report:
    """Return the report at the sizes of the arrays, then `sizes`, then those that `verify` tries first."""
    entries = [entry for entry in architecture.inputs if entry.name in arrays]
    bound = sizes_of(entries, arrays, sizes)
    reports = Reports(architecture)
    if any(name not in bound for name in architecture.symbols):
        points, _ = trial_sizes(reports, bound)
        bound = dict(points[0])
    return reports.at(bound)


def filled_inputs(report: Report, words: Mapping[str, str], seed: int, dtype: str) -> dict[str, Array]:
    """Return the arrays of the inputs that words fill."""
    drawn = random_inputs(report, seed=seed) if RANDOM in words.values() else {}
    arrays = {}
    for entry in report.inputs:
        if entry.name in words:
            word = words[entry.name]
            kind = dtype if entry.dtype == "float32" else entry.dtype
            filled = drawn[entry.name] if word == RANDOM else np.full(concrete(entry.shape), FILLS[word])
            arrays[entry.name] = filled.astype(kind, copy=False)
    return arrays


class Drawn(NamedTuple):
    """What is random of what a run is given: inputs and weights by name, `of` the number of all weights; the seed."""

    inputs: tuple[str, ...] = ()
    weights: tuple[str, ...] = ()
    of: int = 0
    seed: int = 0

    def __str__(self) -> str:
        """Return it in words, empty if nothing is random.

        >>> str(Drawn(("x",), ("w", "b"), 2)), str(Drawn(weights=("w",), of=4, seed=7)), str(Drawn())
        ('random, seed 0: x, all weights', 'random, seed 7: 1 of 4 weights', '')
        """
        names = [*self.inputs]
        if self.weights:
            count = len(self.weights)
            names.append("all weights" if count == self.of else f"{count} of {self.of} weights")
        return f"random, seed {self.seed}: {', '.join(names)}" if names else ""

    def to_dict(self) -> dict[str, Any]:
        """Return the seed, and the names of all that is random, as JSON's values."""
        return {"seed": self.seed, "random": [*self.inputs, *self.weights]}


NONE_DRAWN = Drawn()


def weights_of(
    report: Report, params: Mapping[str, ArrayLike] | str, seed: int, dtype: str
) -> tuple[dict[str, Array], list[str]]:
    """Return all parameters and buffers by path, and the paths of the random ones."""
    shapes, dtypes = parameter_shapes(report), parameter_dtypes(report, dtype)
    if isinstance(params, str) and is_weights_file(params):
        params = read_weights(params)
    if isinstance(params, str):
        params = dict.fromkeys(shapes, _word("params", params))
    if isinstance(params, StoredWeights):
        given, words = parameter_arrays(params, report, dtype), {}
    else:
        words = {path: _word(path, word) for path, word in params.items() if isinstance(word, str)}
        arrays = {path: array for path, array in params.items() if path not in words}
        given = parameter_arrays(arrays, report, dtype)
    filled = {path: FILLS[word] for path, word in words.items() if word in FILLS and path in shapes}
    unfilled = (np.zeros((), dtypes.get(path, dtype)) for path in words)
    broadcast = (np.broadcast_to(zero, shapes.get(path, ())) for path, zero in zip(words, unfilled, strict=True))
    parameter_arrays(dict(zip(words, broadcast, strict=True)), report, dtype)  # which refuses unknown paths
    drawn = [path for path in shapes if path not in given and path not in filled]
    random = random_parameters(report, seed=seed, dtype=np.dtype(dtype)) if drawn else {}
    return {
        path: given[path].astype(dtypes[path], copy=False)
        if path in given
        else np.full(shape, filled[path], dtypes[path])
        if path in filled
        else random[path]
        for path, shape in shapes.items()
    }, drawn
