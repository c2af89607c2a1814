from __future__ import annotations

import shapecalc
from shapecalc.files import zoo as architectures
from shapecalc.render import list as zoo
from shapecalc.render.tables.text import document
from shapecalc.render.terminal.grid import Page
from tests.render.test_eighty_columns import check_lines
from tests.support.locked_networks import MIXTURE


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
    assert [line.split()[0] for line in text.split("\n")[2:-2]] == list(names)
    assert text.split("\n")[0].split() == ["name", "input", "params", "MACs"]


def test_mixtures_have_a_column_of_active_params() -> None:
    networks = {"mixture": shapecalc.loads(MIXTURE), "lenet5": shapecalc.load("lenet5")}
    reports = [(name, shapecalc.inspect(network)) for name, network in networks.items()]
    heads, _, mixture, lenet = document(zoo.architectures(reports), Page(None, color=False, unicode=True)).split("\n")[
        :4
    ]
    assert heads.endswith("active params")
    assert mixture.split()[-3:] == ["642", "612", "210"]
    assert lenet.split()[-2:] == ["61,706", "416,520"]
