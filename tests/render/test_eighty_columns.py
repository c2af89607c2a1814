"""A terminal of 80 columns: every row of every table is one line, and no shape or number is broken."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

import shapecalc
from shapecalc.costs.liveness import live_memory
from shapecalc.costs.scheduling import reordering
from shapecalc.costs.training import training_cost
from shapecalc.execution.lowering import price
from shapecalc.execution.verify import OwnCounts, Proof, ProofRow, Trial
from shapecalc.files import zoo
from shapecalc.files.load import load
from shapecalc.files.zoo import names
from shapecalc.render.inspect.columns import DEFAULT_COLUMNS, PRESETS, column
from shapecalc.render.inspect.table import inspection
from shapecalc.render.memory import live_tensors
from shapecalc.render.tables import text as tables_text
from shapecalc.render.tables.model import Table
from shapecalc.render.terminal.grid import Page, display_width
from shapecalc.render.train_cost import training
from shapecalc.render.verify import verification
from shapecalc.shape_inference.engine import inspect, inspect_at
from tests.support.rows import for_each

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shapecalc import Architecture
    from shapecalc.render.tables.model import Document

ESCAPES = re.compile("\x1b\\[[0-9;]*m")
CUT = re.compile(r"(?<= )\[[^\]]*…")
"""The list of a setting that is cut, such as `reshape [0, 0, …`, which is no shape."""
WIDTH = 80


def is_closed(table: Table) -> bool:
    """Return whether a value of a table is a closed form, the only texts that wrap."""
    return any(getattr(value, "is_closed_form", False) for row in table.rows for value in row.values)


def check_lines(text: str, width: int = WIDTH) -> None:
    """Check that no line is wider, and that no shape or number is broken at the end of one."""
    for line in ESCAPES.sub("", text).split("\n"):
        assert display_width(line) <= width, line
        whole = CUT.sub("", line)
        assert whole.count("[") == whole.count("]"), line
        assert not re.search(r"[\d\[],$|\[\d+$", whole), line


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
    for columns, left_out in ((DEFAULT_COLUMNS, {"share"}), (TORCHINFO, {"input"})):
        result = inspection(report, columns)
        check_document(result)
        shown = tables_text.table(result.main, Page(WIDTH, color=False, unicode=True)).split("\n")[0].split()
        assert {each.heading or each.name for each in columns} - {*shown} <= left_out, "a narrow table is no empty one"
    check_document(inspection(report, depth=1))
    if len(report.layers) < 200:
        check_document(inspection(report, expand=True))


@pytest.mark.parametrize("name", ["resnet50", "unet", "lstm-classifier", "gpt2-small"])
def test_inspect_symbolic(name: str) -> None:
    check_document(inspection(inspect(load(name), symbolic=True)))


def one_size(architecture: Architecture) -> Mapping[str, int]:
    """Return a size of every symbol that the file leaves unbound."""
    return {name: 7 for name in architecture.symbols if name not in architecture.sizes}


def claimed(architecture: Architecture, *, wrong: bool) -> Proof:
    """Return a proof as if every layer had been run, with one element and one parameter too many if `wrong`."""
    sizes = one_size(architecture)
    report = inspect_at(architecture, sizes)
    more = int(wrong)
    rows = []
    for layer in report.layers:
        params, buffers, macs = layer.facts.params or 0, layer.facts.buffer_count or 0, layer.facts.macs or 0
        assert isinstance(params, int)
        assert isinstance(buffers, int)
        assert isinstance(macs, int)
        predicted = tuple(layer.outputs.values())
        executed = tuple(tuple(int(str(size)) + more for size in shape) for shape in predicted)
        own = OwnCounts(params, buffers)
        rows.append(
            ProofRow(
                layer, predicted, executed, params, params, macs, macs + more, 0.0, own, OwnCounts(params, buffers)
            )
        )
    return Proof(architecture, (Trial(sizes, price(report), tuple(rows), 0.0, 0),))


@for_each("name", names())
def test_verify_has_a_line_per_row(name: str) -> None:
    architecture = shapecalc.load(name)
    for wrong in (False, True):
        check_document(verification(claimed(architecture, wrong=wrong)))


@for_each("name", names())
def test_memory_has_a_line_per_row(name: str) -> None:
    report = inspect_at(shapecalc.load(name), {})
    live = live_memory(report)
    for depth in (None, 1):
        check_document(live_tensors(live, reordering(live), depth))


@for_each("name", names())
def test_train_cost_has_a_line_per_row(name: str) -> None:
    architecture = shapecalc.load(name)
    cost = training_cost(architecture, one_size(architecture), optimizer="adam", dtype="bfloat16")
    for depth in (None, 1):
        check_document(training(cost, depth))
