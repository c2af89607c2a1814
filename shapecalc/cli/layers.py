"""`shapecalc layers`: the layer types, or the documentation of one."""

from __future__ import annotations

from typing import Annotated

import typer

from shapecalc.cli.exit_codes import Misuse
from shapecalc.cli.options.color import Color
from shapecalc.cli.options.terminal import stdout_manner

EXAMPLES = ("shapecalc layers", "shapecalc layers conv")


def command(
    type_: Annotated[str | None, typer.Argument(metavar="[TYPE]", help="A layer type, such as conv.")] = None,
) -> None:
    """List the layer types, or show the documentation of one.

    The documentation has its fields, shape rule, parameters and costs.
    """
    from shapecalc.layers import layer_type, layer_types
    from shapecalc.layers.documentation import documentation
    from shapecalc.render import layers

    manner = stdout_manner(Color.NEVER)
    width, unicode = manner["width"], manner["unicode"]
    if type_ is None:
        print(layers.overview(map(documentation, layer_types().values()), width, unicode=unicode))
        return
    cls = layer_type(type_)
    if cls is None:
        from shapecalc.parser.did_you_mean import nearest_layer

        likely = nearest_layer(type_)
        hint = "`shapecalc layers` lists every type"
        if likely is not None and (likely.word or likely.note):
            hint = likely.note or f"did you mean `{likely.word}`?"
        raise Misuse(f"no layer type `{type_}`; {hint}")
    print(layers.full(documentation(cls), width, unicode=unicode))
