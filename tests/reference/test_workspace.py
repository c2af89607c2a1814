"""The bound that every kernel puts on its temporary arrays, compared with what it allocates."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

from shapecalc.reference import find, workspace
from tests.reference.test_costs import CASES, Case, call_of, seeded

OBJECTS = 200_000  # bytes for what is no array: slices, views, tuples, the cache of erf
SAMPLES = 2_000


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("case", [pytest.param(case, id=case.says) for case in CASES])
def test_a_kernel_allocates_no_more_than_it_says(case: Case, dtype: type) -> None:
    call = call_of(case)
    parameters = {name: array.astype(dtype) for name, array in call.parameters.items()}
    call = replace(call, parameters=parameters)
    x = seeded((SAMPLES * case.x[0], *case.x[1:]), 7).astype(dtype)
    find(case.kernel).run(call, x[:1])
    tracemalloc.start()
    try:
        y = find(case.kernel).run(call, x)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert isinstance(y, np.ndarray)
    shapes = {name: array.shape for name, array in parameters.items()}
    bound = workspace(case.kernel, case.fields, (x.shape,), shapes, (y.shape,), x.itemsize)
    assert peak <= y.nbytes + bound + OBJECTS
