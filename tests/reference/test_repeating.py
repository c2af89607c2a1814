"""The kernels of copies: each element has the sum of the gradients of its copies."""

from __future__ import annotations

import numpy as np

from shapecalc.reference import find, find_backward
from shapecalc.reference.base import Call
from shapecalc.reference.gradients import Context
from tests.support.rows import for_each

CASES = [
    ("expand", {"size": (3, -1, 5, 2)}, (2, 1, 2)),
    ("expand", {"size": (1, 4)}, (1, 1)),
    ("tile", {"dims": (2, 3)}, (4, 1, 2)),
    ("tile", {"dims": (2, 1, 3)}, (5,)),
    ("repeat_interleave", {"repeats": 3, "dim": -2}, (2, 4, 3)),
]


@for_each("kernel, fields, shape", CASES)
def test_a_gradient_is_the_sum_over_the_copies(kernel: str, fields: dict[str, object], shape: tuple[int, ...]) -> None:
    """Numbers of elements name the copies: those of each are found by the value."""
    call = Call("s", kernel, fields, {}, ("x",), ("y",))
    x = np.arange(float(np.prod(shape))).reshape(shape)
    y = find(kernel).run(call, x)
    weights = np.random.default_rng(3).integers(1, 9, y.shape).astype(float)
    slope = find_backward(kernel)(Context(call, (x,), (y,)), weights).inputs[0]
    assert slope.shape == shape
    assert slope.ravel().tolist() == [weights[y == number].sum() for number in x.ravel()]
