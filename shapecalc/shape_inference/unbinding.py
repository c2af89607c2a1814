"""An architecture whose stated sizes are unbound: the numbers of its input that are sizes become symbols."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.dims import free_symbols, show, symbol
from shapecalc.shape_inference.report import BATCH_SYMBOLS
from shapecalc.shape_inference.rows import leaves
from shapecalc.shape_inference.walker import FLOAT, walk

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from shapecalc.architecture import Architecture, Input
    from shapecalc.dims import Dim, Shape

CHANNELS = (1, 3, 4)
"""Sizes of axis 1 of an image; a signal has 1."""

SPATIAL = {1: ("T",), 2: ("H", "W"), 3: ("D", "H", "W")}
"""The symbols of the sizes of an input by their number."""


class Unbound(NamedTuple):
    """An architecture with symbols for its sizes, and the sizes that it has without."""

    architecture: Architecture
    stated: Mapping[str, int]
    """The size of each symbol: those that are bound, and the numbers of the input."""
    written: Mapping[str, str]
    """For each symbol that replaces a number, its input with the symbols: `input: [N, 3, H, W]`."""


def unbind(architecture: Architecture, bindings: Mapping[str, int], *, square: bool = False) -> Unbound:
    """Return the architecture with symbols for the numbers of its inputs that are sizes, not channels or features.

    Features are on the axis on which the first parameters depend that depend on one axis only; without any, on axis 1
    of images and signals. Sizes have one symbol each or, with `square`, one for equal numbers; equal numbers on one
    axis of several inputs always have one. The batch stays a number, and so do all of an input with symbols.

    >>> import shapecalc
    >>> alexnet = shapecalc.load("alexnet")
    >>> unbind(alexnet, {}).written["H"], unbind(alexnet, {}).stated
    ('input: [N, 3, H, W]', {'H': 227, 'W': 227})
    """
    taken: dict[str, int] = {}
    known: dict[object, str] = {}
    inputs: list[Input] = []
    written: dict[str, str] = {}
    for entry in architecture.inputs:
        shape: list[Dim] = list(entry.shape)
        own = _size_axes(architecture, entry)
        names = []
        for letter, axis in zip(SPATIAL.get(len(own)) or [f"S{axis}" for axis in own], own, strict=True):
            size = entry.shape[axis]
            assert isinstance(size, int)  # the axis is that of a number
            key = size if square else (letter, size)
            if key not in known:
                known[key] = _fresh(letter, entry.name, {*taken, *architecture.symbols})
            names.append(known[key])
            taken[known[key]] = size
            shape[axis] = symbol(known[key])
        inputs.append(entry._replace(shape=tuple(shape)))
        title = entry.name if len(architecture.inputs) > 1 else "input"
        for name in names:
            written.setdefault(name, f"{title}: {show(tuple(shape))}")
    bound = {name: size for name, size in bindings.items() if name in architecture.symbols}
    return Unbound(replace(architecture, inputs=tuple(inputs), sizes={}), {**bound, **taken}, written)


def _fresh(letter: str, of: str, taken: Iterable[str]) -> str:
    """Return a symbol that is not taken: the letter, or the letter with the name of its input."""
    names = [letter, f"{letter}_{of}", *(f"{letter}{number}" for number in range(2, len([*taken]) + 3))]
    return next(name for name in names if name not in taken and name.isidentifier())


def _size_axes(architecture: Architecture, entry: Input) -> tuple[int, ...]:
    """Return the axes of an input whose number is a size; none if some of its sizes are symbols already."""
    rank = len(entry.shape)
    numbers = [axis for axis, dim in enumerate(entry.shape) if axis and isinstance(dim, int)]
    if not numbers or not {name for dim in entry.shape for name in free_symbols(dim)} <= {*BATCH_SYMBOLS}:
        return ()
    if entry.dtype != FLOAT and rank == 2:  # noqa: PLR2004 - indices [N, T]
        return (1,)
    depends = tuple(_dependences(architecture, entry, numbers))
    single = next((axes for axes in depends if len(axes) == 1), None)
    if rank == 2:  # noqa: PLR2004 - rows of features, unless no parameter depends on their number
        return () if depends else tuple(numbers)
    # Without a layer that reads a map, the axes may be heads, time and features in any order.
    mapped = entry.shape[1] in (CHANNELS if rank > 3 else CHANNELS[:1])  # noqa: PLR2004 - a signal is [N, C, T]
    if single is None and not mapped and not any(step.layer.reads_map for step in architecture.layers):
        return ()
    features = {1} if single is None else single
    return tuple(axis for axis in numbers if axis not in features)


def _dependences(architecture: Architecture, entry: Input, axes: Iterable[int]) -> Iterator[set[int]]:
    """Yield the axes of an input on which the parameters of each layer depend, in the order of computation."""
    names = {f"_axis{axis}": axis for axis in axes}
    at = {axis: symbol(name) for name, axis in names.items()}
    shape: Shape = tuple(at.get(axis, dim) for axis, dim in enumerate(entry.shape))
    others = tuple(each._replace(shape=shape) if each is entry else each for each in architecture.inputs)
    walked = walk(replace(architecture, inputs=others, sizes={}), {}, {})
    for row in leaves(walked.rows):
        dims = (dim for tensor in row.facts.parameters.values() for dim in tensor)
        depends = {names[name] for dim in dims for name in free_symbols(dim) if name in names}
        if depends:
            yield depends
