"""The base class of functions of each element: the shape and the memory layout of the input stay."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.dims import symbol
from shapecalc.layers import layer_types
from shapecalc.layers.elementwise import Elementwise
from shapecalc.layers.intervals import RealInterval
from shapecalc.layers.saved import Storage
from tests.support.examples.all import EXAMPLES
from tests.support.rows import for_each

if TYPE_CHECKING:
    from tests.support.examples.table import Example

OF_ELEMENTS = [row for row in EXAMPLES if issubclass(layer_types()[row.type], Elementwise)]


@for_each("example", OF_ELEMENTS)
def test_the_shape_stays_with_its_symbols_and_the_memory_layout_too(example: Example) -> None:
    layer, (x,) = example.layer(), example.closed()
    assert layer.output_shape(x) == x
    assert layer.operations(x, x) != 0
    assert layer.storage is Storage.LIKE
    if layer.is_activation and layer.type != "prelu":  # its slopes decide about it
        assert isinstance(layer.value_range, RealInterval)
    else:
        assert layer.value_range is None


def test_symbols_of_any_kind_stay() -> None:
    h = symbol("H")
    assert layer_types()["exp"]().output_shape((2, 3 * h + 1)) == (2, 3 * h + 1)
