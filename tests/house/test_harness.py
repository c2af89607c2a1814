"""The harness that every layer type passes: what its class predicts is what its kernel does, on every example."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from shapecalc.dims import evaluate
from shapecalc.layers import layer_types
from shapecalc.layers.attending import Attending
from shapecalc.layers.base import fields_of
from shapecalc.layers.cells import GruCell, LstmCell
from shapecalc.layers.conv_lstm import ConvLstm
from shapecalc.layers.recurrent import Gru, Lstm
from shapecalc.layers.weights import ComputedWeight
from shapecalc.reference.base import Call
from shapecalc.reference.executor import Executed, ExecutionError, run
from tests.support.counting import counted, run_counted
from tests.support.examples import deformable, experts, scan
from tests.support.examples.all import EXAMPLES
from tests.support.examples.table import POINTS, Example
from tests.support.rows import for_each

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shapecalc.dims import Dim, Shape
    from shapecalc.layers import Layer
    from tests.support.examples.table import Numbers

WINDOWED = ("conv", "conv_transpose", "max_pool", "avg_pool", "adaptive_avg_pool", "adaptive_max_pool", "upsample")

MOVING = (
    *("identity", "dropout", "flatten", "reshape", "permute", "concat", "split", "chunk"),
    *("squeeze", "unsqueeze", "channel_shuffle", "pixel_shuffle", "pixel_unshuffle", "stochastic_depth"),
)

# A number of pieces follows from how long the axis is.
NAMED_BY_THE_INPUT = ("split", "unbind")

each = for_each("example", [pytest.param(row, id=f"{row.type}-{row.reason}") for row in EXAMPLES])
at_each_point = for_each("point", POINTS, ids=["small", "larger"])


def call_of(example: Example, shapes: Mapping[str, Shape], dtype: Any = np.float32) -> Call:
    """The layer as the kernel gets it: fields as written, arrays in the predicted shapes."""
    layer = example.layer()
    random = np.random.default_rng(7)
    arrays = {
        name: random.uniform(0.5, 1.5, shape).astype(dtype if (own := layer.tensor_dtype(name)) == "float32" else own)
        for name, shape in shapes.items()
    }
    fields = {name: getattr(layer, name) for name in fields_of(type(layer))}
    inputs = tuple(f"x{place}" for place in range(len(example.inputs)))
    # The same names at every point: where the input decides about them, the axis that is cut is a number.
    return Call("layer", layer.type, fields, arrays, inputs, tuple(layer.outputs(*example.at(POINTS[0]))))


def tensors(layer: Layer, inputs: tuple[Shape, ...]) -> dict[str, Shape]:
    return layer.tensors(*inputs)


def predicted(example: Example, point: Mapping[str, int]) -> tuple[dict[str, Shape], Dim, Dim]:
    """The outputs by name, the multiply-accumulates and the FLOPs."""
    return figures(example.layer(), example.at(point))


def figures(layer: Layer, inputs: tuple[Shape, ...]) -> tuple[dict[str, Shape], Dim, Dim]:
    outputs = layer.outputs(*inputs)
    y = next(iter(outputs.values()))
    return outputs, layer.macs(*inputs, y), layer.flops(*inputs, y)


def executed(example: Example, point: Mapping[str, int], **longer: Shape) -> Executed:
    """What a run did, with some tensors in other shapes than predicted."""
    shapes = tensors(example.layer(), example.at(point)) | longer
    return run(call_of(example, shapes), {**example.values(point)})


def left(example: Example, point: Mapping[str, int]) -> dict[str, Numbers]:
    """Every value after a run, the inputs' among them."""
    values = example.values(point)
    run(call_of(example, tensors(example.layer(), example.at(point))), values)
    return values


EXECUTED = {word: cls for word, cls in layer_types().items() if cls.counts_known}
"""All layer types but `opaque`, which cannot be run: `tests/layers/test_opaque.py`."""


def test_every_layer_type_has_examples() -> None:
    assert {row.type for row in EXAMPLES} == set(EXECUTED)
    assert set(layer_types()) - set(EXECUTED) == {"opaque"}


def test_every_layer_type_has_several() -> None:
    assert [word for word, rows in Counter(row.type for row in EXAMPLES).items() if rows < 2] == []


