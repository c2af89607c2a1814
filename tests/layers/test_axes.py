"""Axes of an input: counted from either end, and those of a map."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from shapecalc.diagnostics import LayerError
from shapecalc.dims import symbol
from shapecalc.layers.axes import axis_index, axis_indices, per_axis, spatial_rank

if TYPE_CHECKING:
    from shapecalc.dims import Shape


@pytest.mark.parametrize(("shape", "rank"), [((2, 3, 5), 1), ((2, 3, 5, 7), 2), ((2, 3, 5, 7, 11), 3)])
def test_spatial_axes_come_after_batch_and_channels(shape: Shape, rank: int) -> None:
    assert spatial_rank(shape) == rank


@pytest.mark.parametrize("shape", [(2, 3), (2, 3, 5, 7, 11, 13)])
def test_none_or_four_spatial_axes_are_refused(shape: Shape) -> None:
    with pytest.raises(LayerError, match="1 to 3 spatial axes") as caught:
        spatial_rank(shape)
    assert (caught.value.code, caught.value.label) == ("SC305", f"receives rank {len(shape)}")


def test_a_single_value_applies_to_every_axis_and_a_list_has_one_for_each() -> None:
    assert per_axis(3, 2, "stride") == (3, 3)
    with pytest.raises(LayerError, match=r"one entry per spatial axis \(3 axes\) in `stride`, receives 2") as caught:
        per_axis((3, 5), 3, "stride")
    assert (caught.value.code, caught.value.field) == ("SC204", "stride")


@pytest.mark.parametrize(("dim", "axis"), [(0, 0), (2, 2), (-1, 2), (-3, 0)])
def test_an_axis_counts_from_either_end(dim: int, axis: int) -> None:
    assert axis_index(dim, 3, "dim", (2, 3, symbol("H"))) == axis


@pytest.mark.parametrize("dim", [3, -4])
def test_an_axis_beyond_either_end_is_refused_with_the_shape(dim: int) -> None:
    with pytest.raises(LayerError) as caught:
        axis_index(dim, 3, "dim", (2, 3, symbol("H")), (1,))
    assert (caught.value.code, caught.value.field, caught.value.index) == ("SC310", "dim", (1,))
    assert caught.value.message == f"expects an axis from -3 to 2 as `dim`, receives {dim} for [2, 3, H]"


def test_axes_are_one_or_several_or_all_and_each_once() -> None:
    assert [axis_indices(dim, "dim", (2, 3, 4)) for dim in (-1, (0, -1), None)] == [(2,), (0, 2), (0, 1, 2)]
    with pytest.raises(LayerError, match="axis 2 again"):
        axis_indices((2, -1), "dim", (2, 3, 4))
