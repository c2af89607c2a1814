"""The points of a sweep, and the blocks in which they are computed."""

from __future__ import annotations

import numpy as np
from hypothesis import given, strategies as st

from shapecalc.solving.sweep.grid import blocks


@given(st.lists(st.integers(1, 9), max_size=4), st.integers(1, 50))
def test_blocks_cover_a_grid_once_and_in_order(lengths, chunk) -> None:
    whole = np.arange(int(np.prod(lengths, dtype=int))).reshape(lengths)
    found = []
    for block in blocks(tuple(lengths), chunk):
        assert block.points <= chunk
        found += whole[tuple(slice(*ends) for ends in block.ranges)].reshape(-1).tolist()
    assert found == whole.reshape(-1).tolist()
