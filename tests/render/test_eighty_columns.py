"""A terminal of 80 columns: every row of every table is one line, and no shape or number is broken."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from shapecalc.files import zoo
from shapecalc.files.load import load
from shapecalc.render.inspect.columns import DEFAULT_COLUMNS, PRESETS, column
from shapecalc.render.inspect.table import inspection
from shapecalc.render.tables import text as tables_text
from shapecalc.render.tables.model import Table
from shapecalc.render.terminal.grid import Page, display_width
from shapecalc.shape_inference.engine import inspect

if TYPE_CHECKING:
    from shapecalc.render.tables.model import Document

ESCAPES = re.compile("\x1b\\[[0-9;]*m")
WIDTH = 80


def is_closed(table: Table) -> bool:
    """Return whether a value of a table is a closed form, the only texts that wrap."""
    return any(getattr(value, "is_closed_form", False) for row in table.rows for value in row.values)


def check_lines(text: str, width: int = WIDTH) -> None:
    """Check that no line is wider, and that no shape or number is broken at the end of one."""
    for line in ESCAPES.sub("", text).split("\n"):
        assert display_width(line) <= width, line
        assert line.count("[") == line.count("]"), line
        assert not re.search(r"[\d\[],$|\[\d+$", line), line


def check_document(result: Document, width: int = WIDTH) -> None:
    """Check a result as a terminal shows it: each row of a table is one line, with colour too."""
    page = Page(width, color=False, unicode=True)
    for part in (part for block in result.blocks for part in block if isinstance(part, Table)):
        plain, coloured = (tables_text.table(part, page._replace(color=color)) for color in (False, True))
        assert ESCAPES.sub("", coloured) == plain
        assert all(display_width(line) <= width for line in plain.split("\n")), plain
        if not is_closed(part):
            check_lines(plain, width)
            rows = tables_text.table(part._replace(legend=False), page).split("\n")[2:]
            assert len(rows) == len(part.rows), plain


def test_a_broken_shape_and_a_line_too_long_are_found() -> None:
    for text in ("a  [1, 64,", "a  64, 112]", "x" * 81, "12,", "\x1b[1m" + "x" * 81):
        try:
            check_lines(text)
        except AssertionError:
            continue
        raise AssertionError(text)
    check_lines("\x1b[1m" + "x" * 80 + "\x1b[0m")


TORCHINFO = tuple(filter(None, map(column, PRESETS["torchinfo"])))


@pytest.mark.parametrize("name", zoo.names())
def test_inspect(name: str) -> None:
    report = inspect(load(name))
    for columns in (DEFAULT_COLUMNS, TORCHINFO):
        check_document(inspection(report, columns))
    check_document(inspection(report, depth=1))
    if len(report.layers) < 200:
        check_document(inspection(report, expand=True))


@pytest.mark.parametrize("name", ["resnet50", "unet", "lstm-classifier", "gpt2-small"])
def test_inspect_symbolic(name: str) -> None:
    check_document(inspection(inspect(load(name), symbolic=True)))
