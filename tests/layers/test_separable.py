"""Separable convolutions of Xception, and depthwise ones of MobileNet; what is refused."""

from __future__ import annotations

from shapecalc.dims import symbol
from shapecalc.layers.conv import Conv
from shapecalc.layers.separable import SeparableConv
from tests.support.layers import macs, made, params, refused, refused_fields, saved

C = symbol("C")


def test_a_block_of_xception_has_keras_parameters() -> None:
    """keras.applications.Xception, block2_sepconv1 and block14_sepconv2."""
    assert params(SeparableConv(out_channels=128, kernel_size=3, bias=False), (1, 64, 147, 147)) == 8_768
    assert params(SeparableConv(out_channels=2048, kernel_size=3, bias=False), (1, 1536, 10, 10)) == 3_159_552


def test_it_costs_what_its_two_convolutions_cost() -> None:
    both, x = SeparableConv(out_channels=8, kernel_size=3, stride=2, depth_multiplier=2), (2, 5, 9, 11)
    depthwise = Conv(out_channels=10, kernel_size=3, stride=2, groups=5, bias=False)
    between = depthwise.output_shape(x)
    pointwise = Conv(out_channels=8, kernel_size=1)
    assert both.output_shape(x) == pointwise.output_shape(between)
    assert macs(both, x) == macs(depthwise, x) + macs(pointwise, between)
    assert saved(both, x) == {"input": 2 * 5 * 9 * 11, "between": 2 * 10 * 4 * 5}


def test_a_depthwise_convolution_has_as_many_groups_as_channels_arrive() -> None:
    x = (1, 32, 14, 14)
    depthwise, grouped = Conv(kernel_size=3, depthwise=True), Conv(out_channels=32, kernel_size=3, groups=32)
    assert depthwise.output_shape(x) == grouped.output_shape(x)
    assert (params(depthwise, x), macs(depthwise, x)) == (params(grouped, x), macs(grouped, x)) == (320, 41_472)


def test_its_channels_may_be_a_symbol() -> None:
    layer = Conv(kernel_size=3, depthwise=True, depth_multiplier=2, bias=False)
    assert layer.output_shape((1, C, 5, 5)) == (1, 2 * C, 3, 3)
    assert layer.parameters((1, C, 5, 5)) == {"weight": (2 * C, 1, 3, 3)}


def test_stated_channels_are_checked() -> None:
    error = refused(Conv(kernel_size=3, depthwise=True, out_channels=5), (1, 4, 9))
    assert (error.code, error.field, error.replacement) == ("SC301", "out_channels", "4")


def test_fields_that_do_not_go_together_are_refused() -> None:
    for fields, field in (
        ({"depthwise": True, "groups": 2}, "groups"),
        ({"depth_multiplier": 2, "out_channels": 4}, "depth_multiplier"),
    ):
        error = refused_fields("conv", kernel_size=3, **fields)
        assert (error.code, error.field) == ("SC205", field)


def test_without_depthwise_the_output_channels_are_required() -> None:
    error = refused_fields("conv", kernel_size=3)
    assert (error.code, error.field) == ("SC202", "out_channels")
    assert made("conv", kernel_size=3, depthwise=True).output_shape((1, 2, 5)) == (1, 2, 3)
