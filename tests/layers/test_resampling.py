"""Upsampling: sizes of known networks, what does not fit, and what symbols decide."""

from __future__ import annotations

from typing import Any

import pytest

from shapecalc.dims import Condition, Relation, symbol
from shapecalc.layers.resampling import Upsample
from tests.support.layers import flops, refused, refused_fields, required

N, C, H, W = map(symbol, "NCHW")


@pytest.mark.parametrize(
    ("fields", "x", "y"),
    [
        pytest.param({"scale_factor": 2}, (1, 1, 2, 2), (1, 1, 4, 4), id="torch.nn.Upsample"),
        pytest.param({"scale_factor": (2, 3)}, (1, 5, 7, 11), (1, 5, 14, 33), id="each axis its own factor"),
        pytest.param({"scale_factor": 0.5}, (1, 5, 7), (1, 5, 3), id="rounded down"),
        pytest.param({"size": 224}, (1, 3, 7, 11), (1, 3, 224, 224), id="one size for all axes"),
        pytest.param({"scale_factor": 1.5}, (N, 5, H), (N, 5, (3 * H) // 2), id="a symbol times an exact fraction"),
    ],
)
def test_a_factor_multiplies_each_length_and_a_size_replaces_it(fields: dict[str, Any], x: Any, y: Any) -> None:
    assert Upsample(**fields).output_shape(x) == y


@pytest.mark.parametrize(("axes", "mode", "each"), [(1, "linear", 3), (2, "bilinear", 7), (3, "trilinear", 15)])
def test_interpolation_costs_a_product_for_each_corner_and_their_sum(axes: int, mode: str, each: int) -> None:
    x = (2, 3, *(5, 7, 11)[:axes])
    outputs = 2 * 3 * 2**axes
    for length in x[2:]:
        outputs *= length
    assert flops(Upsample(scale_factor=2, mode=mode), x) == each * outputs
    assert flops(Upsample(scale_factor=2), x) == 0


@pytest.mark.parametrize(
    ("fields", "field", "message"),
    [
        ({"size": 2, "scale_factor": 2}, "size", "expects one of `size` and `scale_factor`, receives both"),
        (
            {"size": 2, "align_corners": True},
            "align_corners",
            "expects `align_corners` only where `mode` interpolates, receives `mode: nearest`",
        ),
        (
            {"size": 2, "mode": "area", "antialias": True},
            "antialias",
            "expects `antialias` only with `mode: bilinear` or `mode: bicubic`, receives `mode: area`",
        ),
    ],
)
def test_fields_of_upsampling_that_contradict_each_other_are_refused(
    fields: dict[str, Any], field: str | None, message: str
) -> None:
    error = refused_fields("upsample", **fields)
    assert (error.code, error.field, error.message) == ("SC205", field, message)


def test_the_elements_below_an_output_are_not_guessed() -> None:
    layer = Upsample(size=(H, 3), mode="bilinear", antialias=True)
    assert refused(layer, (N, C, H + 1, 5)).code == "SC311"
    assert layer.output_shape((N, C, H, 5)) == (N, C, H, 3)


def test_upsampling_takes_its_size_from_one_place() -> None:
    x, like = (2, 3, 5, 7), (2, 8, 11, 13)
    assert Upsample().output_shape(x, like) == (2, 3, 11, 13)
    for layer, inputs, field, received in (
        (Upsample(), (x,), None, "none"),
        (Upsample(size=3), (x, like), "size", "both"),
        (Upsample(scale_factor=3), (x, like), "scale_factor", "both"),
    ):
        error = refused(layer, *inputs)
        message = f"expects one of `size`, `scale_factor` and a second input, receives {received}"
        assert (error.code, error.field, error.message) == ("SC205", field, message)
    assert refused(Upsample(), x, like[:3]).code == "SC314"


@pytest.mark.parametrize(
    ("fields", "x", "expected"),
    [
        pytest.param({"size": 9, "mode": "linear"}, (2, 3, 5, 7), ("SC305", "mode", "bilinear"), id="another rank"),
        pytest.param({"scale_factor": 0.1}, (2, 3, 5), ("SC302", "scale_factor", None), id="nothing is left"),
        pytest.param({"scale_factor": 1e9}, (2, 3, 5), ("SC309", "scale_factor", None), id="more than an axis has"),
        pytest.param({"scale_factor": 1.1}, (2, 3, H), ("SC311", "scale_factor", None), id="no exact fraction"),
        pytest.param({"size": (2, 3)}, (2, 3, 5), ("SC204", "size", None), id="too many sizes"),
    ],
)
def test_what_cannot_be_resampled_names_the_field(
    fields: dict[str, Any], x: Any, expected: tuple[str, str, str | None]
) -> None:
    error = refused(Upsample(**fields), x)
    assert (error.code, error.field, error.replacement) == expected


def test_symbols_must_be_long_enough_to_shrink() -> None:
    assert required(Upsample(scale_factor=0.25), (N, C, H)) == [Condition(H // 4 - 1, Relation.NONNEGATIVE)]
    assert required(Upsample(scale_factor=2), (N, C, H)) == []


def test_the_largest_axis_is_the_most_that_a_factor_gives() -> None:
    largest = 2**31 - 1
    assert Upsample(scale_factor=1).output_shape((1, 1, largest)) == (1, 1, largest)
    assert refused(Upsample(scale_factor=2), (1, 1, 2**30)).code == "SC309"
