"""Random arrays are those of one generator, whoever fills them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from shapecalc.execution.random_arrays import BLOCK, WORTH_A_THREAD, uniform
from tests.support.rows import for_each

if TYPE_CHECKING:
    import pytest


@for_each("shape", [(), (0, 3), (5, 7), (BLOCK + 1,), (2 * WORTH_A_THREAD,), (3, WORTH_A_THREAD + 5)], ids=str)
@for_each("cores", [1, 2, 3, None])
def test_any_number_of_threads_draws_what_one_generator_draws(
    shape: tuple[int, ...], cores: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.cpu_count", lambda: cores)
    expected = np.random.default_rng([3, 2**31]).random(shape, dtype=np.float32)
    expected = expected * np.float32(0.5) - np.float32(0.25)
    drawn = uniform((3, 2**31), shape, scale=0.5, shift=-0.25)
    assert drawn.dtype == np.float32
    assert drawn.shape == shape
    assert np.array_equal(drawn, expected)
