from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from shapecalc.diagnostics import LayerError
from shapecalc.execution.values.by_hand import by_hand
from shapecalc.layers import layer_type
from tests.support.rows import for_each


def values(type_: str, x: Any, fields: dict[str, Any] | None = None, *, more: Any = None, **parameters: Any) -> Any:
    layer = layer_type(type_)
    assert layer is not None
    arrays = {name: np.array(each, dtype=float) for name, each in parameters.items()}
    return by_hand(layer, fields or {}, {"x": np.array(x, dtype=float)}, arrays, **(more or {}))


def output(*arguments: Any, **named: Any) -> Any:
    return values(*arguments, **named).outputs[0].values.tolist()


def test_the_weight_says_the_window_and_the_filters() -> None:
    result = values("conv", np.ones((2, 5, 5)), weight=np.ones((3, 2, 2, 3)))
    assert (result.layer.out_channels, result.layer.kernel_size, result.layer.bias) == (3, (2, 3), False)
    assert result.outputs[0].values.shape == (3, 4, 3)


def test_the_notes_own_convolution() -> None:
    assert output("conv", [1, 1, 1, 0], {"padding": 1}, weight=[1, 1, 1]) == [2, 3, 2, 1]
    result = values("conv", [1, 1, 1, 0], {"padding": 1}, weight=[1, 1, 1])
    assert result.outputs[0].working.tolist() == [
        "0·1 + 1·1 + 1·1",
        "1·1 + 1·1 + 1·1",
        "1·1 + 1·1 + 0·1",
        "1·1 + 0·1 + 0·1",
    ]


def test_a_grouped_transposed_filter() -> None:
    result = values("conv_transpose", np.ones((4, 3)), {"groups": 2}, weight=np.ones((4, 3, 2)), more={"rank": 1})
    assert result.layer.out_channels == 6
    assert result.outputs[0].values.shape == (6, 4)


def test_a_bias_that_is_given_is_added() -> None:
    assert output("linear", [-1, -2], weight=[2, -3], bias=[-3]) == 1
    assert output("linear", [-1, -2], weight=[[2, -3]]) == [4]


def test_a_batch_norm_uses_the_statistics_of_the_batch_unless_running_ones_are_given() -> None:
    assert np.allclose(output("batch_norm", [1, 2, 3], {"eps": 0.0}), [-(1.5**0.5), 0, 1.5**0.5])
    assert output("batch_norm", [1, 2, 3], {"eps": 0.0}, running_mean=[1], running_var=[4]) == [0, 0.5, 1]


@pytest.mark.parametrize("value", [0.0, 9.0])
def test_a_padding_value_is_what_the_windows_read_there(value: float) -> None:
    padded = values(
        "conv",
        [1, 2, 3],
        {"padding": ((2, 1),)},
        weight=[1, 10],
        more={"padding_value": np.array(value), "backward": True},
    )
    written = values("conv", [value, value, 1, 2, 3, value], weight=[1, 10], more={"backward": True})
    assert padded.outputs[0].values.tolist() == written.outputs[0].values.tolist()
    (dx, dw), (written_dx, written_dw) = padded.gradients, written.gradients
    assert dx.values.tolist() == written_dx.values.tolist()[2:5]
    assert dw.values.tolist() == written_dw.values.tolist()
    assert padded.inputs[0].values.tolist() == [1, 2, 3]


def test_gradients_have_the_shapes_of_what_was_given() -> None:
    result = values("conv", np.ones((5, 5)), weight=np.ones((2, 2)), bias=[1], more={"backward": True})
    assert [(each.name, each.values.shape) for each in result.gradients] == [
        ("x", (5, 5)),
        ("weight", (2, 2)),
        ("bias", (1,)),
    ]
    assert result.upstream[0].values.shape == result.outputs[0].values.shape == (4, 4)


