"""The kernels of sequences, indices and reductions: costs read off counting scalars, memory, precision, refusals."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

from shapecalc.reference import workspace
from shapecalc.reference.executor import ExecutionError, execute
from tests.support.counting import run_counted
from tests.support.rows import for_each
from tests.support.sequence_cases import CASES, OBJECTS, Case, arrays, call_of, numbers, outputs

SAMPLES = 2_000

each = for_each("case", [pytest.param(case, id=case.says) for case in CASES])


@each
def test_flops_are_twice_the_macs_and_every_other_operation(case: Case) -> None:
    call = call_of(case)
    _, done = run_counted(call, *arrays(case))
    assert call.work.macs == case.macs
    assert done.total() == 2 * case.macs + case.other


@each
def test_the_same_macs_are_reported_for_floats(case: Case) -> None:
    call = call_of(case)
    outputs(case, call, arrays(case))
    assert call.work.macs == case.macs


@each
def test_counting_scalars_get_the_numbers_that_floats_get(case: Case) -> None:
    values, _ = run_counted(call_of(case), *arrays(case))
    expected = outputs(case, call_of(case), arrays(case))
    for value, number in zip(values if isinstance(values, tuple) else (values,), expected, strict=True):
        np.testing.assert_allclose(value, number, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@each
def test_the_precision_of_the_inputs_is_preserved(case: Case, dtype: type) -> None:
    for y in outputs(case, call_of(case, dtype), arrays(case, dtype)):
        assert y.dtype == (np.float32 if case.kernel == "one_hot" else dtype)


@each
def test_inputs_and_parameters_are_left_as_they_are(case: Case) -> None:
    call, inputs = call_of(case), arrays(case)
    for array in (*inputs, *call.parameters.values()):
        array.setflags(write=False)
    outputs(case, call, inputs)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@each
def test_a_kernel_allocates_no_more_than_it_says(case: Case, dtype: type) -> None:
    call, inputs = call_of(case, dtype), arrays(case, dtype, times=1 if case.macs else SAMPLES)
    outputs(case, call, arrays(case, dtype))
    tracemalloc.start()
    try:
        left = outputs(case, call, inputs)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    bound = workspace(
        case.kernel,
        case.fields,
        tuple(x.shape for x in inputs),
        case.parameters,
        tuple(y.shape for y in left),
        np.dtype(dtype).itemsize,
    )
    assert peak <= sum(y.nbytes for y in left) + bound + OBJECTS


@each
def test_a_tensor_that_is_longer_or_missing_is_refused(case: Case) -> None:
    for name, shape in case.parameters.items():
        without = replace(call_of(case), parameters={k: v for k, v in call_of(case).parameters.items() if k != name})
        with pytest.raises(ExecutionError, match=name):
            list(execute([replace(without, outputs=("y",))], {"x": arrays(case)[0]}))
        for axis in range(len(shape)):
            if (name, axis) == ("weight", 1):  # the vectors of an embedding may be of any length
                continue
            longer = tuple(size + (place == axis) for place, size in enumerate(shape))
            grown = {**call_of(case).parameters, name: numbers(longer, 9)}
            with pytest.raises(ValueError, match=r".+"):
                outputs(case, replace(call_of(case), parameters=grown), arrays(case))
