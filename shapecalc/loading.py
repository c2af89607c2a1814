"""A file, standard input or a name in the zoo → an architecture."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from shapecalc import zoo
from shapecalc.diagnostics import Diagnostic, ShapecalcError, Source
from shapecalc.parser.files import read_source
from shapecalc.parser.findings import position
from shapecalc.parser.grammar import parse

if TYPE_CHECKING:
    from shapecalc.architecture import Architecture
    from shapecalc.parser.limits import Limits


def load(architecture: str | Path, limits: Limits | None = None) -> Architecture:
    """Return the architecture of a file, of `-` (standard input) or of a name that ships with the package.

    A real file of a name wins over the zoo's. Raises `ShapecalcError` with every mistake found; its `exit_code` is 2
    where the file cannot be read.

    >>> load("lenet5").name
    'LeNet-5'
    """
    source = find_source(architecture, limits)
    return loads_source(source, limits, None if source.name == "<stdin>" else Path(source.name).parent)


def loads(text: str, name: str = "<text>") -> Architecture:
    """Return the architecture that a text describes; `name` is what diagnostics call it.

    >>> loads("{input: [N, 8], layers: [relu]}").steps[0].path
    'relu_0'
    """
    return loads_source(Source(name, text))


def loads_source(source: Source, limits: Limits | None = None, folder: Path | None = None) -> Architecture:
    """Return the architecture that a source describes; mistakes in shapes are found in the same run as others.

    `folder` is where the text lies: only files below it can be included.
    """
    architecture, findings, source = parse(source, limits, folder)
    if not findings:
        assert architecture is not None  # whatever keeps it from being made is a finding
        return architecture
    if architecture is not None:
        findings += _shape_findings(architecture)
    raise ShapecalcError(tuple(sorted(findings, key=position)), source)


def find_source(architecture: str | Path, limits: Limits | None = None) -> Source:
    """Return the text of a file, of `-` or of a name in the zoo."""
    name = str(architecture)
    # `Path.exists` would raise where the name is too long for a file.
    if name != "-" and not os.path.exists(name):  # noqa: PTH110
        shipped = zoo.path(name)
        if shipped is not None:
            return read_source(shipped, limits)
        if Path(name).suffix not in (".yaml", ".yml") and Path(name).name == name:
            raise ShapecalcError((_unknown_name(name),), exit_code=2)
    return read_source(name, limits)


def _unknown_name(name: str) -> Diagnostic:
    from shapecalc.diagnostics.suggestions import closest  # noqa: PLC0415 - only a mistake needs it

    near = closest(name, zoo.names())
    help_text = f"write `{near}`" if near else "`shapecalc list` names what ships with shapecalc"
    message = f"`{name}` is neither a file nor an architecture that ships"
    return Diagnostic(code="SC001", message=message, help=help_text)


def _shape_findings(architecture: Architecture) -> tuple[Diagnostic, ...]:
    from shapecalc.engine import infer  # noqa: PLC0415 - only a mistake needs it here

    try:
        return infer(architecture)[1]
    except ShapecalcError as error:
        return error.diagnostics
