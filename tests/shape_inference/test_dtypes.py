"""Sizes of elements, compared with NumPy's and with the count of bits."""

from __future__ import annotations

import numpy as np

from shapecalc.dims import evaluate, symbol
from shapecalc.shape_inference.dtypes import BITS, TRAINED, bytes_of


def test_a_type_that_numpy_has_takes_as_many_bytes_there() -> None:
    for name in ("float32", "float16", "int8"):
        assert bytes_of(7, name) == np.zeros(7, name).nbytes, name


def test_no_byte_is_too_few_or_too_many_for_the_bits() -> None:
    for name, bits in BITS.items():
        for count in range(9):
            size = bytes_of(count, name)
            assert isinstance(size, int)
            assert 8 * (size - 1) < bits * count <= 8 * size, (name, count)


def test_an_expression_gives_the_bytes_of_every_size() -> None:
    for name in BITS:
        size = bytes_of(3 * symbol("N"), name)
        for number in range(1, 6):
            assert evaluate(size, {"N": number}) == bytes_of(3 * number, name), (name, number)


def test_only_floating_point_is_trained() -> None:
    assert {name for name in BITS if "float" in name} == set(TRAINED)
