"""Patterns match as the disk's own expansion of them does."""

from __future__ import annotations

import glob
from typing import TYPE_CHECKING

from shapecalc.files.patterns import within

if TYPE_CHECKING:
    from pathlib import Path

FILES = ("a.yaml", "b.yml", "nets/a.yaml", "nets/ab.yaml", "nets/edge/a.yaml", "nets/edge/deep/z.yaml", "n[e]ts/a.yaml")
PATTERNS = (
    *("*.yaml", "**/*.yaml", "nets/*", "nets/**", "nets/**/*.yaml", "nets/*/a.yaml", "?.yaml", "nets/a?.yaml"),
    *("[ab].y*ml", "[!a].y*", "**/edge/*", "**/deep/**", "nets/[a]*.yaml", "n[[]e]ts/*", "**", "*"),
)


def test_a_pattern_matches_the_files_that_its_expansion_on_disk_leads_to(tmp_path: Path) -> None:
    for name in FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    for pattern in PATTERNS:
        expanded = [name.rstrip("/") for name in glob.glob(pattern, root_dir=tmp_path, recursive=True)]  # noqa: PTH207
        below = {name for name in FILES for each in expanded if name == each or name.startswith(f"{each}/")}
        assert {name for name in FILES if within(name, pattern)} == below, pattern


def test_a_pattern_of_signs_alone_takes_no_time() -> None:
    assert not within("a/" * 2_000 + "b", "**/" * 40 + "c")
