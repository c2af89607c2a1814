"""Cases of layers that PyTorch is asked about, a module per family; `make_torch_cases.py` writes what it answers.

The modules with cases import torch; this one does not, for the tests read its rules of filling.
"""

from __future__ import annotations

import json
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import numpy.typing as npt

    Array = npt.NDArray[Any]

Shape = tuple[int, ...]


class Filled(NamedTuple):
    """An input: its shape, its dtype, and for integers the bound that they are below.

    Floats are eighths from −1 to 1, `scale` times as large; `positive` ones from 1/8 to 9/8.
    """

    shape: Shape
    dtype: str = "float32"
    below: int = 2
    positive: bool = False
    scale: int = 1

    def array(self, place: int) -> Array:
        """Return the array of the input at a place: number i of it is a function of i, exact in binary."""
        numbers = ((7 + 4 * place) * np.arange(prod(self.shape)) + 3 + place) % 17
        numbers = numbers.reshape(self.shape)
        if self.dtype == "int64":
            return np.asarray(numbers % self.below)
        if self.dtype == "bool":
            return np.asarray(numbers % 3 > 0)
        floats = np.asarray((numbers - 8) / 8 * self.scale, dtype=np.float32)
        return np.asarray(np.abs(floats) + np.float32(0.125)) if self.positive else floats


class Case(NamedTuple):
    """One layer with its fields as a user writes them, its inputs, and how PyTorch computes it.

    `forward(*inputs, **parameters)` returns a tensor, or one for each output in the layer's order. `parameters` are the
    shapes of its trainable tensors by our names, `buffers` of the others, which are positive. An input that is a bare
    shape has floats. Without `saves`, PyTorch has no single function whose saved tensors could be compared. With
    `counts`, the products that FlopCounterMode counts on the meta device are the multiply-accumulates.
    """

    layer: str
    fields: Mapping[str, Any]
    inputs: tuple[Shape | Filled, ...]
    forward: Callable[..., Any]
    parameters: Mapping[str, Shape] = {}
    buffers: Mapping[str, Shape] = {}
    saves: bool = True
    counts: bool = False
    note: str = ""


def filled_inputs(inputs: tuple[Shape | Filled, ...]) -> list[Array]:
    """Return the arrays of inputs."""
    every = (each if isinstance(each, Filled) else Filled(tuple(each)) for each in inputs)
    return [each.array(place) for place, each in enumerate(every)]


def filled_parameters(shapes: Mapping[str, Any], first: int = 12) -> dict[str, Array]:
    """Return the arrays of parameters or buffers."""
    named = enumerate(shapes.items(), start=first)
    return {name: Filled(tuple(shape)).array(place) / np.float32(2) for place, (name, shape) in named}


def filled_buffers(shapes: Mapping[str, Any]) -> dict[str, Array]:
    """Return the arrays of buffers, which are positive."""
    named = enumerate(shapes.items(), start=21)
    return {name: Filled(tuple(shape), positive=True).array(place) for place, (name, shape) in named}


def filled_gradients(shapes: Any) -> list[Array]:
    """Return the gradients with respect to the outputs."""
    return [Filled(tuple(shape)).array(31 + place) for place, shape in enumerate(shapes)]


def layers_asked(key: str = "layer") -> set[str]:
    """Return the layer types of the rows that have a key."""
    texts = (path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("*.json"))
    return {row["layer"] for text in texts for row in json.loads(text)["cases"] if key in row}
