"""The rows of an inspection that are shown, and their order."""

from __future__ import annotations

import pytest

from shapecalc.files.load import load, loads
from shapecalc.render.inspect.columns import column
from shapecalc.render.inspect.selection import RowSelection, row_filter
from shapecalc.shape_inference.engine import inspect

RESNET = inspect(load("resnet18"))


def paths(*filters: str, sort: str | None = None, top: int | None = None) -> list[str]:
    chosen = [row_filter(text) for text in filters]
    assert None not in chosen
    selection = RowSelection(tuple(filter(None, chosen)), None if sort is None else column(sort), top)
    return [line.path for line in selection.lines(RESNET)]


def test_every_filter_holds_of_what_is_shown() -> None:
    rows = {row.path: row for row in RESNET.layers}
    convs = [path for path, row in rows.items() if row.type == "conv"]
    assert paths("type=conv") == convs
    assert paths("type!=conv") == [path for path in rows if path not in convs]
    assert paths("type=conv", "params>1M") == [path for path in convs if rows[path].params > 10**6]
    assert paths("path=layer1.*", "macs>0") == [
        path for path, row in rows.items() if path.startswith("layer1.") and row.macs
    ]
    assert paths("kernel_size=7") == ["conv1"]
    assert paths("macs%>=6.5") == ["conv1"]


def test_the_largest_counts_and_the_first_texts_come_first() -> None:
    by_macs = sorted(RESNET.layers, key=lambda row: -row.macs)  # type: ignore[operator]
    assert paths(sort="macs") == [row.path for row in by_macs]
    assert paths(sort="macs", top=3) == [row.path for row in by_macs[:3]]
    types = [row.type for path in paths(sort="type") for row in RESNET.layers if row.path == path]
    assert types == sorted(types)


def test_a_blank_or_an_unknown_value_is_last() -> None:
    report = inspect(loads("{input: [N, 3, H, 9], layers: [relu, {conv: {out_channels: 4, kernel_size: 3}}]}"))
    by_kernel = RowSelection(sort=column("kernel_size")).lines(report)
    assert [line.path for line in by_kernel] == ["conv_1", "relu_0"]


@pytest.mark.parametrize("text", ["weather=rain", "macs", "macs>", "macs>many", "=conv", ""])
def test_what_is_no_filter_is_none(text: str) -> None:
    assert row_filter(text) is None
