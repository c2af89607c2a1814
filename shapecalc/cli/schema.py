"""`shapecalc schema`: the format as JSON Schema, for editors."""

from __future__ import annotations

from typing import Annotated

import typer


def command(
    output: Annotated[
        str | None, typer.Option("--output", metavar="FILE", help="Write to a file, whole or not at all.")
    ] = None,
) -> None:
    """Print the JSON Schema (draft-07) of architecture files, by which an editor completes and explains them.

    An editor with a YAML language server finds it by a first line such as
    `# yaml-language-server: $schema=./shapecalc.schema.json`; `shapecalc init` writes both.
    """
    from shapecalc.parser.schema import schema_text

    text = schema_text()
    if output is None:
        print(text, end="")
    else:
        from shapecalc.files.atomic import write_atomic

        write_atomic(output, text)
