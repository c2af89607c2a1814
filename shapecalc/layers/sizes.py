"""Symbols of the inputs in fields that hold sizes: `reshape: [-1, T, 32]`, `upsample: {size: ["${2 * H}", W]}`."""

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from shapecalc.dims import Expr, Relation
from shapecalc.layers.base import Layer
from shapecalc.layers.constraints import Constraints
from shapecalc.layers.fields import Size


class Stated(NamedTuple):
    """An expression over symbols in a field, with its kind and its position in a list."""

    field: str
    position: tuple[int, ...]
    kind: Size
    value: Expr


def stated_sizes(layer: Layer) -> Iterator[Stated]:
    """Yield the expressions over symbols in the fields of a layer."""
    for name, kind in layer.size_fields.items():
        value = getattr(layer, name)
        if isinstance(value, Expr):
            yield Stated(name, (), kind, value)
        elif isinstance(value, tuple):
            for position, entry in enumerate(value):
                if isinstance(entry, Expr):
                    yield Stated(name, (position,), kind, entry)


def with_sizes(layer: Layer, sizes: Mapping[str, int]) -> Layer:
    """Return a layer with sizes in place of the symbols in its fields; those without a size stay.

    Raises `LayerError` SC201 if a field has a value that is too small at these sizes.

    >>> from shapecalc.dims import symbol
    >>> from shapecalc.layers.reshaping import Reshape
    >>> with_sizes(Reshape(shape=(-1, symbol("T"), 32)), {"T": 5}).shape
    (-1, 5, 32)
    """
    changed: dict[str, Any] = {}
    for field, index, kind, value in stated_sizes(layer):
        size = kind.bound(field, value, sizes, index)
        if index:
            entries = changed.get(field, getattr(layer, field))
            changed[field] = (*entries[: index[0]], size, *entries[index[0] + 1 :])
        else:
            changed[field] = size
    return dataclasses.replace(layer, **changed) if changed else layer  # type: ignore[type-var]


def require_sizes(layer: Layer, constraints: Constraints) -> None:
    """Require of symbols that no expression in a field of a layer is below its lowest value."""
    for field, index, kind, value in stated_sizes(layer):
        constraints.require(value - kind.lowest, Relation.NONNEGATIVE, kind.too_small(field, value, None, index))
