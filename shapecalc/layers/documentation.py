"""The documentation of a layer class: its summary, its sections (Input, Output, Parameters, Costs …), its fields."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, overload

from shapecalc.diagnostics import misuse
from shapecalc.diagnostics.presentation import Presented
from shapecalc.diagnostics.suggestions import closest, fold
from shapecalc.layers import layer_type as find, layer_types
from shapecalc.layers.base import Field, fields_of
from shapecalc.layers.foreign_names import foreign_types

if TYPE_CHECKING:
    from shapecalc.layers import Layer

SECTION = re.compile(r"^([A-Z][a-z]+):(?: (.*))?$")


@dataclass(frozen=True, slots=True)
class Documentation(Presented):
    """A layer type as `shapecalc layers` shows it."""

    type: str
    summary: str
    sections: dict[str, str]
    fields: tuple[Field, ...]
    main: str | None

    def __repr__(self) -> str:
        """Return the type and the summary."""
        return f"<Documentation of {self.type}: {self.summary}>"


def documentation(cls: type[Layer]) -> Documentation:
    """Return the documentation in the docstring and fields of a layer class.

    >>> from shapecalc.layers.linear import Linear
    >>> documentation(Linear).sections["Output"]
    '[*, out_features]'
    """
    summary: list[str] = []
    sections: dict[str, list[str]] = {}
    lines = summary
    text, _, _ = inspect.cleandoc(cls.__doc__ or "").partition("\n>>> ")
    for line in text.splitlines():
        match = SECTION.match(line)
        if match:
            lines = sections.setdefault(match[1], [])
            lines.append(match[2] or "")
        elif line.strip():
            lines.append(line.strip())
    joined = {name: " ".join(part) for name, part in sections.items() if name != "Fields"}
    return Documentation(cls.type, " ".join(summary), joined, tuple(fields_of(cls).values()), cls.main)


class LayerTypes(Presented, Mapping[str, Documentation]):
    """The documentation of every layer type, by the type."""

    def __init__(self) -> None:
        self._types = {name: documentation(cls) for name, cls in layer_types().items()}

    def __repr__(self) -> str:
        """Return the types."""
        return f"<{len(self)} layer types: {', '.join(self)}>"

    def __getitem__(self, type_: str) -> Documentation:
        return self._types[type_]

    def __iter__(self) -> Iterator[str]:
        return iter(self._types)

    def __len__(self) -> int:
        return len(self._types)


@overload
def layers(layer_type: None = None) -> LayerTypes: ...


@overload
def layers(layer_type: str) -> Documentation: ...


def layers(layer_type: str | None = None) -> LayerTypes | Documentation:
    """Return the documentation of a layer type, or of all types by their names.

    It has the fields, the shapes of input and output, parameters, costs and the source.
    Raises `ShapecalcError` SC101 if there is no such type.

    >>> layers("linear").sections["Output"]
    '[*, out_features]'
    >>> "conv" in layers()
    True
    """
    if layer_type is None:
        return LayerTypes()
    cls = find(layer_type)
    if cls is not None:
        return documentation(cls)
    meaning = foreign_types().get(fold(layer_type))
    likely = meaning.word if meaning else closest(layer_type, tuple(layer_types()))
    help_text = f"write `{likely}`" if likely else "`shapecalc.layers()` has every type"
    raise misuse("SC101", f"there is no layer type `{layer_type}`", help_text)
