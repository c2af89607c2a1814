"""Convolutions of known networks and of PyTorch's documentation, and what does not fit."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from shapecalc.dims import Condition, Relation, symbol
from shapecalc.layers.conv import Conv, ConvTranspose
from tests.support.layers import flops, macs, made, params, refused, required, saved
from tests.support.rows import for_each

C, H = symbol("C"), symbol("H")


@pytest.mark.parametrize(
    ("layer", "x", "y", "count"),
    [
        pytest.param(
            Conv(out_channels=64, kernel_size=11, stride=4, padding=2),
            (1, 3, 224, 224),
            (1, 64, 55, 55),
            23_296,
            id="torchvision AlexNet, features.0",
        ),
        pytest.param(
            Conv(out_channels=64, kernel_size=7, stride=2, padding=3, bias=False),
            (1, 3, 224, 224),
            (1, 64, 112, 112),
            9_408,
            id="ResNet-50, conv1",
        ),
        pytest.param(
            Conv(out_channels=33, kernel_size=(3, 5), stride=(2, 1), padding=(4, 2), dilation=(3, 1)),
            (20, 16, 50, 100),
            (20, 33, 26, 100),
            33 * (16 * 3 * 5 + 1),
            id="the example of torch.nn.Conv2d",
        ),
        pytest.param(
            Conv(out_channels=33, kernel_size=(3, 5, 2), stride=(2, 1, 1), padding=(4, 2, 0)),
            (20, 16, 10, 50, 100),
            (20, 33, 8, 50, 99),
            33 * (16 * 3 * 5 * 2 + 1),
            id="the example of torch.nn.Conv3d",
        ),
        pytest.param(
            ConvTranspose(out_channels=33, kernel_size=(3, 5), stride=(2, 1), padding=(4, 2)),
            (20, 16, 50, 100),
            (20, 33, 93, 100),
            16 * 33 * 3 * 5 + 33,
            id="the example of torch.nn.ConvTranspose2d",
        ),
        pytest.param(
            ConvTranspose(out_channels=1024, kernel_size=4, bias=False),
            (1, 100, 1, 1),
            (1, 1024, 4, 4),
            100 * 1024 * 16,
            id="DCGAN, the first layer of the generator",
        ),
    ],
)
def test_known_layers_have_their_known_shapes_and_parameters(layer: Any, x: Any, y: Any, count: int) -> None:
    assert layer.output_shape(x) == y
    assert params(layer, x) == count


def test_c1_of_lenet_5_has_the_connections_that_its_paper_counts() -> None:
    """Section II.B: 156 trainable parameters, 122,304 connections, those to the biases included."""
    c1, x = Conv(out_channels=6, kernel_size=5), (1, 1, 32, 32)
    biases = 6 * 28 * 28
    assert params(c1, x) == 156
    assert macs(c1, x) + biases == 122_304
    assert flops(c1, x) == 2 * 117_600 + biases


def test_each_group_has_weights_for_its_own_channels_alone() -> None:
    """AlexNet's second convolution on two GPUs (section 3.5): 256 kernels of 5 x 5 x 48, of 96 channels."""
    assert Conv(out_channels=256, kernel_size=5, groups=2).parameters((1, 96, 27, 27))["weight"] == (256, 48, 5, 5)
    transposed = ConvTranspose(out_channels=6, kernel_size=5, groups=2)
    assert transposed.parameters((1, 4, 7, 11))["weight"] == (4, 3, 5, 5)


def test_a_separable_convolution_costs_the_share_that_its_paper_derives() -> None:
    """MobileNet, section 3.1: the cost of both halves is 1/N + 1/D² of the full convolution's."""
    n, d, x = 64, 3, (1, 32, 112, 112)
    full = macs(Conv(out_channels=n, kernel_size=d, padding=1), x)
    depthwise = macs(Conv(out_channels=32, kernel_size=d, padding=1, groups=32), x)
    pointwise = macs(Conv(out_channels=n, kernel_size=1), x)
    assert (depthwise + pointwise) * n * d * d == full * (d * d + n)


def test_a_transposed_convolution_gives_back_the_size_that_its_twin_reads() -> None:
    """The example of torch.nn.ConvTranspose2d: of 12 and 11, which both become 6, `output_padding` chooses one."""
    fields = {"out_channels": 16, "kernel_size": 3, "stride": 2, "padding": 1}
    assert [made("conv", **fields).output_shape((1, 16, n)) for n in (11, 12)] == [(1, 16, 6)] * 2
    transposed = [made("conv_transpose", **fields, output_padding=extra) for extra in (0, 1)]
    assert [layer.output_shape((1, 16, 6)) for layer in transposed] == [(1, 16, 11), (1, 16, 12)]


