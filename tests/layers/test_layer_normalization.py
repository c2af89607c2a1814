"""Normalisation over the last axes: parameters of known networks, costs, and what is saved and refused."""

from __future__ import annotations

from shapecalc.dims import Condition, Relation, symbol
from shapecalc.layers.layer_normalization import LayerNorm, RmsNorm
from tests.support.layers import flops, params, refused, required, saved

X = (2, 6, 5, 7)
ELEMENTS = 2 * 6 * 5 * 7


def test_known_layers_keep_the_shape_and_have_their_parameters() -> None:
    for layer, x, trained in (
        (LayerNorm(), (1, 197, 768), 2 * 768),  # ViT-B/16
        (LayerNorm(normalized_shape=(5, 10, 10)), (20, 5, 10, 10), 1000),  # torch.nn.LayerNorm, images
        (LayerNorm(bias=False), (2, 7), 7),
        (RmsNorm(), (1, 10, 4096), 4096),  # Llama 2 7B
    ):
        assert layer.output_shape(x) == x
        assert params(layer, x) == trained, layer


def test_costs_are_by_element_and_by_row() -> None:
    assert flops(LayerNorm(), X) == 7 * ELEMENTS + 2 * 60
    assert flops(LayerNorm(bias=False), X) == 6 * ELEMENTS + 2 * 60
    assert flops(LayerNorm(normalized_shape=(5, 7)), X) == 7 * ELEMENTS + 2 * 12
    assert flops(RmsNorm(), X) == 4 * ELEMENTS + 2 * 60  # no mean is subtracted


def test_the_statistics_of_each_row_are_saved_with_the_input() -> None:
    assert saved(LayerNorm(), X) == {"input": ELEMENTS, "mean": 60, "1/σ": 60}
    assert saved(RmsNorm(), X) == {"input": ELEMENTS, "1/root": 60, "normalised": ELEMENTS}
    assert saved(RmsNorm(elementwise_affine=False), X) == {"input": ELEMENTS, "1/root": 60}


def test_axes_of_other_sizes_name_the_field() -> None:
    for layer, x in ((LayerNorm(normalized_shape=4), (2, 5)), (LayerNorm(normalized_shape=(2, 5)), (5,))):
        error = refused(layer, x)
        assert (error.code, error.field, error.replacement) == ("SC301", "normalized_shape", None)


def test_a_symbol_must_be_the_stated_size() -> None:
    height = symbol("H")
    assert required(LayerNorm(normalized_shape=(5, 7)), (2, height, 7)) == [Condition(height - 5, Relation.ZERO)]
