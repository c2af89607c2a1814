"""The hashes of lines by which GitHub's code scanning finds an alert again, as its `upload-sarif` computes them."""

from __future__ import annotations

import struct
from collections import Counter
from functools import lru_cache

_HASHED = 100
"""The number of UTF-16 units from the start of a line, without spaces and tabs, that its hash depends on."""
_END = 0xFFFF
_FACTOR, _RANGE = 37, 2**64


@lru_cache(maxsize=4)  # the findings of a file follow each other
def line_hashes(text: str) -> tuple[str, ...]:
    r"""Return the hash of each line of a text; equal ones are numbered.

    `upload-sarif` warns of every result whose hash is another one.

    >>> line_hashes(" a\nb\n  \t\tc\n d")[:2]
    ('271789c17abda88f:1', '54703d4cd895b18:1')
    """
    compact = text.replace("\r\n", "\n").replace("\r", "\n").replace(" ", "").replace("\t", "")
    data = compact.encode("utf-16-le", "surrogatepass")
    units = (*struct.unpack(f"<{len(data) // 2}H", data), _END)
    seen: Counter[int] = Counter()
    hashes = []
    for start in (0, *(index + 1 for index, unit in enumerate(units) if unit == ord("\n"))):
        window = units[start : start + _HASHED]
        value = 0
        for unit in window:
            value = value * _FACTOR + unit
        value = value * _FACTOR ** (_HASHED - len(window)) % _RANGE
        seen[value] += 1
        hashes.append(f"{value:x}:{seen[value]}")
    return tuple(hashes)
