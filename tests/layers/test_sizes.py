"""Symbols in fields that hold sizes: which layers take them, and what a size in their place may be."""

from __future__ import annotations

import pytest

from shapecalc.diagnostics import LayerError
from shapecalc.dims import symbol
from shapecalc.layers import layer_types
from shapecalc.layers.constraints import Constraints
from shapecalc.layers.linear import Linear
from shapecalc.layers.padding import CenterCrop
from shapecalc.layers.resampling import Upsample
from shapecalc.layers.reshaping import Reshape
from shapecalc.layers.sizes import Stated, require_sizes, stated_sizes, with_sizes

H, W = symbol("H"), symbol("W")


def test_a_layer_without_such_fields_stays_the_same_object() -> None:
    layer = Linear(out_features=3)
    assert with_sizes(layer, {"H": 3}) is layer
    crop = CenterCrop(size=3)
    assert with_sizes(crop, {"H": 3}) is crop


def test_symbols_without_a_size_stay() -> None:
    layer = Upsample(size=(2 * H, W))
    assert with_sizes(layer, {"H": 3}).size == (6, W)
    assert with_sizes(layer, {"H": 3, "W": 4}).size == (6, 4)
    assert with_sizes(CenterCrop(size=H), {"H": 3}).size == 3


def test_an_expression_is_named_with_its_field_and_index() -> None:
    kind = Reshape.size_fields["shape"]
    assert list(stated_sizes(Reshape(shape=(-1, H, 32)))) == [Stated("shape", (1,), kind, H)]
    assert list(stated_sizes(CenterCrop(size=H))) == [Stated("size", (), CenterCrop.size_fields["size"], H)]


def test_a_size_of_0_is_none_although_the_field_takes_0_and_minus_1() -> None:
    """0 copies an axis and −1 takes what is left, when they are written, and never when they are computed."""
    for size in (7, 6):
        with pytest.raises(LayerError, match=r"receives [0−1]+, the value of H − 7") as caught:
            with_sizes(Reshape(shape=(5, H - 7)), {"H": size})
        assert (caught.value.code, caught.value.field, caught.value.index) == ("SC201", "shape", (1,))
    assert with_sizes(Reshape(shape=(5, H - 7)), {"H": 8}).shape == (5, 1)


def test_an_expression_that_is_never_a_size_is_refused_as_it_is_written() -> None:
    with pytest.raises(LayerError) as caught:
        Reshape(shape=(3, 2 - 2 * H))
    assert (caught.value.code, caught.value.index) == ("SC201", (1,))


def test_what_is_required_of_symbols_is_that_no_size_is_empty() -> None:
    constraints = Constraints([])
    require_sizes(Upsample(size=(H - 4, W)), constraints)
    assert [str(each) for each in constraints.conditions or ()] == ["H >= 5"]


def test_layers_with_symbols_in_fields_say_so_in_their_documents() -> None:
    for cls in layer_types().values():
        for name in cls.size_fields:
            assert "symbol" in cls.fields[name].description, (cls.type, name)
