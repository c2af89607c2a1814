"""The kernels where arrays meet and part: costs read off counting scalars, memory, precision, refusals."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest

from shapecalc.reference import find, workspace
from shapecalc.reference.base import Array, Call
from tests.support.counting import run_counted
from tests.support.rows import for_each
from tests.support.sequence_cases import OBJECTS, Case, numbers

SPLIT = {"split_size": 4, "dim": 1}
CASES = [
    Case("add: one for every output", "add", ((2, 3, 5), (2, 3, 5)), 30),
    Case(
        "add: one for every output and each further input, however small",
        "add",
        ((3, 1), (5,), (1, 1), (2, 3, 5)),
        3 * 30,
    ),
    Case("multiply: one for every output", "multiply", ((2, 3, 5), (3, 1)), 30),
    Case("concat: nothing", "concat", ((2, 3, 5), (2, 4, 5)), 0, {"dim": 1}),
    Case("matmul: products alone", "matmul", ((2, 3, 5), (2, 5, 7)), 0, {"transpose_b": False}, macs=2 * 3 * 5 * 7),
    Case(
        "matmul: a matrix that stretches is multiplied for every sample",
        "matmul",
        ((3, 5), (2, 7, 5)),
        0,
        {"transpose_b": True},
        macs=2 * 3 * 5 * 7,
    ),
    Case("split: nothing", "split", ((2, 10, 3),), 0, SPLIT),
    Case("split by a list: nothing", "split", ((2, 10, 3),), 0, {"split_size": (1, 9), "dim": -2}),
    Case("chunk: nothing", "chunk", ((2, 10, 3),), 0, {"chunks": 4, "dim": 1}),
    Case("select_channels: nothing", "select_channels", ((2, 5, 3),), 0, {"channels": (4, 0, 0)}),
]

each = for_each("case", [pytest.param(case, id=case.says) for case in CASES])


def arrays(case: Case, dtype: type = np.float64, longer: int = 1) -> list[Array]:
    """The inputs; `longer` makes the last axis of each one longer, where it is neither stretched nor contracted."""
    made = []
    for seed, shape in enumerate(case.inputs):
        stretched = shape[-1] == 1 or case.kernel == "matmul"
        made.append(numbers(shape if stretched else (*shape[:-1], longer * shape[-1]), seed, dtype))
    return made


def call_of(case: Case) -> Call:
    return Call("layer", case.kernel, case.fields, {}, ("x",), ("y",))


def outputs(case: Case, inputs: list[Array]) -> tuple[Array, ...]:
    result: Any = find(case.kernel).run(call_of(case), *inputs)
    return result if isinstance(result, tuple) else (result,)


@each
def test_flops_are_twice_the_macs_and_every_other_operation(case: Case) -> None:
    call = call_of(case)
    _, done = run_counted(call, *arrays(case))
    assert call.work.macs == case.macs
    assert done.total() == 2 * case.macs + case.other


@each
def test_counting_scalars_get_the_numbers_that_floats_get(case: Case) -> None:
    values, _ = run_counted(call_of(case), *arrays(case))
    for value, number in zip(
        values if isinstance(values, tuple) else (values,), outputs(case, arrays(case)), strict=True
    ):
        np.testing.assert_allclose(value, number, rtol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@each
def test_the_precision_of_the_inputs_is_preserved(case: Case, dtype: type) -> None:
    assert {y.dtype for y in outputs(case, arrays(case, dtype))} == {np.dtype(dtype)}


@pytest.mark.parametrize("kernel", ["add", "multiply", "concat"])
def test_what_meets_more_precise_numbers_becomes_as_precise(kernel: str) -> None:
    case = next(case for case in CASES if case.kernel == kernel)
    first, *others = arrays(case)
    assert outputs(case, [first.astype(np.float32), *others])[0].dtype == np.float64


@each
def test_inputs_are_left_as_they_are_and_outputs_are_arrays_of_their_own(case: Case) -> None:
    inputs = arrays(case)
    for array in inputs:
        array.setflags(write=False)
    left = outputs(case, inputs)
    # A view would keep what it looks at alive after the run has let go of it.
    assert not any(np.shares_memory(x, y) for x in inputs for y in left)


@pytest.mark.parametrize("turned", [False, True], ids=["as it is", "a permuted view"])
@each
def test_a_kernel_allocates_no_more_than_it_says(case: Case, turned: bool) -> None:
    inputs = arrays(case, longer=20_000)
    if case.kernel == "matmul":
        inputs = [numbers((2, 300, 400), 1), numbers((2, 400, 500), 2)]
        inputs[1] = inputs[1].swapaxes(1, 2).copy() if case.fields["transpose_b"] else inputs[1]
    if turned:
        inputs = [x.T.copy().T for x in inputs]
    tracemalloc.start()
    try:
        left = outputs(case, inputs)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    shapes = tuple(x.shape for x in inputs), tuple(y.shape for y in left)
    bound = workspace(case.kernel, case.fields, shapes[0], {}, shapes[1], 8)
    needed = sum(y.nbytes for y in left)
    assert needed > OBJECTS
    assert peak <= needed + bound + OBJECTS


@pytest.mark.parametrize(
    ("kernel", "fields", "inputs", "said"),
    [
        pytest.param("add", {}, ((2, 3), (2, 4)), "broadcast", id="sizes that do not broadcast"),
        pytest.param("concat", {"dim": 1}, ((2, 3), (3, 3)), "must match exactly", id="another axis differs"),
        pytest.param("matmul", {"transpose_b": False}, ((2, 3), (2, 3)), r".+", id="inner axes differ"),
        pytest.param("matmul", {"transpose_b": False}, ((3,), (3, 2)), "multiplies matrices", id="a vector"),
        pytest.param("split", {"split_size": (2, 2), "dim": 0}, ((5,),), "make 4, the axis has 5", id="a short list"),
        pytest.param("split", {"split_size": (4, 4), "dim": 0}, ((5,),), "make 8, the axis has 5", id="a long list"),
        pytest.param("chunk", {"chunks": 4, "dim": 0}, ((5,),), "are 3, not 4", id="fewer chunks"),
    ],
)
def test_arrays_that_do_not_fit_are_refused(
    kernel: str, fields: dict[str, Any], inputs: tuple[tuple[int, ...], ...], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        outputs(Case("", kernel, inputs, 0, fields), [numbers(shape, 1) for shape in inputs])


def test_a_channel_that_is_not_there_is_refused() -> None:
    with pytest.raises(IndexError):
        outputs(Case("", "select_channels", (), 0, {"channels": (3,)}), [numbers((2, 3), 1)])
