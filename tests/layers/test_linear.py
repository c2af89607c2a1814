"""Fully connected layers of known networks; radial basis functions of LeNet-5."""

from __future__ import annotations

import pytest

from shapecalc.dims import Condition, Relation, symbol
from shapecalc.layers.linear import Linear, Rbf
from tests.support.layers import buffers, flops, macs, params, refused, required, saved

N, F = symbol("N"), symbol("F")


def test_the_classifier_of_vgg_16_has_its_known_parameters() -> None:
    """torchvision, classifier: 102,764,544 + 16,781,312 + 4,097,000."""
    counts = [params(Linear(out_features=out), (1, features)) for features, out in VGG_16]
    assert counts == [102_764_544, 16_781_312, 4_097_000]


VGG_16 = ((512 * 7 * 7, 4096), (4096, 4096), (4096, 1000))


def test_rows_are_all_axes_but_the_last() -> None:
    layer, x = Linear(out_features=7), (2, 3, 5)
    assert layer.output_shape(x) == (2, 3, 7)
    assert macs(layer, x) == 2 * 3 * 5 * 7
    assert flops(layer, x) == 2 * macs(layer, x) + 2 * 3 * 7
    assert flops(Linear(out_features=7, bias=False), x) == 2 * macs(layer, x)


def test_a_vector_is_a_single_row() -> None:
    assert Linear(out_features=7).output_shape((5,)) == (7,)
    assert macs(Linear(out_features=7), (5,)) == 35


@pytest.mark.parametrize(("x", "label"), [((2, 16, 5, 5), "400 = 16 x 5 x 5"), ((2, 16, 25), "400 = 16 x 25")])
def test_the_help_for_a_map_before_a_linear_layer_is_flatten(x: tuple[int, ...], label: str) -> None:
    error = refused(Linear(out_features=10, in_features=400), x)
    assert (error.code, error.field, error.help) == ("SC303", "in_features", "put `flatten` before it")
    assert error.label == label


@pytest.mark.parametrize(
    ("x", "safe"),
    [
        pytest.param((2, 7), True, id="a row of other features"),
        pytest.param((2, 5, 7), False, id="the stated size is another axis"),
        pytest.param((2, 3, 4, 7), False, id="a map may lack a flatten"),
    ],
)
def test_the_fix_of_a_stated_size_is_safe_only_if_the_input_is_surely_right(x: tuple[int, ...], safe: bool) -> None:
    error = refused(Linear(out_features=10, in_features=5), x)
    assert (error.code, error.replacement, error.safe) == ("SC301", "7", safe)


@pytest.mark.parametrize("layer", [Linear(out_features=3), Rbf(out_features=3)])
def test_a_single_number_has_no_features(layer: Linear | Rbf) -> None:
    error = refused(layer, ())
    assert (error.code, error.message) == ("SC305", "expects at least one axis, receives a single number")


def test_a_stated_size_is_required_of_a_symbol() -> None:
    assert required(Linear(out_features=3, in_features=5), (N, F)) == [Condition(F - 5, Relation.ZERO)]
    assert required(Linear(out_features=3), (N, F)) == []


def test_costs_of_symbols_are_polynomials() -> None:
    assert macs(Linear(out_features=3), (N, F)) == 3 * N * F


def test_only_stacked_rows_are_saved_as_a_contiguous_copy() -> None:
    (record,) = Linear(out_features=3).saved((2, 5), (2, 3))
    (stacked,) = Linear(out_features=3).saved((2, 7, 5), (2, 7, 3))
    assert (record.in_order, stacked.in_order) == (False, True)
    assert saved(Linear(out_features=3), (2, 7, 5)) == {"input": 70}


def test_the_output_layer_of_lenet_5_compares_with_fixed_pictures() -> None:
    """Section II.B, equation 7: ten units, each with 84 inputs and a picture of 7 x 12; none of it is trained here."""
    rbf, x = Rbf(out_features=10), (1, 84)
    assert (params(rbf, x), buffers(rbf, x)) == (0, 10 * 7 * 12)
    assert flops(rbf, x) == 10 * (84 + 84 + 83)
    assert saved(rbf, x) == {"differences": 10 * 84}
