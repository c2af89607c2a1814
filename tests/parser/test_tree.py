"""A mapping gives the value of a key."""

from __future__ import annotations

from tests.support.reading import plain, read


def test_an_absent_key_is_none():
    assert read("a: 1\n").get("b") is None


def test_a_value_is_found_by_its_key_at_any_place() -> None:
    node = read("a: 1\n'b': [2, x]\nc: {a: 3}\n")
    assert [plain(node.get(key)) for key in "abc"] == [1, [2, "x"], {"a": 3}]
