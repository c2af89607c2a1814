"""A file of another tool → the text of an architecture file, and what else the file has: tensors and shapes."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, NamedTuple, Protocol

from shapecalc.importers.unreadable import Problems, Unreadable, refuse_container

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shapecalc.diagnostics.limits import Limits
    from shapecalc.dims import Shape
    from shapecalc.importers.graph import Array, ImportedGraph, Stored


@dataclass(slots=True)
class ImportReading:
    """What a reader of a format returns: the graph, the operators that it could not read, and the file's tensors.

    `arrays` reads the tensors of the given names from the file, when they are needed.
    """

    graph: ImportedGraph
    problems: Problems = field(default_factory=Problems)
    arrays: Callable[[list[str]], Mapping[str, Array]] | None = None
    examples: Examples | None = None


class Examples(NamedTuple):
    """The example inputs of a module that is in memory, and its outputs, both in their order."""

    inputs: tuple[Array, ...]
    outputs: tuple[Array, ...]


class FormatReader(Protocol):
    """The module of a format."""

    def read(self, path: str, limits: Limits, *, partial: bool = False) -> ImportReading:
        """Read a file; with `partial`, operators that have no layer become `opaque` steps."""


@dataclass(slots=True)
class Imported:
    """The text of an architecture file, with the file's tensors by our paths, and the shapes that the file states.

    `stated` has the shape of each slot for which the file has one; `tensors` the file's tensor of each path.
    """

    text: str
    file: str
    stated: Mapping[str, Shape] = field(default_factory=dict)
    tensors: Mapping[str, Stored] = field(default_factory=dict)
    reading: ImportReading | None = None

    @property
    def params_as(self) -> str:
        """The convention by which parameters are counted by default: that of the tool that wrote the file."""
        return self.reading.graph.params_as if self.reading else "pytorch"

    @property
    def examples(self) -> Examples | None:
        """Inputs and outputs that the other tool computed, if it was there."""
        return self.reading.examples if self.reading else None

    def arrays(self) -> dict[str, Array]:
        """Return the values of the file's tensors by our paths; empty if the file has no such thing.

        Raises `ShapecalcError` SC032 if they are not in the file, or outside of its folder.
        """
        if self.reading is None or self.reading.arrays is None:
            return {}
        try:
            stored = self.reading.arrays(sorted({each.name for each in self.tensors.values()}))
            return {
                path: each.convert(stored[each.name]) if each.convert else stored[each.name]
                for path, each in self.tensors.items()
            }
        except Unreadable as error:
            refuse_container(self.file, f"has values that cannot be read: {error}")


def import_file(format_: str, path: str, limits: Limits, *, partial: bool = False) -> Imported:
    """Return a file of a format, which is a module of this folder, as an architecture file.

    Raises `ShapecalcError` SC031 if operators cannot be read, SC032 if the file is broken, SC006 without the package
    that reads it.
    """
    reader: FormatReader = import_module(f"shapecalc.importers.{format_}")
    return imported(reader.read(path, limits, partial=partial), path, partial=partial)


def imported(reading: ImportReading, path: str, *, partial: bool = False) -> Imported:
    """Return what a reader has read as an architecture file.

    Raises `ShapecalcError` SC031 if there are operators that it could not read, unless `partial`.
    """
    from shapecalc.importers.rewriting import rewrite  # noqa: PLC0415 - only a file of another tool needs it
    from shapecalc.importers.writing import write  # noqa: PLC0415

    if reading.problems and not partial:
        raise reading.problems.error(path)
    reading.graph.drop_unread_opaque()
    rewrite(reading.graph, reading.arrays)
    written = write(reading.graph)
    stated = {written.slots[key]: shape for key, shape in reading.graph.stated.items() if key in written.slots}
    return Imported(written.text, path, stated, written.tensors, reading)
