"""The networks that differ between two revisions, as text, as a sheet and for programs."""

from __future__ import annotations

import csv
import re
from typing import TYPE_CHECKING

from shapecalc.diffing.revisions import RevisionComparison, diff_revisions
from shapecalc.files.load import loads
from shapecalc.render.revisions import listing, revisions, values
from shapecalc.render.revisions_markdown import markdown
from shapecalc.render.tables.csv import table as csv_table
from shapecalc.render.tables.text import document
from shapecalc.render.terminal.grid import Page, display_width
from shapecalc.shape_inference.engine import inspect
from tests.render.test_eighty_columns import check_document
from tests.support.git_repositories import GitRepository
from tests.support.revisions import change, error_of, report

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from shapecalc.diffing.revisions import NetworkChange

LONG = "research/2026/experiments/residual_networks_with_attention.yaml"
WRONG = "input: [N, 4]\nlayers: [rleu]\n"


def every() -> list[NetworkChange]:
    """Return a change of every kind."""
    small, wide = report(3), report(3, width=11)
    return [
        change("a.yaml", None, wide),
        change("b.yaml", small, None),
        change(LONG, small, wide, through=("lib/blocks.yaml",)),
        change("d/new.yaml", wide, wide, old_path="d/old.yaml"),
        change("e.yaml", small, error_of(WRONG, "e.yaml")),
        change("f.yaml", error_of(WRONG, "HEAD:f.yaml"), small),
    ]


def comparison(changes: list[NetworkChange]) -> RevisionComparison:
    return RevisionComparison("main", "", tuple(changes), 12, ("x.yaml",), 3)


def text_of(changes: list[NetworkChange], width: int | None) -> str:
    return document(revisions(comparison(changes)), Page(width, color=False, unicode=True))


def test_every_row_is_one_line_that_says_what_differs() -> None:
    for width in (60, 80, 100, 200):
        check_document(revisions(comparison(every())), width)
    lines = text_of(every(), 80).splitlines()
    assert lines[0] == "main → work tree"
    assert [re.split(r"\s{2,}", line) for line in lines[3:9]] == [
        ["added", "a.yaml", "+235", "+209", "+1.0 KiB", "l1"],
        ["deleted", "b.yaml", "−100.0 %", "−100.0 %", "−100.0 %"],
        ["changed", "…with_attention.yaml", "+291.7 %", "+335.4 %", "+262.5 %", "l1"],
        ["renamed", "….yaml → d/new.yaml", "no other change"],
        ["changed", "e.yaml", "unknown", "unknown", "unknown", "error SC101"],
        ["changed", "f.yaml", "unknown", "unknown", "unknown", "before: error SC101"],
    ]
    wide = text_of(every(), 200)
    assert f"{LONG} " in wide
    assert " l1                   +112 params" in wide


def test_a_long_formula_is_in_the_totals_of_its_network_only() -> None:
    before, after = (
        inspect(loads(f"input: [N, 1, H, W]\nlayers: [conv: {{out_channels: {width}, kernel_size: 3}}]"), symbolic=True)
        for width in (4, 6)
    )
    compared = comparison([change("a.yaml", before, after)])
    check_document(revisions(compared), 60)
    lines = text_of([*compared.changes], 80).splitlines()
    assert lines[3].split() == ["changed", "a.yaml", "+20", "(+50.0", "%)", *["formula"] * 2, "conv_0", "+20", "params"]
    assert "·(W − 2)" in next(line for line in lines if line.startswith("MACs "))
    assert "| changed | `a.yaml` | +20 (+50.0 %) | formula | formula |" in markdown(compared)


