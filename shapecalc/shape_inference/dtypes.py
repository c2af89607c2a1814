"""Sizes of the elements of tensors, by type."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.dims import ceil_div

if TYPE_CHECKING:
    from shapecalc.dims import Dim

BITS = {"float32": 32, "float16": 16, "bfloat16": 16, "int8": 8, "int4": 4}
"""Bits of an element of each type."""
USUAL_DTYPE = "float32"
TRAINED = ("float32", "float16", "bfloat16")
"""The types in which a network can be trained: gradients need a floating-point type."""


def bytes_of(count: Dim, dtype: str = USUAL_DTYPE) -> Dim:
    """Return the bytes of a tensor of `count` elements, rounded up: two elements of int4 share a byte.

    >>> from shapecalc.dims import symbol
    >>> bytes_of(5), bytes_of(5, "bfloat16"), bytes_of(5, "int4"), bytes_of(3 * symbol("N"), "int4")
    (20, 10, 3, Expr('N + (N + 1)//2'))
    """
    bits = BITS[dtype]
    return count * (bits // 8) if bits >= 8 else ceil_div(count * bits, 8)  # noqa: PLR2004 - bits of a byte
