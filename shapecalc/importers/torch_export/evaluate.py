"""Operators on constants alone, computed in NumPy while the file is read: masks, tables of positions, coordinates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from shapecalc.dims import Expr
from shapecalc.importers.torch_export.computing import EVALUATORS
from shapecalc.importers.torch_export.dtypes import dtype_of
from shapecalc.importers.torch_export.operands import DType, leaves
from shapecalc.importers.unreadable import Unreadable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shapecalc.importers.graph import Array
    from shapecalc.importers.torch_export.program import Meta, Operator
    from shapecalc.importers.torch_export.steps import Steps

MOST_ELEMENTS = 1 << 26
"""The elements of a constant that is computed."""
MOST_COMPUTED = 1 << 30
"""Those of all constants of a file."""
DTYPES = {"float32": np.float32, "int64": np.int64, "bool": np.bool_, "complex64": np.complex64}


def evaluate_operator(to: Steps, operator: Operator, arguments: Mapping[str, Any]) -> Sequence[Any] | None:
    """Return what an operator gives of constants; None if it is not known, or a size is a symbol."""
    name = operator.name.removeprefix("aten.")
    stem = name if name in EVALUATORS else name.removesuffix("_")
    evaluator = EVALUATORS.get(operator.target.removeprefix("aten.")) or EVALUATORS.get(stem)
    if evaluator is None or any(isinstance(each, Expr) for value in arguments.values() for each in leaves(value)):
        return None
    meta = to.meta
    if meta is None or meta.shape is None or any(isinstance(size, Expr) for size in meta.shape):
        return None
    to.charge(meta.shape, MOST_ELEMENTS, MOST_COMPUTED)
    given = {
        key: _argument(to, value)
        for key, value in arguments.items()
        if key not in {"memory_format", "device", "layout", "pin_memory", "non_blocking", "copy"}
    }
    written = given.get("x") if name.endswith("_") and not name.endswith("__") else None
    with np.errstate(all="ignore"):
        result = evaluator(meta, **given)
    if isinstance(written, np.ndarray):
        if not written.flags.writeable:
            raise Unreadable("a write to a constant that is repeated")
        written[...] = result
        return [written]
    results = list(result) if type(result) in {list, tuple} else [result]
    return [_in_dtype(each, meta, first=position == 0) for position, each in enumerate(results)]


def _in_dtype(result: Any, meta: Meta, *, first: bool) -> Array | None:
    if result is None:
        return None
    array: Array = np.asarray(result)
    wanted = DTYPES[meta.dtype] if first or array.dtype.kind == "f" else array.dtype
    if array.dtype.kind == "c" and np.dtype(wanted).kind != "c":
        raise Unreadable("a constant of complex numbers, which the file states as real ones")
    return array if array.dtype == wanted else array.astype(wanted)


def _argument(to: Steps, value: Any) -> Any:
    if type(value) is list:
        return [_argument(to, each) for each in value]
    return dtype_of(value.code) if isinstance(value, DType) else to.array(value)