def test_intermediate_tensors_are_shaped_as_the_input_is_written() -> None:
    result = values("group_norm", [1, 2, 3, 5], {"num_groups": 2, "eps": 0.0})
    shapes = {tensor.name: tensor.values.shape for tensor in result.intermediates}
    assert shapes == {"mean": (1, 2), "variance": (1, 2), "x̂": (4,)}
    assert [tensor.values.shape for tensor in values("layer_norm", [1, 2]).intermediates] == [(), (), (2,)]


def test_a_backward_pass_shows_no_tensor_again() -> None:
    result = values("layer_norm", [1, 2], more={"backward": True})
    assert [tensor.name for tensor in result.intermediates] == ["mean", "variance", "x̂"]
    assert [tensor.name for tensor in result.backward_intermediates] == [
        "σ",
        "∂L/∂x̂",
        "mean of ∂L/∂x̂",
        "mean of ∂L/∂x̂·x̂",
    ]


def origins(*arguments: Any, **named: Any) -> Any:
    return values(*arguments, **named).outputs[0].origins


def test_a_pool_says_which_element_of_the_input_wins() -> None:
    found = origins("max_pool", [[1, 3, 0], [2, 9, 4], [5, 6, 7]], {"kernel_size": 2, "stride": 1})
    assert found.tolist() == [["x[1, 1]", "x[1, 1]"], ["x[1, 1]", "x[1, 1]"]]
    assert origins("max_pool", [5, 1], {"kernel_size": 2, "padding": 1}).tolist() == ["x[0]", "x[1]"], "padding"
    assert origins("max_pool", [[[1], [2]], [[4], [3]]], {"kernel_size": (2, 1)}).tolist() == [
        [["x[0, 1, 0]"]],
        [["x[1, 0, 0]"]],
    ]


def test_a_row_of_a_table_is_named() -> None:
    assert origins("embedding", [1], weight=[[1, 2], [3, 4]]).tolist() == [["weight[1, 0]", "weight[1, 1]"]]


def test_what_is_computed_is_no_element_of_the_input() -> None:
    assert origins("relu", [-1, 2]) is None
    assert origins("avg_pool", [1, 1], {"kernel_size": 2}) is None
    assert origins("conv", [1, 2], weight=[1]) is None


def test_an_array_without_axes_is_one_of_one_element() -> None:
    assert output("layer_norm", 3.0) == [0]
    assert output("dropout", 3.0, {"p": 0.0}, more={"seed": 0}) == [3]
    assert output("linear", 3.0, weight=2.0) == 6.0


def test_a_query_a_key_and_a_value_of_one_axis_are_one_row() -> None:
    layer = layer_type("scaled_dot_product_attention")
    assert layer is not None
    rows = {"q": np.array([1.0, 0.0]), "k": np.array([[1.0, 0.0], [0.0, 1.0]]), "v": np.array([[1.0], [2.0]])}
    one = by_hand(layer, {}, rows, {}, backward=True)
    several = by_hand(layer, {}, {**rows, "q": rows["q"][None]}, {}, backward=True)
    assert (one.outputs[0].values.shape, several.outputs[0].values.shape) == ((1,), (1, 1))
    assert one.outputs[0].values.item() == several.outputs[0].values.item()
    assert [each.values.shape for each in one.gradients] == [(2,), (2, 2), (2, 1)]
    alone = by_hand(layer, {}, {"q": rows["q"], "k": rows["q"], "v": np.array([5.0])}, {})
    assert alone.outputs[0].values.tolist() == [5], "one key has all the weight"


def test_indices_are_integers() -> None:
    assert output("embedding", [1, 0], weight=[[1, 2], [3, 4]]) == [[3, 4], [1, 2]]