def test_every_field_is_set_to_something_else_than_its_default_somewhere() -> None:
    defaults = {(word, name): field.default for word, cls in EXECUTED.items() for name, field in fields_of(cls).items()}
    tried = {
        (row.type, name) for row in EXAMPLES for name, value in row.fields.items() if value != defaults[row.type, name]
    }
    assert set(defaults) - tried == set()


@for_each("word", EXECUTED)
def test_the_fewest_and_the_most_inputs_that_a_layer_takes_are_tried(word: str) -> None:
    tried = {len(row.inputs) for row in EXAMPLES if row.type == word}
    assert (min(tried), max(tried)) == EXECUTED[word].takes


@pytest.mark.parametrize("word", WINDOWED)
def test_windows_are_tried_along_one_two_and_three_axes(word: str) -> None:
    assert {len(axes) - 2 for row in EXAMPLES if row.type == word for axes in row.inputs} == {1, 2, 3}


@each
def test_axes_are_pairwise_different(example: Example) -> None:
    for point in POINTS:
        for axes in example.at(point):
            assert len(set(axes)) == len(axes)


@each
def test_outputs_have_the_names_that_the_class_states(example: Example) -> None:
    outputs, _, _ = predicted(example, POINTS[0])
    stated = example.layer().output_names
    if stated is None:
        assert example.type in NAMED_BY_THE_INPUT
        stated = tuple(str(place) for place in range(len(outputs)))
    assert tuple(outputs) == stated


@at_each_point
@each
def test_the_shapes_that_leave_are_those_predicted(example: Example, point: Mapping[str, int]) -> None:
    outputs, _, _ = predicted(example, point)
    assert executed(example, point).shapes == tuple(outputs.values())


@at_each_point
@each
def test_the_multiply_accumulates_done_are_those_predicted(example: Example, point: Mapping[str, int]) -> None:
    _, macs, _ = predicted(example, point)
    assert executed(example, point).macs == macs


@each
def test_the_kernel_takes_the_predicted_tensors_and_no_longer_ones(example: Example) -> None:
    """A tensor that is one longer along any axis is refused, or something else leaves."""
    outputs, _, _ = predicted(example, POINTS[0])
    for name, shape in tensors(example.layer(), example.at(POINTS[0])).items():
        for axis in range(len(shape)):
            longer = tuple(size + (place == axis) for place, size in enumerate(shape))
            try:
                shapes_that_left = executed(example, POINTS[0], **{name: longer}).shapes
            except ExecutionError:
                continue
            assert shapes_that_left != tuple(outputs.values()), f"{name} of {longer} passed for {shape}"


@each
def test_the_kernel_needs_every_predicted_tensor(example: Example) -> None:
    shapes = tensors(example.layer(), example.at(POINTS[0]))
    for name in shapes:
        kept = {other: shape for other, shape in shapes.items() if other != name}
        with pytest.raises(ExecutionError, match=f"asks for {name!r}"):
            run(call_of(example, kept), example.values(POINTS[0]))


@at_each_point
@each
def test_the_closed_form_at_a_point_is_what_is_inferred_there(example: Example, point: Mapping[str, int]) -> None:
    layer, inputs, closed = example.layer(), example.at(point), example.closed()
    outputs, macs, flops = figures(layer, inputs)
    forms, macs_form, flops_form = figures(layer, closed)
    assert {name: bound(form, point) for name, form in forms.items()} == outputs
    assert {name: bound(form, point) for name, form in tensors(layer, closed).items()} == tensors(layer, inputs)
    assert evaluate(macs_form, point) == macs
    assert evaluate(flops_form, point) == flops


@each
def test_what_is_suspect_is_told_with_a_code_of_warnings_for_numbers_and_for_symbols(example: Example) -> None:
    for shapes in (example.closed(), example.at(POINTS[0])):
        error = example.layer().warning(*shapes)
        assert error is None or error.code.startswith("SC4")


@each
def test_figures_are_python_ints(example: Example) -> None:
    outputs, macs, flops = predicted(example, POINTS[0])
    shapes = (*outputs.values(), *tensors(example.layer(), example.at(POINTS[0])).values())
    assert {type(figure) for figure in (*(size for shape in shapes for size in shape), macs, flops)} == {int}


