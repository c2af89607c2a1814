"""`shapecalc layers`: every layer type, or one in full."""

from __future__ import annotations

import shutil
import sys
from typing import Annotated

import typer


def command(
    type_: Annotated[str | None, typer.Argument(metavar="[TYPE]", help="A layer type, such as conv.")] = None,
) -> None:
    """Show every layer type, or one type's fields, shape rule, parameters and costs."""
    from shapecalc.layers import layer_type, layer_types
    from shapecalc.layers.documentation import documentation
    from shapecalc.render import layers

    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else 110
    if type_ is None:
        print(layers.overview(map(documentation, layer_types().values()), width))
        return
    cls = layer_type(type_)
    if cls is None:
        from shapecalc.parser.grammar import closest_layer

        near = closest_layer(type_)
        hint = f"did you mean `{near}`?" if near else "`shapecalc layers` lists every type"
        raise typer.BadParameter(f"no layer type `{type_}`; {hint}", param_hint="TYPE")
    print(layers.full(documentation(cls), width))
