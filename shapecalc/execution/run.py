"""A forward pass on given arrays, which take the dtypes of the inputs if no value changes."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from shapecalc.diagnostics import Diagnostic, ShapecalcError
from shapecalc.diagnostics.suggestions import closest
from shapecalc.dims import Expr, show
from shapecalc.execution.budget import check_memory_of_machine, memory_errors_as_diagnostics
from shapecalc.execution.lowering import BYTES, calls_of, concrete, price
from shapecalc.execution.stored_weights import ENDINGS, StoredWeights, is_weights_file, read_weights
from shapecalc.parser.scalars import shorten
from shapecalc.reference.executor import ExecutionError, execute
from shapecalc.shape_inference.engine import inspect_at

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import ArrayLike

    from shapecalc.architecture import Architecture, Input
    from shapecalc.reference.base import Array
    from shapecalc.shape_inference.report import Report


MOST_MISTAKES = 20
"""Mistakes in arrays that are reported one by one."""
KINDS = {"int64": "iu", "bool": "iub"}
"""The kinds of NumPy's types whose values a dtype can take, if none of them changes; a floating-point one takes all."""


def run(
    architecture: Architecture,
    inputs: Mapping[str, ArrayLike] | ArrayLike,
    params: Mapping[str, ArrayLike] | str | None = None,
    *,
    seed: int = 0,
) -> dict[str, Array]:
    """Run the forward pass and return the outputs by name.

    `inputs` is one array for the only input, or arrays by the names of the inputs. Symbols take the sizes of the
    arrays. `params` has weights and buffers by path (`c1.weight`); the others are random, the same for the same `seed`.
    Without `params`, a network that was imported has the weights of its file.
    Raises `ShapecalcError` SC702 if an array is missing, unknown, or of another shape than the architecture's, or if a
    value would change in the dtype of the input; SC701 if the run needs more memory than this process can have, before
    anything is allocated, or is refused memory.
    """
    params = as_params(params, architecture)
    arrays = input_arrays(architecture, inputs)
    report = inspect_at(architecture, sizes_of(architecture.inputs, arrays))
    given = parameter_arrays(params or {}, report)
    itemsize = max([BYTES, *(array.itemsize for array in arrays.values() if array.dtype.kind == "f")])
    check_memory_of_machine(report, price(report, itemsize=itemsize))
    execution = execute(calls_of(report, params=given, seed=seed), arrays)
    try:
        with memory_errors_as_diagnostics(architecture):
            for _ in execution:
                pass
    except ExecutionError as error:
        raise ShapecalcError((Diagnostic(code="SC702", message=str(error)),), architecture.file) from None
    return {name: execution.values[slot] for name, slot in architecture.output_slots.items()}


def as_params(
    params: Mapping[str, ArrayLike] | str | None, architecture: Architecture | None = None
) -> Mapping[str, ArrayLike] | None:
    """Return weights by path, read from a file if it is the name of one.

    Without any, they are those of the file of another tool that the architecture was imported from.
    """
    if params is None and architecture is not None and architecture.origin is not None:
        return architecture.origin.arrays()
    if not isinstance(params, str):
        return params
    if not is_weights_file(params):
        raise refused(f"`params` expects arrays by name, or a file that ends in {' or '.join(ENDINGS)}")
    return read_weights(params)


def input_arrays(architecture: Architecture, inputs: Mapping[str, ArrayLike] | ArrayLike) -> dict[str, Array]:
    """Return the input arrays by name, each in a dtype that its input takes."""
    inputs = by_name(architecture, inputs)
    return {entry.name: as_dtype(entry.name, inputs[entry.name], entry.dtype) for entry in architecture.inputs}


def by_name(architecture: Architecture, inputs: Mapping[str, Any] | Any) -> Mapping[str, Any]:
    """Return inputs by name; raise `ShapecalcError` SC702 if they are not those of the architecture."""
    names = [entry.name for entry in architecture.inputs]
    if not isinstance(inputs, Mapping):
        if len(names) != 1:
            message = f"`{architecture.name}` expects inputs {sorted(names)}, receives one array"
            raise refused(message, "give them by name: `{" + ", ".join(f"{name!r}: …" for name in names) + "}`")
        inputs = {names[0]: inputs}
    if set(inputs) != set(names):
        raise refused(f"`{architecture.name}` expects inputs {sorted(names)}, receives {sorted(map(str, inputs))}")
    return inputs