def test_below_the_table_each_network_has_its_layers_its_errors_or_its_totals() -> None:
    text = text_of(every(), 120)
    heads = re.findall(r"(?m)^(?:added|changed|deleted|renamed) \S+(?: \(net\))?(?:, through .*)?$", text)
    assert heads == [
        "added a.yaml (net)",
        "deleted b.yaml",
        f"changed {LONG} (net), through lib/blocks.yaml",
        "changed e.yaml",
        "changed f.yaml",
    ]
    for part in (
        "layers: 3 added",
        "layers: 3 changed",
        "errors after the change:\nerror[SC101]: unknown layer type `rleu`\n --> e.yaml:2:10\n",
        "errors before the change:\nerror[SC101]: unknown layer type `rleu`\n --> HEAD:f.yaml:2:10\n",
        "2 | layers: [rleu]",
    ):
        assert part in text, part
    last = text.split("\n\n")[-1].replace("\n", " ")
    assert last == (
        "6 networks differ (1 added, 3 changed, 1 deleted, 1 renamed, 1 with errors), 12 unchanged, 1 changed without "
        "effect; 3 other YAML files passed over"
    )
    nothing = "no network differs between main and the work tree: 12 unchanged, 1 changed without effect; 3 other YAML"
    assert text_of([], None) == f"{nothing} files passed over"


def test_every_form_says_that_the_merge_base_was_compared() -> None:
    for changes in ([], every()):
        compared = comparison(changes)._replace(merge_base="0" * 40)
        shown = document(revisions(compared), Page(None, color=False, unicode=True))
        assert "the merge base with main" in shown.splitlines()[0]
        assert "the merge base with `main`" in markdown(compared).splitlines()[1]
        assert values(compared)["merge_base"] == "0" * 40
        assert values(comparison(changes))["merge_base"] is None


def test_no_line_is_wider_than_the_terminal_and_none_has_a_character_that_it_lacks() -> None:
    for width in (60, 80, 200):
        for unicode in (False, True):
            text = document(revisions(comparison(every())), Page(width, color=False, unicode=unicode))
            assert max(map(display_width, text.splitlines())) <= width
            assert unicode or text.isascii()


def test_a_column_without_room_is_named_by_its_heading() -> None:
    assert "largest change" in text_of(every(), None)
    assert "(no room for largest change)" in text_of(every(), 60)


def test_a_sheet_has_the_figures_of_both_sides() -> None:
    rows = list(csv.DictReader(csv_table(listing(comparison(every()))).splitlines()))
    assert len(rows) == 6
    for row, each in zip(rows, every(), strict=True):
        assert (row["path_before"], row["path_after"]) == (each.old_path or "", each.new_path or "")
        for name in ("params", "macs", "memory"):
            pair = getattr(each.totals, name)
            assert (row[f"{name}_before"], row[f"{name}_after"]) == tuple("" if n is None else str(n) for n in pair)
    assert [(row["errors_before"], row["errors_after"]) for row in rows[-2:]] == [("", "SC101"), ("SC101", "")]
    assert (rows[2]["through"], rows[2]["largest"], rows[2]["largest_params"]) == ("lib/blocks.yaml", "l1", "112")


def test_programs_get_every_network_with_its_layers_and_errors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = GitRepository(tmp_path, {"a.yaml": "input: [N, 8]\nlayers: [linear: 4]\n"})
    monkeypatch.chdir(tmp_path)
    made.write({"b.yaml": WRONG, "a.yaml": "input: [N, 8]\nlayers: [linear: 6]\n"})
    found = values(diff_revisions("HEAD"))
    assert found["tally"] == {"added": 1, "deleted": 0, "renamed": 0, "changed": 1}
    assert (found["failed"], found["identical"], found["head"]) == (True, False, None)
    changed, added = found["networks"]
    assert (changed["totals"]["params"]["delta"], changed["largest"]["params"]["delta"]) == (18, 18)
    assert changed["comparison"]["layers"][0]["kind"] == "changed"
    assert (added["status"], added["before"], added["comparison"], added["largest"]) == ("added", None, None, None)
    (finding,) = added["errors"]["after"]
    assert (finding["code"], finding["file"], finding["line"]) == ("SC101", "b.yaml", 2)
    assert added["errors"]["before"] == []
