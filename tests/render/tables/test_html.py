"""Tables in a notebook: blocks fold, nothing is lost or reordered, pages stay small, and no text is markup."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import shapecalc
from shapecalc.render.inspect.lines import lines_of
from shapecalc.render.inspect.table import inspection
from shapecalc.render.tables import html
from shapecalc.render.tables.model import Amount, Document, Drawing, Lines, Path, Share, Table, TableColumn, TableRow
from shapecalc.render.terminal.palette import BOLD, DIM

if TYPE_CHECKING:
    from collections.abc import Iterator

COLUMNS = (TableColumn("path"), TableColumn("macs", "MACs", right=True), TableColumn("", ""))
VOID = {"col"}


class Strict(HTMLParser):
    """A reader of HTML that refuses a tag that is not closed in its order, scripts, and addresses."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag not in {"script", "img", "link", "iframe", "a", "object"}
        assert not [name for name, value in attrs if name.startswith("on") or "url(" in (value or "")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        assert tag in VOID

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def rows(*paths: str, summaries: str = "") -> Table:
    """Return a table of paths, two spaces a level; those in `summaries` are blocks."""
    return Table(
        COLUMNS,
        [
            TableRow(
                (Path(path.strip(), level=path.count("  ")), Amount(7), Amount(0)), summary=path.strip() in summaries
            )
            for path in paths
        ],
    )


def page_of(content: Table) -> ET.Element:
    return ET.fromstring(html.document(Document("t", [[content]], content)))


def tree(part: ET.Element) -> Iterator[object]:
    for child in part:
        if child.tag == "details":
            yield [*(span.text for span in child[0][:1]), *tree(child)]
        elif child.tag == "table":
            yield from (row[0].text for row in child.iter("tr") if row[0].tag == "td")


def test_rows_below_a_block_fold_into_it() -> None:
    content = rows("a", "b", "  c", "    d", "  e", "  f", "    g", "h", "i", "  j", summaries="bcfi")
    assert [*tree(page_of(content))] == ["a", ["b", ["c", "d"], "e", ["f", "g"]], "h", ["i", "j"]]


def test_no_row_of_a_network_is_lost_or_reordered() -> None:
    for name in ("lenet5", "resnet50", "googlenet", "unet", "llama3-8b", "transformer-base"):
        report = shapecalc.inspect(name)
        page = html.document(inspection(report))
        Strict(page)
        first = [
            (part[0].text or "").strip()
            for part in ET.fromstring(page).iter()
            if part.tag == "summary" or (part.tag == "tr" and part[0].tag == "td")
        ]
        assert first == [*(line.shown or line.path for line in lines_of(report)), "total"], name


def test_the_totals_are_below_the_rows() -> None:
    page = html.document(inspection(shapecalc.inspect("lenet5")))
    assert re.search(r"<tfoot><tr><td>total</td>.*61,706.*416,520", page)
    assert "params <b>61,706</b>" in page


def test_pages_are_small() -> None:
    assert len(html.document(inspection(shapecalc.inspect("resnet50")))) < 60_000
    many = Table(COLUMNS, [TableRow((Path(f"relu_{at}"), Amount(at), Amount(0))) for at in range(100_000)])
    page = html.document(Document("", [[many]], many))
    assert len(page) < 200_000
    assert "99,400 of 100,000 rows are left out; to_rows() and to_csv() have all" in page
    assert "relu_599<" in page
    assert "relu_600<" not in page


def test_blocks_are_open_where_the_table_is_short() -> None:
    short = rows("a", *["  b"] * 59, summaries="a")
    long = rows("a", *["  b"] * 60, summaries="a")
    assert [len([*page_of(content).findall("details[@open]")]) for content in (short, long)] == [1, 0]


def test_a_share_is_a_bar_and_zero_is_faint() -> None:
    content = Table((TableColumn("share", right=True),), [TableRow((Share(1, 4),)), TableRow((Amount(0),))])
    first, second = page_of(content).iter("td")
    assert "25.0%" in first.attrib["style"]
    assert (first.text, second.attrib["class"]) == ("25.0 %", "n d")


def test_styles_are_classes() -> None:
    content = Table(COLUMNS[:1], [TableRow((Path("a"),), style=style) for style in (BOLD, DIM, "")])
    assert [row.get("class") for row in page_of(content).iter("tr")][1:] == ["b", "d", None]


def test_drawings_and_lines_are_escaped() -> None:
    content = rows("a")
    drawing = Drawing(lambda page: [f"<{page.width}>", "█"])
    page = html.document(Document("<t>", [[drawing, Lines(["<b>&"], DIM)]], content))
    Strict(page)
    assert "<pre>&lt;100&gt;\n█</pre>" in page
    assert '<p class="d">&lt;b&gt;&amp;</p>' in page
    assert "<p><b>&lt;t&gt;</b></p>" in page


def test_the_columns_fill_the_page() -> None:
    page = page_of(inspection(shapecalc.inspect("resnet50")).main)
    for group in page.iter("colgroup"):
        widths = [float(part.attrib["style"].removeprefix("width:").removesuffix("%")) for part in group]
        assert abs(sum(widths) - 100) < 0.1
