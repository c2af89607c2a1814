"""`--format` and `--output`: how a result is written, and where."""

from __future__ import annotations

import errno
import os
import sys
from contextlib import contextmanager
from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from shapecalc.cli.exit_codes import FINDINGS, Misuse
from shapecalc.cli.options.terminal import Manner, stdout_manner

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from shapecalc.cli.options.color import Color
    from shapecalc.render.tables.model import Document, Table


class Format(Enum):
    """The values of `--format`; a command takes some of them."""

    TEXT = "text"
    JSON = "json"
    CSV = "csv"
    MARKDOWN = "markdown"
    LATEX = "latex"
    JSONL = "jsonl"
    COLUMNS = "columns"
    GITHUB = "github"
    GITLAB = "gitlab"
    SARIF = "sarif"
    JUNIT = "junit"


TABULAR = (Format.TEXT, Format.JSON, Format.CSV, Format.MARKDOWN, Format.LATEX)
"""The formats of a result with a table."""
TEXT_OR_JSON = (Format.TEXT, Format.JSON)

OLD_WORDS = {"table": "text"}
"""Older spellings of formats, which are still read."""

ENDINGS = {
    ".txt": Format.TEXT,
    ".log": Format.TEXT,
    ".json": Format.JSON,
    ".csv": Format.CSV,
    ".md": Format.MARKDOWN,
    ".tex": Format.LATEX,
    ".jsonl": Format.JSONL,
    ".sarif": Format.SARIF,
    ".xml": Format.JUNIT,
}
"""The format of a file by the ending of its name."""


def output_option() -> Any:
    """Return the option `--output`."""
    return typer.Option(
        "--output",
        metavar="FILE",
        help="Write the result to a file, completely or not at all; the ending of its name chooses the format, unless "
        "--format says another.",
    )


OutputOption = Annotated[str | None, output_option()]


def format_option(*formats: Format) -> Any:
    """Return the option `--format` of a command that writes these formats."""
    words = [format_.value for format_ in formats]

    def parse(text: str) -> str:
        word = text.strip().lower()
        word = OLD_WORDS.get(word, word)
        if word not in words:
            from shapecalc.diagnostics.suggestions import closest

            near = closest(word, words)
            hint = f"; did you mean `{near}`?" if near else ""
            raise Misuse(f"`--format` expects {any_of(words)}, receives `{text}`{hint}")
        return word

    return typer.Option(
        "--format",
        metavar="|".join(words),
        parser=parse,
        autocompletion=lambda incomplete: [word for word in words if word.startswith(incomplete)],
        help="Format of the result; default: that of the file of --output, else text.",
    )


TextOrJsonOption = Annotated[Format | None, format_option(*TEXT_OR_JSON)]


class Target(NamedTuple):
    """Where a result goes, and in which format."""

    format: Format
    path: str | None
    """The file; None is standard output."""
    color: Color

    @property
    def manner(self) -> Manner:
        """The width, the colours and the characters that text has there."""
        return file_manner(self.color) if self.path is not None else stdout_manner(self.color)

    def write(self, text: str) -> None:
        """Write a whole result, with a line break after it."""
        if self.path is None:
            print(text)
            return
        from shapecalc.files.atomic import write_atomic

        write_atomic(self.path, text + "\n")

    @contextmanager
    def stream(self) -> Iterator[Callable[[str], object]]:
        """Open the target for a result that is written in parts, by the function that the context has."""
        if self.path is None:
            yield sys.stdout.write
            return
        from shapecalc.files.atomic import open_atomic

        with open_atomic(self.path) as file:
            yield lambda text: file.write(text.encode("utf-8", "backslashreplace"))


def target_of(
    format_: Format | None,
    output: str | None,
    color: Color,
    formats: Iterable[Format] = TEXT_OR_JSON,
    endings: Mapping[str, Format] = ENDINGS,
) -> Target:
    """Return the target that `--format` and `--output` choose from the formats of a command.

    Raises a usage error if the file's ending names none of them, `OSError` if its folder does not exist.
    """
    if output is None:
        return Target(format_ or Format.TEXT, None, color)
    chosen = format_ or format_of(output, formats, endings)
    folder = os.path.dirname(output)  # noqa: PTH120 - a name may be one that no Path can be
    if folder and not os.path.isdir(folder):  # noqa: PTH112
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), output)
    return Target(chosen, output, color)


