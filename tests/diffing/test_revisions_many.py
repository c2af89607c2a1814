"""1,000 networks: the ten that differ are reported, with few processes and without inspecting the others."""

from __future__ import annotations

import random
import re
import time
from typing import TYPE_CHECKING

import shapecalc
from shapecalc.diffing import revisions
from shapecalc.diffing.git import command, objects
from shapecalc.diffing.revisions import diff_revisions
from tests.support import repositories
from tests.support.git_repositories import Difference, GitRepository, differences

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any

    import pytest

CONVOLUTION = re.compile(r"^  - conv: ", re.MULTILINE)
COUNT, DIFFERENT = 1_000, 10
SECONDS = 6
"""Of the processor, about ten times what a quiet machine takes."""


def counted(monkeypatch: pytest.MonkeyPatch, module: object, name: str, calls: list[str]) -> None:
    """Replace a function of a module by one that also notes each call."""
    function: Callable[..., Any] = getattr(module, name)

    def noted(*given: Any, **options: Any) -> Any:
        calls.append(name)
        return function(*given, **options)

    monkeypatch.setattr(module, name, noted)


def test_ten_of_a_thousand_networks_differ(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    made = GitRepository(tmp_path)
    paths = [path for path in repositories.write(tmp_path, COUNT) if path.parent.name != "blocks"]
    made.commit()
    draw = random.Random(1)
    editable = [path for path in paths if CONVOLUTION.search(path.read_text())]
    chosen = sorted(path.relative_to(tmp_path).as_posix() for path in draw.sample(editable, DIFFERENT))
    before = {path: shapecalc.inspect(path).totals.params for path in chosen}
    for path in chosen:
        text = (tmp_path / path).read_text()
        (tmp_path / path).write_text(CONVOLUTION.sub(r"  - batch_norm\n\g<0>", text, 1))
    calls: list[str] = []
    for module in (command.subprocess, objects):
        counted(monkeypatch, module, "run" if module is command.subprocess else "start", calls)
    counted(monkeypatch, revisions, "load_from", calls)
    for committed in (False, True):
        if committed:
            made.commit()
        calls.clear()
        began = time.process_time()
        compared = diff_revisions("HEAD~1", "HEAD") if committed else diff_revisions("HEAD")
        assert time.process_time() - began < SECONDS
        assert differences(compared) == [Difference("changed", path, path) for path in chosen]
        assert compared.unchanged == COUNT - DIFFERENT
        assert {each.path: each.totals.params.before for each in compared.changes} == before
        assert all(each.totals.params.after > before[each.path] for each in compared.changes)
        assert calls.count("load_from") == 2 * DIFFERENT
        assert calls.count("run") + calls.count("start") <= 6
