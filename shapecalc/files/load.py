"""Loading of architectures from files, standard input or the zoo."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from shapecalc.diagnostics import Diagnostic, ShapecalcError, Source
from shapecalc.diagnostics.limits import LARGEST, LIMITS, Limits
from shapecalc.files import zoo
from shapecalc.parser.diagnostics import position
from shapecalc.parser.files import open_binary, read_source
from shapecalc.parser.foreign_files import HEAD, binary_format, text_format
from shapecalc.parser.grammar import parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from shapecalc.architecture import Architecture
    from shapecalc.importers.imported import Imported


_NONE: Mapping[str, Any] = MappingProxyType({})
_OWN_SUFFIXES = (".yaml", ".yml")
_SUFFIXES = (*_OWN_SUFFIXES, ".pt2", ".onnx", ".keras", ".json")
"""The endings of files: no name in the zoo ends so."""
_FACTORY = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")


def load(architecture: str | Path, limits: Limits = LIMITS, parameters: Mapping[str, Any] = _NONE) -> Architecture:
    """Return the architecture of a file, of `-` (standard input) or of a name in the zoo.

    An existing file takes precedence over the zoo. `parameters` replace values of the file's own `parameters:`.
    Raises `ShapecalcError` with all mistakes; its `exit_code` is 2 if the file cannot be read.

    >>> load("lenet5").name
    'LeNet-5'
    """
    loaded, unused = load_set(architecture, parameters, limits)
    _refuse_unused(loaded, unused)
    return loaded


def loads(text: str, name: str = "<text>", parameters: Mapping[str, Any] = _NONE) -> Architecture:
    """Return the architecture that a text describes; `name` names it in diagnostics.

    >>> loads("{input: [N, 8], layers: [relu]}").steps[0].path
    'relu_0'
    >>> wide = loads('{parameters: {width: 8}, input: [N, 8], layers: [linear: $width]}', parameters={"width": 32})
    >>> wide.steps[0].layer.out_features
    32
    """
    loaded = loads_source(Source(name, text), parameters=parameters)
    _refuse_unused(loaded, [key for key in parameters if key not in loaded.parameters])
    return loaded


def load_set(
    architecture: str | Path, settings: Mapping[str, Any], limits: Limits = LIMITS, *, partial: bool = False
) -> tuple[Architecture, tuple[str, ...]]:
    """Return the architecture as `load` does, and the names of `settings` that are not parameters of the file.

    `partial` as in `find_source`.
    """
    source, imported = _find(architecture, limits, partial=partial)
    folder = None if source.name == "<stdin>" else Path(source.name).parent
    # The importer has limits of its own: its text may have more nodes than one that people write.
    loaded = loads_source(source, limits._replace(nodes=LARGEST) if imported else limits, folder, settings)
    if imported:
        loaded = replace(loaded, origin=imported)
    return loaded, tuple(name for name in settings if name not in loaded.parameters)


def from_torch(
    module: Any, example_inputs: tuple[Any, ...], dynamic_shapes: Any = None, limits: Limits = LIMITS
) -> Architecture:
    """Return the architecture of a module of PyTorch in memory, exported at example inputs; its code is run."""
    from shapecalc.importers.imported import imported  # noqa: PLC0415 - only such a module needs it
    from shapecalc.importers.torch_module import read_module  # noqa: PLC0415 - as above

    name = type(module).__name__
    result = imported(read_module(module, example_inputs, dynamic_shapes=dynamic_shapes), name)
    loaded = loads_source(Source(name, result.text), limits._replace(nodes=LARGEST))
    return replace(loaded, origin=result)


def with_parameters(architecture: Architecture, parameters: Mapping[str, Any]) -> Architecture:
    """Return the architecture of the same file with other values of some parameters.

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
    loaded = loads_source(Source(name, text), architecture.limits, Path(name).parent, values)
    return replace(loaded, origin=architecture.origin) if architecture.origin else loaded