@each
def test_flops_are_the_operations_that_counting_scalars_saw(example: Example) -> None:
    _, macs, flops = predicted(example, POINTS[0])
    example = replace(example, dtypes=())  # floats where it reads any: those count
    call = call_of(example, tensors(example.layer(), example.at(POINTS[0])), float)
    if macs or "int64" in example.dtypes_read:
        # With indices nothing is done, but with the rows of a table that they name.
        # A bias counts as well: it is also added where a transposed window has written nothing, a plain 0. Statistics
        # do not: they are folded once per channel, which the convention leaves out.
        call = replace(call, parameters={name: counted(array) for name, array in call.parameters.items()})
    _, done = run_counted(call, *example.values(POINTS[0], float).values())
    assert done.total() == flops
    if macs:
        assert done["multiply"] == macs + products_beside(example, POINTS[0])


BESIDE: dict[str, Any] = {
    "experts": experts.multiplications,
    "deform_conv": deformable.multiplications,
    **dict.fromkeys(("selective_scan", "ssd"), scan.multiplications),
}


def products_beside(example: Example, point: Mapping[str, int]) -> int:
    """Three for each unit that has gates, at each step: f ⊙ c, i ⊙ g, o ⊙ tanh(c′); r ⊙ (…), (1 − z) ⊙ n, z ⊙ h.

    Peepholes have three more, p ⊙ c for each of i, f and o.

    One for each number of a query, which attention scales, and one for each score that has a bound. Those of a weight
    that is computed: v² and v · (g/‖v‖); squares, filters times their gains, and the gains times a number. Of `BESIDE`
    those of its function.
    """
    layer, (x, *_) = example.layer(), example.at(point)
    if isinstance(layer, ComputedWeight) and layer.computes_weight:
        weight = max(map(prod, layer.parameters(*example.at(point)).values()))
        gains = prod(layer.parameters(*example.at(point)).get("gain", (0,)))
        return weight * (1 + (layer.weight_norm or layer.gain)) + gains
    if isinstance(layer, Attending):
        heads = example.fields.get("num_heads", 1)
        features = example.fields.get("head_dim", x[-1] // heads)
        capped = layer.macs_parts(*example.at(point), x)["QKᵀ"] // features if layer.softcap is not None else 0
        return prod(x[:-1]) * heads * features + capped
    if isinstance(layer, ConvLstm):
        return 3 * x[1] * prod(layer.outputs(*example.at(point))["h_n"])
    per_unit = 6 if example.fields.get("peepholes") else 3
    if isinstance(layer, LstmCell | GruCell):
        return per_unit * x[0] * layer.hidden_size
    if not isinstance(layer, Lstm | Gru):
        return BESIDE[example.type](layer, *example.at(point)) if example.type in BESIDE else 0
    return per_unit * x[0] * x[1] * layer.directions * layer.num_layers * layer.hidden_size


@each
def test_what_leaves_is_finite_and_single_precision_as_the_price_of_a_run_has_it(example: Example) -> None:
    values = left(example, POINTS[1])
    for name in predicted(example, POINTS[1])[0]:
        assert values[name].dtype == example.layer().output_dtype(name, example.dtypes_read)
        assert np.isfinite(values[name]).all()


@each
def test_the_inputs_are_left_as_they_were(example: Example) -> None:
    """Other steps may read the same values: a kernel writes into arrays of its own."""
    values = left(example, POINTS[0])
    for name, array in example.values(POINTS[0]).items():
        np.testing.assert_array_equal(values[name], array)


@for_each("example", [row for row in EXAMPLES if row.type in MOVING], ids=lambda row: row.reason)
def test_a_layer_that_moves_numbers_loses_none_and_makes_up_none(example: Example) -> None:
    values = left(example, POINTS[0])
    outputs = predicted(example, POINTS[0])[0]
    entered = [values[name].ravel() for name in values if name not in outputs]
    assert sorted(np.concatenate([values[name].ravel() for name in outputs])) == sorted(np.concatenate(entered))


def bound(shape: Shape, point: Mapping[str, int]) -> Shape:
    return tuple(evaluate(dim, point) for dim in shape)
