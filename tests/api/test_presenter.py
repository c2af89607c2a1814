"""The text, the Markdown, the CSV and the HTML of every result."""

from __future__ import annotations

import csv
import pickle
from io import StringIO
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from typer.testing import CliRunner

import shapecalc
from shapecalc.cli import app
from tests.api.test_rows import TINY, results  # noqa: F401 - a fixture
from tests.support.revisions import change, report


def printed(*words: str) -> str:
    return CliRunner().invoke(app, words, prog_name="shapecalc", terminal_width=100, env={"COLUMNS": "100"}).stdout


def test_a_result_is_one_line_in_a_session_and_a_text_of_100_columns_when_it_is_printed(
    results: list[Any],  # noqa: F811
) -> None:
    for result in results:
        assert "\n" not in repr(result), result
        lines = str(result).splitlines()
        assert lines, result
        if "Check" not in type(result).__name__:  # the help of a diagnostic is one line, however long
            assert max(map(len, lines)) <= 100, result
        assert "\x1b" not in str(result)


def test_the_text_is_that_of_the_command() -> None:
    for words, result in (
        (("train-cost", "lenet5"), shapecalc.train_cost("lenet5")),
        (("diff", "vgg11", "vgg13"), shapecalc.diff("vgg11", "vgg13")),
        (("solve", "vgg16", "--near", "500"), shapecalc.solve("vgg16", near=500)),
        (("decode", "char-rnn", "--beam", "2"), shapecalc.decode("char-rnn", beam=2)),
        (("check", "lenet5", "vgg16"), shapecalc.check("lenet5", "vgg16")),
        (("layers", "conv"), shapecalc.layers("conv")),
    ):
        assert str(result).split() == printed(*words).split(), words


def test_the_sheet_has_the_rows(results: list[Any]) -> None:  # noqa: F811
    for result in results:
        heads, *lines = csv.reader(StringIO(result.to_csv()), strict=True)
        rows = result.to_rows()
        assert heads == list(rows[0]), result
        assert len(lines) == len(rows), result
        for line, row in zip(lines, rows, strict=True):
            for text, value in zip(line, row.values(), strict=True):
                if type(value) in (int, float):
                    assert float(text.removeprefix("'")) == value, (result, row)


def test_a_notebook_shows_every_row(results: list[Any]) -> None:  # noqa: F811
    for result in results:
        page = ET.fromstring(result._repr_html_())
        shown = len(list(page.iter("tr"))) + len(list(page.iter("summary")))
        rows = len(result.to_rows())
        assert shown >= min(rows, 600) or isinstance(result, shapecalc.Report | shapecalc.NetworkValues), result


def test_markdown_begins_with_a_title_and_has_a_table(results: list[Any]) -> None:  # noqa: F811
    for result in results:
        lines = result.to_markdown().removeprefix("<!-- shapecalc diff -->\n").splitlines()
        assert lines[0].startswith(("### ", "`")), result
        assert any(line.startswith("| ") for line in lines), result


def test_nothing_to_report_is_a_sentence() -> None:
    clean = shapecalc.check("lenet5")
    assert clean.to_rows() == []
    assert clean.to_csv() == ""
    assert "CheckResults of 1 file: ok" in clean._repr_html_()
    assert str(clean) == "1 file checked: clean"


def test_values_are_those_of_json(results: list[Any]) -> None:  # noqa: F811
    assert shapecalc.check(TINY).to_dict()["totals"]["errors"] == 1
    assert shapecalc.memory("lenet5").to_dict()["peak"]["path"] == "tanh_1"
    assert shapecalc.layers("relu").to_dict() == {"rows": []}
    assert all(isinstance(result.to_dict(), dict) for result in results)


@pytest.mark.parametrize("rows", [999, 1_001])
def test_the_text_of_a_sweep_is_bounded(rows: int) -> None:
    lines = str(shapecalc.sweep("lenet5", N=range(1, rows + 1))).splitlines()
    assert len(lines) <= 1_005
    assert (lines[-1] == "1 points more") == (rows > 1_000)


def test_a_page_has_the_layers_of_some_networks_and_the_number_of_the_others() -> None:
    def page(count: int) -> str:
        changes = [change(f"{place}.yaml", None, report(3)) for place in range(count)]
        return shapecalc.RevisionComparison("main", "", tuple(changes), 1, (), 0)._repr_html_()

    assert (page(100).count("layers: 3 added"), "the details of 40 networks are left out" in page(100)) == (60, True)
    assert (page(60).count("layers: 3 added"), "left out" in page(60)) == (60, False)


def test_a_result_is_pickled_and_compared() -> None:
    (result,) = shapecalc.check(TINY)
    again = pickle.loads(pickle.dumps(result))
    assert (again, type(again), str(again)) == (result, shapecalc.Checked, str(result))
