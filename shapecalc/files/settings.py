"""Values for symbols and parameters that apply to several files: each file takes those that it has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.diagnostics import misuse
from shapecalc.files.load import loads_source
from shapecalc.shape_inference.report import BATCH_SYMBOLS, batch_symbol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from shapecalc.architecture import Architecture
    from shapecalc.diagnostics import Source
    from shapecalc.diagnostics.limits import Limits


class Settings(NamedTuple):
    """Values by name, and the size of the batch whatever a file calls it."""

    values: Mapping[str, Any]
    batch: int | None = None

    def unused(self, used: set[str]) -> list[str]:
        """Return the names that no file has, `batch` for a batch that no file has; `used` are those of all files."""
        batch = [] if self.batch is None or "batch" in used else ["batch"]
        return [*(name for name in self.values if name not in used), *batch]

    def replaced_by(self, others: Settings) -> Settings:
        """Return these values replaced by others; a batch that others set by its symbol is not set twice.

        >>> Settings({"H": 7}, batch=8).replaced_by(Settings({"N": 2}))
        Settings(values={'H': 7, 'N': 2}, batch=None)
        """
        named = any(name in others.values for name in BATCH_SYMBOLS)
        return Settings({**self.values, **others.values}, others.batch or (None if named else self.batch))

    def applies_to(self, architecture: Architecture) -> bool:
        """Return whether an architecture has a parameter, a symbol or a batch that is set."""
        known = {*architecture.parameters, *architecture.symbols}
        return not known.isdisjoint(self.values) or (self.batch is not None and batch_symbol(architecture) is not None)


NOTHING_SET = Settings({})


_NO_NAMES: frozenset[str] = frozenset()


class SetArchitecture(NamedTuple):
    """An architecture with the values that apply to it: its parameters have them, `sizes` are those of symbols."""

    architecture: Architecture
    sizes: Mapping[str, int]
    used: Mapping[str, Any]
    """The values of parameters and symbols by name."""
    names: frozenset[str]
    """The names that it has of those that were given, with `batch` if it has a batch and one was given."""


def load_with(
    source: Source, settings: Settings, limits: Limits, folder: Path | None, *, unused: bool = False
) -> SetArchitecture:
    """Return the architecture of a source with the settings that are its parameters or symbols; others are ignored.

    `unused` as in `parse`.
    Raises `ShapecalcError` for mistakes in the source, SC201 (exit code 2) for a size that is not an integer.
    """
    architecture = loads_source(source, limits, folder, settings.values, unused=unused)
    used = {
        name: value
        for name, value in settings.values.items()
        if name in architecture.parameters or name in architecture.symbols
    }
    sizes = {name: value for name, value in used.items() if name not in architecture.parameters}
    for name, value in sizes.items():
        if type(value) is not int:
            raise misuse("SC201", f"`{name}` expects an integer, receives `{value}`")
    names = frozenset(used) if used else _NO_NAMES  # one object for the results of all files
    symbol = batch_symbol(architecture) if settings.batch is not None else None
    if symbol is not None and settings.batch is not None:
        used[symbol] = sizes[symbol] = settings.batch
        names |= {"batch"}
    return SetArchitecture(architecture, sizes, used, names)
