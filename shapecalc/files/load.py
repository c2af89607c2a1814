"""A file, standard input or a name in the zoo → an architecture."""

from __future__ import annotations

import os
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from shapecalc.diagnostics import Diagnostic, ShapecalcError, Source
from shapecalc.diagnostics.limits import LIMITS, Limits
from shapecalc.files import zoo
from shapecalc.parser.files import read_source
from shapecalc.parser.findings import position
from shapecalc.parser.grammar import parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from shapecalc.architecture import Architecture


_NONE: Mapping[str, Any] = MappingProxyType({})


def load(architecture: str | Path, limits: Limits = LIMITS, parameters: Mapping[str, Any] = _NONE) -> Architecture:
    """Return the architecture of a file, of `-` (standard input) or of a name that ships with the package.

    A real file of a name wins over the zoo's. `parameters` replace values of the file's own `parameters:`.
    Raises `ShapecalcError` with every mistake found; its `exit_code` is 2 where the file cannot be read.

    >>> load("lenet5").name
    'LeNet-5'
    """
    found, unused = load_set(architecture, parameters, limits)
    _refuse_unused(found, unused)
    return found


def loads(text: str, name: str = "<text>", parameters: Mapping[str, Any] = _NONE) -> Architecture:
    """Return the architecture that a text describes; `name` is what diagnostics call it.

    >>> loads("{input: [N, 8], layers: [relu]}").steps[0].path
    'relu_0'
    >>> wide = loads('{parameters: {width: 8}, input: [N, 8], layers: [linear: $width]}', parameters={"width": 32})
    >>> wide.steps[0].layer.out_features
    32
    """
    found = loads_source(Source(name, text), parameters=parameters)
    _refuse_unused(found, [key for key in parameters if key not in found.parameters])
    return found


def load_set(
    architecture: str | Path, settings: Mapping[str, Any], limits: Limits = LIMITS
) -> tuple[Architecture, tuple[str, ...]]:
    """Return what `load` returns, with the names of `settings` that are none of the file's parameters."""
    source = find_source(architecture, limits)
    folder = None if source.name == "<stdin>" else Path(source.name).parent
    found = loads_source(source, limits, folder, settings)
    return found, tuple(name for name in settings if name not in found.parameters)


def with_parameters(architecture: Architecture, parameters: Mapping[str, Any]) -> Architecture:
    """Return the architecture that its file describes with other values for some of its parameters.

    >>> small = loads("{parameters: {width: 8}, input: [N, 8], layers: [linear: $width]}")
    >>> with_parameters(small, {"width": 32}).parameters
    {'width': 32}
    """
    unknown = [name for name in parameters if name not in architecture.parameters]
    _refuse_unused(architecture, unknown)
    if not parameters:
        return architecture
    assert architecture.file is not None  # parameters are a file's
    name, text = architecture.file.name, architecture.file.text
    values = {**architecture.parameters, **parameters}
    return loads_source(Source(name, text), architecture.limits, Path(name).parent, values)


def narrowed(architecture: Architecture, divisor: int) -> Architecture:
    """Return the architecture with the parameters that `widths:` names divided by a whole number.

    Raises `ShapecalcError` SC320 (exit code 2) where the file names none, or one that `divisor` does not divide.

    >>> wide = loads("{parameters: {width: 64}, widths: width, input: [N, 8], layers: [linear: $width]}")
    >>> narrowed(wide, 8).parameters
    {'width': 8}
    """
    values = {name: architecture.parameters[name] for name in architecture.widths}
    odd = next((name for name, value in values.items() if value % divisor), None)
    if not values or odd is not None:
        message = f"`{architecture.name}` cannot be narrowed {divisor} times: "
        message += "it has no `widths:`" if odd is None else f"`{odd}` is {values[odd]}, which that does not divide"
        help_text = "name the parameters that say how wide it is: `widths: [width]`" if odd is None else None
        raise ShapecalcError((Diagnostic(code="SC320", message=message, help=help_text),), exit_code=2)
    return with_parameters(architecture, {name: value // divisor for name, value in values.items()})


def _refuse_unused(architecture: Architecture, names: Iterable[str]) -> None:
    for name in names:
        has = ", ".join(f"`{known}`" for known in architecture.parameters)
        has = f"its parameters are {has}" if has else "it has no `parameters:`"
        finding = Diagnostic(code="SC312", message=f"`{architecture.name}` has no parameter `{name}`: {has}")
        raise ShapecalcError((finding,), exit_code=2)


def loads_source(
    source: Source, limits: Limits = LIMITS, folder: Path | None = None, parameters: Mapping[str, Any] = _NONE
) -> Architecture:
    """Return the architecture that a source describes; mistakes in shapes are found in the same run as others.

    `folder` is where the text lies: only files below it can be included. Of `parameters`, those that the file has none
    of are passed over.
    """
    architecture, findings, source = parse(source, limits, folder, parameters)
    if not findings:
        assert architecture is not None  # whatever keeps it from being made is a finding
        return architecture
    if architecture is not None:
        findings += _shape_findings(architecture)
    raise ShapecalcError(tuple(sorted(findings, key=position)), source)


def find_source(architecture: str | Path, limits: Limits = LIMITS) -> Source:
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
    from shapecalc.shape_inference.engine import infer  # noqa: PLC0415 - only a mistake needs it here

    try:
        return infer(architecture)[1]
    except ShapecalcError as error:
        return error.diagnostics
