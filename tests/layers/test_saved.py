"""Records of the tensors that a layer saves."""

from __future__ import annotations

from shapecalc.dims import symbol
from shapecalc.layers.saved import saved_input, saved_output

H = symbol("H")


def test_an_input_is_named_by_its_index_and_counted_by_its_shape() -> None:
    record = saved_input(((2, 3), (5, H)), 1, "key", in_order=True)
    assert (record.name, record.elements, record.of, record.in_order) == ("key", 5 * H, 1, True)


def test_an_input_serves_every_gradient_in_the_dtype_of_the_run_by_default() -> None:
    record = saved_input(((2, 3),))
    assert (record.name, record.of, record.dtype, record.serves, record.random) == ("input", 0, "", None, False)


def test_an_output_is_the_first_one() -> None:
    record = saved_output((2, 3, 5))
    assert (record.name, record.elements, record.of) == ("output", 30, "output")
