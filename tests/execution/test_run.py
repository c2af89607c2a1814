"""Arrays of a run: what their values and dtypes may be, and that no value changes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import shapecalc
from shapecalc import ShapecalcError
from shapecalc.execution.run import run

DOUBLING = shapecalc.loads("{input: [N, 2], layers: [{linear: {out_features: 2, bias: false}, name: fc}]}")
TWICE = {"fc.weight": [[2, 0], [0, 2]]}
WORDS = shapecalc.loads(
    "{input: {shape: [N, T], dtype: int64}, layers: [embedding: {num_embeddings: 9, embedding_dim: 3}]}"
)

FLOATS: list[Any] = [
    [[1, 3]],
    [[1.0, 3.0]],
    ((1, 3.0),),
    [np.array([1, 3])],
    *(np.array([[1, 3]], dtype) for dtype in ("int8", "uint64", "int64", "float16", "float32", "float64")),
]


def test_a_float_input_takes_lists_integers_and_floats() -> None:
    for values in FLOATS:
        for inputs in (values, {"input": values}):
            assert run(DOUBLING, inputs, TWICE)["output"].tolist() == [[2.0, 6.0]], values


def test_an_array_of_floats_is_run_in_its_own_dtype_and_other_numbers_in_float32() -> None:
    dtypes = [run(DOUBLING, values, TWICE)["output"].dtype.name for values in FLOATS]
    assert dtypes == ["float32"] * 9 + ["float64"]


def test_booleans_are_zero_and_one() -> None:
    assert run(DOUBLING, np.array([[True, False]]), TWICE)["output"].tolist() == [[2.0, 0.0]]


def test_the_largest_integer_that_float32_has_is_taken_and_the_next_is_refused() -> None:
    assert run(DOUBLING, [[2**24, -(2**24)]], TWICE)["output"].tolist() == [[2**25, -(2**25)]]
    for value in (2**24 + 1, -(2**24) - 1, 2**53 + 1, 2**63 - 1, 2**64 - 1):
        with pytest.raises(ShapecalcError, match=r"SC702: `input` expects float32, receives u?int64 values that it"):
            run(DOUBLING, [[value, value]])


def test_an_integer_input_takes_lists_and_every_type_of_integer() -> None:
    table = np.arange(27).reshape(9, 3)
    for dtype in ("int8", "uint8", "int32", "uint64"):
        values = run(WORDS, np.array([[2, 8]], dtype), {"embedding_0.weight": table})["output"]
        assert values.tolist() == [[[6, 7, 8], [24, 25, 26]]], dtype
    assert run(WORDS, [[2, 8]])["output"].shape == (1, 2, 3)


@pytest.mark.parametrize(
    ("network", "inputs", "message"),
    [
        (WORDS, [[1.0, 2.0]], "`input` expects int64, receives float64"),
        (WORDS, [[True]], "`input` expects int64, receives bool"),
        (WORDS, np.array([[2**63]], np.uint64), "`input` expects int64, receives uint64 values that it does not have"),
        (DOUBLING, [[1j, 2]], "`input` expects float32, receives complex128"),
        (DOUBLING, [["1", "2"]], "`input` expects float32, receives <U1"),
        (DOUBLING, [[None, 2]], "`input` expects float32, receives object"),
        (DOUBLING, [[2**65, 2]], "`input` expects float32, receives object"),
        (DOUBLING, [[1e39, 2]], "`input` expects float32, receives float64 values that it does not have"),
        (DOUBLING, [[1, 2], [3]], "`input` expects float32 of one shape, receives lists of several lengths"),
        (DOUBLING, [1, 2], "`input` expects [N, 2], receives [2]"),
        (DOUBLING, 3, "`input` expects [N, 2], receives []"),
        (DOUBLING, {3: [[1, 2]]}, "`<text>` expects inputs ['input'], receives ['3']"),
    ],
    ids=str,
)
def test_what_does_not_fit_is_a_diagnostic(network: shapecalc.Architecture, inputs: Any, message: str) -> None:
    with pytest.raises(ShapecalcError) as caught:
        run(network, inputs)
    (finding,) = caught.value.diagnostics
    assert (finding.code, finding.message) == ("SC702", message)


def test_infinities_and_nan_are_values() -> None:
    with np.errstate(invalid="ignore"):
        assert np.isinf(run(DOUBLING, [[float("inf"), 1.0]], {"fc.weight": np.eye(2)})["output"][0, 0])
    assert np.isnan(run(DOUBLING, [[float("nan"), 1.0]], TWICE)["output"][0, 0])


def test_one_array_is_not_enough_for_two_inputs() -> None:
    two = shapecalc.loads("{inputs: {a: [N, 2], b: [N, 2]}, layers: [{add: {}, from: [a, b]}]}")
    with pytest.raises(ShapecalcError) as caught:
        run(two, np.ones((1, 2)))
    (finding,) = caught.value.diagnostics
    assert finding.message == "`<text>` expects inputs ['a', 'b'], receives one array"
    assert finding.help == "give them by name: `{'a': …, 'b': …}`"


def test_weights_are_lists_or_arrays_of_one_shape() -> None:
    for weight, message in (
        ([[1, 2]], "`fc.weight` expects [2, 2], receives [1, 2]"),
        ([["a"]], "`fc.weight` expects float32, receives <U1"),
    ):
        with pytest.raises(ShapecalcError) as caught:
            run(DOUBLING, [[1, 2]], {"fc.weight": weight})
        assert caught.value.diagnostics[0].message == message
