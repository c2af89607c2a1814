"""A network that git has merged with conflicts."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from shapecalc.diagnostics import ShapecalcError, Source
from shapecalc.files.load import loads
from shapecalc.parser.file_kind import FileKind, kind_of
from shapecalc.parser.merge_conflict import explain_conflict
from tests.support.rows import for_each

if TYPE_CHECKING:
    from pathlib import Path

BASE = "input: [N, 8]\nlayers:\n  - linear: 4\n  - relu: {inplace: false}\noutput: [N, 4]\n"


@for_each(
    "ours, theirs",
    [
        (("linear: 4", "linear: 5"), ("linear: 4", "linear: 6")),
        (("[N, 8]", "[N, 9]"), ("[N, 8]", "[N, 7]")),
        (("  - relu: {inplace: false}\n", ""), ("{inplace: false}", "{}")),
        (("output: [N, 4]\n", ""), ("[N, 4]", "[N, 5]")),
        (("input: [N, 8]\n", "input:\n  - N\n  - 8\n"), ("input: [N, 8]\n", "input: [N, 9]\n")),
    ],
)
def test_a_conflict_is_explained_at_its_first_marker_in_each_style(
    ours: tuple[str, str], theirs: tuple[str, str], tmp_path: Path
) -> None:
    for style in ((), ("--diff3",), ("--zdiff3",)):
        for end in ("\n", "\r\n"):
            for name, text in (("ours", BASE.replace(*ours)), ("base", BASE), ("theirs", BASE.replace(*theirs))):
                (tmp_path / name).write_bytes(text.replace("\n", end).encode())
            command = ["git", "merge-file", "-p", *style, "ours", "base", "theirs"]
            merged = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).stdout.decode()
            with pytest.raises(ShapecalcError) as raised:
                loads(merged)
            (finding,) = raised.value.diagnostics
            assert finding.code == "SC003"
            assert "merge conflict" in finding.message
            assert finding.span is not None
            assert merged.split(end)[finding.span.line - 1][: finding.span.end_column - 1] == "<<<<<<< ours"
            assert kind_of(Source("net.yaml", merged)) is FileKind.NETWORK


def test_a_text_without_a_marker_at_the_start_of_a_line_has_no_conflict() -> None:
    for text in ("", "<<<<<<", " <<<<<<< HEAD\n", "<<<<<<<HEAD\n", "=======\n", "<<<<<<<<\n"):
        assert explain_conflict(text) is None, text
