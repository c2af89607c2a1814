"""The names of the package: a class name is used once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.structure import class_names

if TYPE_CHECKING:
    from pathlib import Path


def test_a_class_name_is_used_once() -> None:
    assert [name for name, count in class_names().items() if count > 1] == []


def test_this_test_can_fail_for_a_class_within_a_function(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("class Step: ...\n", encoding="utf-8")
    (tmp_path / "b.py").write_text("def f():\n    class Step: ...\n", encoding="utf-8")
    assert class_names(tmp_path)["Step"] == 2
