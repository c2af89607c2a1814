"""A node of ONNX with its arrays, and the network in YAML that is written for it step by step."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
Slots = str | None | tuple[str | None, ...]
Operator = Callable[["Node", "Network"], Slots]
SIMPLE = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.")


class InexpressibleError(Exception):
    """The format has no way to write this node; the text is the reason."""


def plain(array: Any) -> Array:
    """Return an array in a dtype that the format has: float32, float64, int64 or bool."""
    array = np.asarray(array)
    if array.dtype in (np.bool_, np.float32, np.float64):
        return array
    if array.dtype.kind in "iu":
        return array.astype(np.int64)
    if array.dtype.kind in "fV" and array.dtype.itemsize == 2:  # float16, and bfloat16 as ml_dtypes has it
        return array.astype(np.float32)
    raise InexpressibleError(f"dtype {array.dtype}")


@dataclass(frozen=True, slots=True)
class Node:
    """One node: its operator and attributes, its input arrays (None if left out), and the names of its outputs."""

    op: str
    attributes: Mapping[str, Any]
    names: tuple[str, ...]
    arrays: tuple[Array | None, ...]
    outputs: tuple[str, ...]

    def get(self, name: str, default: Any = None) -> Any:
        """Return an attribute."""
        return self.attributes.get(name, default)

    def has(self, place: int) -> bool:
        """Return whether the node has the input."""
        return place < len(self.arrays) and self.arrays[place] is not None

    def array(self, place: int) -> Array:
        """Return the numbers of an input."""
        array = self.arrays[place]
        assert array is not None, (self.op, place)
        return array

    def integers(self, place: int) -> list[int]:
        """Return an input of integers, such as axes, as a list."""
        return [int(entry) for entry in self.array(place).ravel()]

    def shape(self, place: int = 0) -> list[int]:
        """Return the shape of an input."""
        return list(self.array(place).shape)

    def rank(self, place: int = 0) -> int:
        """Return the number of axes of an input."""
        return self.array(place).ndim

    def axis(self, default: int, name: str = "axis") -> int:
        """Return an attribute that is an axis of the first input, counted from 0."""
        return int(self.get(name, default)) % max(1, self.rank())


@dataclass(slots=True)
class Network:
    """The network of one node: inputs, steps and weights, and its text."""

    node: Node
    inputs: dict[str, Array] = field(default_factory=dict)
    weights: dict[str, Array] = field(default_factory=dict)
    steps: list[str] = field(default_factory=list)
    types: list[str] = field(default_factory=list)
    slots: dict[int, str] = field(default_factory=dict)

    def read(self, place: int = 0) -> str:
        """Return the name of an input of the node, which becomes an input of the network, or without axes a buffer."""
        if place not in self.slots:
            array = plain(self.node.array(place))
            if 0 in array.shape:
                raise InexpressibleError("an axis of size 0")
            self.slots[place] = self.number(place, array) if array.ndim == 0 else self.node.names[place]
            if array.ndim:
                self.inputs[self.node.names[place]] = array
        return self.slots[place]

    def number(self, place: int, array: Array) -> str:
        """Return the name of an input without axes: a buffer, or if the node has no other input, a squeezed vector."""
        if any(each is not None and each.ndim for each in self.node.arrays):
            return self.tensor(array)
        self.inputs[self.node.names[place]] = array.reshape(1)
        return self.step("squeeze", 0, self.node.names[place])

    def step(self, type_: str, fields: Any = None, reads: Sequence[str] | str | None = None, **weights: Any) -> str:
        """Append a step and return its name; by default it reads the first input of the node."""
        reads = self.read() if reads is None else reads
        name = f"{type_}_{len(self.steps)}"
        self.types.append(type_)
        self.weights |= {f"{name}.{key}": plain(array) for key, array in weights.items()}
        value = "" if fields is None or fields == {} else written(fields)
        self.steps.append(f"{{{type_}: {value}, from: {written(reads)}}}")
        return name

    def tensor(self, array: Any) -> str:
        """Append a buffer with these numbers as weights."""
        array = plain(array)
        name = f"buffer_{len(self.steps)}"
        dtype = {"f": "", "i": ", dtype: int64", "b": ", dtype: bool"}[array.dtype.kind]
        self.steps.append(f"{{buffer: {{shape: {written(list(array.shape))}{dtype}}}}}")
        self.weights[name] = array
        return name

    def numbers(self, values: Any) -> str:
        """Append a constant that lists these numbers."""
        name = f"constant_{len(self.steps)}"
        array = plain(values)
        dtype = {"f": "", "i": ", dtype: int64", "b": ", dtype: bool"}[array.dtype.kind]
        if array.size > 512 or array.ndim == 0 or not np.isfinite(array).all():
            return self.tensor(array)
        self.steps.append(f"{{constant: {{values: {written(array.tolist())}{dtype}}}}}")
        return name

    def chain(self, first: str, *steps: Any) -> str:
        """Append steps that read one another, each a type or a pair of type and fields, and return the last."""
        for step in steps:
            type_, fields = step if isinstance(step, tuple) else (step, None)
            first = self.step(type_, fields, first)
        return first

    def text(self, outputs: Mapping[str, str]) -> str:
        """Return the network as YAML."""
        inputs = {
            name: list(array.shape)
            if array.dtype.kind == "f"
            else {"shape": list(array.shape), "dtype": "bool" if array.dtype.kind == "b" else "int64"}
            for name, array in self.inputs.items()
        }
        lines = [f"inputs: {written(inputs)}", "layers:", *(f"- {step}" for step in self.steps)]
        return "\n".join([*lines, f"outputs: {written(dict(outputs))}"]) + "\n"


def written(value: Any) -> str:
    """Return a value as YAML in one line."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {written(each)}" for key, each in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(written, value)) + "]"
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, (float, np.floating)):
        return repr(float(value)).replace("inf", ".inf")
    text = str(value)
    return text if isinstance(value, (int, np.integer)) or SIMPLE.issuperset(text) else f'"{text}"'
