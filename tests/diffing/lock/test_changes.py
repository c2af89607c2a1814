"""Changes of a lock: the layers that differ, and files that were moved."""

from __future__ import annotations

from shapecalc.diffing.diff import ChangeKind, diff
from shapecalc.diffing.lock import entry_of
from shapecalc.diffing.lock.changes import FileChange, LayerCounts, layer_counts, moves
from tests.support.locked_networks import CHAIN, WIRED, report_of
from tests.support.rows import for_each


@for_each(
    "old, new",
    [
        ("out_channels: 16", "out_channels: 24"),
        ("  - avg_pool: 2\n", "  - dropout: 0.5\n  - avg_pool: 2\n"),
        ("  - linear: 120\n  - relu\n", ""),
        ("linear: 84", "linear: 85"),
        ("tanh", "sigmoid"),
    ],
)
def test_layers_are_counted_as_a_comparison_counts_them(old: str, new: str) -> None:
    before, after = report_of(CHAIN), report_of(CHAIN.replace(old, new, 1))
    tally = diff(before, after).tally
    expected = tuple(tally[kind] for kind in (ChangeKind.ADDED, ChangeKind.REMOVED, ChangeKind.CHANGED))
    assert any(expected)
    assert layer_counts(entry_of(before), entry_of(after)) == expected


def test_a_layer_that_reads_another_one_has_changed_and_one_with_another_name_has_not() -> None:
    entries = [
        entry_of(report_of(text))
        for text in (WIRED, WIRED.replace("from: [a, b]", "from: [b, b]"), WIRED.replace("name: sum", "name: total"))
    ]
    assert layer_counts(entries[0], entries[1]) == (0, 0, 1)
    assert layer_counts(entries[0], entries[2]) == (0, 0, 0)


def test_a_change_has_a_kind_and_only_one_of_a_locked_file_has_layers() -> None:
    old, new = (entry_of(report_of(text)) for text in (CHAIN, CHAIN.replace("linear: 84", "linear: 85")))
    changes = (
        FileChange("a", None, new),
        FileChange("a", old, None),
        FileChange("a", old, new),
        FileChange("a", old, old, "b"),
    )
    assert [change.kind for change in changes] == ["new", "removed", "changed", "moved"]
    none = LayerCounts()
    assert [change.layers for change in changes] == [none, none, LayerCounts(0, 0, 3), none]


def test_a_file_is_moved_only_if_it_is_the_only_one_that_is_equal_to_one_that_is_gone() -> None:
    assert moves({"a": ("x",), "b": ("y", "z"), "c": (), "d": ("w",), "e": ("w",)}) == {"a": "x"}
