"""`--format` of commands that write text or a table for people and JSON for programs."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any, assert_never

import typer

from shapecalc.cli.options.terminal import stdout_manner

if TYPE_CHECKING:
    from collections.abc import Callable

    from shapecalc.cli.options.color import Color


class TextFormat(Enum):
    """The values of `--format` of commands that write text."""

    TEXT = "text"
    JSON = "json"


class TableFormat(Enum):
    """The values of `--format` of commands that write a table."""

    TABLE = "table"
    JSON = "json"


TextFormatOption = Annotated[TextFormat, typer.Option("--format", help="Format of the result.")]
TableFormatOption = Annotated[TableFormat, typer.Option("--format", help="Format of the result.")]


def show(
    format_: TextFormat | TableFormat,
    color: Color,
    text: Callable[..., str],
    values: Callable[[], dict[str, Any]],
    *,
    formulas: bool = False,
    ok: bool = True,
) -> None:
    """Print a result as `text(width=…, color=…, unicode=…)` or as JSON of `values()`; exit with 1 unless `ok`.

    With `formulas`, the signs of formulas are spelled out in JSON too if the output takes only ASCII.
    """
    manner = stdout_manner(color)
    match format_:
        case TextFormat.TEXT | TableFormat.TABLE:
            print(text(**manner))
        case TextFormat.JSON | TableFormat.JSON:
            from shapecalc.render import json
            from shapecalc.render.derivation import in_ascii

            unicode = manner["unicode"]
            document = json.document(values(), unicode=unicode or formulas)
            print(in_ascii(document) if formulas and not unicode else document)
        case _:
            assert_never(format_)
    if not ok:
        raise typer.Exit(1)
