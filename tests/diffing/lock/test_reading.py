"""A lock that is read: what is no lock is refused with its place."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, strategies as st

from shapecalc.diagnostics import ShapecalcError
from shapecalc.diffing.lock import (
    check_lock,
    entry_of,
    load_lock,
    lock_of,
    read_lock,
    to_json,
)
from shapecalc.render.check.text import render_diagnostics
from tests.support.locked_networks import CHAIN, WIRED, report_of
from tests.support.rows import for_each


def lock_text() -> str:
    return to_json(lock_of({"net.yaml": report_of(CHAIN), "wired.yaml": report_of(WIRED)}, "0.1.0"))


@for_each(
    "old, new, message",
    [
        ('"schema_version": 1', '"schema_version": 2', "has `schema_version` `2`, this version of shapecalc reads 1"),
        ('"schema_version": 1', '"schema_version": true', "has `schema_version` `true`"),
        ('"convention": 1', '"convention": 2', "was counted by convention `2`, this version of shapecalc counts by 1"),
        ('"params": 156', '"params": 156.0', "holds the number 156.0, expects whole numbers alone"),
        ('"params": 156', '"params": NaN', "holds the number NaN"),
        ('"params": 156', '"params": -1', "`files.net.yaml.layers[0].params`, expects a whole number, receives `-1`"),
        ('"params": 156', '"params": true', "expects a whole number, receives `true`"),
        ('"params": 156', '"params": [156]', "expects a whole number, receives a list"),
        ('"params": 156', f'"params": {"9" * 5000}', "holds a number that is too long"),
        ('"params": 156, ', "", "`files.net.yaml.layers[0]`, lacks `params`"),
        ('"path": "c3"', '"path": "c1"', "layers[3].path`, is `c1`, which stands before it already"),
        ('"path": "c3"', '"path": "c1", "path": "c3"', "has the key `path` twice in one place"),
        ('"path": "c3"', '"path": 3', "expects a text, receives `3`"),
        ('"type": "tanh"', '"type": null', "expects a text, receives `null`"),
        ('"wired.yaml"', '"net.yaml"', "has the key `net.yaml` twice in one place"),
        ('{"costs_at"', "{", ""),
    ],
)
def test_a_spoilt_lock_is_refused_with_its_place(old: str, new: str, message: str) -> None:
    text = lock_text()
    if not message:
        old, new, message = '"convention"', "convention", "is not JSON"
    assert old in text
    with pytest.raises(ShapecalcError) as raised:
        read_lock(text.replace(old, new, 1), "the.lock")
    (finding,) = raised.value.diagnostics
    assert (finding.code, raised.value.exit_code) == ("SC504", 2)
    assert finding.message.startswith("`the.lock`")
    assert message in finding.message
    assert finding.help


def test_a_lock_with_the_marks_of_a_merge_is_shown_at_its_line() -> None:
    lines = lock_text().splitlines(keepends=True)
    with pytest.raises(ShapecalcError) as raised:
        read_lock("".join([*lines[:4], "<<<<<<< ours\n", *lines[4:]]), "the.lock")
    (finding,) = raised.value.diagnostics
    assert finding.span is not None
    assert finding.span.line == 5


@pytest.mark.parametrize("text", ["", "[]", "3", '"a"', "null", "[" * 100_000, '{"a":' * 100_000, "\0", "{}"])
def test_what_is_no_lock_is_refused(text: str) -> None:
    with pytest.raises(ShapecalcError) as raised:
        read_lock(text, "the.lock")
    assert [finding.code for finding in raised.value.diagnostics] == ["SC504"]


def places_in(value: Any, path: tuple[Any, ...] = ()) -> Any:
    yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, below in inner:
        yield from places_in(below, (*path, key))


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2**70) | st.floats() | st.text(max_size=4) | st.just("\x1b[31m\u202e"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@given(st.data())
def test_a_lock_with_anything_anywhere_is_refused_or_held_to(data: st.DataObject) -> None:
    whole = json.loads(lock_text())
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(list(places_in(whole))))
        if not path:
            continue
        holder = whole
        for key in path[:-1]:
            holder = holder[key]
        if data.draw(st.booleans()):
            del holder[path[-1]]
        else:
            holder[path[-1]] = data.draw(VALUES)
    try:
        lock = read_lock(json.dumps(whole), "the.lock")
    except ShapecalcError as error:
        codes = {finding.code for finding in error.diagnostics}
        found, source = error.diagnostics, error.source
    else:
        codes = {"SC504"}
        report = report_of(CHAIN)
        found, source = check_lock(report, "net.yaml", lock, "the.lock"), report.architecture.file
        entry = lock.files.get("net.yaml")
        assert bool(found) == (entry is None or entry != entry_of(report))
    assert codes == {"SC504"}
    drawn = render_diagnostics(found, source)
    assert not set(drawn) & {"\x1b", "\u202e"}


@given(st.text())
def test_any_text_is_a_lock_or_refused(text: str) -> None:
    with pytest.raises(ShapecalcError):
        read_lock(text, "the.lock")


def test_a_lock_that_cannot_be_read_is_unreadable(tmp_path) -> None:
    (tmp_path / "latin").write_bytes(b"\xff")
    for path in (tmp_path, tmp_path / "latin"):
        with pytest.raises(ShapecalcError) as raised:
            load_lock(str(path))
        assert raised.value.exit_code == 2
