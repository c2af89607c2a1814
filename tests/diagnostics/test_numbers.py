from __future__ import annotations

import pytest

from shapecalc.diagnostics.numbers import byte_size


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (1536, "1.5 KiB"),
        (2**20 - 52, "1,023.9 KiB"),
        (2**20 - 51, "1.0 MiB"),
        (5 * 2**40, "5.0 TiB"),
        (2**70, "1,024.0 EiB"),
    ],
)
def test_bytes_are_written_in_the_unit_that_they_fill(size: int, text: str) -> None:
    assert byte_size(size) == text
