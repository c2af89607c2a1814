"""torch.export's `.pt2` → a graph, with neither PyTorch nor pickles: a zip archive of JSON and raw bytes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from shapecalc.importers.graph import ImportedGraph
from shapecalc.importers.imported import ImportReading
from shapecalc.importers.torch_export.archive import Archive
from shapecalc.importers.torch_export.program import read_program
from shapecalc.importers.torch_export.translator import FAILURES, Translator
from shapecalc.importers.unreadable import Unreadable, refuse_container

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shapecalc.diagnostics.limits import Limits
    from shapecalc.importers.graph import Array


def read(path: str, limits: Limits, *, partial: bool = False) -> ImportReading:
    """Read a `.pt2` file.

    Raises `ShapecalcError` SC032 if the file is broken, SC010 if a part of it is larger than any network is.
    """
    del limits, partial
    return read_opened(path, path, Path(path).stem)


def read_opened(file: str | BinaryIO, name: str, network: str = "") -> ImportReading:
    """Read a `.pt2` file that is opened, or given by its path; `network` is the name of what it holds."""
    archive = Archive(file, name)
    program = read_program(archive)
    version = f", torch {program.version}" if program.version else ""
    graph = ImportedGraph(network or program.name or "network", f"torch.export{version}")
    translator = Translator(program, archive, graph)
    try:
        translator.translate()
    except Unreadable as error:
        refuse_container(name, f"has {error}")
    except FAILURES as error:
        refuse_container(name, f"has a graph that is not as torch.export writes it: {type(error).__name__}")

    def arrays(names: list[str]) -> Mapping[str, Array]:
        outcome: dict[str, Array] = {}
        for each in names:
            known = each in translator.computed
            outcome[each] = translator.computed[each] if known else archive.array(translator.places[each])
        return outcome

    return ImportReading(graph, translator.problems, arrays)
