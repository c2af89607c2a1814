"""The layer types as text: the list of all, and the documentation of one."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Any

from shapecalc.layers.fields import said
from shapecalc.render.terminal.escaping import shown

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shapecalc.layers.base import Field
    from shapecalc.layers.documentation import Documentation


WIDEST = 110
"""Columns of running text, however wide the terminal is."""


def overview(layers: Iterable[Documentation], width: int | None, *, unicode: bool = True) -> str:
    """Return a line per layer type: its name and its summary, cut to the width."""
    layers = tuple(layers)
    room = max(len(layer.type) for layer in layers) + 2
    lines = []
    for layer in layers:
        sentence = shown(layer.summary, unicode=unicode)
        if width is not None:
            sentence = textwrap.shorten(sentence, max(width - room, 10), placeholder=" …" if unicode else " ...")
        lines.append(f"{layer.type:<{room}}{sentence}")
    return "\n".join([*lines, "", "shapecalc layers TYPE: one in full"])


def full(layer: Documentation, width: int | None, *, unicode: bool = True) -> str:
    """Return the documentation of a layer type: summary, fields, shape rule, parameters, costs, source."""
    width = min(width or WIDEST, WIDEST)
    parts = [layer.type, *textwrap.wrap(layer.summary, width), ""]
    if layer.fields:
        parts += ["Fields", *_fields(layer, width), ""]
    for name, text in layer.sections.items():
        parts += textwrap.wrap(f"{name + ':':<12}{text}", width, subsequent_indent=" " * 12)
    parts += ["", f"In a file:  {_example(layer)}"]
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


def _fields(layer: Documentation, width: int) -> list[str]:
    room = max(len(field.name) for field in layer.fields) + 4
    lines = []
    for field in layer.fields:
        default = "required" if field.required else f"default {default_of(field)}"
        first, indent = f"  {field.name:<{room - 2}}", " " * room
        lines += textwrap.wrap(f"{first}{field.kind.describe()}; {default}", width, subsequent_indent=indent)
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
