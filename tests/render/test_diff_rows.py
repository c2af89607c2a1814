"""Neighbours that are the same, and blocks that were added or removed whole, are one row."""

from __future__ import annotations

from itertools import pairwise

import shapecalc
from shapecalc.diffing.diff import diff
from shapecalc.files import zoo
from shapecalc.render.diff import comparison, markdown
from shapecalc.render.diff_rows import BlockRows, Unchanged, folded
from shapecalc.render.tables.text import document
from shapecalc.render.terminal.grid import Page


def zoo_report(name: str, **options: bool) -> shapecalc.Report:
    return shapecalc.inspect(shapecalc.load(name), **options)


def test_a_block_that_came_whole_is_one_row() -> None:
    found = diff(zoo_report("resnet18"), zoo_report("resnet34"))
    shown = document(comparison(found), Page(None, color=False, unicode=True))
    came = [line for line in shown.splitlines() if line.startswith("+")]
    assert [line.split()[1] for line in came][:3] == ["layer1.2", "layer2.rest.1", "layer2.rest.2"]
    assert "7 layers: conv, batch_norm, relu, add" in came[0]
    row = "| `+` | `layer1.2` | `7 layers: conv, batch_norm, relu, add` | `[N, 64, 56, 56]` | +73,984 | +231,211,008 |"
    assert row in markdown(found).splitlines()
    assert len(found.to_dict()["layers"]) == 56


def test_a_block_of_which_a_layer_stayed_is_not_folded() -> None:
    text = "input: [N, 4]\nblocks: {{one: {{layers: [{}]}}}}\nlayers:\n  - one:\n    name: deep\n"
    old, new = (shapecalc.inspect(shapecalc.loads(text.format(body))) for body in ("relu", "relu, tanh, sigmoid"))
    shown = [entry for entry in folded(diff(old, new)) if not isinstance(entry, Unchanged)]
    assert [entry.layer.path for entry in shown if not isinstance(entry, BlockRows)] == [
        "deep.tanh_1",
        "deep.sigmoid_2",
    ]


def test_what_is_shown_adds_up_to_the_change_of_the_totals() -> None:
    for old, new in pairwise(zoo.names()):
        found = diff(zoo_report(old), zoo_report(new))
        entries = [*folded(found)]
        rows = [
            row for entry in entries for row in (entry.rows if isinstance(entry, Unchanged | BlockRows) else (entry,))
        ]
        assert rows == list(found.rows)
        shown = [entry for entry in entries if not isinstance(entry, Unchanged)]
        for metric in ("params", "macs", "memory"):
            assert sum(getattr(entry.figures, metric).delta for entry in shown) == getattr(found.totals, metric).delta
