"""What layers that move numbers say of sizes that do not fit, and of sizes that are symbols."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import shapecalc
from shapecalc.diagnostics import LayerError
from shapecalc.dims import parse, symbol
from shapecalc.layers import layer_type

if TYPE_CHECKING:
    from shapecalc.dims import Shape
    from shapecalc.layers import Layer

N, C, H, W = map(symbol, "NCHW")


def made(word: str, **fields: Any) -> Layer:
    cls = layer_type(word)
    assert cls is not None
    return cls(**fields)


def refused(layer: Layer, *inputs: Shape) -> LayerError:
    with pytest.raises(LayerError) as refusal:
        layer.output_shape(*inputs)
    return refusal.value


def test_a_map_is_cropped_to_what_is_provably_smaller() -> None:
    crop = made("center_crop")
    assert crop.output_shape((N, C, H, W), (N, 5, H - W // 2 + W // 2, W // 2 + 1)) == (N, C, H, W // 2 + 1)
    assert crop.output_shape((N, C, H + 9), (N, C, H // 2 + 4)) == (N, C, H // 2 + 4)


def test_a_map_is_cropped_to_a_size_that_it_has_at_any_size_of_the_input() -> None:
    assert made("center_crop", size=5).output_shape((N, C, H + 4)) == (N, C, 5)


@pytest.mark.parametrize("size", [5, 2])
def test_whether_a_symbol_is_long_enough_to_crop_is_not_guessed(size: int) -> None:
    error = refused(made("center_crop", size=size), (N, C, H))
    assert (error.code, error.field) == ("SC311", "size")
    assert "that depends on `H`" in error.message


def test_whether_one_symbol_is_above_another_is_not_guessed() -> None:
    error = refused(made("center_crop"), (N, C, H), (N, C, W))
    assert (error.code, error.field) == ("SC311", None)
    assert "that depends on `H` and `W`" in error.message


def test_cropping_to_more_than_any_size_of_the_symbol_has_is_refused_at_once() -> None:
    error = refused(made("center_crop"), (N, C, H), (N, C, H + 1))
    assert (error.code, error.replacement) == ("SC302", None)
    assert error.message == "expects at least H + 1 cells along axis 2, receives H"


@pytest.mark.parametrize(
    ("size", "index", "replacement"),
    [(9, (), "4"), ((3, 9), (1,), "5"), ((9, 5), (0,), "4")],
    ids=["a lone size is every axis's", "the second of a list", "the first of a list"],
)
def test_the_help_for_a_crop_that_is_too_large_mends_it(size: Any, index: tuple[int, ...], replacement: str) -> None:
    error = refused(made("center_crop", size=size), (2, 3, 4, 5))
    assert (error.code, error.field, error.index, error.replacement) == ("SC302", "size", index, replacement)
    mended: Any = int(replacement)
    if isinstance(size, tuple):
        mended = tuple(mended if (place,) == index else entry for place, entry in enumerate(size))
    made("center_crop", size=mended).output_shape((2, 3, 4, 5))


def test_a_crop_has_a_size_or_a_second_input_and_not_both() -> None:
    error = refused(made("center_crop"), (2, 3, 4))
    assert (error.code, error.field) == ("SC205", None)
    assert error.message.endswith("receives neither")
    error = refused(made("center_crop", size=2), (2, 3, 4), (2, 3, 2))
    assert (error.code, error.field) == ("SC205", "size")
    assert error.message.endswith("receives both")


def test_a_map_is_not_cropped_to_a_row() -> None:
    assert refused(made("center_crop"), (2, 3, 4, 5), (2, 3, 4)).code == "SC314"


def test_a_unet_crops_its_copies_to_what_comes_up_at_every_size() -> None:
    """Two levels of figure 2: convolutions below are unpadded, so that the copy is larger than what comes up."""
    text = """
input: [N, 1, H, W]
layers:
  - conv: {out_channels: 4, kernel_size: 3}
  - {relu: , name: copy}
  - max_pool: 2
  - conv: {out_channels: 8, kernel_size: 3}
  - {conv_transpose: {out_channels: 4, kernel_size: 2, stride: 2}, name: up}
  - {center_crop: , from: [copy, up], name: cropped}
"""
    net = shapecalc.loads(text)
    height, width = shapecalc.inspect(net, symbolic=True).layers[-1].output[2:]
    assert (height, width) == (parse("2*((H - 2)//2) - 4"), parse("2*((W - 2)//2) - 4"))
    assert shapecalc.verify(net, N=2, H=19, W=14).ok


def test_an_axis_that_may_be_one_is_not_taken_away_by_guess() -> None:
    error = refused(made("squeeze", dim=0), (N, 1, H))
    assert (error.code, error.field) == ("SC311", "dim")
    assert refused(made("squeeze", dim=1), (N, H - W)).code == "SC311"


def test_an_axis_that_is_more_than_one_at_every_size_is_refused_at_once() -> None:
    error = refused(made("squeeze", dim=1), (1, H + 1, 1))
    assert (error.code, error.help, error.replacement) == ("SC307", "write `dim: 0` or `dim: 2`", "0")


def test_where_no_axis_is_one_none_is_offered() -> None:
    error = refused(made("squeeze", dim=1), (2, 3))
    assert (error.help, error.replacement) == (None, None)


def test_an_axis_in_a_list_is_refused_at_its_entry() -> None:
    error = refused(made("squeeze", dim=(2, 0)), (2, 3, 1))
    assert (error.code, error.index, error.replacement) == ("SC307", (1,), None)
    assert refused(made("squeeze", dim=(2, -1)), (2, 3, 1)).index == (1,)


@pytest.mark.parametrize(
    ("layer", "x"),
    [
        (made("channel_shuffle", groups=3), (N, 2 * C, H)),
        (made("pixel_shuffle", upscale_factor=2), (N, 2 * C, H, W)),
        (made("pixel_unshuffle", downscale_factor=2), (N, C, 2 * H, W)),
    ],
    ids=lambda value: getattr(value, "type", None),
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


def test_a_scale_says_the_channels_that_arrive() -> None:
    error = refused(made("scale", dim=-1, num_features=4), (2, 7, 5))
    assert (error.code, error.field, error.replacement) == ("SC301", "num_features", "5")
    assert refused(made("scale"), (4,)).code == "SC310"
