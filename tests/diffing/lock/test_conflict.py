"""Markers of merge conflicts: those that git writes, and what is left of them."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from shapecalc.diagnostics import ShapecalcError
from shapecalc.diffing.lock import read_lock
from shapecalc.diffing.lock.conflict import find_conflict
from tests.support.lock_merges import STYLES, lock_text, merged
from tests.support.rows import for_each

LINES = st.lists(st.sampled_from(["a", "b", "c", "", "=== d", "<<<<<< e"]), max_size=8)


@settings(deadline=None)
@given(LINES, LINES, LINES, st.sampled_from(STYLES), st.booleans())
def test_each_side_has_its_own_lines_and_those_that_git_has_merged(
    ours: list[str], base: list[str], theirs: list[str], style: tuple[str, ...], crlf: bool
) -> None:
    end = "\r\n" if crlf else "\n"
    texts = ["".join(line + end for line in lines) for lines in (ours, base, theirs)]
    with tempfile.TemporaryDirectory() as folder:
        text, conflicting = merged(Path(folder), *texts, style=style)
        sides = [merged(Path(folder), *texts, style=(f"--{side}",))[0] for side in ("ours", "theirs")]
    conflict = find_conflict(text)
    assert (conflict is not None) == conflicting
    if conflict is not None:
        assert conflict.complete
        assert conflict.names == ("ours", "theirs")
        assert text.split("\n")[conflict.line - 1].rstrip("\r") == "<<<<<<< ours"
        assert [conflict.ours, conflict.theirs] == sides


@for_each(
    "text, number, complete, names, sides",
    [
        ("<<<<<<< a\n1\n=======\n2\n>>>>>>> b\n", 1, True, ("a", "b"), ("1\n", "2\n")),
        ("<<<<<<<\n1\n=======\n2\n>>>>>>>\n", 1, True, ("", ""), ("1\n", "2\n")),
        # a base that was merged itself has longer markers inside
        (
            "<<<<<<< a\n1\n||||||| base\n<<<<<<<<< x\n3\n=========\n4\n>>>>>>>>> y\n=======\n2\n>>>>>>> b\n",
            *(1, True, ("a", "b"), ("1\n", "2\n")),
        ),
        ("0\n<<<<<<< a\n1\n=======\n2\n", 1, False, ("a", ""), ("0\n1\n", "0\n2\n")),
        ("0\n=======\n2\n>>>>>>> b\n3\n", 1, False, ("", "b"), ("0\n3\n", "0\n2\n3\n")),
        ("0\n>>>>>>> b\n3\n", 1, False, ("", "b"), ("0\n3\n", "0\n3\n")),
        ("<<<<<<< a\n1\n>>>>>>> b\n3\n", 1, False, ("a", "b"), ("1\n3\n", "3\n")),
        ("<<<<<<< a\n<<<<<<< c\n1\n=======\n2\n>>>>>>> d\n", 2, False, ("a", ""), ("1\n", "2\n")),
        ("<<<<<<< a\n1\n=======\n2\n>>>>>>> b\n<<<<<<< c\n", 2, False, ("a", "b"), ("1\n", "2\n")),
    ],
)
def test_what_is_left_of_markers_is_read_as_far_as_it_goes(
    text: str, number: int, complete: bool, names: tuple[str, str], sides: tuple[str, str]
) -> None:
    conflict = find_conflict(text)
    assert conflict is not None
    assert (conflict.number, conflict.complete, conflict.names) == (number, complete, names)
    assert (conflict.ours, conflict.theirs) == sides


def test_no_line_of_a_lock_is_a_marker() -> None:
    for text in (lock_text({"<<<<<<< a": 3}), "", "<<<<<<\n", "a <<<<<<<\n", "<<<<<<<a\n", " =======\n"):
        assert find_conflict(text) is None, text


@settings(deadline=None)
@given(st.data())
def test_a_lock_with_any_marker_is_explained_at_the_first(data: st.DataObject) -> None:
    lines = lock_text({"a.yaml": 3, "b.yaml": 4}).split("\n")
    count = data.draw(st.integers(1, 4))
    for _ in range(count):
        marker = data.draw(
            st.sampled_from(["<<<<<<< HEAD", "||||||| 1f", "=======", ">>>>>>> b", "<" * 9, "=======\r"])
        )
        lines.insert(data.draw(st.integers(0, len(lines))), marker)
    at = data.draw(st.integers(0, len(lines) - 1))
    if lines[at][:1] not in "<|=>":
        lines[at] = data.draw(st.sampled_from(["}", '"a": 1, "a": 2', "[" * 2000, "9" * 5000]))
    with pytest.raises(ShapecalcError) as raised:
        read_lock("\n".join(lines), "the.lock")
    (finding,) = raised.value.diagnostics
    assert finding.code == "SC504"
    assert "merge conflict" in finding.message
    assert finding.help is not None
    assert "`shapecalc lock --resolve --lock-file the.lock`" in finding.help
    assert finding.span is not None
    assert finding.span.line == 1 + next(number for number, line in enumerate(lines) if line[:7] in MARKS)


MARKS = frozenset(sign * 7 for sign in "<|=>")
