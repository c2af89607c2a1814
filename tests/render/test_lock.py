"""`shapecalc lock`: what it says that it has done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.diffing.lock import entry_of
from shapecalc.diffing.lock.changes import FileChange
from shapecalc.render.lock import LockSummary, listing, summary
from shapecalc.render.tables import csv, text
from shapecalc.render.terminal.grid import Page
from tests.render.test_eighty_columns import check_document
from tests.support.locked_networks import CHAIN, report_of

if TYPE_CHECKING:
    from shapecalc.diffing.lock import Entry

DONE = LockSummary("a.lock", created=False, written=True, files=2, new=(), updated={})


def lines(done: LockSummary, width: int | None = None) -> list[str]:
    return text.document(summary(done), Page(width, color=False, unicode=True)).split("\n")


def entry(channels: int, macs: int | None = None) -> Entry:
    wider = entry_of(report_of(CHAIN.replace("out_channels: 6", f"out_channels: {channels}")))
    return wider if macs is None else wider._replace(macs=macs)


def test_a_file_and_a_message_hold_no_command_for_a_terminal() -> None:
    done = DONE._replace(lock_file="a\x1b.lock", files=1, updated={"b\x1b": ("c\x1b",)})
    change = FileChange("d\x1b", entry(6), entry(8)._replace(params="e\x1b"), "f\x1b")
    shown = lines(done._replace(changes=(change,)))
    assert not any("\x1b" in line for line in shown)
    assert shown[-2:] == ["updated: b\\u{1b}: c\\u{1b}", "a\\u{1b}.lock holds 1 file"]
    assert "→ e\\u{1b}" in shown[2]


def test_all_files_of_a_new_lock_are_new_and_none_is_said_to_be() -> None:
    changes = (FileChange("a", None, entry(6)), FileChange("b", None, entry(6)))
    done = DONE._replace(created=True, new=("a", "b"), changes=changes)
    assert lines(done) == ["a.lock holds 2 files"]
    assert lines(done._replace(created=False)) == ["a.lock holds 2 files, 2 of them new"]
    assert done.to_dict()["new"] == ("a", "b")
    assert [change["kind"] for change in done.to_dict()["changes"]] == ["new", "new"]


def test_files_that_move_are_rows_of_eighty_columns_with_the_figures_before_and_after() -> None:
    large = 98_765_432_109
    changes = (
        FileChange("networks/vision/segmentation/changed.yaml", entry(6, large), entry(8, 2 * large)),
        FileChange("gone.yaml", entry(6), None),
        FileChange("moved.yaml", entry(6), entry(6), "a/long/former/name.yaml"),
        FileChange("new.yaml", None, entry(7)),
        FileChange("unknown.yaml", entry(6), entry(6)._replace(macs=None, flops="2*H")),
        FileChange("empty.yaml", entry(6, 0), entry(6, 5)),
        FileChange("near.yaml", entry(6, large), entry(6, large - 7)),
    )
    done = DONE._replace(changes=changes)
    check_document(summary(done))
    rows = {line.split()[0]: line for line in lines(done)[2:9]}
    assert f"{large:,} → {2 * large:,}, +{large:,} (+100.0 %)" in rows[changes[0].key]
    assert rows[changes[0].key].endswith("4 layers changed")
    assert rows["gone.yaml"].endswith("removed")
    assert rows["moved.yaml"].endswith("moved from a/long/former/name.yaml")
    assert "→" not in rows["moved.yaml"]
    assert rows["new.yaml"].endswith("new")
    assert "→ unknown" in rows["unknown.yaml"]
    assert "0 → 5, +5  " in rows["empty.yaml"]
    assert any(line.startswith("near.yaml") and "  98.8 G, −7 (−<0.1 %)  " in line for line in lines(done, 80))
    written = csv.table(listing(done)).splitlines()
    assert written[0].startswith("file,change,was,params_before,params_after,macs_before,macs_after,layers_added")
    assert written[1].split(",")[5:] == [str(large), str(2 * large), "0", "0", "4", "", ""]
    assert written[2].split(",")[4] == ""


def test_files_that_are_skipped_are_counted_as_by_a_check() -> None:
    assert lines(DONE._replace(skipped=("a.yaml",)))[-1] == "a.lock holds 2 files; 1 other YAML file passed over"
    assert lines(DONE._replace(skipped=("a.yaml", "b.yaml")))[-1].endswith("; 2 other YAML files passed over")
