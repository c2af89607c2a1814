"""Products that are counted, calls, and constants of an array's own kind."""

from __future__ import annotations

import numpy as np
import pytest

from shapecalc import reference
from shapecalc.calculators.tracing import Traced
from shapecalc.reference.base import KERNELS, Call, Work, constant, kernel, largest, masked, maximum, minimum
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
    shared = Call("b", "relu", {}, {}, ("x",), ("y",), tensors={"weight": "a.weight"})
    assert (own.tensor("weight"), shared.tensor("weight"), shared.tensor("bias")) == ("a.weight", "a.weight", "b.bias")


def test_each_call_counts_its_own_work() -> None:
    first, second = (Call("a", "relu", {}, {}, ("x",), ("y",)) for _ in range(2))
    first.work.macs = 7
    assert second.work.macs == 0


def test_a_constant_has_the_type_of_the_array_and_counts_where_the_array_counts() -> None:
    assert constant(np.ones(2, dtype=np.float32), 0.1).dtype == np.float32
    assert isinstance(constant(counted(np.ones(2)), 0.1), Counted)


def test_maxima_name_their_operands() -> None:
    x = np.array([[Traced(each) for each in row] for row in ((4, 7), (1, 2))], dtype=object)
    assert [repr(each) for each in largest(x, 1, keepdims=False)] == ["max(4, 7) = 7", "max(1, 2) = 2"]
    assert repr(largest(x, (0, 1), keepdims=True)[0, 0]) == "max(4, 7, 1, 2) = 7"
    assert repr(maximum(x, Traced(3))[1, 0]) == "max(1, 3) = 3"
    assert repr(minimum(x, Traced(3))[1, 0]) == "min(1, 3) = 1"
    onto = x.copy()
    assert maximum(x, x[::-1], out=onto) is onto
    assert repr(onto[1, 1]) == "max(2, 7) = 7"
    assert repr(maximum(np.array(Traced(1), dtype=object), Traced(2)).item()) == "max(1, 2) = 2"


def test_maxima_of_floats_are_numpys() -> None:
    x = np.random.default_rng(5).standard_normal((3, 4, 5))
    np.testing.assert_array_equal(largest(x, (0, 2), keepdims=True), x.max(axis=(0, 2), keepdims=True))
    np.testing.assert_array_equal(minimum(x, 0.5), np.minimum(x, 0.5))
    np.testing.assert_array_equal(maximum(x, 0.5), np.maximum(x, 0.5))


def test_a_mask_leaves_nothing_of_what_it_hides() -> None:
    x, mask = np.array([3.0, 5.0], dtype=np.float32), np.array([True, False])
    assert masked(x, mask).tolist() == [3, 0]
    assert masked(x, mask).dtype == np.float32
    traced = masked(np.array([Traced(3), Traced(5)], dtype=object), mask)
    assert list(map(repr, traced)) == ["3", "0"]


def test_a_named_tensor_is_what_the_trace_returns_and_may_be_overwritten() -> None:
    kept: list[np.ndarray] = []

    def trace(name: str, tensor: np.ndarray) -> np.ndarray:
        assert name == "mean"
        kept.append(tensor * 2)
        return kept[0]

    tensor = np.ones(2)
    assert Work().named("mean", tensor) is tensor
    result = Work(trace=trace).named("mean", tensor)
    result += 1
    assert (tensor.tolist(), kept[0].tolist(), result.tolist()) == ([1, 1], [2, 2], [3, 3])


def test_a_layer_type_has_one_kernel() -> None:
    reference.find("relu")
    with pytest.raises(ValueError, match="`relu` has two kernels"):
        kernel("relu")(lambda _call, x: x)
    assert KERNELS["relu"].run.__name__ == "relu"
