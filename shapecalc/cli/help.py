"""`shapecalc help`: the help of a command."""

from __future__ import annotations

from typing import Annotated, Any

import typer

EXAMPLES = ("shapecalc help", "shapecalc help conv")


def command(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(metavar="[COMMAND]", help="A command, such as inspect.")] = None,
) -> None:
    """Show the help of a command.

    The same as `shapecalc COMMAND --help`; without a command, the list of all.
    """
    parent: Any = context.parent
    if name is None:
        print(parent.get_help())
        return
    _, command, _ = parent.command.resolve_command(parent, [name])
    print(command.get_help(typer.Context(command, info_name=name, parent=parent)))