def narrowed(architecture: Architecture, divisor: int) -> Architecture:
    """Return the architecture with the parameters of `widths:` divided by an integer.

    Raises `ShapecalcError` SC320 (exit code 2) if the file has no `widths:`, or a parameter is not divisible.

    >>> wide = loads("{parameters: {width: 64}, widths: width, input: [N, 8], layers: [linear: $width]}")
    >>> narrowed(wide, 8).parameters
    {'width': 8}
    """
    values = {name: architecture.parameters[name] for name in architecture.widths}
    indivisible = next((name for name, value in values.items() if value % divisor), None)
    if not values or indivisible is not None:
        reason = "it has no `widths:`"
        help_text: str | None = "name the parameters that say how wide it is: `widths: [width]`"
        if indivisible is not None:
            reason, help_text = f"`{indivisible}` is {values[indivisible]}, which that does not divide", None
        message = f"`{architecture.name}` cannot be narrowed {divisor} times: {reason}"
        raise ShapecalcError((Diagnostic(code="SC320", message=message, help=help_text),), exit_code=2)
    return with_parameters(architecture, {name: value // divisor for name, value in values.items()})


def _refuse_unused(architecture: Architecture, names: Iterable[str]) -> None:
    for name in names:
        has = ", ".join(f"`{known}`" for known in architecture.parameters)
        has = f"its parameters are {has}" if has else "it has no `parameters:`"
        finding = Diagnostic(code="SC312", message=f"`{architecture.name}` has no parameter `{name}`: {has}")
        raise ShapecalcError((finding,), exit_code=2)


def loads_source(
    source: Source,
    limits: Limits = LIMITS,
    folder: Path | None = None,
    parameters: Mapping[str, Any] = _NONE,
    *,
    unused: bool = False,
) -> Architecture:
    """Return the architecture that a source describes; shape mistakes are reported together with all others.

    `folder` is the folder of the text: only files below it can be included. Names in `parameters` that are not
    parameters of the file are ignored. `unused` as in `parse`.
    """
    architecture, findings, source = parse(source, limits, folder, parameters, unused=unused)
    if not findings:
        assert architecture is not None  # without findings there is an architecture
        return architecture
    if architecture is not None:
        findings += _shape_findings(architecture)
    raise ShapecalcError(tuple(sorted(findings, key=position)), source)


def find_source(architecture: str | Path, limits: Limits = LIMITS, *, partial: bool = False) -> Source:
    """Return the text of a file, of `-` or of a name in the zoo; of a file of another tool the text that is imported.

    With `partial`, operators of that file that have no layer become `opaque` steps.
    """
    return _find(architecture, limits, partial=partial)[0]


def _find(architecture: str | Path, limits: Limits, *, partial: bool = False) -> tuple[Source, Imported | None]:
    name = str(architecture)
    # `Path.exists` would raise where the name is too long for a file.
    if name != "-" and not os.path.exists(name):  # noqa: PTH110
        shipped = zoo.path(name)
        if shipped is not None:
            return read_source(shipped, limits), None
        if Path(name).suffix not in _SUFFIXES and Path(name).name == name:
            raise ShapecalcError((_unknown_name(name),), exit_code=2)
    format_ = importable_format(name)
    if format_ is None:
        return read_source(name, limits), None
    from shapecalc.importers.imported import import_file  # noqa: PLC0415 - only a file of another tool needs it

    imported = import_file(format_, name, limits, partial=partial)
    return Source(name, imported.text), imported


def is_factory(name: str) -> bool:
    """Return whether an argument names a function of a Python module, and no file.

    >>> is_factory("models.net:build"), is_factory("net.yaml")
    (True, False)
    """
    return _FACTORY.fullmatch(name) is not None and not Path(name).exists()


def imported_text(path: str, limits: Limits = LIMITS, *, partial: bool = False) -> str:
    """Return a file of another tool as the text of an architecture file, which has been read once.

    Raises `ShapecalcError` SC006 (exit code 2) for any other file, else as `import_file` and `loads` do.
    """
    source, imported = _find(path, limits, partial=partial)
    if imported is None:
        message = f"`{source.name}` is an architecture file, expects a file of another tool"
        raise ShapecalcError((Diagnostic(code="SC006", message=message),), exit_code=2)
    loads_source(source, limits._replace(nodes=LARGEST))
    return source.text


def importable_format(path: str) -> str | None:
    """Return the importer of a file of another tool, None for a text of ours or a file that cannot be imported."""
    if path == "-" or Path(path).suffix in _OWN_SUFFIXES or not os.path.isfile(path):  # noqa: PTH113 - as `exists`
        return None
    with open_binary(path) as file:
        head = file.read(HEAD)
    foreign = binary_format(head)
    if foreign is None and Path(path).suffix == ".json":
        foreign = text_format(head.decode("utf-8", "replace"))
    return foreign.importer or None if foreign else None


def _unknown_name(name: str) -> Diagnostic:
    from shapecalc.diagnostics.suggestions import closest  # noqa: PLC0415 - only a mistake needs it

    near = closest(name, zoo.names())
    if is_factory(name):
        help_text = f"code is only run by `shapecalc inspect {name} --input SIZES`, which you must trust"
        message = f"`{name}` is not a file"
        return Diagnostic(code="SC001", message=message, help=help_text)
    help_text = f"write `{near}`" if near else "`shapecalc list` names what ships with shapecalc"
    message = f"`{name}` is neither a file nor an architecture that ships"
    return Diagnostic(code="SC001", message=message, help=help_text)


def _shape_findings(architecture: Architecture) -> tuple[Diagnostic, ...]:
    from shapecalc.shape_inference.engine import infer  # noqa: PLC0415 - only a mistake needs it here

    try:
        return infer(architecture)[1]
    except ShapecalcError as error:
        return error.diagnostics