def format_of(
    name: str,
    formats: Iterable[Format],
    endings: Mapping[str, Format] = ENDINGS,
    otherwise: Format | None = None,
) -> Format:
    """Return the format of a file by the ending of its name: text if it has no ending.

    For an ending of no format at all it is `otherwise`; raises a usage error if that is None, or for the ending of a
    format that is not one of these.

    >>> format_of("costs.csv", Format), format_of("/dev/stdout", Format)
    (<Format.CSV: 'csv'>, <Format.TEXT: 'text'>)
    """
    ending = os.path.splitext(name)[1].lower()  # noqa: PTH122
    if not ending:
        return Format.TEXT
    known = {known: format_ for known, format_ in endings.items() if format_ in tuple(formats)}
    if ending not in known:
        if otherwise is not None and ending not in endings:
            return otherwise
        raise Misuse(
            f"`--output` expects a name that ends in {any_of(known)}, receives `{name}`; `--format` chooses the format "
            "of a file with another ending"
        )
    return known[ending]


def written(target: Target, writers: Mapping[Format, Callable[..., Any]], *, formulas: bool = False) -> str:
    """Return a result as the writer of the target's format gives it.

    The writer of text is called with `width`, `color` and `unicode`, that of JSON returns the values of the document,
    and the others return text. With `formulas`, the signs of formulas are spelled out in JSON too if the output takes
    only ASCII.
    """
    writer = writers[target.format]
    if target.format is Format.TEXT:
        return str(writer(**target.manner))
    if target.format is not Format.JSON:
        return str(writer())
    from shapecalc.render import json

    unicode = target.manner["unicode"]
    document = json.document(writer(), unicode=unicode or formulas)
    if not formulas or unicode:
        return document
    from shapecalc.render.derivation import in_ascii

    return in_ascii(document)


def writers_of(
    result: Callable[[], Document],
    values: Callable[[], dict[str, Any]],
    *,
    listing: Callable[[], Table] | None = None,
) -> dict[Format, Callable[..., Any]]:
    """Return the writers of a result with a table; `listing` returns the table for CSV, by default the main one."""

    def text(**manner: Any) -> str:
        from shapecalc.render.tables.text import document
        from shapecalc.render.terminal.grid import Page

        return document(result(), Page(**manner))

    def csv() -> str:
        from shapecalc.render.tables.csv import table

        return table(result().main if listing is None else listing())

    def markdown() -> str:
        from shapecalc.render.tables.markdown import document

        return document(result())

    def latex() -> str:
        from shapecalc.render.tables.latex import table

        return table(result().main)

    return {Format.TEXT: text, Format.JSON: values, Format.CSV: csv, Format.MARKDOWN: markdown, Format.LATEX: latex}


def show(
    target: Target, writers: Mapping[Format, Callable[..., Any]], *, formulas: bool = False, ok: bool = True
) -> None:
    """Write a result by the writer of its format, as `written` calls it; exit with 1 unless `ok`."""
    target.write(written(target, writers, formulas=formulas))
    if not ok:
        raise typer.Exit(FINDINGS)


def file_manner(color: Color) -> Manner:
    """Return the settings of text for a file: no width, no colour unless `always`, every character.

    >>> from shapecalc.cli.options.color import Color
    >>> file_manner(Color.AUTO)
    {'width': None, 'color': False, 'unicode': True}
    """
    return Manner(width=None, color=color.value == "always", unicode=True)


def any_of(words: Iterable[str]) -> str:
    """Return words as a list for a sentence.

    >>> any_of(["text"]), any_of(["text", "json", "csv"])
    ('text', 'text, json or csv')
    """
    *others, last = words
    return f"{', '.join(others)} or {last}" if others else last
