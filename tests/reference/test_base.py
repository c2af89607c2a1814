"""Products that are counted, calls, and constants of an array's own kind."""

from __future__ import annotations

import numpy as np
import pytest

from shapecalc import reference
from shapecalc.reference.base import KERNELS, Call, Work, constant, kernel
from tests.support.counting import Counted, counted


@pytest.mark.parametrize(
    ("left", "right", "macs"),
    [
        pytest.param((2, 3), (3, 5), 2 * 3 * 5, id="two matrices"),
        pytest.param((7, 2, 3), (3, 5), 7 * 2 * 3 * 5, id="a stack and a matrix"),
        pytest.param((7, 1, 2, 3), (11, 3, 5), 7 * 11 * 2 * 3 * 5, id="stacks that broadcast"),
    ],
)
def test_a_product_is_counted_for_floats_as_for_counting_scalars(
    left: tuple[int, ...], right: tuple[int, ...], macs: int
) -> None:
    random = np.random.default_rng(3)
    a, b = random.standard_normal(left), random.standard_normal(right)
    plain, counting = Work(), Work()
    expected = plain.matmul(a, b)
    np.testing.assert_array_equal(expected, np.matmul(a, b))
    np.testing.assert_allclose(counting.matmul(counted(a), counted(b)).astype(float), expected)
    assert plain.macs == counting.macs == macs


def test_products_add_up_over_calls_and_onto_what_is_there() -> None:
    work, onto = Work(), np.ones((2, 2))
    work.accumulate(onto, np.full((2, 3), 2.0), np.full((3, 2), 5.0))
    assert onto.tolist() == [[31, 31], [31, 31]]
    work.matmul(np.ones((1, 7)), np.ones((7, 1)))
    assert work.macs == 2 * 3 * 2 + 7


@pytest.mark.parametrize("kind", [np.array, counted])
def test_inner_axes_that_differ_are_refused(kind: object) -> None:
    assert callable(kind)
    with pytest.raises(ValueError, match=r"mismatch|inner axes differ"):
        Work().matmul(kind(np.ones((2, 3))), kind(np.ones((4, 5))))


def test_parameters_belong_to_the_call_that_shares_them() -> None:
    own = Call("a", "relu", {}, {}, ("x",), ("y",))
    shared = Call("b", "relu", {}, {}, ("x",), ("y",), owners={"weight": "a"})
    assert (own.tensor("weight"), shared.tensor("weight"), shared.tensor("bias")) == ("a.weight", "a.weight", "b.bias")


def test_each_call_counts_its_own_work() -> None:
    first, second = (Call("a", "relu", {}, {}, ("x",), ("y",)) for _ in range(2))
    first.work.macs = 7
    assert second.work.macs == 0


def test_a_constant_has_the_type_of_the_array_and_counts_where_the_array_counts() -> None:
    assert constant(np.ones(2, dtype=np.float32), 0.1).dtype == np.float32
    assert isinstance(constant(counted(np.ones(2)), 0.1), Counted)


def test_a_layer_type_has_one_kernel() -> None:
    reference.find("relu")
    with pytest.raises(ValueError, match="`relu` has two kernels"):
        kernel("relu")(lambda _call, x: x)
    assert KERNELS["relu"].run.__name__ == "relu"
