"""The shapes that the file states of values: witnesses of ours, and what is known of an operator without a layer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shapecalc.dims import Expr, symbol
from shapecalc.importers.onnx.tensors import DTYPES
from shapecalc.importers.unreadable import Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from shapecalc.dims import Dim, Shape


class StatedShapes:
    """The types of values by their names, as the file has them."""

    def __init__(self) -> None:
        self.types: dict[str, Any] = {}

    def add(self, values: Iterable[Any]) -> None:
        """Add the values of which the file states a shape."""
        for value in values:
            kind = value.type
            if kind.HasField("tensor_type") and kind.tensor_type.HasField("shape"):
                self.types[value.name] = kind.tensor_type

    def agrees(self, name: str, shape: Shape) -> bool:
        """Return whether the file states this shape, all of it in integers.

        Raises `Unreadable` if it states another one; an axis that is a symbol, here or there, is not compared.
        """
        kind = self.types.get(name)
        if kind is None:
            return False
        stated = [int(dim.dim_value) if dim.HasField("dim_value") else None for dim in kind.shape.dim]
        differs = len(shape) != len(stated) or any(
            isinstance(ours, int) and theirs is not None and ours != theirs
            for ours, theirs in zip(shape, stated, strict=False)
        )
        if differs:
            raise Unreadable(f"our rules give {_shown(shape)} for `{name}`, the file states {_shown(stated)}")
        return None not in stated and not any(isinstance(dim, Expr) for dim in shape)

    def of(self, name: str, symbols: Mapping[str, str]) -> tuple[Shape, str] | None:
        """Return shape and dtype of a value; None if the file does not state all of it in sizes that are known.

        `symbols` has our symbol of each name that an axis of an input has.
        """
        kind = self.types.get(name)
        if kind is None or kind.elem_type not in DTYPES:
            return None
        shape: list[Dim] = []
        for dim in kind.shape.dim:
            if dim.HasField("dim_value") and dim.dim_value > 0:
                shape.append(int(dim.dim_value))
            elif dim.dim_param in symbols:
                shape.append(symbol(symbols[dim.dim_param]))
            else:
                return None
        return tuple(shape), DTYPES[kind.elem_type]


def _shown(shape: Iterable[Dim | None]) -> str:
    return "[" + ", ".join("?" if dim is None else str(dim) for dim in shape) + "]"
