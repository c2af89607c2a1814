"""Flattening, reshaping, permuting, and axes of size 1: sizes, what does not fit, and what symbols decide."""

from __future__ import annotations

import pytest

from shapecalc.dims import Condition, Relation, symbol
from shapecalc.layers.reshaping import Flatten, Permute, Reshape, Squeeze, Unsqueeze
from tests.support.layers import flops, made, refused, refused_fields, required

N, C, H, W = map(symbol, "NCHW")


@pytest.mark.parametrize(
    ("layer", "x", "y"),
    [
        pytest.param(Flatten(), (32, 1, 5, 5), (32, 25), id="torch.nn.Flatten"),
        pytest.param(Flatten(start_dim=0, end_dim=2), (32, 1, 5, 5), (160, 5), id="torch.nn.Flatten(0, 2)"),
        pytest.param(Flatten(start_dim=2), (N, C, H, W), (N, C, H * W), id="space"),
        pytest.param(Reshape(shape=(0, 2, -1)), (N, 6, H), (N, 2, 3 * H), id="channels in two groups"),
        pytest.param(Reshape(shape=(-1,)), (2, 3, 5), (30,), id="a vector"),
        pytest.param(Permute(dims=(2, 0, 1)), (2, 3, 5), (5, 2, 3), id="torch.permute"),
        pytest.param(Permute(dims=(0, -1, 1)), (2, 3, 5), (2, 5, 3), id="from the end"),
        pytest.param(Squeeze(dim=(1, -1)), (2, 1, 3, 1), (2, 3), id="several axes"),
        pytest.param(Unsqueeze(dim=-1), (2, 3), (2, 3, 1), id="a new last axis"),
    ],
)
def test_axes_are_joined_split_and_moved_at_no_cost(layer: Flatten, x: tuple[int, ...], y: tuple[int, ...]) -> None:
    assert layer.output_shape(x) == y
    assert flops(layer, x) == 0


def test_a_flatten_explains_the_joined_axis_by_its_factors() -> None:
    assert Flatten().explain((1, 512, 7, 7), (1, 25_088)) == "25088 = 512 x 7 x 7"
    assert Flatten().explain((1, 512, H, 7), (1, 3584 * H)) == ""


@pytest.mark.parametrize(
    ("layer", "x", "code", "field"),
    [
        pytest.param(Flatten(start_dim=3), (2, 3, 5), "SC310", "start_dim", id="no such axis"),
        pytest.param(
            Flatten(start_dim=2, end_dim=1), (2, 3, 5), "SC205", "start_dim", id="the end is before the start"
        ),
        pytest.param(Reshape(shape=(4, 7)), (2, 3, 5), "SC307", "shape", id="another number of elements"),
        pytest.param(Reshape(shape=(0, 4, -1)), (2, 3, 5), "SC307", "shape", id="15 is no multiple of 4"),
        pytest.param(Reshape(shape=(2, 3, 5, 0)), (2, 3, 5), "SC310", "shape", id="a 0 after the last axis"),
        pytest.param(Permute(dims=(0, 1)), (2, 3, 5), "SC204", "dims", id="too few axes"),
        pytest.param(Permute(dims=(0, 1, -2)), (2, 3, 5), "SC205", "dims", id="an axis twice"),
        pytest.param(Unsqueeze(dim=3), (2, 3), "SC310", "dim", id="beyond the new last axis"),
        pytest.param(Squeeze(dim=(1, -2)), (2, 1, 3), "SC205", "dim", id="squeezed twice"),
    ],
)
def test_what_does_not_fit_names_the_field(layer: Flatten, x: tuple[int, ...], code: str, field: str) -> None:
    error = refused(layer, x)
    assert (error.code, error.field) == (code, field)


def test_only_one_size_is_inferred() -> None:
    error = refused_fields("reshape", shape=(-1, 3, -1))
    assert (error.code, error.field, error.index) == ("SC205", "shape", (2,))


def test_a_number_of_elements_is_required_of_symbols_without_the_axes_that_a_0_keeps() -> None:
    assert required(Reshape(shape=(0, 4, -1)), (N, H)) == [Condition(H % 4, Relation.ZERO)]
    assert required(Reshape(shape=(0, 4, 5)), (N, H)) == [Condition(H - 20, Relation.ZERO)]
    assert required(Squeeze(dim=1), (N, H)) == [Condition(H - 1, Relation.ZERO)]


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
