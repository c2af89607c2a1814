from __future__ import annotations

import shapecalc
from shapecalc.render import list as zoo


def shown(width: int | None) -> list[str]:
    reports = [(name, shapecalc.inspect(shapecalc.load(name))) for name in ("googlenet-torchvision-aux", "unet")]
    return zoo.table(reports, width=width, color=False, unicode=True).split("\n")


def test_a_row_stays_one_line_where_figures_are_rounded() -> None:
    assert [line.split()[0] for line in shown(75)[2:4]] == ["googlenet-torchvision-aux", "unet"]
    assert shown(75)[3].endswith("53  31.0 M   150 G")


def test_figures_are_exact_where_there_is_room() -> None:
    assert shown(None)[3].endswith("53  31,030,658  150,428,424,448")
