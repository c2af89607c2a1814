"""NumPy kernels of every layer type, and the registry that finds them.

An implementation independent of the shape rules, for comparison with them: a size results from sliding windows over
arrays and is never computed by formula. The package imports the standard library, NumPy and itself. A `Call` has the
fields as the user wrote them. The module of a family is imported when one of its kernels is first needed.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shapecalc.reference.base import Fields, Kernel, Shape
    from shapecalc.reference.gradients import BackwardRun
    from shapecalc.reference.word_vectors import analogy, nearest

__all__ = ["FAMILIES", "analogy", "find", "find_backward", "layer_types", "nearest", "workspace"]

FAMILIES = (
    "conv",
    "linear",
    "pooling",
    "reshaping",
    "activation",
    "regularization",
    "normalization",
    "layer_normalization",
    "local_response",
    "scaling",
    "merging",
    "arithmetic",
    "padding",
    "resampling",
    "shuffling",
    "reducing",
    "recurrent",
    "embedding",
    "attention",
    "multihead",
    "positional",
    "rotary",
    "tensors",
    "opaque",
    "functions",
    "rectifiers",
    "sigmoids",
    "gates",
    "shrinking",
    "piecewise",
    "slicing",
    "repeating",
    "vector_norms",
    "indexing",
    "separable",
    "conv_lstm",
    "cells",
    "sampling",
    "unpooling",
    "power_pooling",
    "deformable",
    "tensors",
    "comparing",
    "cumulative",
    "searching",
    "einsum",
    "unfolding",
    "fourier",
    "separable",
    "cells",
    "conv_lstm",
    "sampling",
    "relative_position",
    "experts",
    "scan",
)

BACKWARD_FAMILIES = (*FAMILIES, "bptt")
"""Modules with backward kernels: those of the forward kernels, and `bptt` for recurrent layers."""


def __getattr__(name: str) -> Any:
    if name not in ("analogy", "nearest"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.word_vectors"), name)


def find(layer_type: str) -> Kernel:
    """Return the kernel of a layer type; imports families until one registers it.

    Raises `KeyError` if the type has no kernel.
    """
    from shapecalc.reference.base import KERNELS  # noqa: PLC0415 - NumPy is imported only to execute

    for family in FAMILIES:
        if layer_type in KERNELS:
            break
        import_module(f"{__name__}.{family}")
    return KERNELS[layer_type]


def find_backward(layer_type: str) -> BackwardRun:
    """Return the backward kernel of a layer type; imports families until one registers it.

    Raises `KeyError` if the type has no backward kernel.
    """
    from shapecalc.reference.gradients import BACKWARD_KERNELS  # noqa: PLC0415 - NumPy is imported only to execute

    for family in BACKWARD_FAMILIES:
        if layer_type in BACKWARD_KERNELS:
            break
        import_module(f"{__name__}.{family}")
    return BACKWARD_KERNELS[layer_type]


def layer_types() -> frozenset[str]:
    """Return the layer types that have a kernel."""
    from shapecalc.reference.base import KERNELS  # noqa: PLC0415 - NumPy is imported only to execute

    for family in FAMILIES:
        import_module(f"{__name__}.{family}")
    return frozenset(KERNELS)


def workspace(
    layer_type: str,
    fields: Fields,
    inputs: tuple[Shape, ...],
    parameters: Mapping[str, Shape],
    outputs: tuple[Shape, ...],
    itemsize: int,
) -> int:
    """Return an upper bound, in bytes, on the temporary arrays of a kernel run, without inputs, parameters and outputs.

    The shapes are predictions and may be wrong: 0 if the kernel would refuse them, since it then allocates nothing.
    """
    from shapecalc.reference.base import RunShapes  # noqa: PLC0415 - NumPy is imported only to execute

    kernel = find(layer_type)
    try:
        return kernel.workspace(RunShapes(fields, inputs, parameters, outputs, itemsize))
    except (ValueError, LookupError):
        return 0
