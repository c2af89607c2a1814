"""How far a large input has come, reported to a watcher."""

from __future__ import annotations

import pytest

from shapecalc.diagnostics import progress
from shapecalc.diagnostics.progress import EVERY, watched_by


def reports(total: int, position=None) -> list[tuple[str, int, int]]:
    seen: list[tuple[str, int, int]] = []
    with watched_by(lambda what, done, of: seen.append((what, done, of))):
        assert list(progress.tracked(range(total), "steps", total, position)) == list(range(total))
    return seen


@pytest.mark.parametrize(
    ("total", "count"), [(0, 0), (EVERY - 1, 0), (EVERY, 1), (EVERY + 1, 2), (3 * EVERY, 3), (3 * EVERY + 1, 4)]
)
def test_only_many_items_are_reported_and_each_four_thousand_once(total: int, count: int) -> None:
    assert reports(total) == [("steps", EVERY * number, total) for number in range(count)]


def test_a_position_says_how_far_an_item_is() -> None:
    assert [done for _, done, _ in reports(2 * EVERY, position=lambda item: item // 2)] == [0, EVERY // 2]


def test_without_a_watcher_items_come_as_they_are() -> None:
    items = list(range(2 * EVERY))
    assert progress.tracked(items, "steps", len(items)) is items


def test_a_watcher_is_gone_even_after_an_error() -> None:
    with pytest.raises(ZeroDivisionError), watched_by(lambda *_: None):
        raise ZeroDivisionError
    items = list(range(EVERY))
    assert progress.tracked(items, "steps", EVERY) is items
