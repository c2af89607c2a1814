"""Windows as columns and back: shapes, costs, constraints and what does not fit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shapecalc.dims import Condition, Relation, floor_div, symbol
from shapecalc.layers.unfolding import Fold, SlidingWindow, Unfold
from tests.support.layers import answer, flops, refused, required
from tests.support.rows import for_each

if TYPE_CHECKING:
    from shapecalc.layers import Layer

H, L = symbol("H"), symbol("L")


@for_each(
    "layer, x, y",
    [
        (Unfold(kernel_size=3, padding=1), (2, 5, 7, H), (2, 45, 7 * H)),
        (Unfold(kernel_size=3, stride=2), (2, 5, L), (2, 15, floor_div(L - 3, 2) + 1)),
        (Unfold(kernel_size=8), (2, 5, 7, 9), "SC302"),
        (Unfold(kernel_size=1), (2, 5), "SC305"),
        (Unfold(kernel_size=(1, 2)), (2, 5, 7), "SC204"),
        (Fold(output_size=(4, 5), kernel_size=2), (1, 12, 12), (1, 3, 4, 5)),
        (Fold(output_size=4, kernel_size=2), (1, 12, 9), (1, 3, 4, 4)),
        (Fold(output_size=(H, 5), kernel_size=2), (1, 12, 4 * H - 4), (1, 3, H, 5)),
        (Fold(output_size=(4, 5), kernel_size=2), (1, 12, 13), "SC301"),
        (Fold(output_size=(4, 5), kernel_size=2), (1, 13, 12), "SC304"),
        (Fold(output_size=(4, 5), kernel_size=5), (1, 25, 1), "SC302"),
        (Fold(output_size=(4, 5), kernel_size=2), (12, 12), "SC305"),
        (SlidingWindow(size=4, step=3), (2, 11), (2, 3, 4)),
        (SlidingWindow(size=4, dim=0), (2, 11), "SC302"),
        (SlidingWindow(size=4, dim=2), (2, 11), "SC310"),
    ],
)
def test_shapes_and_what_does_not_fit(layer: Layer, x: Any, y: Any) -> None:
    assert answer(layer, x) == y


def test_the_positions_that_do_not_fit_are_named() -> None:
    error = refused(Fold(output_size=(4, 5), kernel_size=2), (1, 12, 13))
    assert error.message == "expects 12 positions (3 x 4) on the last axis, receives [1, 12, 13]"


def test_every_element_is_added_once() -> None:
    assert flops(Fold(output_size=(4, 5), kernel_size=2), (1, 12, 12)) == 144
    assert flops(Unfold(kernel_size=2), (1, 3, 4, 5)) == 0


def test_what_symbols_must_be_is_required() -> None:
    assert required(SlidingWindow(size=4), (2, L)) == [Condition(L - 4, Relation.NONNEGATIVE)]
    assert required(Fold(output_size=4, kernel_size=2), (1, 12, L)) == [Condition(L - 9, Relation.ZERO)]
