"""The harness that every layer type passes: what its class predicts is what its kernel does, on every example."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from shapecalc.dims import evaluate
from shapecalc.layers import layer_types
from shapecalc.layers.base import fields_of
from shapecalc.reference.base import Call
from shapecalc.reference.executor import Executed, ExecutionError, run
from tests.house.examples import EXAMPLES, POINTS, Example
from tests.reference.counting import counted, run_counted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shapecalc.layers import Layer, Shape

WINDOWED = ("conv", "conv_transpose", "max_pool", "avg_pool", "adaptive_avg_pool", "adaptive_max_pool", "upsample")

MOVING = ("identity", "dropout", "flatten", "reshape", "permute")

each = pytest.mark.parametrize("example", [pytest.param(row, id=f"{row.word}-{row.reason}") for row in EXAMPLES])
at_each_point = pytest.mark.parametrize("point", POINTS, ids=["small", "larger"])


def call_of(layer: Layer, shapes: Mapping[str, Shape], dtype: Any = np.float32) -> Call:
    """The layer as the kernel gets it: fields as written, arrays in the predicted shapes."""
    random = np.random.default_rng(7)
    arrays = {name: random.uniform(0.5, 1.5, shape).astype(dtype) for name, shape in shapes.items()}
    fields = {name: getattr(layer, name) for name in fields_of(type(layer))}
    return Call("layer", layer.word, fields, arrays, ("x",), ("y",))


def numbers(shape: tuple[int, ...]) -> np.ndarray[Any, np.dtype[np.float32]]:
    return np.random.default_rng(11).standard_normal(shape).astype(np.float32)


def tensors(layer: Layer, x: Shape) -> dict[str, Shape]:
    return {**layer.parameters(x), **layer.buffers(x)}


def executed(layer: Layer, x: tuple[int, ...], shapes: Mapping[str, Shape]) -> Executed:
    return run(call_of(layer, shapes), {"x": numbers(x)})


def test_every_layer_type_has_examples() -> None:
    assert {row.word for row in EXAMPLES} == set(layer_types())


def test_every_layer_type_has_several() -> None:
    assert [word for word, rows in Counter(row.word for row in EXAMPLES).items() if rows < 2] == []


def test_every_field_is_set_to_something_else_than_its_default_somewhere() -> None:
    defaults = {
        (word, name): field.default for word, cls in layer_types().items() for name, field in fields_of(cls).items()
    }
    tried = {
        (row.word, name) for row in EXAMPLES for name, value in row.fields.items() if value != defaults[row.word, name]
    }
    assert set(defaults) - tried == set()


@pytest.mark.parametrize("word", WINDOWED)
def test_windows_are_tried_along_one_two_and_three_axes(word: str) -> None:
    assert {len(row.x) - 2 for row in EXAMPLES if row.word == word} == {1, 2, 3}


@each
def test_axes_are_pairwise_different(example: Example) -> None:
    for point in POINTS:
        assert len(set(example.at(point))) == len(example.x)


@at_each_point
@each
def test_the_shape_that_leaves_is_the_one_predicted(example: Example, point: Mapping[str, int]) -> None:
    layer, x = example.layer(), example.at(point)
    assert executed(layer, x, tensors(layer, x)).shapes == (layer.output_shape(x),)


@at_each_point
@each
def test_the_multiply_accumulates_done_are_those_predicted(example: Example, point: Mapping[str, int]) -> None:
    layer, x = example.layer(), example.at(point)
    assert executed(layer, x, tensors(layer, x)).macs == layer.macs(x, layer.output_shape(x))


@each
def test_the_kernel_takes_the_predicted_tensors_and_no_longer_ones(example: Example) -> None:
    """A tensor that is one longer along any axis is refused, or something else leaves."""
    layer, x = example.layer(), example.at(POINTS[0])
    shapes = tensors(layer, x)
    for name, shape in shapes.items():
        for axis in range(len(shape)):
            longer = tuple(size + (place == axis) for place, size in enumerate(shape))
            try:
                shape_that_left = executed(layer, x, {**shapes, name: longer}).shapes
            except ExecutionError:
                continue
            assert shape_that_left != (layer.output_shape(x),), f"{name} of {longer} passed for {shape}"


@each
def test_the_kernel_needs_every_predicted_tensor(example: Example) -> None:
    layer, x = example.layer(), example.at(POINTS[0])
    shapes = tensors(layer, x)
    for name in shapes:
        with pytest.raises(ExecutionError, match=name):
            executed(layer, x, {kept: shape for kept, shape in shapes.items() if kept != name})


@at_each_point
@each
def test_the_closed_form_at_a_point_is_what_is_inferred_there(example: Example, point: Mapping[str, int]) -> None:
    layer, x, closed = example.layer(), example.at(point), example.closed()
    y, form = layer.output_shape(x), layer.output_shape(closed)
    assert bound(form, point) == y
    assert {name: bound(shape, point) for name, shape in tensors(layer, closed).items()} == tensors(layer, x)
    assert evaluate(layer.macs(closed, form), point) == layer.macs(x, y)
    assert evaluate(layer.flops(closed, form), point) == layer.flops(x, y)


@each
def test_figures_are_python_ints(example: Example) -> None:
    layer, x = example.layer(), example.at(POINTS[0])
    y = layer.output_shape(x)
    sizes = [size for shape in (y, *tensors(layer, x).values()) for size in shape]
    assert {type(figure) for figure in (*sizes, layer.macs(x, y), layer.flops(x, y))} == {int}


@each
def test_flops_are_the_operations_that_counting_scalars_saw(example: Example) -> None:
    layer, x = example.layer(), example.at(POINTS[0])
    y = layer.output_shape(x)
    call = call_of(layer, tensors(layer, x), float)
    if layer.macs(x, y):
        # A bias counts as well: it is also added where a transposed window has written nothing, a plain 0. Statistics
        # do not: they are folded once per channel, which the convention leaves out.
        call = replace(call, parameters={name: counted(array) for name, array in call.parameters.items()})
    _, done = run_counted(call, numbers(x).astype(float))
    assert done.total() == layer.flops(x, y)
    if layer.macs(x, y):
        assert done["multiply"] == layer.macs(x, y)


@each
def test_what_leaves_is_finite_and_single_precision_as_the_price_of_a_run_has_it(example: Example) -> None:
    layer, x = example.layer(), example.at(POINTS[1])
    values = {"x": numbers(x)}
    run(call_of(layer, tensors(layer, x)), values)
    assert values["y"].dtype == np.float32
    assert np.isfinite(values["y"]).all()


@each
def test_the_input_is_left_as_it_was(example: Example) -> None:
    """Other steps may read the same value: a kernel writes into arrays of its own."""
    layer, x = example.layer(), example.at(POINTS[0])
    values = {"x": numbers(x)}
    run(call_of(layer, tensors(layer, x)), values)
    np.testing.assert_array_equal(values["x"], numbers(x))


@pytest.mark.parametrize("example", [row for row in EXAMPLES if row.word in MOVING], ids=lambda row: row.reason)
def test_a_layer_that_moves_numbers_loses_none_and_makes_up_none(example: Example) -> None:
    layer, x = example.layer(), example.at(POINTS[0])
    values = {"x": numbers(x)}
    run(call_of(layer, tensors(layer, x)), values)
    assert sorted(values["y"].ravel()) == sorted(values["x"].ravel())


def bound(shape: Shape, point: Mapping[str, int]) -> Shape:
    return tuple(evaluate(dim, point) for dim in shape)
