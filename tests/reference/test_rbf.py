"""Radial basis functions by hand: PyTorch has no such layer."""

from __future__ import annotations

import numpy as np
import pytest

from shapecalc.reference.base import Call
from shapecalc.reference.executor import ExecutionError, run
from tests.support.counting import counted, run_counted

CENTRES = np.array([[0.0, 0.0], [1.0, 2.0], [4.0, 6.0]], dtype=np.float32)


def call_of(centres: np.ndarray) -> Call:
    return Call("layer", "rbf", {"out_features": len(centres)}, {"weight": centres}, ("x",), ("y",))


def test_each_number_is_the_squared_distance_to_a_centre() -> None:
    values = {"x": np.array([[1.0, 2.0], [-3.0, 0.5]], dtype=np.float32)}
    run(call_of(CENTRES), values)
    np.testing.assert_array_equal(values["y"], [[5.0, 0.0, 25.0], [9.25, 18.25, 79.25]])


def test_a_centre_is_at_no_distance_from_itself() -> None:
    values = {"x": CENTRES}
    run(call_of(CENTRES), values)
    assert (np.diag(values["y"]) == 0).all()
    assert (values["y"] == values["y"].T).all()


def test_a_single_number_does_not_broadcast_over_a_centre() -> None:
    with pytest.raises(ExecutionError, match="measures rows of 2 features, receives \\[5, 1\\]"):
        run(call_of(CENTRES), {"x": np.ones((5, 1), dtype=np.float32)})


def test_it_multiplies_once_per_feature_and_centre() -> None:
    call = Call("layer", "rbf", {"out_features": 3}, {"weight": counted(CENTRES.astype(float))}, ("x",), ("y",))
    _, done = run_counted(call, np.ones((4, 2)))
    assert done["multiply"] == 4 * 3 * 2
    assert done.total() == 4 * 3 * (2 + 2 + 1)
