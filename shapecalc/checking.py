"""Whether architecture files are in order: what reading, inference, their own expectations and a run find of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from shapecalc.diagnostics import Diagnostic, Source


class Checked(NamedTuple):
    """One file, and what was found in it in the order of its text.

    `name` is the path as it was given, with `/` between folders and relative where it lies below the current folder;
    `source` is its text, None where it could not be read. A finding may lie in a file that it includes: `source.of`.
    """

    name: str
    source: Source | None
    findings: tuple[Diagnostic, ...]
    readable: bool = True
