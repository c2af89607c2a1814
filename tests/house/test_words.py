"""The package's texts and names keep to plain words: none of the list in `tests.support.words`, few exceptions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.words import uses

if TYPE_CHECKING:
    from pathlib import Path

MESSAGE = "a message or a line of output, which stay"
ALLOWED = {
    ("calculators/beam_search.py", "alive"): "a key of the JSON of `beam`",
    ("calculators/beam_search.py", "kept"): "a key of the JSON of `beam`",
    ("diagnostics/rules.py", "mended"): "a key of the JSON of `rule`",
    ("parser/blocks.py", "stands alone"): MESSAGE,
    ("parser/include.py", "beside"): MESSAGE,
    ("reference/beam_search.py", "kept"): "the counterpart of the JSON's key",
    ("solving/input_sizes.py", "asked"): "a key of the JSON of `solve`",
    ("solving/sweep/run.py", "illegal"): "a public attribute of `Sweep`",
}


def test_no_text_or_name_uses_a_word_that_the_list_avoids() -> None:
    assert [use for use in uses() if (use.file, use.word) not in ALLOWED] == []


def test_every_exception_is_used() -> None:
    assert set(ALLOWED) - {(use.file, use.word) for use in uses()} == set()


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ('"""What is alive, held against the rule."""', ["held against", "alive"]),
        ("x = 1  # a lone value, so many of them", ["lone", "so many"]),
        ('Option("--x", help="A whole number.")', ["whole number"]),
        ("def mended(found): kept = found", ["found", "mended", "kept"]),
        ('"""The type `whole number` in a code span.\n\n>>> lone\n"""', []),
        ("raise ValueError('a message that stands alone')", []),
        ("message = f'{count} layers alike, {size} MACs in all'", ["alike", "in all"]),
        ("heading = 'alike'", []),
    ],
)
def test_this_test_can_fail(tmp_path: Path, source: str, words: list[str]) -> None:
    (tmp_path / "module.py").write_text(source, encoding="utf-8")
    assert sorted(use.word for use in uses(tmp_path)) == sorted(words)
