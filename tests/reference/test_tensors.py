"""Tensors as steps: the arrays themselves, and the gradients that reach them."""

from __future__ import annotations

from typing import Any

import numpy as np

import shapecalc
from shapecalc.reference import find
from shapecalc.reference.base import Call
from tests.support.rows import for_each


@for_each(
    "values,dtype",
    [(0.5, "float32"), (((1, 2), (3, 4)), "int64"), ((True, False), "bool"), ((float("-inf"), 1), "float32")],
)
def test_a_constant_is_the_listed_numbers(values: Any, dtype: str) -> None:
    call = Call("c", "constant", {"values": values, "shape": None, "dtype": dtype}, {}, (), ("c",))
    array = find("constant").run(call)
    assert isinstance(array, np.ndarray)
    assert array.dtype == dtype
    np.testing.assert_array_equal(array, np.array(values))


NETWORK = """
input: [N, 3]
layers:
  - {parameter: [1, 3], name: shift}
  - {buffer: {shape: [3]}, name: scale}
  - {constant: {shape: [1]}, name: more}
  - {add: , from: [input, shift], name: shifted}
  - {multiply: , from: [shifted, scale], name: scaled}
  - {add: , from: [scaled, more]}
"""


def test_a_run_computes_with_the_arrays_of_the_names_of_steps() -> None:
    given = {"shift": [[1.0, 2.0, 3.0]], "scale": [2.0, 3.0, 5.0], "more": [100.0]}
    (values,) = shapecalc.run(shapecalc.loads(NETWORK), np.array([[10.0, 20.0, 30.0]]), given).values()
    assert values.tolist() == [[122.0, 166.0, 265.0]]


def test_the_gradient_of_a_parameter_is_the_sum_over_what_it_broadcast_to() -> None:
    """The sum of the outputs over two samples: each element of `shift` is times its scale, twice."""
    given = {"shift": [[1.0, 2.0, 3.0]], "scale": [2.0, 3.0, 5.0], "more": [100.0]}
    objective = shapecalc.values(shapecalc.loads(NETWORK), np.ones((2, 3)), given, backward=True)
    assert objective["shift.grad"].tolist() == [[4.0, 6.0, 10.0]]
    assert "scale.updated" not in objective.arrays
