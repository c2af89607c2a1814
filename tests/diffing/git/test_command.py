"""Git is run in English, without what a hook sets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.diffing.git.command import environment, error_of, git

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_what_a_hook_sets_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_DIR", "/elsewhere")
    monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
    assert "GIT_DIR" not in environment()
    assert environment()["LC_ALL"] == "C"


def test_the_error_is_the_first_line_without_its_kind(tmp_path: Path) -> None:
    ended = git(tmp_path, "rev-parse", "--git-dir")
    assert ended.returncode
    assert error_of(ended).startswith("not a git repository")
