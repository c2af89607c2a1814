"""`shapecalc init`: a new architecture file, and the schema with which an editor completes it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from shapecalc.cli.exit_codes import Misuse
from shapecalc.cli.options.color import Color, ColorOption

EXAMPLES = ("shapecalc init net.yaml", "shapecalc init mine.yaml --from lenet5")

SCHEMA_FILE = "shapecalc.schema.json"
MODELINE = f"# yaml-language-server: $schema=./{SCHEMA_FILE}\n"

_FIRST = """\
name: {name}
input: [N, 3, 32, 32]
layers:
  - conv: {{out_channels: 16, kernel_size: 3, padding: 1}}
  - relu
  - max_pool: 2
  - global_avg_pool
  - flatten
  - linear: 10
expect:
  output: [N, 10]
  params: 618
"""


def command(
    file: Annotated[str, typer.Argument(metavar="FILE", help="The file to create, such as net.shapecalc.yaml.")],
    from_: Annotated[
        str | None, typer.Option("--from", metavar="NAME", help="Copy an architecture that `shapecalc list` shows.")
    ] = None,
    color: ColorOption = Color.AUTO,  # noqa: ARG001 - of errors, see `guarded`
) -> None:
    """Create an architecture file with a small network.

    Its first line refers editors to the schema, which is written to the same folder if it is missing, as
    `shapecalc schema` prints it. An existing file is an error and stays unchanged.
    """
    from shapecalc.files.atomic import write_atomic
    from shapecalc.parser.schema import schema_text
    from shapecalc.render.terminal.escaping import terminal

    path, beside = Path(file), Path(file).parent / SCHEMA_FILE
    if os.path.lexists(path):
        raise Misuse(f"`init` expects a new file, receives `{terminal(file)}`, which exists")
    text = _first(path) if from_ is None else _shipped(from_)
    write_atomic(path, MODELINE + text)
    print(f"{terminal(file)} was created; `shapecalc inspect {terminal(file)}` shows its layers and costs")
    if not os.path.lexists(beside):
        write_atomic(beside, schema_text())
        print(f"{terminal(str(beside))} was created; with it an editor completes and checks the file")


def _first(path: Path) -> str:
    """Return the text of a small network with the name of its file."""
    import json
    import re

    from shapecalc.parser.scalars import resolve
    from shapecalc.render.terminal.escaping import terminal

    stem = path.name.partition(".")[0] or "net"
    # A JSON string is valid YAML, whatever the name of the file.
    plain = re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]*", stem) and isinstance(resolve(stem), str)
    return _FIRST.format(name=stem if plain else json.dumps(terminal(stem), ensure_ascii=False))


def _shipped(name: str) -> str:
    from shapecalc.diagnostics.suggestions import closest
    from shapecalc.files import zoo

    path = zoo.path(name)
    if path is None:
        near = closest(name, zoo.names())
        hint = f"; did you mean `{near}`?" if near else ""
        raise Misuse(f"`--from` expects a name that `shapecalc list` shows, receives `{name}`{hint}")
    return path.read_text(encoding="utf-8")
