"""ONNX models → a graph of our layers.

`model` reads the file, `tensors` its initializers, `shape_computations` folds what is computed of shapes and constants,
and the families of operators (`convolution`, `reshaping`, …) make steps of the rest.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shapecalc.diagnostics.limits import Limits
    from shapecalc.importers.imported import ImportReading


def read(path: str, limits: Limits, *, partial: bool = False) -> ImportReading:
    """Return the graph of an ONNX model.

    Raises `ShapecalcError` SC032 if the file is broken, SC033 without the package `onnx`.
    """
    from shapecalc.importers.onnx.model import load  # noqa: PLC0415 - with NumPy, which `onnx` needs

    model = load(path, limits)  # it says so if `onnx` is not there, which the next import needs
    from shapecalc.importers.onnx.reading import read_model  # noqa: PLC0415

    return read_model(model, partial=partial)
