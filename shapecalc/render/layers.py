"""Layer types as text: the list of all, and one in full."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from shapecalc.layers.fields import said

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shapecalc.layers.base import Field
    from shapecalc.layers.documentation import Documentation


def overview(layers: Iterable[Documentation], width: int) -> str:
    """Return a line per layer type: its word, and the sentence that says what it is, cut to the width."""
    found = tuple(layers)
    room = max(len(layer.word) for layer in found) + 2
    return "\n".join(
        f"{layer.word:<{room}}{textwrap.shorten(layer.summary, max(width - room, 20), placeholder=' …')}"
        for layer in found
    )


def full(layer: Documentation, width: int) -> str:
    """Return all that a layer's class says: sentence, fields, shape rule, parameters, costs, source."""
    width = min(width, 110)
    parts = [layer.word, *textwrap.wrap(layer.summary, width), ""]
    if layer.fields:
        parts += ["Fields", *_fields(layer, width), ""]
    for name, text in layer.sections.items():
        parts += textwrap.wrap(f"{name + ':':<12}{text}", width, subsequent_indent=" " * 12)
    parts += ["", f"In a file:  {_example(layer)}"]
    return "\n".join(parts)


def _fields(layer: Documentation, width: int) -> list[str]:
    room = max(len(field.name) for field in layer.fields) + 4
    lines = []
    for field in layer.fields:
        default = "required" if field.required else f"default {_default(field)}"
        lines += textwrap.wrap(
            f"  {field.name:<{room - 2}}{field.kind.describe()}; {default}", width, subsequent_indent=" " * room
        )
    if layer.main is not None:
        lines.append(f"  a lone value is `{layer.main}`")
    return lines


def _default(field: Field) -> str:
    if field.default is None:
        return "none: it follows from the rest"
    return str(field.default) if isinstance(field.default, str) else said(field.default).strip("`")


def _example(layer: Documentation) -> str:
    required = [field.name for field in layer.fields if field.required]
    if required == [layer.main]:
        return f"- {layer.word}: …"
    return f"- {layer.word}: {{{', '.join(f'{name}: …' for name in required)}}}" if required else f"- {layer.word}"
