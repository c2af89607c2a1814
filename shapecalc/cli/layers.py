"""`shapecalc layers`: the layer types, or the documentation of some."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Annotated

import typer

from shapecalc.cli.exit_codes import Misuse
from shapecalc.cli.options.color import Color, ColorOption
from shapecalc.cli.options.formats import Format, OutputOption, TextOrJsonOption, target_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.layers.documentation import Documentation

EXAMPLES = ("shapecalc layers conv relu", "shapecalc layers norm")


def command(
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="[TYPE|WORD...]", help="Layer types, such as conv, or words to search, such as norm."),
    ] = None,
    format_: TextOrJsonOption = None,
    output: OutputOption = None,
    color: ColorOption = Color.AUTO,
) -> None:
    """List the layer types, or show the documentation of some.

    The documentation of a type has its fields, shape rule, parameters and costs. A word that is not a type lists the
    types with it in their name or summary.
    """
    from shapecalc.layers import layer_type, layer_types
    from shapecalc.layers.documentation import documentation
    from shapecalc.render import layers

    target = target_of(format_, output, color)
    every = tuple(map(documentation, layer_types().values()))
    classes = {word: layer_type(word) for word in words or ()}
    by_word = {word: _matching(word) if cls is None else (documentation(cls),) for word, cls in classes.items()}
    if target.format is Format.JSON:
        from shapecalc.render import json

        chosen = tuple({layer.type: layer for layer in chain(*by_word.values())}.values()) if by_word else every
        target.write(json.document(layers.document(chosen), unicode=target.manner["unicode"]))
        return
    parts = [
        layers.overview(chosen, **target.manner) if classes[word] is None else layers.full(chosen[0], **target.manner)
        for word, chosen in by_word.items()
    ]
    target.write("\n\n".join(parts) if parts else layers.overview(every, **target.manner))


def _matching(word: str) -> tuple[Documentation, ...]:
    """Return the layer types whose name or summary contains a word; raise a usage error if there is none.

    The name of a layer in another tool is an error too, which names the type here.
    """
    from shapecalc.parser.did_you_mean import nearest_layer

    matching = tuple(_containing(word.lower()))
    if any(word.lower() in layer.type for layer in matching):
        return matching
    likely = nearest_layer(word)
    if likely is not None and (likely.word or likely.note):
        raise Misuse(f"no layer type `{word}`; {likely.note or f'did you mean `{likely.word}`?'}")
    if not matching:
        raise Misuse(f"no layer type `{word}`; `shapecalc layers` lists every type")
    return matching


def _containing(word: str) -> Iterator[Documentation]:
    from shapecalc.layers import layer_types
    from shapecalc.layers.documentation import documentation

    for layer in map(documentation, layer_types().values()):
        if word and (word in layer.type or word in layer.summary.lower()):
            yield layer
