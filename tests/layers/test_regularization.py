"""Layers that act only in training: their masks, and what they save."""

from __future__ import annotations

from typing import Any

import pytest

from shapecalc.layers.regularization import Dropout, StochasticDepth
from shapecalc.layers.saved import Storage
from tests.support.layers import flops, made, refused_fields, saved

X = (2, 3, 5)


@pytest.mark.parametrize("type_", ["dropout", "stochastic_depth"])
def test_in_evaluation_nothing_is_changed_and_nothing_computed(type_: str) -> None:
    layer = made(type_, p=0.25)
    assert layer.output_shape(X) == X
    assert flops(layer, X) == 0


@pytest.mark.parametrize(
    ("layer", "mask", "elements"),
    [
        pytest.param(Dropout(p=0.25), X, 30, id="each element"),
        pytest.param(StochasticDepth(p=0.25), (2, 1, 1), 2, id="each sample"),
        pytest.param(StochasticDepth(p=0.25, mode="batch"), (1, 1, 1), 1, id="the whole batch"),
    ],
)
def test_a_mask_has_an_element_for_what_is_dropped_together(layer: Any, mask: Any, elements: int) -> None:
    assert layer.masks(X, X) == {"mask": (mask, 0.25)}
    assert saved(layer, X) == {"mask": elements}
    assert all(record.random for record in layer.saved(X, X))


@pytest.mark.parametrize("type_", ["dropout", "stochastic_depth"])
def test_a_layer_that_drops_nothing_is_its_input(type_: str) -> None:
    layer = made(type_, p=0)
    assert (saved(layer, X), layer.storage, layer.changes_variance) == ({}, Storage.SAME, False)


def test_a_dropout_of_everything_saves_a_single_zero() -> None:
    assert saved(Dropout(p=1), X) == {"mask": 1}
    assert (Dropout(p=1).storage, Dropout(p=0.5).changes_variance) == (Storage.LIKE, True)


@pytest.mark.parametrize("p", [-0.1, 1.1])
@pytest.mark.parametrize("type_", ["dropout", "stochastic_depth"])
def test_a_probability_is_from_0_to_1(type_: str, p: float) -> None:
    error = refused_fields(type_, p=p)
    assert (error.code, error.field) == ("SC201", "p")
    assert error.message == f"expects a number from 0 to 1 as `p`, receives {p}"