def test_a_transposed_convolution_pays_for_what_the_padding_cuts_off() -> None:
    x = (2, 6, 5)
    costs = {macs(ConvTranspose(out_channels=4, kernel_size=3, padding=p, groups=2), x) for p in (0, 1, 2)}
    assert costs == {2 * 6 * 5 * (4 // 2) * 3}


@pytest.mark.parametrize(
    ("padding", "output_padding", "sizes"),
    [
        pytest.param("valid", None, (12, 9), id="valid: (n - 1)s + max(k, s)"),
        pytest.param(0, None, (11, 9), id="no padding: (n - 1)s + k"),
        pytest.param("same", None, (12, 8), id="same: n·s"),
        pytest.param("same", 0, (9, 7), id="same without output padding: (n - 1)s + k mod 2"),
        pytest.param("valid", 1, (12, 10), id="valid with output padding: (n - 1)s + k + 1"),
    ],
)
def test_the_words_of_keras_give_sizes_of_their_own(padding: Any, output_padding: Any, sizes: tuple[int, int]) -> None:
    """Sizes of Keras 3 for 4 elements and a window of 2 with stride 3, or of 3 with stride 2."""
    fields = {"out_channels": 2, "padding": padding, "output_padding": output_padding}
    given = [
        made("conv_transpose", kernel_size=k, stride=s, **fields).output_shape((1, 1, 4)) for k, s in ((2, 3), (3, 2))
    ]
    assert [size for *_, size in given] == list(sizes)


def test_a_causal_convolution_keeps_a_length_and_divides_it_by_the_stride_rounded_up() -> None:
    for kernel, stride, dilation, n in product((1, 2, 5), (1, 2, 3), (1, 4), (1, 7, 9)):
        layer = made("conv", out_channels=2, kernel_size=kernel, stride=stride, dilation=dilation, padding="causal")
        assert layer.output_shape((1, 1, n)) == (1, 2, -(-n // stride))


def test_uneven_padding_may_differ_at_each_end_of_each_axis() -> None:
    layer = Conv(out_channels=2, kernel_size=3, padding=((0, 1), (2, 3)))
    assert layer.output_shape((1, 1, 7, 11)) == (1, 2, 7 + 1 - 2, 11 + 5 - 2)


CONV = {"out_channels": 6, "kernel_size": 3}


@for_each(
    "type_, fields, x, expected",
    [
        pytest.param("conv", {}, (2, 5), ("SC305", None, None), id="no spatial axis"),
        pytest.param("conv", {}, (2, 5, 7, 7, 7, 7), ("SC305", None, None), id="four spatial axes"),
        pytest.param("conv", {"kernel_size": (3, 3)}, (2, 5, 7), ("SC204", "kernel_size", None), id="too many sizes"),
        pytest.param("conv", {"in_channels": 3}, (2, 5, 7), ("SC301", "in_channels", "5"), id="other channels"),
        pytest.param("conv", {"groups": 4}, (2, 9, 7), ("SC304", "groups", "3"), id="groups of the input"),
        pytest.param("conv", {"groups": 5}, (2, 10, 7), ("SC304", "groups", "2"), id="groups of the output"),
        pytest.param("conv", {"kernel_size": 8}, (2, 5, 7), ("SC302", "kernel_size", "7"), id="a long window"),
        pytest.param(
            "conv", {"padding": 7, "padding_mode": "reflect"}, (2, 5, 7), ("SC302", "padding", None), id="reflection"
        ),
        pytest.param(
            "conv", {"padding": 8, "padding_mode": "circular"}, (2, 5, 7), ("SC302", "padding", None), id="circular"
        ),
        pytest.param(
            "conv_transpose",
            {"stride": 2, "output_padding": 2},
            (2, 5, 7),
            ("SC308", "output_padding", "1"),
            id="output_padding",
        ),
        pytest.param("conv", {"padding": "causal"}, (2, 5, 7, 7), ("SC305", "padding", None), id="causal in the plane"),
        pytest.param(
            "conv_transpose",
            {"stride": 2, "dilation": 4, "padding": "same", "output_padding": 2},
            (2, 5, 7),
            ("SC308", "output_padding", "1"),
            id="output_padding with a word",
        ),
        pytest.param("conv_transpose", {"padding": 5}, (2, 5, 7), ("SC302", "padding", None), id="all is cut off"),
        pytest.param("conv_transpose", {"in_channels": 7}, (2, 5, 7), ("SC301", "in_channels", "5"), id="transposed"),
    ],
)
def test_what_does_not_fit_names_the_field_and_a_value_that_fits(
    type_: str, fields: dict[str, Any], x: Any, expected: tuple[str, str | None, str | None]
) -> None:
    error = refused(made(type_, **CONV | fields), x)
    assert (error.code, error.field, error.replacement) == expected


def test_the_longest_padding_that_a_mode_can_copy_is_accepted() -> None:
    for mode, most in (("reflect", 6), ("circular", 7)):
        layer = Conv(**CONV, padding=most, padding_mode=mode)
        assert layer.output_shape((2, 5, 7)) == (2, 6, 7 + 2 * most - 2)


def test_symbols_must_be_long_enough_for_the_window_and_for_the_padding_that_is_copied() -> None:
    reflected = Conv(out_channels=6, kernel_size=9, padding=3, padding_mode="reflect")
    assert required(reflected, (2, 5, H)) == [
        Condition(H - 1 - 3, Relation.NONNEGATIVE),
        Condition(H + 6 - 9, Relation.NONNEGATIVE),
    ]
    transposed = ConvTranspose(out_channels=6, kernel_size=3, padding=2, groups=2)
    assert required(transposed, (2, C, H)) == [
        Condition(C % 2, Relation.ZERO),
        Condition(H - 1 - 4 + 2, Relation.NONNEGATIVE),
    ]


@pytest.mark.parametrize(
    ("fields", "records"),
    [
        pytest.param({"padding": 2}, {"input": 5 * 7 * 11}, id="even padding is not copied"),
        pytest.param({"padding": ((0, 1), (2, 2))}, {"padded": 5 * 8 * 15}, id="uneven padding is"),
        pytest.param(
            {"padding": 1, "padding_mode": "replicate"}, {"input": 5 * 7 * 11, "padded": 5 * 9 * 13}, id="replicated"
        ),
        pytest.param({"padding": 1, "padding_mode": "circular"}, {"padded": 5 * 9 * 13}, id="circular"),
    ],
)
def test_what_is_saved_is_the_input_or_its_padded_copy(fields: dict[str, Any], records: dict[str, int]) -> None:
    assert saved(Conv(**CONV, **fields), (1, 5, 7, 11)) == records
