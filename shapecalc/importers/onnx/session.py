"""What operators may use of the reader that calls them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from pathlib import Path

    from shapecalc.importers.graph import ImportedGraph, Value
    from shapecalc.importers.onnx.tensors import Weight


class ReadingSession(Protocol):
    """The reader of one graph: its folder, its operator set, and values as steps or as known numbers."""

    graph: ImportedGraph
    folder: Path
    opset: int
    is_converted: bool

    def added_bias(self, name: str, size: int) -> Weight | None:
        """Return the vector of the file that the only reader of a value adds to it, and take that node as read."""

    def value(self, entry: Any, name: str) -> Value:
        """Return an entry as a value that a step reads."""

    def known(self, entry: Any) -> Any:
        """Return the numbers of an entry that is known while reading, else None."""

    def numbers(self, array: Any) -> Any:
        """Return an array of numbers as those of symbols, if it has any."""
