"""`shapecalc schema`: the format as JSON Schema, for editors."""

from __future__ import annotations

from typing import Annotated

import typer

EXAMPLES = ("shapecalc schema", "shapecalc schema --output shapecalc.schema.json")


def command(
    output: Annotated[
        str | None, typer.Option("--output", metavar="FILE", help="Write to a file, completely or not at all.")
    ] = None,
) -> None:
    """Print the JSON Schema of architecture files.

    With it (draft-07), an editor with a YAML language server completes and explains a file whose first line is
    `# yaml-language-server: $schema=./shapecalc.schema.json`; `shapecalc init` writes both.
    """
    from shapecalc.parser.schema import schema_text

    text = schema_text()
    if output is None:
        print(text, end="")
    else:
        from shapecalc.files.atomic import write_atomic

        write_atomic(output, text)
