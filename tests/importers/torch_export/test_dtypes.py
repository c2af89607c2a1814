"""Bytes of each dtype, and what they are in an architecture file."""

from __future__ import annotations

import numpy as np

from shapecalc.importers.torch_export.dtypes import FLOATS, INTEGERS, decoded, dtype_of, itemsize


def test_bfloat16_is_the_upper_half_of_float32() -> None:
    raw = np.array([0x3F80, 0xC040, 0x3E20], "<u2").view(np.uint8)
    assert decoded(raw, 13, "<").tolist() == [1.0, -3.0, 0.15625]
    assert decoded(raw.view("<u2").byteswap().view(np.uint8), 13, ">").tolist() == [1.0, -3.0, 0.15625]


def test_all_numbers_are_read_as_float32_or_int64() -> None:
    wrong = []
    for code, name in {**FLOATS, **INTEGERS}.items():
        if name == "bfloat16":
            continue
        raw = np.array([1, 2, 3], f"<{name}").view(np.uint8)
        found = decoded(raw, code, "<")
        if found.tolist() != [1, 2, 3] or str(found.dtype) != dtype_of(code) or itemsize(code) * 3 != raw.size:
            wrong.append(name)
    assert wrong == []


def test_a_dtype_that_is_not_known_has_no_size() -> None:
    assert itemsize(29) == 0
