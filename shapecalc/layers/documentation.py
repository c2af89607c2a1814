"""The documentation of a layer class: its summary, its sections (Input, Output, Parameters, Costs …), its fields."""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shapecalc.layers.base import Field, fields_of

if TYPE_CHECKING:
    from shapecalc.layers import Layer

SECTION = re.compile(r"^([A-Z][a-z]+):(?: (.*))?$")


@dataclass(frozen=True, slots=True)
class Documentation:
    """A layer type as `shapecalc layers` shows it."""

    type: str
    summary: str
    sections: dict[str, str]
    fields: tuple[Field, ...]
    main: str | None


def documentation(cls: type[Layer]) -> Documentation:
    """Return the documentation in the docstring and fields of a layer class.

    >>> from shapecalc.layers.linear import Linear
    >>> documentation(Linear).sections["Output"]
    '[*, out_features]'
    """
    summary: list[str] = []
    sections: dict[str, list[str]] = {}
    lines = summary
    for line in inspect.cleandoc(cls.__doc__ or "").splitlines():
        match = SECTION.match(line)
        if match:
            lines = sections.setdefault(match[1], [])
            lines.append(match[2] or "")
        elif line.strip():
            lines.append(line.strip())
    joined = {name: " ".join(part) for name, part in sections.items() if name != "Fields"}
    return Documentation(cls.type, " ".join(summary), joined, tuple(fields_of(cls).values()), cls.main)