def as_dtype(name: str, values: ArrayLike, dtype: str) -> Array:
    """Return values as an array of `dtype`; one of another floating-point type stays as it is.

    Raises `ShapecalcError` SC702 if values are no numbers, or if one of them would change.

    >>> as_dtype("x", [1, 2.5], "float32"), as_dtype("x", np.zeros(2), "float32").dtype
    (array([1. , 2.5], dtype=float32), dtype('float64'))
    """
    try:
        array = np.asarray(values)
    except ValueError:
        raise refused(f"`{name}` expects {dtype} of one shape, receives lists of several lengths") from None
    kind = array.dtype.kind
    if dtype not in KINDS and kind == "f" and isinstance(values, np.ndarray):
        return array
    if kind not in KINDS.get(dtype, "iubf"):
        raise refused(f"`{name}` expects {dtype}, receives {array.dtype}")
    with np.errstate(all="ignore"):
        converted = array.astype(dtype)
        if kind == "f":
            same = np.isfinite(converted) == np.isfinite(array)
        else:
            same = (converted.astype(array.dtype) == array) & ((converted < 0) == (array < 0))
    if not np.all(same):
        raise refused(f"`{name}` expects {dtype}, receives {array.dtype} values that it does not have")
    return converted


def sizes_of(
    entries: Iterable[Input], inputs: Mapping[str, Array], bound: Mapping[str, int] = MappingProxyType({})
) -> dict[str, int]:
    """Return the sizes of symbols, read from the shapes of the input arrays; those of `bound` have one already.

    Raises `ShapecalcError` SC702 if an array does not fit its input.
    """
    sizes = dict(bound)
    for entry in entries:
        shape = inputs[entry.name].shape
        if len(shape) != len(entry.shape) or not all(map(_agrees, entry.shape, shape)):
            raise _other_shape(entry, shape)
        for dim, size in zip(entry.shape, shape, strict=True):
            if isinstance(dim, Expr) and sizes.setdefault(str(dim), size) != size:
                raise _other_shape(entry, shape, bound)
    return sizes


def _agrees(dim: object, size: int) -> bool:
    return isinstance(dim, Expr) or dim == size


def _other_shape(
    entry: Input, shape: tuple[int, ...], bound: Mapping[str, int] = MappingProxyType({})
) -> ShapecalcError:
    at = ", ".join(f"{name} = {bound[name]}" for name in dict.fromkeys(map(str, entry.shape)) if name in bound)
    return refused(f"`{entry.name}` expects {show(entry.shape)}{at and f' at {at}'}, receives {list(shape)}")


def parameter_shapes(report: Report) -> dict[str, tuple[int, ...]]:
    """Return the shapes of weights and buffers by path."""
    return {
        row.step.tensor(name): concrete(shape)
        for row in report.layers
        for name, shape in row.facts.tensors.items()
        if row.step.owns(name)
    }


def parameter_dtypes(report: Report, dtype: str) -> dict[str, str]:
    """Return the dtypes of weights and buffers by path: `dtype`, or that of a buffer of integers or flags."""
    owned = ((row.step, name) for row in report.layers for name in row.facts.tensors if row.step.owns(name))
    own = {step.tensor(name): step.layer.tensor_dtype(name) for step, name in owned}
    return {path: dtype if each == "float32" else each for path, each in own.items()}


def parameter_arrays(
    params: Mapping[str, ArrayLike], report: Report, dtype: str = "float32", *, complete: bool = False
) -> dict[str, Array]:
    """Return the arrays of weights and buffers by path, each in the shape that the report has.

    Numbers other than arrays of floats become `dtype`. Raises `ShapecalcError` SC702 with a diagnostic for each unknown
    path, wrong shape, and array with a value that would change; for what is missing if all have to be `complete`, or
    if others of a file do not fit.
    """
    from_file = isinstance(params, StoredWeights)
    if isinstance(params, StoredWeights):
        params = params.fitted(report)
    expected, dtypes = parameter_shapes(report), parameter_dtypes(report, dtype)
    given: dict[str, Array] = {}
    mistakes: list[Diagnostic] = []
    for path, values in params.items():
        if path not in expected:
            near = closest(path, tuple(expected))
            message = f"`{shorten(path)}` is no parameter of `{report.architecture.name}`"
            mistakes += refused(message, f"write `{near}`" if near else None).diagnostics
            continue
        try:
            given[path] = as_dtype(path, values, dtypes[path])
        except ShapecalcError as error:
            mistakes += error.diagnostics
            continue
        if given[path].shape != expected[path]:
            mistakes += refused(
                f"`{path}` expects {show(expected[path])}, receives {list(given[path].shape)}"
            ).diagnostics
    if complete or (mistakes and from_file):
        missing = {path: shape for path, shape in expected.items() if path not in params}
        mistakes += [Diagnostic("SC702", f"`{path}` {show(shape)} is missing") for path, shape in missing.items()]
    if mistakes:
        raise ShapecalcError(_few(mistakes))
    return given


def _few(mistakes: list[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Return the first mistakes, the last with the number of further ones."""
    more = len(mistakes) - MOST_MISTAKES
    if more <= 0:
        return tuple(mistakes)
    *first, last = mistakes[:MOST_MISTAKES]
    return (*first, last._replace(notes=(f"and {more:,} more tensors do not fit",)))


def refused(message: str, help_text: str | None = None) -> ShapecalcError:
    """Return the error for arrays that do not fit."""
    return ShapecalcError((Diagnostic(code="SC702", message=message, help=help_text),))
