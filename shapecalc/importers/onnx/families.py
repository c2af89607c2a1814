"""The families of operators: importing this module registers the function of each."""

from __future__ import annotations

from shapecalc.importers.onnx import (  # noqa: F401 - they register
    activation,
    arithmetic,
    attention,
    convolution,
    indexing,
    linear,
    normalization,
    padding,
    pooling,
    recurrent,
    reduction,
    reshaping,
    resizing,
    scattering,
    slicing,
)
