"""`shapecalc lock --resolve`: what it says of each file."""

from __future__ import annotations

from shapecalc.diffing.lock import Entry, Lock
from shapecalc.diffing.lock.resolving import Resolution, ResolvedFile, Side, SideEntry
from shapecalc.render.resolution import listing, resolution, values
from shapecalc.render.tables import csv, markdown, text
from shapecalc.render.terminal.grid import Page
from tests.render.test_eighty_columns import check_document
from tests.support.lock_merges import entry

A, B, C = (entry(width) for width in (4, 5, 6))


def side(of: Entry) -> SideEntry:
    return SideEntry(of, of.settings)


FILES = (
    ResolvedFile("both.yaml", Side.BOTH, A, side(A), side(A)),
    ResolvedFile("merged/by/git/in/a/long/folder.yaml", Side.NEITHER, C._replace(macs=10**12), side(A), side(B)),
    ResolvedFile("new.yaml", Side.NEW, A, None, None),
    ResolvedFile("ours.yaml", Side.OURS, A, side(A), None),
    ResolvedFile("spoilt.yaml", Side.NEITHER, A, SideEntry(None, {}), None),
)
DONE = Resolution("the.lock", Lock({}, "0"), FILES, ("gone.yaml",), ("ci.yaml",))


def lines(done: Resolution) -> list[str]:
    return text.document(resolution(done), Page(None, color=False, unicode=True)).split("\n")


def test_files_that_are_not_the_same_on_both_sides_are_rows() -> None:
    check_document(resolution(DONE))
    shown = lines(DONE)
    assert [line.split() for line in shown[2:9]] == [
        ["merged/by/git/in/a/long/folder.yaml", "neither", "side", "127", "1,000,000,000,000"],
        ["ours", "79", "67"],
        ["theirs", "102", "88"],
        ["new.yaml", "(new)", "79", "67"],
        ["ours.yaml", "ours", "79", "67"],
        ["spoilt.yaml", "neither", "side", "79", "67"],
        ["ours"],
    ]
    assert shown[10:] == [
        "dropped: gone.yaml is not there any more",
        "1 file as on both sides",
        "the.lock is rebuilt, and holds 5 files; 1 other YAML file passed over",
    ]


def test_the_rows_of_both_sides_are_named_in_markdown_too() -> None:
    rows = markdown.document(resolution(DONE)).splitlines()
    assert rows[3:5] == ["| `ours` |  | 79 | 67 |", "| `theirs` |  | 102 | 88 |"]


def test_a_lock_that_is_the_same_on_both_sides_has_no_table() -> None:
    assert lines(Resolution("the.lock", Lock({}, "0"), FILES[:1])) == [
        "1 file as on both sides",
        "the.lock is rebuilt, and holds 1 file",
    ]


def test_a_file_that_is_there_but_no_network_is_not_called_missing() -> None:
    done = Resolution("the.lock", Lock({}, "0"), FILES[:1], ("a.yaml", "b.yaml"), former=frozenset({"b.yaml"}))
    assert lines(done)[:2] == [
        "dropped: a.yaml is not there any more",
        "dropped: b.yaml is not a network any more",
    ]


def test_settings_that_differ_are_said() -> None:
    file = ResolvedFile("a.yaml", Side.OURS, A._replace(settings={"N": 4}), SideEntry(A, {"N": 4}), SideEntry(A, {}))
    shown = lines(Resolution("the.lock", Lock({}, "0"), (file,)))
    assert "a.yaml: ours is locked at N = 4, theirs at its own sizes: locked at N = 4" in shown


def test_programs_have_each_file_with_the_figures_of_both_sides() -> None:
    rows = [row.split(",") for row in csv.table(listing(DONE)).splitlines()]
    assert rows[2] == [
        "merged/by/git/in/a/long/folder.yaml",
        "neither",
        "127",
        "1000000000000",
        "79",
        "67",
        "102",
        "88",
    ]
    assert rows[5] == ["spoilt.yaml", "neither", "79", "67", "", "", "", ""]
    document = values(DONE)
    assert document["resolved"][1]["theirs"] == {"params": 102, "macs": 88, "settings": {}}
    assert [file["side"] for file in document["resolved"]] == ["both", "neither", "new", "ours", "neither"]
    assert (document["files"], document["new"], document["dropped"]) == (5, ["new.yaml"], ["gone.yaml"])


def test_a_name_holds_no_command_for_a_terminal() -> None:
    hostile = A._replace(params="\x1b[31m" * 20)
    file = ResolvedFile("a\x1b", Side.NEITHER, hostile, side(hostile), SideEntry(A, {"\x1b": "\x1b"}))
    done = Resolution("l\x1b", Lock({}, "0"), (file,), ("g\x1b",), ("s\x1b",))
    assert "\x1b" not in "\n".join(lines(done))
