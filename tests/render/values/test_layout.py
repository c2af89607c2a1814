"""Blocks side by side, and the line above a tensor."""

from __future__ import annotations

from shapecalc.render.terminal.grid import Page
from shapecalc.render.values.layout import beside, heading

BLOCKS = [["aa", "bbbb"], ["c"], ["dd", "", "e"]]


def test_blocks_are_side_by_side_if_the_page_has_room_for_them() -> None:
    wide, narrow = (beside(BLOCKS, Page(width, color=False, unicode=True)) for width in (80, 9))
    assert wide == ["aa     c   dd", "bbbb", "           e"]
    assert narrow == ["aa     c", "bbbb", "dd", "", "e"]


def test_colours_take_no_room() -> None:
    painted = [["\x1b[1maa\x1b[0m", "bbbb"], ["c"]]
    assert beside(painted, Page(8, color=True, unicode=True)) == ["\x1b[1maa\x1b[0m     c", "bbbb"]


def test_a_heading_is_escaped_and_breaks_where_it_is_too_long() -> None:
    page = Page(20, color=True, unicode=True)
    assert heading("a\x1b", (2, 3), page, "note") == ["\x1b[1ma\\u{1b}\x1b[0m [2, 3] note"]
    assert heading("a", (2, 3), page, "a note that is longer") == ["a [2, 3] a note that", "is longer"]
    assert heading("loss", (), page, "= 1") == ["\x1b[1mloss\x1b[0m = 1"]
