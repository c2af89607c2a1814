"""The networks that differ between two revisions, as a table and for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.diffing.revisions import diff_revisions
from shapecalc.render.revisions import listing, markdown, values
from tests.support.git_repositories import GitRepository

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_each_network_that_differs_is_a_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = GitRepository(tmp_path, {"a.yaml": "input: [N, 8]\nlayers: [linear: 4]\n"})
    monkeypatch.chdir(tmp_path)
    made.write({"b.yaml": "input: [N, 8]\nlayers: [linear: 5]\n"})
    (tmp_path / "a.yaml").write_text("input: [N, 8]\nlayers: [linear: 6]\n")
    compared = diff_revisions("HEAD")
    assert [row.values[1].text() for row in listing(compared).rows] == ["a.yaml", "b.yaml"]
    document = values(compared)
    assert [(each["status"], each["totals"]["params"]["delta"]) for each in document["networks"]] == [
        ("changed", 18),
        ("added", 45),
    ]
    assert markdown(compared).startswith("<!-- shapecalc diff -->")
