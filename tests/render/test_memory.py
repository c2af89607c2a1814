"""Live memory as a document: the tree, the figures of blocks, and the picture."""

from __future__ import annotations

import shapecalc
from shapecalc.costs.liveness import live_memory
from shapecalc.costs.scheduling import reordering
from shapecalc.render.memory import live_tensors, picture
from shapecalc.render.tables import csv, text as tables_text
from shapecalc.render.terminal.grid import Page
from shapecalc.shape_inference.engine import inspect_at
from tests.support.rows import for_each

NAMES = ("lenet5", "char-rnn", "gru-tagger", "resnet18", "mobilenet_v2", "inception_v3")


def drawn(name: str, width: int | None, *, unicode: bool = True, depth: int | None = None) -> list[str]:
    live = live_memory(inspect_at(shapecalc.load(name), {}))
    page = Page(width, color=False, unicode=unicode)
    return tables_text.document(live_tensors(live, reordering(live), depth), page).split("\n")


@for_each("name", NAMES)
def test_without_unicode_all_is_ascii_within_the_width(name: str) -> None:
    for width in (80, 200):
        assert max(map(len, drawn(name, width, unicode=False))) <= width
        assert "".join(drawn(name, width, unicode=False)).isascii()


def test_a_sheet_has_the_live_bytes_of_each_layer_by_its_full_path() -> None:
    live = live_memory(inspect_at(shapecalc.load("resnet18"), {"N": 1, "H": 64, "W": 64}))
    heads, *rows = (line.split(",") for line in csv.table(live_tensors(live, None).main).split("\n"))
    at = heads.index("live")
    shown = [(row[0], int(row[len(row) - len(heads) + at])) for row in rows]
    assert shown == [(step.row.path, step.live) for step in live.steps]


def test_a_block_shows_the_most_that_is_live_in_it() -> None:
    live = live_memory(inspect_at(shapecalc.load("resnet18"), {"N": 1, "H": 64, "W": 64}))
    for depth in (None, 1):
        (row,) = [row for row in live_tensors(live, None, depth).main.rows if row.values[0].exact() == "layer2"]
        most = max(step.live for step in live.steps if step.row.path.startswith("layer2."))
        assert row.values[3].exact() == str(most)


def test_a_smaller_type_takes_fewer_bytes_of_values_and_weights() -> None:
    report = inspect_at(shapecalc.load("lenet5"), {"N": 2})
    page = Page(None, color=False, unicode=True)
    # 2 x 6 x 28 x 28 elements twice, and 61,706 weights: 4, 2, 1 and half a byte each.
    expected = {"float32": ("73.5 KiB", "241.0 KiB"), "bfloat16": ("36.8 KiB", "120.5 KiB")}
    expected |= {"int8": ("18.4 KiB", "60.3 KiB"), "int4": ("9.2 KiB", "30.1 KiB")}
    for dtype, (peak, weights) in expected.items():
        text = tables_text.document(live_tensors(live_memory(report, dtype), None), page)
        assert f"peak {peak} in tanh_1; live tensors:" in text, dtype
        assert f"weights take {weights} in addition\n({dtype}; a view takes no memory" in text, dtype


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


def test_the_picture_has_a_column_for_each_layer_or_fold_of_the_table() -> None:
    for depth in (1, 2, None):
        lines = drawn("resnet18", 200, unicode=False, depth=depth)
        start = next(number for number, line in enumerate(lines) if line.startswith("path"))
        live = live_memory(inspect_at(shapecalc.load("resnet18"), {}))
        whole = zip(lines[start + 2 : lines.index("", start)], live_tensors(live, None, depth).main.rows, strict=True)
        rows = [line for line, row in whole if not row.summary]
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
    live = live_memory(report)
    text = tables_text.document(live_tensors(live, reordering(live)), Page(80, color=False, unicode=True))
    assert "another order of branches has a peak of 4.1 KiB instead of 6.0 KiB:\n  join: narrowing, then wide" in text


def test_where_the_peak_is_open_the_setting_is_named() -> None:
    assert "the peak depends on T: give a size, `--set T=…`" in drawn("gru-tagger", None)
