"""Patterns match as the disk's own expansion of them does."""

from __future__ import annotations

import glob
from typing import TYPE_CHECKING

from shapecalc.files.patterns import matches, within

if TYPE_CHECKING:
    from pathlib import Path

FILES = (
    *("a.yaml", "b.yml", "nets/a.yaml", "nets/ab.yaml", "nets/edge/a.yaml", "nets/edge/deep/z.yaml", "n[e]ts/a.yaml"),
    *(".a.yaml", ".ci/a.yaml", ".ci/.a.yaml", "nets/.edge/a.yaml", "nets/edge/.deep/a.yaml", "nets/edge/.a.yaml"),
)
PATTERNS = (
    *("*.yaml", "**/*.yaml", "nets/*", "nets/**", "nets/**/*.yaml", "nets/*/a.yaml", "?.yaml", "nets/a?.yaml"),
    *("[ab].y*ml", "[!a].y*", "**/edge/*", "**/deep/**", "nets/[a]*.yaml", "n[[]e]ts/*", "**", "*"),
    *(".*", ".*/*", ".*/.*", ".ci", "**/.*", "**/.deep", "nets/*/.deep/*", "*/.edge/*.yaml", ".ci/**", "**/[.]*"),
)


def test_a_pattern_matches_the_files_that_its_expansion_on_disk_leads_to(tmp_path: Path) -> None:
    for name in FILES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    for pattern in PATTERNS:
        expanded = [name.rstrip("/") for name in glob.glob(pattern, root_dir=tmp_path, recursive=True)]  # noqa: PTH207
        below = {
            name
            for name in FILES
            for each in expanded
            if name == each or (name.startswith(f"{each}/") and "/." not in name.removeprefix(each))
        }
        assert {name for name in FILES if within(name, pattern, hidden=False)} == below, pattern


def test_a_pattern_of_signs_alone_takes_no_time() -> None:
    assert not within("a/" * 2_000 + "b", "**/" * 40 + "c")


# a path, a pattern, whether it matches
ANYWHERE = [
    ("edge/a.yaml", "edge/**", True),
    ("edge/deep/a.yaml", "edge/**", True),
    ("nets/edge/a.yaml", "edge/**", True),
    ("edges/a.yaml", "edge/**", False),
    ("nets/old/a.yaml", "nets/old", True),
    ("nets/old/a.yaml", "old", True),
    ("nets/older/a.yaml", "old", False),
    ("nets/a.old.yaml", "*.old.yaml", True),
    ("nets/deep/a.yaml", "nets/*.yaml", False),
    ("nets/deep/a.yaml", "nets/**/*.yaml", True),
    ("nets/a.yaml", "nets/**/*.yaml", True),
    ("nets/a.yaml", ".", True),
    ("nets/a.yaml", "**", True),
    ("nets/a.yaml", "[mn]ets/?.yaml", True),
    ("nets/a.yaml", "b.yaml", False),
    ("../a.yaml", "a.yaml", True),
    ("nets/a.yaml", "nets/", True),
    ("nets/a.yaml", "", False),
]


def test_a_pattern_matches_a_file_or_a_folder_around_it() -> None:
    for path, pattern, expected in ANYWHERE:
        assert matches(path, pattern) is expected, (path, pattern)


def test_a_pattern_takes_no_time() -> None:
    assert not matches("a" * 5_000, "*a" * 2_000 + "b")
    assert not matches("a/" * 2_000, "**/a/" * 500 + "b")
