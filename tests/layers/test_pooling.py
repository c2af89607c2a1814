"""Pools of known networks, the windows of adaptive pools, and what does not fit."""

from __future__ import annotations

from itertools import product
from math import ceil, floor
from typing import Any

import pytest
from hypothesis import given, strategies as st

from shapecalc.diagnostics import LayerError
from shapecalc.dims import Condition, Relation, evaluate, symbol
from shapecalc.layers.constraints import Constraints
from shapecalc.layers.pooling import AdaptiveAvgPool, AdaptiveMaxPool, AvgPool, GlobalAvgPool, GlobalMaxPool, MaxPool
from tests.support.layers import flops, made, refused, required, saved
from tests.support.rows import for_each

H, W = symbol("H"), symbol("W")


@pytest.mark.parametrize(
    ("layer", "x", "y"),
    [
        pytest.param(MaxPool(kernel_size=3, stride=2), (1, 64, 55, 55), (1, 64, 27, 27), id="AlexNet, pool1"),
        pytest.param(
            MaxPool(kernel_size=3, stride=2, padding=1), (1, 64, 112, 112), (1, 64, 56, 56), id="ResNet-50, maxpool"
        ),
        pytest.param(
            MaxPool(kernel_size=3, stride=2, ceil_mode=True), (1, 64, 112, 112), (1, 64, 56, 56), id="GoogLeNet, pool1"
        ),
        pytest.param(AvgPool(kernel_size=2), (1, 6, 28, 28), (1, 6, 14, 14), id="LeNet-5, S2"),
        pytest.param(
            MaxPool(kernel_size=(3, 2), stride=(2, 1)), (20, 16, 50, 32), (20, 16, 24, 31), id="torch.nn.MaxPool2d"
        ),
        pytest.param(
            AdaptiveAvgPool(output_size=(5, 7)), (1, 64, 8, 9), (1, 64, 5, 7), id="torch.nn.AdaptiveAvgPool2d"
        ),
        pytest.param(
            AdaptiveMaxPool(output_size=(None, 7)), (1, 64, 10, 9), (1, 64, 10, 7), id="torch.nn.AdaptiveMaxPool2d"
        ),
        pytest.param(GlobalAvgPool(), (1, 2048, 7, 7), (1, 2048, 1, 1), id="ResNet-50, avgpool"),
        pytest.param(GlobalMaxPool(keepdim=False), (2, 3, 5, 7, 11), (2, 3), id="without its axes"),
    ],
)
def test_known_pools_have_their_known_shapes(layer: Any, x: Any, y: Any) -> None:
    assert layer.output_shape(x) == y


def test_the_stride_is_the_window_by_default_and_same_rounds_up() -> None:
    assert MaxPool(kernel_size=3).output_shape((1, 1, 11)) == (1, 1, 3)
    assert MaxPool(kernel_size=3, padding="same").output_shape((1, 1, 11)) == (1, 1, 4)


@pytest.mark.parametrize(
    ("type_", "fields", "each"),
    [
        pytest.param("max_pool", {"kernel_size": (2, 3)}, 5, id="comparisons, one fewer than elements"),
        pytest.param("avg_pool", {"kernel_size": (2, 3)}, 6, id="additions and a division"),
    ],
)
def test_each_window_costs_its_elements(type_: str, fields: dict[str, Any], each: int) -> None:
    assert flops(made(type_, **fields), (2, 5, 7, 11)) == each * 2 * 5 * 3 * 3


def test_a_global_pool_reads_every_element_once() -> None:
    x = (2, 3, 5, 7)
    assert flops(GlobalAvgPool(), x) == 2 * 3 * 5 * 7
    assert flops(GlobalMaxPool(), x) == 2 * 3 * (5 * 7 - 1)


@given(st.integers(1, 60), st.integers(1, 40))
def test_adaptive_windows_have_the_elements_that_their_bounds_enclose(n: int, o: int) -> None:
    """Window i of o spans [⌊i·n/o⌋, ⌈(i + 1)n/o⌉) (torch.nn.AdaptiveAvgPool2d), counted one by one."""
    elements = sum(ceil((i + 1) * n / o) - floor(i * n / o) for i in range(o))
    pool = AdaptiveAvgPool(output_size=o)
    assert pool.elements((1, 1, n), (1, 1, o)) == elements
    form = pool.elements((1, 1, H), (1, 1, o))
    assert evaluate(form, {"H": n}) == elements


@pytest.mark.parametrize(
    ("type_", "fields", "x", "code", "field", "replacement"),
    [
        pytest.param("max_pool", {"kernel_size": 2}, (2, 5), "SC305", None, None, id="no spatial axis"),
        pytest.param("avg_pool", {"kernel_size": 8}, (2, 5, 7), "SC302", "kernel_size", "7", id="a long window"),
        pytest.param("max_pool", {"kernel_size": 3, "padding": 2}, (2, 5, 7), "SC306", "padding", "1", id="padding"),
        pytest.param("max_pool", {"kernel_size": (2, 2)}, (2, 5, 7), "SC204", "kernel_size", None, id="two sizes"),
        pytest.param(
            "adaptive_avg_pool", {"output_size": (2, 2)}, (2, 5, 7), "SC204", "output_size", None, id="adaptive"
        ),
        pytest.param("global_avg_pool", {}, (2, 5), "SC305", None, None, id="nothing to pool"),
    ],
)
def test_what_does_not_fit_names_the_field(
    type_: str, fields: dict[str, Any], x: Any, code: str, field: str | None, replacement: str | None
) -> None:
    error = refused(made(type_, **fields), x)
    assert (error.code, error.field, error.replacement) == (code, field, replacement)


