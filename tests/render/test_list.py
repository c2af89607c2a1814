from __future__ import annotations

import shapecalc
from shapecalc.files import zoo as architectures
from shapecalc.render import list as zoo
from shapecalc.render.tables.text import document
from shapecalc.render.terminal.grid import Page
from tests.render.test_eighty_columns import check_lines


def shown(width: int | None) -> list[str]:
    reports = [(name, shapecalc.inspect(shapecalc.load(name))) for name in ("googlenet-torchvision-aux", "unet")]
    return document(zoo.architectures(reports), Page(width, color=False, unicode=True)).split("\n")


def test_a_row_stays_one_line_where_figures_are_rounded() -> None:
    assert [line.split()[0] for line in shown(75)[2:4]] == ["googlenet-torchvision-aux", "unet"]
    assert shown(75)[3].endswith("53  31.0 M   150 G")


def test_figures_are_exact_where_there_is_room() -> None:
    assert shown(None)[3].endswith("53  31,030,658  150,428,424,448")


def test_every_architecture_is_one_line_at_80_columns() -> None:
    names = architectures.names()
    reports = [(name, shapecalc.inspect(shapecalc.load(name))) for name in names]
    text = document(zoo.architectures(reports), Page(80, color=False, unicode=True))
    check_lines(text)
    assert [line.split()[0] for line in text.split("\n")[2:-1]] == list(names)
