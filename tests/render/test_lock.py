"""`shapecalc lock`: what it says that it has done."""

from __future__ import annotations

from shapecalc.render.lock import LockSummary, summary


def test_a_file_and_a_message_hold_no_command_for_a_terminal() -> None:
    done = LockSummary("a\x1b.lock", created=False, written=True, files=1, new=(), updated={"b\x1b": ("c\x1b",)})
    assert "\x1b" not in summary(done)
    assert summary(done).splitlines() == ["updated: b\\u{1b}: c\\u{1b}", "a\\u{1b}.lock holds 1 file"]


def test_all_files_of_a_new_lock_are_new_and_none_is_said_to_be() -> None:
    done = LockSummary("a.lock", created=True, written=True, files=2, new=("a", "b"), updated={})
    assert summary(done) == "a.lock holds 2 files"
    assert summary(done._replace(created=False)) == "a.lock holds 2 files, 2 of them new"
    assert done.to_dict()["new"] == ("a", "b")
