"""LaTeX tables: mathematics where numbers and shapes stand, and no sign that acts as a command."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, strategies as st

from shapecalc.files import zoo
from shapecalc.files.load import load, loads
from shapecalc.render.inspect.columns import COLUMNS, DEFAULT_COLUMNS
from shapecalc.render.inspect.table import inspection
from shapecalc.render.tables import latex
from shapecalc.shape_inference.engine import inspect_at

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapecalc.render.inspect.columns import Column
    from shapecalc.shape_inference.report import Report

STEM = """\
input: [N, 3, H, 32]
layers:
  - {conv: {out_channels: 8, kernel_size: 3, stride: 2}, name: c_1}
  - global_avg_pool
"""


def written(report: Report, columns: Sequence[Column] = DEFAULT_COLUMNS) -> str:
    return latex.table(inspection(report, columns).main)


def test_a_table_for_papers() -> None:
    report = inspect_at(loads(STEM), {}, symbolic=True)
    columns = [COLUMNS[name] for name in ("path", "output", "params")]
    assert written(report, columns).split("\n") == [
        r"\begin{tabular}{llr}",
        r"\toprule",
        r"path & output & params \\",
        r"\midrule",
        r"c\_1 & $[N, 8, \left\lfloor \frac{H - 1}{2} \right\rfloor, 15]$ & $224$ \\",
        r"global\_avg\_pool\_1 & $[N, 8, 1, 1]$ & $0$ \\",
        r"\midrule",
        r"total &  & $224$ \\",
        r"\bottomrule",
        r"\end{tabular}",
    ]


@given(st.text(alphabet=st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=20))
def test_no_sign_acts_as_a_command(words: str) -> None:
    format_value = latex.text(words)
    bare = re.sub(r"\\text[a-z]+\{\}|\\[&%$#_{}]|\$\\times\$|\{[\[*]\}|-\{\}", "", format_value)
    assert not set(bare) & set("&%$#_{}\\~^")


@pytest.mark.parametrize("name", zoo.names())
def test_every_row_of_the_zoo_has_as_many_cells_as_columns(name: str) -> None:
    report = inspect_at(load(name), {}, symbolic=False)
    rows = [line for line in written(report).split("\n") if line.endswith(r"\\")]
    assert {len(re.findall(r"(?<!\\)&", row)) for row in rows} == {4}
    assert all(row.count("{") == row.count("}") for row in rows)
    assert all(len(re.findall(r"(?<!\\)\$", row)) % 2 == 0 for row in rows)


def test_a_symbol_of_one_underscore_is_no_subscript() -> None:
    assert r"$[N, \mathit{\_}]$" in written(inspect_at(loads("{input: [N, _], layers: [relu]}"), {}))


def test_bytes_are_text_in_their_unit_and_counts_are_mathematics() -> None:
    report = inspect_at(load("lenet5"), {})
    (row, *_) = [line for line in written(report, [COLUMNS["memory"], COLUMNS["macs"]]).split("\n") if "KiB" in line]
    assert row == r"18.4 KiB & $117600$ \\"
