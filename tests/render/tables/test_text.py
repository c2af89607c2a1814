"""Tables on a terminal: a row is one line, and what is too long is shortened in a fixed order."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from shapecalc.dims import symbol
from shapecalc.render.tables.model import (
    Amount,
    Document,
    Fixed,
    Lines,
    NamedValues,
    Path,
    Shapes,
    Share,
    Table,
    TableColumn,
    TableRow,
    Words,
)
from shapecalc.render.tables.text import bar, cut, document, figures, table
from shapecalc.render.terminal.grid import Page, display_width

H = symbol("H")
COLUMNS = (
    TableColumn("path"),
    TableColumn("layer", drops=2),
    TableColumn("output"),
    TableColumn("macs", "MACs", right=True),
    TableColumn("share", right=True, drops=1),
)
CONV = (
    Path("layer1.first.add_0.main.residual_0.conv_0"),
    Words("conv 64 kernel_size=7 stride=2 padding=3", "conv 64 k7 s2 p3"),
    Shapes([(2, 64, 112, 112)]),
    Amount(118_013_952),
    Share(118_013_952, 1_814_073_344),
)


def shown(width: int | None, *rows: tuple[object, ...], unicode: bool = True) -> list[str]:
    content = Table(COLUMNS, [TableRow(row) for row in rows], legend=True)  # type: ignore[arg-type]
    return table(content, Page(width, color=False, unicode=unicode)).split("\n")


def first(width: int) -> str:
    return shown(width, CONV)[2]


def test_what_is_too_wide_is_shortened_in_this_order() -> None:
    assert shown(None, CONV)[2].endswith("118,013,952  6.5 %")
    assert "▋" in first(140)
    assert "kernel_size=7" in first(126)
    assert "▋" not in first(126)
    assert "k7 s2 p3" in first(110)
    assert "118,013,952" in first(110)
    assert "118 M" in first(94)
    assert "6.5 %" in first(94)
    assert first(80) == "….first.add_0.main.residual_0.conv_0  conv 64 k7 s2 p3  [2, 64, 112, 112]  118 M"
    assert "[2,64,112,112]" in first(50)
    assert "conv 64" not in first(40)


def test_the_legend_says_what_was_shortened() -> None:
    assert shown(80, CONV)[3:] == [
        "(k kernel_size, s stride, p padding; a million and more rounded; no room for",
        "share)",
    ]


@pytest.mark.parametrize("width", [40, 60, 80, 100, 200])
def test_a_shape_or_a_number_is_never_broken(width: int) -> None:
    lines = shown(width, CONV, CONV)
    assert max(map(display_width, lines)) <= width
    assert len(lines[2:4]) == 2
    assert all("112]" in line for line in lines[2:4])


def test_only_closed_forms_wrap_and_under_their_column() -> None:
    row = (*CONV[:2], Shapes([(2, 64, (H + 31) // 32, (H + 63) // 64)]), Amount(118 * H * H), Share(1, 2))
    lines = shown(60, row)
    assert lines[3].startswith(" " * lines[2].index("["))
    assert [line.split()[0] for line in lines[3:5]] == ["⌊(H+31)/32⌋,", "⌊(H+63)/64⌋]"]


def test_a_summary_is_dim_and_the_rest_is_not() -> None:
    content = Table(COLUMNS, [TableRow(CONV, summary=True), TableRow(CONV)])
    lines = table(content, Page(None, color=True, unicode=True)).split("\n")
    assert lines[2].count("\x1b[2m") == len(COLUMNS)
    assert "\x1b" not in lines[3]


def test_a_count_of_zero_is_dim() -> None:
    content = Table(COLUMNS, [TableRow((*CONV[:3], Amount(0), Share(0, 1)))])
    assert "\x1b[2m0\x1b[0m" in table(content, Page(None, color=True, unicode=True))


@given(st.text("ab .畳é_", max_size=40), st.integers(4, 30), st.booleans(), st.booleans())
def test_a_cut_text_is_as_wide_as_asked_at_most(text: str, width: int, beginning: bool, unicode: bool) -> None:
    short = cut(text, width, unicode=unicode, beginning=beginning)
    assert display_width(short) <= width
    assert short == text or ("…" if unicode else "...") in short


def test_ascii_has_no_bar_and_no_ellipsis() -> None:
    assert all(line.isascii() for line in shown(60, CONV, unicode=False))


@pytest.mark.parametrize(("part", "text"), [(0, ""), (1, "▏"), (32, "████"), (64, "████████")])
def test_a_bar_is_as_long_as_the_share(part: int, text: str) -> None:
    assert bar(Share(part, 64)).rstrip() == text


def test_figures_stand_in_two_lines_or_below_each_other() -> None:
    content = NamedValues(
        [("params", Amount(61_706)), ("buffers", Amount(0)), ("MACs", Amount(7)), ("FLOPs", Amount(14))]
    )
    assert figures(content, Page(40, color=False, unicode=True)) == [
        "params   61,706     MACs    7",
        "buffers       0     FLOPs  14",
    ]
    assert figures(content, Page(20, color=False, unicode=True))[1] == "buffers  0"


def test_an_empty_line_is_between_two_blocks() -> None:
    content = Table(COLUMNS[:1], [TableRow((Fixed("c1"),))])
    result = Document("LeNet-5", [[content], [Lines(["peak"])]], content)
    assert document(result, Page(None, color=False, unicode=True)).split("\n") == [
        *("LeNet-5", "path", "────", "c1", "", "peak"),
    ]


def test_words_have_their_own_style_unless_the_row_has_one() -> None:
    content = Table(
        COLUMNS[:1], [TableRow((Words("conv", style="94"),)), TableRow((Words("conv", style="94"),), style="1")]
    )
    lines = table(content, Page(None, color=True, unicode=True)).split("\n")
    assert lines[2:] == ["\x1b[94mconv\x1b[0m", "\x1b[1mconv\x1b[0m"]
