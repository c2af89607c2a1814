"""What a layer class inherits, its fields, and the axes of its input; the house tests are about each layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from shapecalc.diagnostics import LayerError
from shapecalc.layers import layer_types
from shapecalc.layers.arithmetic import Add
from shapecalc.layers.base import Layer, fields_of
from shapecalc.layers.conv import Conv
from shapecalc.layers.fields import Count, OptionalCount
from shapecalc.layers.linear import Linear
from shapecalc.layers.merging import Matmul
from shapecalc.layers.reshaping import Permute, Reshape

if TYPE_CHECKING:
    from shapecalc.dims import Shape


@dataclass(frozen=True, slots=True)
class Least(Layer):
    """A layer that states nothing."""

    def output_shape(self, x: Shape) -> Shape:
        return x


def test_a_layer_that_states_nothing_has_one_input_one_output_and_no_parameters() -> None:
    Least.fields = {}
    layer, x = Least(), (2, 3)
    assert (layer.takes, layer.output_names, layer.outputs(x)) == ((1, 1), ("output",), {"output": x})
    assert (layer.parameters(x), layer.buffers(x), layer.masks(x, x), layer.saved(x, x)) == ({}, {}, {}, ())
    assert (layer.macs(x, x), layer.cached(x), layer.backward_macs(x, x)) == (0, 0, (0, 0))
    assert (layer.warning(x), layer.useful_macs(x, x), layer.explain(x, x)) == (None, None, "")
    with pytest.raises(NotImplementedError):
        layer.operations(x, x)


def test_fields_are_read_off_the_class_in_their_order() -> None:
    out_features, bias, in_features, *_ = fields_of(Linear).values()
    assert [out_features.name, bias.name, in_features.name] == ["out_features", "bias", "in_features"]
    assert (out_features.required, bias.required, bias.default) == (True, False, True)
    assert (out_features.nullable, in_features.nullable) == (False, True)
    assert (out_features.kind, in_features.kind) == (Count.__metadata__[0], OptionalCount.__metadata__[0])
    assert out_features.description == "Number of output features: the size of the last axis of the output."


def test_every_default_is_a_value_of_its_field() -> None:
    """A layer does not check them each time that it is made."""
    for cls in layer_types().values():
        for field in fields_of(cls).values():
            if not field.required and not (field.default is None and field.nullable):
                field.kind.check(field.name, field.default)


def test_a_wrong_value_is_refused_when_the_layer_is_made() -> None:
    with pytest.raises(LayerError, match="expects a positive integer as `out_features`, receives 0") as caught:
        Linear(out_features=0)
    assert (caught.value.code, caught.value.field) == ("SC201", "out_features")


@pytest.mark.parametrize(
    ("layer", "shapes", "expected"),
    [
        pytest.param(Linear(out_features=5), [(2, 3), (2, 5)], (30, 30), id="an input and a weight: one product each"),
        pytest.param(Matmul(), [(2, 3), (3, 5), (2, 5)], (60, 0), id="two inputs: two products"),
    ],
)
def test_the_backward_pass_multiplies_once_for_each_factor(
    layer: Layer, shapes: list[Shape], expected: tuple[int, int]
) -> None:
    assert layer.backward_macs(*shapes) == expected
    assert layer.spared_macs(*shapes) == expected[0]


def test_a_bias_is_drawn_as_the_weight_before_it() -> None:
    """torch.nn.Linear and torch.nn.Conv2d: uniform between ±1/√fan_in, the inputs of one output."""
    conv, x = Conv(out_channels=4, kernel_size=(3, 5), groups=2), (1, 6, 7, 11)
    assert {conv.initial(name, x).fan_in for name in ("weight", "bias")} == {6 // 2 * 3 * 5}
    assert conv.initial("weight", x).distribution == "uniform"


def test_the_gradient_of_a_view_takes_no_memory_of_its_own() -> None:
    x, y = (2, 3, 5), (2, 15)
    assert Reshape(shape=(0, -1)).passes_gradient_on(x, y) == (True,)
    assert Permute(dims=(0, 2, 1)).passes_gradient_on(x, (2, 5, 3)) == (True,)
    assert Linear(out_features=7).passes_gradient_on(y, (2, 7)) == (False,)
    assert Add().passes_gradient_on((2, 3), (1, 3), (2, 3)) == (True, False)
