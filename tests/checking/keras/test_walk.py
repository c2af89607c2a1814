"""The order of axes, followed through the steps."""

from __future__ import annotations

from typing import Any

import pytest

from shapecalc.checking.keras.recognition import Order
from shapecalc.checking.keras.refusal import AgainError, NotConvertedError
from shapecalc.checking.keras.walk import FLATTEN_NOTE, Decisions, KerasTensor, KerasWalk
from shapecalc.diagnostics import Source
from shapecalc.parser.reader import read_text

MAP = KerasTensor((2, 3, 8, 9), moved=True)
"""Three channels of 8 x 9, which Keras has as [2, 8, 9, 3]."""


def walked(steps: str, tensor: KerasTensor, decisions: Decisions = Decisions()) -> tuple[KerasWalk, KerasTensor]:  # noqa: B008
    text = f"layers: [{steps}]"
    root: Any = read_text(Source("net.yaml", text))
    walk = KerasWalk(text, Order.LAST, decisions, {"x": tensor}, frozenset())
    end = walk.steps(root.get("layers"), tensor)
    assert end is not None
    walk.finish(end)
    return walk, end


@pytest.mark.parametrize(
    ("steps", "types", "shape"),
    [
        ("Conv2D: {filters: 4, kernel_size: 1}", ["conv"], (2, 4, 8, 9)),
        ("Dense: 5", ["permute", "linear"], (2, 8, 9, 5)),
        ("LayerNormalization, ReLU", ["permute", "layer_norm", "relu"], (2, 8, 9, 3)),
        ("Reshape: [72, 3]", ["permute", "reshape"], (2, 72, 3)),
        ("GlobalAveragePooling2D, Dense: 5", ["global_avg_pool", "linear"], (2, 5)),
        ("Flatten, Dense: 5", ["flatten", "linear"], (2, 5)),
        ("Dense: 5, MaxPooling2D", ["permute", "linear", "permute", "max_pool"], (2, 5, 4, 4)),
        ("RepeatVector: 4", None, None),
        ("Flatten, Dense: 2, RepeatVector: 4", ["flatten", "linear", "unsqueeze", "upsample", "permute"], (2, 4, 2)),
    ],
)
def test_the_axes_move_where_a_layer_reads_another_order(
    steps: str, types: list[str] | None, shape: tuple[int, ...] | None
) -> None:
    if types is None:
        with pytest.raises(NotConvertedError):
            walked(steps, MAP)
        return
    walk, end = walked(steps, MAP)
    assert ([layer.type for layer, _ in walk.layers], end.shape) == (types, shape)


def test_an_input_moves_itself_and_not_in_a_step() -> None:
    tensor = KerasTensor((2, 8, 9, 3), origin="x")
    with pytest.raises(AgainError) as caught:
        walked("Dropout: 0.5, Conv2D: {filters: 4, kernel_size: 1}", tensor)
    assert caught.value.moves == "x"
    assert walked("Flatten, Dense: 3", tensor)[1].shape == (2, 3)


def test_what_does_not_forget_the_order_of_elements_gets_that_of_keras() -> None:
    for after in ("", ", ReLU", ", LayerNormalization", ", Dropout: 0.5, BatchNormalization"):
        with pytest.raises(AgainError) as caught:
            walked("ReLU, Flatten" + after, MAP)
        assert caught.value.orders == 2
        walk, _ = walked("ReLU, Flatten" + after, MAP, Decisions(ordered=frozenset({2})))
        assert [layer.type for layer, _ in walk.layers][:3] == ["relu", "permute", "flatten"]
        assert FLATTEN_NOTE not in walk.notes


@pytest.mark.parametrize("tensor", [MAP._replace(shape=(2, 1, 8, 9)), MAP._replace(shape=(2, 3, 1, 1))])
def test_one_channel_or_one_position_is_in_the_order_of_both(tensor: KerasTensor) -> None:
    walk, _ = walked("Flatten", tensor)
    assert [layer.type for layer, _ in walk.layers] == ["flatten"]


def test_tensors_in_two_orders_are_not_joined() -> None:
    with pytest.raises(NotConvertedError, match="joins a tensor whose channels are on axis 1 now with one"):
        walked("Add: {a: [Dense: 3], b: []}", MAP)


def test_a_softmax_is_along_the_channels_where_they_are() -> None:
    walk, _ = walked("Softmax, Activation: softmax, Dense: {units: 3, activation: softmax}, Softmax", MAP)
    assert [getattr(layer, "dim", None) for layer, _ in walk.layers] == [1, 1, None, None, -1, -1]
