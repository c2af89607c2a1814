"""The layer types as text: the list of all, and the documentation of one."""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING, Any

from shapecalc.layers.refusals import said
from shapecalc.render.terminal.escaping import shown
from shapecalc.render.terminal.palette import NAME, bold, painted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shapecalc.layers.base import Field
    from shapecalc.layers.documentation import Documentation


WIDEST = 110
"""Columns of running text, however wide the terminal is."""


_ROOM = 22
"""Columns of the names; the summary of a longer one begins on the next line."""


def overview(
    layers: Iterable[Documentation], width: int | None = None, *, color: bool = False, unicode: bool = True
) -> str:
    """Return the name of each layer type and the first sentence of its summary, wrapped under its column."""
    lines = []
    for layer in layers:
        name = painted(layer.type, NAME, color=color)
        sentence = shown(re.split(r"(?<=\.) (?=[A-Z`])", layer.summary)[0], unicode=unicode)
        wrapped = textwrap.wrap(sentence, max(width - _ROOM, 10)) if width is not None else [sentence]
        if len(layer.type) > _ROOM - 2:
            lines.append(name)
        else:
            lines.append(name + " " * (_ROOM - len(layer.type)) + wrapped.pop(0))
        lines += [" " * _ROOM + line for line in wrapped]
    more = ("shapecalc layers TYPE: one in full", "shapecalc layers WORD: with a word")
    return "\n".join([*lines, "", *more])


def full(layer: Documentation, width: int | None = None, *, color: bool = False, unicode: bool = True) -> str:
    """Return the documentation of a layer type: summary, fields, shape rule, parameters, costs, source."""
    width = min(width or WIDEST, WIDEST)
    parts = [bold(layer.type, color=color), *textwrap.wrap(layer.summary, width), ""]
    if layer.fields:
        parts += [bold("Fields", color=color), *_fields(layer, width, color=color), ""]
    for name, text in layer.sections.items():
        first, *rest = textwrap.wrap(f"{name + ':':<12}{text}", width, subsequent_indent=" " * 12)
        parts += [first.replace(name, bold(name, color=color), 1), *rest]
    parts += ["", f"{bold('In a file', color=color)}:  {_example(layer)}"]
    return shown("\n".join(parts), unicode=unicode)


def document(layers: Iterable[Documentation]) -> dict[str, Any]:
    """Return the documentation of layer types with each of their fields."""
    return {
        "layers": [
            {
                "type": layer.type,
                "summary": layer.summary,
                "sections": layer.sections,
                "main": layer.main,
                "fields": [
                    {
                        "name": field.name,
                        "values": field.kind.describe(),
                        "required": field.required,
                        "default": None if field.required else default_of(field),
                        "description": field.description,
                    }
                    for field in layer.fields
                ],
            }
            for layer in layers
        ]
    }


def _fields(layer: Documentation, width: int, *, color: bool) -> list[str]:
    room = max(len(field.name) for field in layer.fields) + 4
    lines = []
    for field in layer.fields:
        default = "required" if field.required else f"default {default_of(field)}"
        first, indent = f"  {field.name:<{room - 2}}", " " * room
        kind, *rest = textwrap.wrap(f"{first}{field.kind.describe()}; {default}", width, subsequent_indent=indent)
        lines += [kind.replace(field.name, painted(field.name, NAME, color=color), 1), *rest]
        lines += textwrap.wrap(field.description, width, initial_indent=indent, subsequent_indent=indent)
    if layer.main is not None:
        lines.append(f"  a single value is `{layer.main}`")
    return lines


def default_of(field: Field) -> str:
    """Return the text of a field's default."""
    if field.default is None:
        return "none"
    return str(field.default) if isinstance(field.default, str) else said(field.default).strip("`")


def _example(layer: Documentation) -> str:
    required = [field.name for field in layer.fields if field.required]
    if required == [layer.main]:
        return f"- {layer.type}: …"
    return f"- {layer.type}: {{{', '.join(f'{name}: …' for name in required)}}}" if required else f"- {layer.type}"
