"""Shuffles of channels and pixels: sizes, divisors, and what symbols decide."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import shapecalc
from shapecalc.dims import Condition, Relation, symbol
from tests.support.layers import flops, made, refused, required

if TYPE_CHECKING:
    from shapecalc.dims import Shape
    from shapecalc.layers import Layer

N, C, H, W = map(symbol, "NCHW")


@pytest.mark.parametrize(
    ("layer", "x"),
    [
        (made("channel_shuffle", groups=3), (N, 2 * C, H)),
        (made("pixel_shuffle", upscale_factor=2), (N, 2 * C, H, W)),
        (made("pixel_unshuffle", downscale_factor=2), (N, C, 2 * H, W)),
    ],
    ids=lambda value: getattr(value, "word", None),
)
def test_whether_a_symbol_divides_is_not_guessed(layer: Layer, x: Shape) -> None:
    error = refused(layer, x)
    assert (error.code, error.field) == ("SC311", layer.main)


def test_what_divides_at_every_size_is_divided() -> None:
    assert made("channel_shuffle", groups=3).output_shape((N, 6 * C, H)) == (N, 6 * C, H)
    assert made("pixel_shuffle", upscale_factor=2).output_shape((N, 8 * C, H, W)) == (N, 2 * C, 2 * H, 2 * W)
    assert made("pixel_unshuffle", downscale_factor=2).output_shape((N, C, 2 * H, 4 * W)) == (N, 4 * C, H, 2 * W)


def test_groups_that_leave_channels_over_are_mended_by_the_divisors_beside_them() -> None:
    error = refused(made("channel_shuffle", groups=5), (2, 12, 7))
    assert error.message == "expects channels that 5 groups divide, receives 12, which leaves 2 over"
    assert (error.code, error.help, error.replacement) == ("SC304", "write `groups: 4` or `groups: 6`", "4")


@pytest.mark.parametrize(("channels", "words"), [(11, "let 8 or 12 arrive, not 11"), (3, "let 4 arrive, not 3")])
def test_channels_that_blocks_leave_over_are_told_from_those_that_fit(channels: int, words: str) -> None:
    error = refused(made("pixel_shuffle", upscale_factor=2), (1, channels, 5, 6))
    assert (error.code, error.help) == ("SC304", words)


def test_a_pixel_shuffle_undoes_an_unshuffle() -> None:
    text = "{input: [N, 3, 6, 8], layers: [{pixel_unshuffle: 2, name: there}, {pixel_shuffle: 2, name: back}]}"
    assert [row.output[1:] for row in shapecalc.inspect(shapecalc.loads(text)).layers] == [(12, 3, 4), (3, 6, 8)]


def test_what_divides_is_required_of_symbols_axis_by_axis() -> None:
    assert required(made("pixel_unshuffle", downscale_factor=2), (N, C, H, 3 * W)) == [
        Condition(H % 2, Relation.ZERO),
        Condition((3 * W) % 2, Relation.ZERO),
    ]
    assert required(made("channel_shuffle", groups=3), (N, C, H)) == [Condition(C % 3, Relation.ZERO)]


@pytest.mark.parametrize(
    ("type_", "field", "x", "y"),
    [
        pytest.param("pixel_shuffle", "upscale_factor", (1, 9, 4, 4), (1, 1, 12, 12), id="torch.nn.PixelShuffle"),
        pytest.param("pixel_unshuffle", "downscale_factor", (1, 1, 12, 12), (1, 9, 4, 4), id="torch.nn.PixelUnshuffle"),
        pytest.param("channel_shuffle", "groups", (1, 240, 28, 28), (1, 240, 28, 28), id="ShuffleNet, stage 2"),
    ],
)
def test_elements_are_moved_at_no_cost(type_: str, field: str, x: Shape, y: Shape) -> None:
    layer = made(type_, **{field: 3})
    assert layer.output_shape(x) == y
    assert flops(layer, x) == 0


@pytest.mark.parametrize("type_", ["pixel_shuffle", "pixel_unshuffle"])
def test_pixels_are_those_of_a_plane(type_: str) -> None:
    error = refused(
        made(type_, **{"pixel_shuffle": {"upscale_factor": 2}, "pixel_unshuffle": {"downscale_factor": 2}}[type_]),
        (1, 4, 6),
    )
    assert (error.code, error.message) == ("SC305", "expects [N, C, H, W], receives [1, 4, 6]")


def test_channels_are_shuffled_at_positions() -> None:
    assert refused(made("channel_shuffle", groups=2), (1, 4)).code == "SC305"