def test_padding_of_half_the_window_is_the_most() -> None:
    assert MaxPool(kernel_size=5, stride=1, padding=2).output_shape((1, 1, 7)) == (1, 1, 7)
    error = refused(MaxPool(kernel_size=(5, 2), padding=(2, 2)), (1, 1, 7, 7))
    assert (error.code, error.index, error.replacement) == ("SC306", (1,), "1")


def test_a_symbol_must_be_as_long_as_the_window_and_nothing_else_is_required() -> None:
    assert required(MaxPool(kernel_size=5, padding=1), (2, 5, H)) == [Condition(H + 2 - 5, Relation.NONNEGATIVE)]
    assert required(AdaptiveMaxPool(output_size=9), (2, 5, H)) == []
    assert required(AvgPool(kernel_size=3, padding="same"), (2, 5, H)) == []


def test_rows_that_no_window_reads_are_warned_of_unless_ceil_mode_reads_them() -> None:
    error = MaxPool(kernel_size=2).warning((1, 1, 7, 6))
    assert error is not None
    assert (error.code, error.field) == ("SC401", "stride")
    assert error.message == "never reads the last row of 7 x 6"
    assert MaxPool(kernel_size=2, ceil_mode=True).warning((1, 1, 7, 6)) is None
    assert AvgPool(kernel_size=2).warning((1, 1, 8, 6)) is None


@for_each("n", [1, 2, 7, 19])
@for_each("kernel, stride, padding, dilation", list(product((1, 3, 15, 16, 30), (1, 60), (0, 1), (1, 3))))
def test_operations_count_each_element_of_a_window_and_of_a_longer_one_those_on_the_padded_axis(
    n: int, kernel: int, stride: int, padding: int, dilation: int
) -> None:
    layer = MaxPool(
        kernel_size=kernel, stride=stride, padding=min(padding, kernel // 2), dilation=dilation, ceil_mode=True
    )
    padded = range(n + 2 * min(padding, kernel // 2))
    try:
        y = layer.output_shape((1, 1, n))
    except LayerError:
        return
    first = range(0, kernel * dilation, dilation)
    whole = kernel < 16 or first[-1] in padded
    elements = len(first) if whole else len([offset for offset in first if offset in padded])
    assert layer.operations((1, 1, n), y) == y[2] * (elements - 1)
    assert first[-1] in padded or y[2] == 1


@pytest.mark.parametrize(
    "layer",
    [
        AvgPool(kernel_size=16, ceil_mode=True),
        AvgPool(kernel_size=(20, 3), stride=18, padding=(4, 1), ceil_mode=True),
        MaxPool(kernel_size=20, stride=30, padding=3, dilation=2, ceil_mode=True),
        MaxPool(kernel_size=(16, 15), ceil_mode=True),
    ],
)
def test_the_closed_form_of_a_long_window_is_exact_where_it_fits_and_where_it_does_not(
    layer: AvgPool | MaxPool,
) -> None:
    form = layer.operations((1, 2, H, W), layer.output_shape((1, 2, H, W), constraints=Constraints([])))
    for height, width in product((10, 15, 16, 17, 39, 40, 60, 2**31 - 1), (14, 15, 16, 33, 34, 50)):
        x = (1, 2, height, width)
        y = layer.output_shape(x)
        assert evaluate(form, {"H": height, "W": width}) == layer.operations(x, y)


def test_a_global_pool_written_as_a_window_longer_than_the_map_costs_what_the_global_pool_costs() -> None:
    x = (1, 8, 19, 19)
    for kernel in (19, 20, 2560, 2**31 - 1):
        assert flops(AvgPool(kernel_size=kernel, ceil_mode=True), x) == flops(made("global_avg_pool"), x) == 2_888
        assert flops(MaxPool(kernel_size=kernel, ceil_mode=True), x) == flops(made("global_max_pool"), x) == 2_880


@pytest.mark.parametrize(
    ("type_", "fields", "records"),
    [
        ("max_pool", {"kernel_size": 2}, {"input": 3 * 35, "indices": 3 * 6}),
        ("max_pool", {"kernel_size": 2, "padding": ((1, 0), (0, 0))}, {"padded": 3 * 6 * 7, "indices": 3 * 3 * 3}),
        ("avg_pool", {"kernel_size": 2}, {"input": 3 * 35}),
        ("adaptive_avg_pool", {"output_size": 1}, {}),
        ("adaptive_avg_pool", {"output_size": (1, 2)}, {"input": 3 * 35}),
        ("adaptive_max_pool", {"output_size": 2}, {"input": 3 * 35, "indices": 3 * 4}),
        ("global_avg_pool", {}, {}),
        ("global_max_pool", {}, {"input": 3 * 35, "output": 3}),
    ],
)
def test_a_maximum_saves_where_it_was_found_and_a_mean_only_its_input(
    type_: str, fields: dict[str, Any], records: dict[str, int]
) -> None:
    assert saved(made(type_, **fields), (1, 3, 5, 7)) == records
