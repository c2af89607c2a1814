"""Computed weights of known networks, and the fields that do not go together."""

from __future__ import annotations

import pytest

from shapecalc.layers.conv import Conv
from shapecalc.layers.weights import DIRECTION, NORM
from tests.support.layers import flops, made, params, refused, refused_fields, saved


def test_the_positions_of_wav2vec_2_have_their_known_tensors() -> None:
    """transformers, Wav2Vec2PositionalConvEmbedding: weight_norm with dim=2 of Conv1d(768, 768, 128, groups=16)."""
    fields = {"out_channels": 768, "kernel_size": 128, "padding": 64, "groups": 16}
    layer = Conv(**fields, weight_norm=True, weight_norm_dim=2)
    x = (1, 768, 49)
    assert layer.parameters(x) == {"bias": (768,), NORM: (1, 1, 128), DIRECTION: (768, 48, 128)}
    assert params(layer, x) == params(Conv(**fields), x) + 128
    assert flops(layer, x) == flops(Conv(**fields), x) + 3 * 768 * 48 * 128 + 128


def test_what_computes_the_weight_does_not_grow_with_the_batch() -> None:
    layer, plain = (Conv(out_channels=4, kernel_size=3, standardize=way) for way in (True, False))
    differences = {flops(layer, (n, 3, 5, 7)) - flops(plain, (n, 3, 5, 7)) for n in (1, 2, 11)}
    assert differences == {5 * 4 * 27 + 2 * 4}


def test_the_computed_weight_is_saved_with_its_statistics() -> None:
    """torch 2.13: for an axis that is neither the first nor the last, a turned copy of v as well."""
    x_shape = (2, 3, 7, 9)
    sizes = {
        axis: sum(
            saved(Conv(out_channels=5, kernel_size=(2, 4), weight_norm=True, weight_norm_dim=axis), x_shape).values()
        )
        for axis in range(4)
    }
    x, v = 2 * 3 * 7 * 9, 5 * 3 * 2 * 4
    assert sizes == {0: x + 5 + v, 1: x + 2 * 3 + 2 * v, 2: x + 2 * 2 + 2 * v, 3: x + 4 + v}


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"weight_norm": True, "standardize": True}, "standardize"),
        ({"weight_norm_dim": 1}, "weight_norm_dim"),
        ({"gain": True}, "gain"),
        ({"standardize": True, "gamma": 2.0}, "gamma"),
        ({"eps": 0.5}, "eps"),
    ],
)
def test_a_field_without_effect_is_refused(fields: dict[str, object], field: str) -> None:
    for layer in ({"type_": "conv", "out_channels": 2, "kernel_size": 3}, {"type_": "linear", "out_features": 2}):
        error = refused_fields(**layer, **fields)  # type: ignore[arg-type]
        assert (error.code, error.field) == ("SC205", field)


def test_an_axis_that_the_weight_does_not_have_is_refused() -> None:
    for layer, x in (
        (made("conv", out_channels=2, kernel_size=3, weight_norm=True, weight_norm_dim=3), (1, 2, 9)),
        (made("conv_transpose", out_channels=2, kernel_size=3, weight_norm=True, weight_norm_dim=4), (1, 2, 9, 9)),
        (made("linear", out_features=2, weight_norm=True, weight_norm_dim=2), (1, 2)),
    ):
        error = refused(layer, x)
        assert (error.code, error.field) == ("SC310", "weight_norm_dim")
