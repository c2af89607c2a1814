"""Writes to tensors that share elements with others, with lists of numbers in place of tensors."""

from __future__ import annotations

from typing import Any

import pytest

from shapecalc.importers.torch_export import bindings as module
from shapecalc.importers.torch_export.bindings import Bindings, View
from shapecalc.importers.torch_export.operands import MISSING
from shapecalc.importers.torch_export.program import Operator
from shapecalc.importers.unreadable import Unreadable

SELECT = Operator("aten.select.int", {}, (), {})


def bindings(**last_reads: int) -> Bindings:
    """Return x = [1, 2, 3] with a view of each of its entries, a, b and c."""

    def reread(view: View) -> Any:
        return found[view.of][view.position]

    def written_back(view: View, whole: Any, part: Any) -> Any:
        return [part if index == view.position else entry for index, entry in enumerate(whole)]

    found = Bindings(last_reads, reread, written_back)
    found.bind("x", [1, 2, 3])
    for position, name in enumerate("abc"):
        found.bind(name, position + 1, View("x", SELECT, {}, position, copies=False))
    return found


def test_a_write_to_a_view_changes_what_it_is_a_view_of() -> None:
    found = bindings(x=9)
    found.write("b", 7, now=1)
    assert found["x"] == [1, 7, 3]


def test_a_write_changes_the_other_views() -> None:
    found = bindings(a=9, c=9)
    found.write("x", [4, 5, 6], now=1)
    assert (found["a"], found["b"], found["c"]) == (4, 5, 6)


def test_writes_to_two_views_add_up() -> None:
    found = bindings(x=9)
    found.write("a", 7, now=1)
    found.write("c", 8, now=2)
    assert found["x"] == [7, 2, 8]


def test_what_nothing_reads_later_is_not_computed() -> None:
    found = bindings(x=1)
    found.written_back = lambda *_: pytest.fail("computed")
    found.write("a", 7, now=1)
    assert found["a"] == 7


def test_a_view_that_may_be_a_copy_leaves_what_it_is_of_unknown() -> None:
    found = bindings(x=9)
    found.bind("d", 1, View("x", SELECT, {}, 0, copies=True))
    found.write("d", 7, now=1)
    assert found["d"] == 7
    with pytest.raises(Unreadable, match="written to"):
        found["x"]


def test_a_write_that_cannot_be_read_leaves_nothing_of_the_family() -> None:
    found = bindings(x=9, b=9)
    found.write("a", MISSING, now=1)
    assert found["x"] is MISSING
    assert found["b"] is MISSING


def test_writes_to_views_without_number_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_WORK", 10)
    found = bindings()
    found.write("a", 1, now=1)
    found.write("a", 2, now=2)
    with pytest.raises(Unreadable, match="too many writes"):
        found.write("a", 3, now=3)
