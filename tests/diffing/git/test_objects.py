"""Objects are read whole, cut or refused, one after the other through one process."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from shapecalc.diagnostics import ShapecalcError
from shapecalc.diffing.git.objects import ObjectReader
from tests.support.git_repositories import GitRepository

if TYPE_CHECKING:
    from pathlib import Path


def test_contents_are_those_that_were_committed_and_longer_ones_are_cut(tmp_path: Path) -> None:
    contents = {"a": b"", "b": b"\n", "c": b"x" * 200_000, "d": bytes(range(256)) * 3, "e": b"1234567890"}
    made = GitRepository(tmp_path, contents)
    with ObjectReader(made.folder) as objects:
        for _ in range(2):
            for name, data in contents.items():
                read = objects.read(made.git("rev-parse", f"HEAD:{name}"), 1_000)
                assert read == data[:1_001], name
        with pytest.raises(ShapecalcError, match="git has no object"):
            objects.read("0" * 40, 10)
        assert objects.read(made.git("rev-parse", "HEAD:e"), 10) == b"1234567890"
