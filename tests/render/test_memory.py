"""Live memory as it is drawn: within the width, with plain letters where there are no others, and nothing lost."""

from __future__ import annotations

import pytest

import shapecalc
from shapecalc.costs.liveness import live_memory
from shapecalc.costs.scheduling import reordering
from shapecalc.render.memory import picture, table
from shapecalc.shape_inference.engine import inspect_at

NAMES = ("lenet5", "char-rnn", "gru-tagger", "resnet18", "mobilenet_v2", "inception_v3")


def drawn(name: str, width: int | None, *, unicode: bool = True, depth: int | None = None) -> list[str]:
    report = inspect_at(shapecalc.load(name), {})
    text = table(live_memory(report), reordering(live_memory(report)), depth, width=width, color=False, unicode=unicode)
    return text.split("\n")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("width", [80, 200])
def test_lines_keep_within_the_terminal(name: str, width: int) -> None:
    assert max(map(len, drawn(name, width))) <= width


@pytest.mark.parametrize("name", NAMES)
def test_without_unicode_all_is_ascii(name: str) -> None:
    assert "".join(drawn(name, 80, unicode=False)).isascii()


def test_the_highest_column_is_the_only_full_one() -> None:
    lines = picture([8, 64, 32, 1], 1, width=12, unicode=True)
    assert lines[0] == "64 B  █"[:5] + " █" or lines[0].strip().startswith("64 B")
    assert [line.count("█") for line in lines[:8]] == [1, 1, 1, 1, 2, 2, 2, 3]
    assert lines[7].endswith("▁")
    assert lines[8].index("▲") == lines[0].index("█")


def test_where_steps_are_more_than_columns_the_highest_of_each_shows() -> None:
    lives = [1] * 1000
    lives[777] = 100
    lines = picture(lives, 777, width=80, unicode=False)
    assert lines[0].count("#") == 1
    assert lines[8].index("^") == lines[0].index("#")
    assert max(map(len, lines)) <= 80


def test_the_picture_has_a_column_for_each_row_of_the_table() -> None:
    for depth in (1, 2, None):
        lines = drawn("resnet18", 200, unicode=False, depth=depth)
        start = next(number for number, line in enumerate(lines) if line.startswith("path"))
        rows = lines[start + 2 : lines.index("", start)]
        marked = next(line for line in lines if set(line.strip()) == {"^"})
        lowest = lines[lines.index(marked) - 1]
        wide = marked.count("^")
        assert len(lowest.partition("0 B  ")[2]) == wide * len(rows), depth
        at_peak = next(number for number, row in enumerate(rows) if row.endswith("peak"))
        assert marked.index("^") - lowest.index("#") == wide * at_peak, depth


def test_a_better_order_is_told() -> None:
    report = inspect_at(
        shapecalc.loads("""
input: [1, 4, 10]
layers:
  - concat:
      wide: [{conv: {out_channels: 50, kernel_size: 1}}]
      narrowing: [{conv: {out_channels: 100, kernel_size: 1}}, {conv: {out_channels: 2, kernel_size: 1}}]
    name: join
"""),
        {},
    )
    text = table(live_memory(report), reordering(live_memory(report)), width=80, color=False, unicode=True)
    assert "another order of branches has a peak of 4.1 KiB in place of 6.0 KiB:\n  join: narrowing, then wide" in text


def test_where_the_peak_is_open_the_setting_is_named() -> None:
    assert "where the peak is depends on T: give a size, `--set T=…`" in drawn("gru-tagger", None)
