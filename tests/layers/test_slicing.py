"""Ranges of an axis, and what moves, joins and separates along one: which sizes fit, and what is refused."""

from __future__ import annotations

import pytest

import shapecalc
from shapecalc.diagnostics import LayerError
from shapecalc.dims import Sizes, symbol
from shapecalc.layers.saved import Storage
from shapecalc.layers.slicing import Flip, Roll, Slice, Stack, Unbind
from tests.support.layers import refused, refused_fields

T = symbol("T")
X = (2, 7, 12)


def sizes_of(text: str) -> Sizes:
    """The sizes of T that an inference with T free says are valid."""
    net = shapecalc.loads(f"input: [N, 3, T]\nlayers: [{text}]")
    return shapecalc.inspect(net, symbolic=True).valid_sizes.sizes["T"]


def test_a_range_is_as_long_as_that_of_a_list() -> None:
    """Against Python's lists, for all ranges within the axis."""
    indices = [None, *range(-12, 13)]
    compared = 0
    for start in indices:
        for end in indices:
            for step in (1, 2, 5):
                length = len(range(12)[start:end:step])
                if length:
                    assert Slice(dim=-1, start=start, end=end, step=step).output_shape(X) == (2, 7, length)
                    compared += 1
                else:
                    assert refused(Slice(dim=-1, start=start, end=end, step=step), X).code == "SC302"
    assert compared > 500


def test_a_range_of_an_unknown_length_needs_an_axis_as_long_as_its_indices() -> None:
    cases = {
        "{slice: {dim: 2, end: -5}}": Sizes((), 6, 1, (0,)),
        "{slice: {dim: 2, start: 5}}": Sizes((), 6, 1, (0,)),
        "{slice: {dim: 2, start: -5, end: 4}}": Sizes((5, 6, 7, 8), 9, 1, ()),
        '{slice: {dim: 2, start: "${T // 2}"}}': Sizes((), 1, 1, (0,)),
        '{slice: {dim: 2, end: "${T // 2}"}}': Sizes((), 2, 1, (0,)),
        '{slice: {dim: 2, start: "${T - 5}"}}': Sizes((), 5, 1, (0,)),
        '{slice: {dim: 2, start: "${T - 5}", end: T, step: 2}}': Sizes((), 5, 1, (0,)),
    }
    for text, sizes in cases.items():
        assert sizes_of(text) == sizes, text


def test_an_index_beyond_the_axis_is_refused_although_python_takes_it() -> None:
    for fields, receives in (({"end": 13}, "13"), ({"start": -13}, "−13"), ({"start": 13}, "13")):
        error = refused(Slice(dim=2, **fields), X)
        assert (error.code, error.field) == ("SC310", next(iter(fields)))
        assert error.message == f"expects an index from −12 to 12 of axis 2 of [2, 7, 12], receives {receives}"


def test_a_range_without_elements_is_refused_with_its_ends() -> None:
    error = refused(Slice(dim=2, start=4, end=-8), X)
    assert (error.code, error.field) == ("SC302", "end")
    assert error.message == "expects at least one element of axis 2 of [2, 7, 12], receives none from 4 to 4"


def test_a_range_of_the_first_axis_has_no_gaps() -> None:
    assert Slice(dim=0, end=1).storage is Storage.SAME
    assert Slice(dim=0, step=2).storage is Slice(dim=1).storage is Storage.VIEW


def test_each_axis_has_a_shift() -> None:
    assert Roll(shifts=(1, 2), dims=(0, 0)).output_shape(X) == X
    error = refused_fields("roll", shifts=(1, 2), dims=1)
    assert (error.code, error.message) == ("SC205", "expects one shift for each of 1 axis in `shifts`, receives 2")
    assert (refused(Roll(shifts=(1, 2), dims=(0, 3)), X).code, refused(Roll(shifts=1, dims=-4), X).code) == (
        "SC310",
        "SC310",
    )


def test_an_axis_is_reversed_once() -> None:
    assert Flip(dims=-1).output_shape(X) == X
    error = refused(Flip(dims=(1, -2)), X)
    assert (error.code, error.index) == ("SC205", (1,))


def test_inputs_that_are_stacked_are_equal() -> None:
    assert Stack(dim=-1).output_shape(X, X) == (*X, 2)
    assert Stack(dim=0).output_shape((T, 3)) == (1, T, 3)
    assert refused(Stack(dim=0), (2, 3), (2, 4)).code == "SC315"
    assert refused(Stack(dim=0), (2, 3), (2,)).code == "SC315"
    assert refused(Stack(dim=3), (2, 3), (2, 3)).code == "SC310"


def test_an_axis_of_an_unknown_length_is_not_separated() -> None:
    assert list(Unbind(dim=1).outputs((2, 3))) == ["0", "1", "2"]
    assert refused(Unbind(dim=1), (2, T)).code == "SC311"
    assert refused(Unbind(dim=1), (2, 4097)).code == "SC309"


def test_inputs_of_two_dtypes_are_not_stacked() -> None:
    assert Stack(dim=0).output_dtype("output", ("bool", "bool")) == "bool"
    with pytest.raises(LayerError, match="expects inputs of one dtype, receives bool and int64"):
        Stack(dim=0).output_dtype("output", ("bool", "int64"))
