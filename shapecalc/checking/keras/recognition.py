"""Is a file written in Keras words, and does what it means depend on Keras's order of axes or on its defaults?"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from shapecalc.checking.keras.steps import WrittenStep, lists_of, steps_below
from shapecalc.layers import layer_type
from shapecalc.layers.keras import KERAS_FIELDS, RENAMED, SAME_VALUE, KerasLayer, Reads, is_keras_name, keras_layer_of
from shapecalc.parser.tree import Mapping, Node, Scalar, Sequence, plain

if TYPE_CHECKING:
    from collections.abc import Iterator

COLORS = (1, 3, 4)
"""The numbers of channels of a picture."""
IMAGE = 4
"""The number of axes of pictures with their batch."""
_CHANNEL_NAMES = ("C", "c", "channels")


class Order(Enum):
    """Where the channels of a file's inputs are."""

    LAST = "last"
    FIRST = "first"
    UNKNOWN = "unknown"


def in_keras_words(root: Mapping) -> bool:
    """Return whether a step of the file has a name or a field that only Keras has."""
    return any(is_keras_step(step) for step in _steps(root))


def converts_together(root: Mapping, order: Order) -> bool:
    """Return whether a word of the file means something else than what it is corrected to, word by word.

    Then the words depend on each other: they are converted together, or not at all. In a file that has the channels on
    axis 1 and needs no default of Keras, each word is corrected on its own.
    """
    if not in_keras_words(root):
        return False
    return any(_binds(step, order) for step in _steps(root))


def is_keras_step(step: WrittenStep) -> bool:
    """Return whether a step has a name that only Keras gives to a layer, or a field that only Keras has."""
    word = step.word.text
    if any(key.text in KERAS_FIELDS for key, _ in step.fields):
        return layer_type(word) is not None or keras_layer_of(word, any_case=True) is not None
    return is_keras_name(word) and layer_type(word) is None and not _own_fields(step)


def keras_spec(step: WrittenStep) -> KerasLayer | None:
    """Return the Keras layer that a step means; None for a step in the words of this project, or of another tool."""
    foreign = any(key.text in KERAS_FIELDS or key.text == "activation" for key, _ in step.fields)
    spec = keras_layer_of(step.word.text, any_case=foreign)
    if spec is None or foreign or layer_type(step.word.text) is None:
        return spec
    # Our own word, if Keras means the same by it.
    single = step.value is not None and not step.branches
    same = spec.plain and spec.reads in (Reads.ANY, Reads.FLAT) and not step.fields
    return spec if same and (not single or "rate" in spec.fields) else None


def _own_fields(step: WrittenStep) -> bool:
    """Return whether a step has fields that Keras does not have, such as `out_channels`."""
    spec = keras_layer_of(step.word.text)
    ours = set(RENAMED.values()) | {"hidden_size", "batch_first", "num_features", "in_channels", "in_features"}
    return any(key.text in ours and (spec is None or key.text not in spec.fields) for key, _ in step.fields)


def _steps(root: Mapping) -> Iterator[WrittenStep]:
    """Yield the steps of the file and its blocks that are no calls of blocks."""
    defined = root.get("blocks")
    blocks = {key.text for key, _ in defined.entries} if isinstance(defined, Mapping) else set()
    for node in lists_of(root):
        yield from (step for step in steps_below(node) if step.word.text not in blocks)


def _binds(step: WrittenStep, order: Order) -> bool:
    """Return whether a step needs Keras's order of axes, a default of Keras, or a step of its own for a field."""
    spec, own = keras_spec(step), layer_type(step.word.text) is not None
    if spec is None or (own and not is_keras_step(step)):
        return False
    if spec.reads is Reads.MAP and order is not Order.FIRST:
        return True
    given = {key.text for key, _ in step.fields}
    unsized = "pool_size" in spec.fields and "pool_size" not in given and step.value is None
    return not (spec.plain or own) or unsized or bool(given & set(spec.fields) - SAME_VALUE)


def order_of(root: Mapping) -> Order:
    """Return where the channels of the inputs are, as far as the file shows it.

    A picture has 1, 3 or 4 channels. A number of channels is never a symbol, where height and width are. Keras has them
    last: between two numbers this decides only if the other reading is improbable.
    """
    stated = _stated(root)
    if stated is not None:
        return stated
    shapes = [shape for shape in map(_shape, _inputs(root)) if len(shape) >= 3]  # noqa: PLR2004 - N, C and space
    if not shapes:
        return Order.LAST
    order = _order(max(shapes, key=len))
    if order is Order.UNKNOWN and not any(is_keras_name(step.word.text) for step in _steps(root)):
        return Order.FIRST  # the words are ours but for a field
    return order


def _order(shape: tuple[int | str, ...]) -> Order:
    second, *between, last = shape[1:]
    if isinstance(second, int) and isinstance(last, int):
        if len(shape) < IMAGE:
            return _order_of_steps(second, last)
        return _order_of_maps(second, between, last)
    if isinstance(second, str) and isinstance(last, str):
        named = [name in _CHANNEL_NAMES for name in (second, last)]
        return Order.UNKNOWN if named[0] == named[1] else Order.FIRST if named[0] else Order.LAST
    return Order.FIRST if isinstance(last, str) else Order.LAST


def _order_of_maps(second: int, between: list[int | str], last: int) -> Order:
    if {second, *between} == {second}:
        return Order.LAST  # a square map, as [14, 14, 512]
    if {last, *between} == {last}:
        # A square map in the other reading: [3, 32, 32] are surely three colours, [8, 4, 4] is a map as wide as deep.
        return Order.FIRST if second in COLORS else Order.UNKNOWN
    if (second in COLORS) == (last in COLORS):
        return Order.UNKNOWN
    return Order.FIRST if second in COLORS else Order.LAST


def _order_of_steps(second: int, last: int) -> Order:
    if second == 1:
        return Order.FIRST
    return Order.LAST if second >= last else Order.UNKNOWN


def _stated(root: Mapping) -> Order | None:
    """Return the order that a field `data_format` states, or `input_shape`, which is Keras's."""
    for step in _steps(root):
        for key, value in step.fields:
            if key.text == "data_format":
                return {"channels_first": Order.FIRST, "channels_last": Order.LAST}.get(str(plain(value)))
            if key.text in ("input_shape", "batch_input_shape"):
                return Order.LAST
    return None


def _inputs(root: Mapping) -> Iterator[Node]:
    node = root.get("input")
    if node is not None:
        yield node
    nodes = root.get("inputs")
    if isinstance(nodes, Mapping):
        yield from (value for _, value in nodes.entries)


def _shape(node: Node) -> tuple[int | str, ...]:
    node = (node.get("shape") or node) if isinstance(node, Mapping) else node
    if not isinstance(node, Sequence):
        return ()
    texts = [item.text for item in node.items if isinstance(item, Scalar)]
    return tuple(int(text) if text.isdecimal() else text for text in texts)
