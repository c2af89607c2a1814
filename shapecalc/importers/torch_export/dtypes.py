"""The dtypes of torch.export by their codes, and what each is in an architecture file: float32, int64 or bool."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shapecalc.importers.graph import Array

FLOATS = {6: "f2", 7: "f4", 8: "f8", 13: "bfloat16"}
INTEGERS = {1: "u1", 2: "i1", 3: "i2", 4: "i4", 5: "i8", 28: "u2", 34: "u4"}
BOOL, COMPLEX = 12, {9, 10, 11}
NAMES = {6: "float16", 7: "float32", 8: "float64", 13: "bfloat16"}


def dtype_of(code: int) -> str:
    """Return the dtype of an architecture file, `complex64` for complex numbers, which it does not have.

    >>> [dtype_of(code) for code in (7, 13, 4, 12, 10)]
    ['float32', 'float32', 'int64', 'bool', 'complex64']
    """
    if code == BOOL:
        return "bool"
    if code in COMPLEX:
        return "complex64"
    return "int64" if code in INTEGERS else "float32"


def itemsize(code: int) -> int:
    """Return the bytes of an element, 0 if the dtype is not known."""
    if code == BOOL:
        return 1
    if code in COMPLEX:
        return {9: 0, 10: 8, 11: 16}[code]
    name = FLOATS.get(code) or INTEGERS.get(code) or "0"
    return 2 if name == "bfloat16" else int(name[-1])


def decoded(raw: Array, code: int, order: str) -> Array:
    """Return elements of their bytes; `order` is < if the first byte is the lowest."""
    import numpy as np  # noqa: PLC0415 - only values need it

    if not raw.size:
        return raw.astype(
            {"float32": np.float32, "int64": np.int64, "bool": np.bool_}.get(dtype_of(code), np.complex64)
        )
    if code == BOOL:
        flags: Array = raw != 0
        return flags
    if code in COMPLEX:
        return raw.view(f"{order}c{itemsize(code)}").astype(np.complex64)
    if FLOATS.get(code) == "bfloat16":
        wide = raw.view(f"{order}u2").astype(np.uint32) << 16
        return wide.astype(np.uint32).view(np.float32)
    if code in FLOATS:
        with np.errstate(over="ignore"):
            return raw.view(order + FLOATS[code]).astype(np.float32)
    return raw.view(order + INTEGERS[code]).astype(np.int64)
