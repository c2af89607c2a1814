"""Pools by norms: what ONNX's padding may be, and what is refused."""

from __future__ import annotations

import pytest

from shapecalc.layers.power_pooling import LpPool
from tests.support.layers import made, refused, refused_fields


def test_it_slides_as_the_other_pools_do() -> None:
    for fields in ({"kernel_size": 3}, {"kernel_size": (3, 2), "stride": 2, "ceil_mode": True, "padding": 1}):
        assert LpPool(**fields).output_shape((2, 3, 8, 9)) == made("avg_pool", **fields).output_shape((2, 3, 8, 9))  # type: ignore[arg-type]


def test_padding_is_below_the_window() -> None:
    assert LpPool(kernel_size=3, stride=1, padding=2).output_shape((1, 3, 28, 28)) == (1, 3, 30, 30)
    error = refused(LpPool(kernel_size=3, padding=(0, 3)), (1, 3, 28, 28))
    assert (error.code, error.replacement, error.index) == ("SC306", "2", (1,))


@pytest.mark.parametrize("p", [0, -1, float("inf")])
def test_the_order_is_finite_and_above_0(p: float) -> None:
    assert refused_fields("lp_pool", kernel_size=2, norm_type=p).code == "SC201"


def test_what_no_window_reads_is_warned_of() -> None:
    warning = LpPool(kernel_size=2).warning((1, 3, 7))
    assert warning is not None
    assert warning.code == "SC401"
    assert LpPool(kernel_size=2, ceil_mode=True).warning((1, 3, 7)) is None
