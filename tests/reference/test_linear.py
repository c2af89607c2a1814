"""Linear layers, and radial basis functions, by hand: PyTorch has no such layer as the latter."""

from __future__ import annotations

import numpy as np
import pytest

from shapecalc.reference.base import Call
from shapecalc.reference.executor import ExecutionError, run
from tests.support import kernels
from tests.support.counting import counted, run_counted

WEIGHT = {"weight": [[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], "bias": [10.0, 20.0, 30.0]}
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


def test_each_row_is_multiplied_by_each_neuron_and_the_bias_is_added() -> None:
    assert kernels.run("linear", [[1.0, -1.0], [0.5, 2.0]], parameters=WEIGHT, out_features=3).tolist() == [
        [9, 19, 29],
        [14.5, 29.5, 44.5],
    ]
    assert kernels.run("linear", [1.0, -1.0], parameters=WEIGHT, out_features=3, bias=False).tolist() == [-1, -1, -1]


@pytest.mark.parametrize("rows", [1, 3, 4, 17])
def test_few_rows_and_many_are_multiplied_alike(rows: int) -> None:
    x = np.arange(2.0 * rows * 2).reshape(2, rows, 2)
    y = kernels.run("linear", x, parameters=WEIGHT, out_features=3)
    np.testing.assert_allclose(y, x @ np.array(WEIGHT["weight"]).T + np.array(WEIGHT["bias"]))


def test_gradients_are_products_with_the_weight_and_with_the_input() -> None:
    """dX = dY · W, dW = dYᵀ · X, db the sum of dY over the rows."""
    call = kernels.call_of("linear", WEIGHT, out_features=3)
    x = [[1.0, -1.0], [0.5, 2.0]]
    found = kernels.gradients_of(call, (x,), np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 2.0]]))
    assert found.inputs[0] is not None
    assert found.inputs[0].tolist() == [[1, 2], [13, 16]]
    assert found.parameters["weight"].tolist() == [[1, -1], [0.5, 2], [1, 4]]
    assert found.parameters["bias"].tolist() == [1, 1, 2]


def test_the_gradient_of_a_distance_is_twice_the_way_from_its_centre() -> None:
    (to_input,) = kernels.gradients_of(call_of(CENTRES), ([[1.0, 2.0]],), np.array([[1.0, 10.0, 100.0]])).inputs
    assert to_input is not None
    assert to_input.tolist() == [[2 * (1 - 300), 2 * (2 - 400)]]
