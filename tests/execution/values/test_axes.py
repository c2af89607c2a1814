from __future__ import annotations

import numpy as np
import pytest

from shapecalc.diagnostics import LayerError
from shapecalc.execution.values.axes import with_axes, without
from shapecalc.layers import layer_type
from tests.support.rows import for_each

CONV = [
    # x, weight, rank; x and weight with every axis, axes of the output that are dropped
    ((4,), (3,), None, (1, 1, 4), (1, 1, 3), (0, 1)),
    ((5, 5), (2, 2), None, (1, 1, 5, 5), (1, 1, 2, 2), (0, 1)),
    ((3, 5, 5), (3, 2, 2), None, (1, 3, 5, 5), (1, 3, 2, 2), (0, 1)),
    ((3, 5, 5), (7, 3, 2, 2), None, (1, 3, 5, 5), (7, 3, 2, 2), (0,)),
    ((2, 3, 5, 5), (7, 3, 2, 2), None, (2, 3, 5, 5), (7, 3, 2, 2), ()),
    ((3, 9), (7, 3, 2), None, (1, 3, 9), (7, 3, 2), (0,)),
    ((2, 3, 9), (7, 3, 2), 1, (2, 3, 9), (7, 3, 2), ()),
    ((5, 5), (1, 1, 2, 2), None, (1, 1, 5, 5), (1, 1, 2, 2), (0,)),
    ((1, 1, 5, 5, 5), (1, 1, 2, 2, 2), None, (1, 1, 5, 5, 5), (1, 1, 2, 2, 2), ()),
    ((5, 5, 5), (2, 2, 2), 3, (1, 1, 5, 5, 5), (1, 1, 2, 2, 2), (0, 1)),
]


@for_each("x, weight, rank, full_x, full_weight, dropped", CONV)
def test_samples_channels_and_filters_may_be_left_out(x, weight, rank, full_x, full_weight, dropped) -> None:
    layer = layer_type("conv")
    assert layer is not None
    arrays = with_axes(layer, {"x": np.ones(x)}, {"weight": np.ones(weight)}, rank)
    assert arrays.inputs["x"].shape == full_x
    assert arrays.parameters["weight"].shape == full_weight
    assert arrays.dropped == dropped


OTHERS = [
    ("max_pool", (4,), {}, (1, 1, 4), (0, 1)),
    ("max_pool", (4, 4), {}, (1, 1, 4, 4), (0, 1)),
    ("avg_pool", (3, 4, 4), {}, (1, 3, 4, 4), (0,)),
    ("batch_norm", (3,), {}, (3, 1), (1,)),
    ("batch_norm", (3, 2), {}, (3, 2), ()),
    ("local_response_norm", (3,), {}, (1, 3, 1), (0, 2)),
    ("softmax", (3,), {}, (3,), ()),
    ("linear", (5, 3), {"weight": (3,)}, (5, 3), (1,)),
    ("linear", (3,), {"weight": (4, 3)}, (3,), ()),
]


@for_each("type_, x, parameters, full, dropped", OTHERS)
def test_each_layer_reads_its_axes(type_, x, parameters, full, dropped) -> None:
    layer = layer_type(type_)
    assert layer is not None
    arrays = with_axes(layer, {"x": np.ones(x)}, {name: np.ones(shape) for name, shape in parameters.items()})
    assert arrays.inputs["x"].shape == full
    assert arrays.dropped == dropped


def test_a_transposed_filter_has_its_output_channels_second() -> None:
    layer = layer_type("conv_transpose")
    assert layer is not None
    weight = np.arange(12.0).reshape(3, 4)
    arrays = with_axes(layer, {"x": np.ones((3, 5))}, {"weight": weight}, 1)
    assert arrays.parameters["weight"].shape == (3, 1, 4)
    assert arrays.parameters["weight"].ravel().tolist() == weight.ravel().tolist()


@for_each("x, weight, rank", [((2,) * 6, (2,), None), ((4,), (2, 2, 2, 2), None), ((4,), (2,), 2), ((), (2,), None)])
def test_other_numbers_of_axes_are_refused(x, weight, rank) -> None:
    layer = layer_type("conv")
    assert layer is not None
    with pytest.raises(LayerError) as caught:
        with_axes(layer, {"x": np.ones(x)}, {"weight": np.ones(weight)}, rank)
    assert caught.value.code == "SC305"


def test_only_axes_that_were_not_written_are_dropped() -> None:
    assert without(np.ones((1, 1, 4)), (0, 1)).shape == (4,)
    assert without(np.ones((1, 1, 1)), (0,)).shape == (1, 1)
    assert without(np.ones((1, 3, 4)), (0, 1)).shape == (3, 4), "several filters"
