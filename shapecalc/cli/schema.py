"""`shapecalc schema`: the format as JSON Schema, for editors."""

from __future__ import annotations

from shapecalc.cli.options.color import Color, ColorOption
from shapecalc.cli.options.formats import OutputOption  # noqa: TC001 - typer reads the annotation

EXAMPLES = ("shapecalc schema", "shapecalc schema --output shapecalc.schema.json")


def command(
    output: OutputOption = None,
    color: ColorOption = Color.AUTO,  # noqa: ARG001 - of errors, see `guarded`
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
