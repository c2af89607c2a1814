"""`shapecalc layers`: the layer types, or the documentation of one."""

from __future__ import annotations

from typing import Annotated

import typer

from shapecalc.cli.exit_codes import Misuse
from shapecalc.cli.options.color import Color, ColorOption
from shapecalc.cli.options.formats import Format, OutputOption, TextOrJsonOption, target_of

EXAMPLES = ("shapecalc layers", "shapecalc layers conv")


def command(
    type_: Annotated[str | None, typer.Argument(metavar="[TYPE]", help="A layer type, such as conv.")] = None,
    format_: TextOrJsonOption = None,
    output: OutputOption = None,
    color: ColorOption = Color.AUTO,
) -> None:
    """List the layer types, or show the documentation of one.

    The documentation has its fields, shape rule, parameters and costs.
    """
    from shapecalc.layers import layer_type, layer_types
    from shapecalc.layers.documentation import documentation
    from shapecalc.render import layers

    target = target_of(format_, output, color)
    width, unicode = target.manner["width"], target.manner["unicode"]
    cls = None if type_ is None else layer_type(type_)
    if type_ is not None and cls is None:
        from shapecalc.parser.did_you_mean import nearest_layer

        likely = nearest_layer(type_)
        hint = "`shapecalc layers` lists every type"
        if likely is not None and (likely.word or likely.note):
            hint = likely.note or f"did you mean `{likely.word}`?"
        raise Misuse(f"no layer type `{type_}`; {hint}")
    chosen = [documentation(each) for each in (layer_types().values() if cls is None else (cls,))]
    if target.format is Format.JSON:
        from shapecalc.render import json

        target.write(json.document(layers.document(chosen), unicode=unicode))
    elif cls is None:
        target.write(layers.overview(chosen, width, unicode=unicode))
    else:
        target.write(layers.full(chosen[0], width, unicode=unicode))
