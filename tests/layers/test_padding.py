"""Padding and cropping: sizes, what symbols must be, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

import shapecalc
from shapecalc.dims import Condition, Relation, parse, symbol
from shapecalc.layers.padding import CenterCrop, Pad
from tests.support.layers import flops, made, refused, required, saved

N, C, H, W = map(symbol, "NCHW")


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


@pytest.mark.parametrize(
    ("fields", "x", "y"),
    [
        pytest.param({"padding": 2}, (1, 3, 7, 8), (1, 3, 11, 12), id="every spatial axis"),
        pytest.param({"padding": (1, 1)}, (3, 3, 4, 2), (3, 3, 4, 4), id="torch.nn.functional.pad, p1d"),
        pytest.param({"padding": (1, 1, 2, 2)}, (3, 3, 4, 2), (3, 3, 8, 4), id="torch.nn.functional.pad, p2d"),
        pytest.param({"padding": (0, 1, 2, 1, 3, 3)}, (3, 3, 4, 2), (3, 9, 7, 3), id="torch.nn.functional.pad, p3d"),
    ],
)
def test_padding_is_listed_from_the_last_axis_on(fields: dict[str, Any], x: Any, y: Any) -> None:
    assert Pad(**fields).output_shape(x) == y
    assert flops(Pad(**fields), x) == 0


@pytest.mark.parametrize(
    ("fields", "x", "code"),
    [
        pytest.param({"padding": 1}, (2, 3), "SC305", id="no spatial axis"),
        pytest.param({"padding": (1, 2, 3)}, (2, 3, 5), "SC204", id="an odd number"),
        pytest.param({"padding": (1,) * 8}, (2, 3, 5), "SC204", id="more axes than there are"),
        pytest.param({"padding": (1, 1), "mode": "reflect"}, (2, 3, 5, 7), "SC204", id="not every spatial axis"),
        pytest.param({"padding": 5, "mode": "reflect"}, (2, 3, 5), "SC302", id="a reflection as long as the axis"),
        pytest.param({"padding": 6, "mode": "circular"}, (2, 3, 5), "SC302", id="more than once around"),
    ],
)
def test_padding_that_does_not_fit_is_refused_at_its_field(fields: dict[str, Any], x: Any, code: str) -> None:
    error = refused(Pad(**fields), x)
    assert (error.code, error.field) == (code, None if code == "SC305" else "padding")


def test_the_backward_pass_of_a_mirror_saves_its_input() -> None:
    records = {mode: saved(Pad(padding=1, mode=mode), (2, 3, 5)) for mode in ("constant", "reflect", "circular")}
    assert records == {"constant": {}, "reflect": {"input": 30}, "circular": {}}


def test_a_map_that_is_smaller_than_the_second_input_has_no_fix() -> None:
    error = refused(CenterCrop(), (2, 3, 4), (2, 3, 5))
    assert (error.code, error.field, error.help, error.replacement) == ("SC302", None, None, None)


def test_symbols_must_be_long_enough_to_crop_and_to_mirror() -> None:
    assert required(CenterCrop(size=5), (N, C, H)) == [Condition(H - 5, Relation.NONNEGATIVE)]
    assert required(Pad(padding=3, mode="reflect"), (N, C, H)) == [Condition(H - 1 - 3, Relation.NONNEGATIVE)]