WRONG: dict[str, tuple[str, Any, dict[str, Any], dict[str, Any], str, str]] = {
    "half an index": ("embedding", [0.5], {}, {"weight": [[1.0]]}, "SC202", "x"),
    "a negative index": ("embedding", [-1], {}, {"weight": [[1.0]]}, "SC202", "x"),
    "a field that is missing": ("group_norm", [1, 2], {}, {}, "SC106", "num_groups"),
    "a window that is missing": ("max_pool", [1, 2], {}, {}, "SC106", "kernel_size"),
    "another window than the weight's": ("conv", [1, 2, 3], {"kernel_size": 3}, {"weight": [1, 1]}, "SC301", "weight"),
    "other channels": ("conv", np.ones((2, 5, 5)), {}, {"weight": np.ones((1, 3, 2, 2))}, "SC301", "weight"),
    "a weight that is too long": ("conv", [1, 2], {}, {"weight": [1, 1, 1]}, "SC302", "weight"),
    "a window that is too long": ("max_pool", [1, 2], {"kernel_size": 3}, {}, "SC302", "kernel_size"),
    "a table of one axis": ("embedding", [0], {}, {"weight": [1.0, 2.0]}, "SC305", "weight"),
    "another weight than the features": ("linear", [1, 2], {}, {"weight": [1, 2, 3]}, "SC301", "weight"),
    "a variance below 0": ("batch_norm", [1, 2], {}, {"running_var": [-1]}, "SC201", "running_var"),
}


@for_each("name", WRONG)
def test_what_does_not_fit_is_refused_by_the_name_of_a_field(name: str) -> None:
    type_, x, fields, parameters, code, field = WRONG[name]
    with pytest.raises(LayerError) as caught:
        values(type_, x, fields, **parameters)
    assert (caught.value.code, caught.value.field) == (code, field), caught.value.message


def test_shapes_that_do_not_fit_are_shown_as_they_are_written() -> None:
    for type_, x, weight, message in (
        ("linear", [1, 2], [1, 2, 3], "expects [2], receives [3]"),
        ("conv", [[1, 2], [3, 4]], [1, 1], "expects [1, 2, 2], receives [2]"),
        ("conv", [1, 2], [1, 1, 1], "expects at least 3 cells, receives 2"),
    ):
        with pytest.raises(LayerError) as caught:
            values(type_, x, weight=weight)
        assert caught.value.message == message
    with pytest.raises(LayerError) as caught:
        values("batch_norm", [1, 2, 3], more={"backward": True, "upstream": np.ones(2)})
    assert (caught.value.field, caught.value.message) == ("gradient", "expects [3], receives [2]")


def test_an_instance_norm_reads_the_positions_of_a_channel() -> None:
    for x in ([1, 2, 3], [[1, 2, 3]], [[[1, 2, 3]]]):
        assert np.allclose(np.ravel(output("instance_norm", x, {"eps": 0.0})), [-(1.5**0.5), 0, 1.5**0.5])
        assert np.shape(output("instance_norm", x)) == np.shape(x)


def test_an_instance_norm_uses_the_parameters_that_it_is_given() -> None:
    x = [[[1.0, 2.0, 3.0], [3.0, 5.0, 9.0]]]
    plain = np.array(output("instance_norm", x))
    assert np.allclose(output("instance_norm", x, weight=[2, 3], bias=[1, 0])[0], plain[0] * [[2], [3]] + [[1], [0]])
    by_given = output("instance_norm", x, {"eps": 0.0}, running_mean=[1, 3], running_var=[1, 4])
    assert by_given == [[[0, 1, 2], [0, 1, 3]]]
    with pytest.raises(LayerError, match="it has none"):
        output("instance_norm", x, {"affine": False}, weight=[2, 3])


def test_a_mask_is_not_rounded_to_single_precision() -> None:
    masks = values("dropout", np.ones(40), {"p": 0.3}, more={"seed": 1}).parameters[0].values
    assert {*masks.tolist()} == {0, 1 / 0.7}
    layer = layer_type("dropout")
    assert layer is not None
    ones = np.full(40, Fraction(1), dtype=object)
    exact = by_hand(layer, {"p": 0.3}, {"x": ones}, {}, seed=1)
    assert {*exact.outputs[0].values.tolist()} == {0, Fraction(10, 7)}


def test_a_window_that_both_say_alike_is_read() -> None:
    assert output("conv", [1, 2, 3], {"kernel_size": 2}, weight=[1, 1]) == [3, 5]
    assert output("conv", np.ones((3, 3)), {"kernel_size": 2}, weight=np.ones((2, 2))) == [[4, 4], [4, 4]]
