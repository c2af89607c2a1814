"""What a layer of a functional model is called with: arguments that name outputs of other layers."""

from __future__ import annotations

from typing import Any, NamedTuple

from shapecalc.importers.keras.configuration import BrokenModelError, known_shape
from shapecalc.importers.keras.settings import is_int

MOST_NESTED = 8
"""Lists in lists of the arguments of a layer."""
_WITH_ARGUMENTS = 4


class Output(NamedTuple):
    """An output of a layer: its name, which of its calls, and the place in what that returns; its shape and dtype."""

    layer: str
    call: int
    place: int
    shape: tuple[int | None, ...] | None = None
    dtype: str = ""

    @property
    def unit(self) -> tuple[str, int]:
        """The call."""
        return self.layer, self.call


class Constant(NamedTuple):
    """A tensor whose values are in the file."""

    values: Any
    dtype: str


class KerasNode(NamedTuple):
    """One call of a layer."""

    values: tuple[Any, ...]
    keywords: dict[str, Any]

    def reads(self) -> list[Output]:
        """Return the outputs that it reads."""
        return outputs_in((self.values, list(self.keywords.values())))


def outputs_in(value: Any) -> list[Output]:
    """Return the outputs in nested arguments."""
    if isinstance(value, Output):
        return [value]
    if isinstance(value, (list, tuple)) and not isinstance(value, Constant):
        return [output for entry in value for output in outputs_in(entry)]
    if isinstance(value, dict):
        return [output for entry in value.values() for output in outputs_in(entry)]
    return []


def nodes_of(around: dict[str, Any], name: str) -> list[KerasNode]:
    """Return the calls of a layer.

    Raises `BrokenModelError` for what Keras does not write.

    >>> nodes_of({"inbound_nodes": [[["a", 0, 0, {}], ["b", 0, 1, {}]]]}, "add")[0].reads()[1].unit
    ('b', 0)
    """
    nodes = around.get("inbound_nodes", [])
    if not isinstance(nodes, list):
        raise BrokenModelError(f"has a layer `{name}` whose `inbound_nodes` is no list")
    return [_node(node, name) for node in nodes]


def _node(node: Any, name: str) -> KerasNode:
    if isinstance(node, dict):  # Keras 3
        values, keywords = node.get("args", []), node.get("kwargs", {})
        if not isinstance(values, list) or not isinstance(keywords, dict):
            raise BrokenModelError(f"has a call of `{name}` without lists of arguments")
        return KerasNode(
            tuple(_argument(value, 0) for value in values),
            {key: _argument(value, 0) for key, value in keywords.items() if value is not None},
        )
    if isinstance(node, list) and node and is_reference(node):  # one input of Keras 2, without a list around it
        node = [node]
    if not isinstance(node, list) or not all(is_reference(entry) for entry in node):
        raise BrokenModelError(f"has a call of `{name}` that names no layers")
    keywords = {}
    for entry in node:
        more = entry[3] if len(entry) == _WITH_ARGUMENTS else {}
        if not isinstance(more, dict):
            raise BrokenModelError(f"has a call of `{name}` without a list of arguments")
        keywords.update({key: _reference_or(value) for key, value in more.items() if value is not None})
    outputs = [Output(*entry[:3]) for entry in node]
    return KerasNode((outputs if len(outputs) > 1 else outputs[0],) if outputs else (), keywords)


def _reference_or(value: Any) -> Any:
    if is_reference(value):
        return Output(*value[:3])
    if isinstance(value, list) and value and all(map(is_reference, value)):
        return [Output(*entry[:3]) for entry in value]
    return _argument(value, 0)


def is_reference(value: Any) -> bool:
    """Return whether a value names an output: a layer, its call, the index, and arguments."""
    return (
        isinstance(value, list)
        and len(value) in (3, _WITH_ARGUMENTS)
        and isinstance(value[0], str)
        and all(is_int(each) and each >= 0 for each in value[1:3])
    )


def _argument(value: Any, depth: int) -> Any:  # noqa: PLR0911 - one for each kind of object
    if depth > MOST_NESTED:
        raise BrokenModelError("has arguments that are nested too deeply")
    if isinstance(value, list):
        return [_argument(entry, depth + 1) for entry in value]
    if not isinstance(value, dict):
        return value
    kind, config = value.get("class_name"), value.get("config")
    if kind == "__keras_tensor__" and isinstance(config, dict):
        history = config.get("keras_history")
        if not isinstance(history, list) or not is_reference(history):
            raise BrokenModelError("has a tensor without `keras_history`")
        layer, call, place = history[:3]
        dtype = config.get("dtype")
        return Output(layer, call, place, known_shape(config.get("shape")), dtype if isinstance(dtype, str) else "")
    if kind == "__tensor__" and isinstance(config, dict):
        return Constant(config.get("value"), str(config.get("dtype", "")))
    if kind == "__slice__" and isinstance(config, dict):
        return _slice(config)
    if kind == "__ellipsis__":
        return Ellipsis
    return {key: _argument(entry, depth + 1) for key, entry in value.items()}


def _slice(config: dict[str, Any]) -> slice:
    parts = [config.get(key) for key in ("start", "stop", "step")]
    if not all(part is None or is_int(part) for part in parts):
        raise BrokenModelError("has a slice whose bounds are no integers")
    return slice(*parts)


def structure(value: Any, name: str, depth: int = 0) -> Any:
    """Return the inputs or outputs of a model, each an `Output`, in the lists of the file; of a mapping its values.

    >>> structure([["a", 0, 0], ["b", 0, 0]], "net")[1].layer
    'b'
    """
    if is_reference(value):
        return Output(*value[:3])
    if isinstance(value, dict):
        value = list(value.values())
    if not isinstance(value, list) or depth > MOST_NESTED:
        raise BrokenModelError(f"has a model `{name}` whose inputs or outputs are not named")
    return [structure(entry, name, depth + 1) for entry in value]
