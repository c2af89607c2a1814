"""Write the reference pages that follow from the code: `python docs/generate.py`."""

from __future__ import annotations

import re
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from shapecalc.cli import COMMANDS, app
from shapecalc.cli.groups import GROUPS
from shapecalc.diagnostics.rules import rules
from shapecalc.layers import layer_types
from shapecalc.layers.documentation import documentation
from shapecalc.parser.fields import example
from shapecalc.render.layers import default_of
from shapecalc.render.rule import diagnostics_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from shapecalc.diagnostics.rules import Rule
    from shapecalc.layers.documentation import Documentation

FOLDER = Path(__file__).parent / "reference"
NOTE = "<!-- Written by docs/generate.py from the code: change it there. -->"
FAMILIES_OF_CODES = {
    "0": "Reading the file",
    "1": "Names and structure",
    "2": "Values of fields",
    "3": "Shapes and sizes",
    "4": "Warnings",
    "5": "Expectations and the lock file",
    "6": "Verification",
    "7": "Running a network",
    "8": "Sweeps",
}


def pages() -> dict[Path, str]:
    """Return the text of each generated page."""
    parts = {"layers": layers(), "commands": commands(), "diagnostics": diagnostics()}
    return {FOLDER / f"{name}.md": "\n\n".join((NOTE, *part)) + "\n" for name, part in parts.items()}


def layers() -> Iterator[str]:
    """Yield the paragraphs of the page of layer types, by family."""
    yield "# Layers"
    yield (
        "Every layer type, grouped by the file that defines it. Field names are those of PyTorch's constructors. "
        "`shapecalc layers TYPE` prints one of these entries."
    )
    for module, classes in groupby(layer_types().values(), lambda cls: cls.__module__):
        yield f"## {module.rpartition('.')[2].capitalize()}"
        for cls in classes:
            yield from _layer(documentation(cls))
            yield f"```yaml\n- {example(cls)}\n```"


def _layer(layer: Documentation) -> Iterator[str]:
    yield f"### `{layer.type}`"
    yield escaped(layer.summary)
    if layer.fields:
        rows = [
            (
                f"`{field.name}`" + (" (main field)" if field.name == layer.main else ""),
                escaped(field.kind.describe()),
                "required" if field.required else escaped(default_of(field)),
                escaped(field.description),
            )
            for field in layer.fields
        ]
        yield table(("field", "value", "default", "meaning"), rows)
    yield "\n".join(f"- **{name}:** {escaped(text)}" for name, text in layer.sections.items())


def commands() -> Iterator[str]:
    """Yield the paragraphs of the page of commands."""
    yield "# Commands"
    yield (
        "`shapecalc help COMMAND` prints the same. Exit codes: 0 success, 1 findings or a failed proof, 2 wrong "
        "usage or an unreadable file, 130 after Ctrl-C, 141 if the reader of the output has closed it."
    )
    group: Any = typer.main.get_command(app)
    with group.make_context("shapecalc", [COMMANDS[0]]) as parent:
        for title, names in GROUPS.items():
            yield f"## {title}"
            for name in names:
                yield from _command(group.get_command(parent, name), name, parent)


def _command(command: Any, name: str, parent: typer.Context) -> Iterator[str]:
    context = typer.Context(command, info_name=name, parent=parent)
    yield f"### `{name}`"
    yield f"```text\n{command.get_usage(context).removeprefix('Usage: ')}\n```"
    yield from (escaped(" ".join(part.split())) for part in command.help.split("\n\n"))
    records = [*filter(None, (parameter.get_help_record(context) for parameter in command.params))]
    if records:
        yield "\n".join(f"- `{options}`: {escaped(' '.join(text.split()))}" for options, text in records)
    yield f"```sh\n{command.epilog}\n```"


def diagnostics() -> Iterator[str]:
    """Yield the paragraphs of the page of diagnostics, by the first digit of their codes."""
    yield "# Diagnostics"
    yield (
        "Every diagnostic has a code. `shapecalc rule CODE` prints one of these entries, `shapecalc rule` the list. "
        "Codes that begin with SC4 are warnings, the others are errors."
    )
    for digit, group in groupby(rules(), lambda rule: rule.code[2]):
        yield f"## {FAMILIES_OF_CODES[digit]}"
        for rule in group:
            yield from _rule(rule)


def _rule(rule: Rule) -> Iterator[str]:
    yield f"### {rule.code}: {rule.title}"
    yield rule.text
    language = "yaml" if rule.language == "yaml" else "text"
    yield f'```{language} title="Broken"\n{rule.broken}\n```'
    if rule.language == "yaml":
        yield f"```text\n{diagnostics_text(rule)}\n```"
    yield f'```{language} title="Fixed"\n{rule.mended}\n```'


def table(heading: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """Return a Markdown table."""
    return "\n".join(f"| {' | '.join(line)} |" for line in (heading, ("---",) * len(heading), *rows))


def escaped(text: str) -> str:
    """Return Markdown that shows a text as it is, with its code spans as code."""
    spans = re.split("(`[^`]*`)", text)
    return "".join(span if span.startswith("`") else re.sub(r"([\\*\[\]])", r"\\\1", span) for span in spans)


if __name__ == "__main__":
    for path, text in pages().items():
        path.write_text(text, encoding="utf-8")
