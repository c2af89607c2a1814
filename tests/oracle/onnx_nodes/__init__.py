"""How each operator of ONNX is written as steps of a network: one small function per operator, a file per family."""

from __future__ import annotations

from tests.oracle.onnx_nodes import (
    attending,
    elementwise,
    normalizing,
    reducing,
    resizing,
    scattering,
    shaping,
    windows,
)

FAMILIES = (attending, elementwise, normalizing, reducing, resizing, scattering, shaping, windows)
OPERATORS = {name: operator for family in FAMILIES for name, operator in family.OPERATORS.items()}
