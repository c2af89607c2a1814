"""Searches over given probabilities."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from shapecalc.api.load import count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from shapecalc.execution.beam import BeamSearch

    Row: TypeAlias = Sequence[float] | Mapping[str, float]
    Table: TypeAlias = str | os.PathLike[str] | Sequence[Row] | Mapping[str, Row]
    """A text or the path of a file, rows by step, or rows by prefix."""


def beam_search(
    probabilities: Table, *, beam: int = 2, length: int | None = None, end: str | None = None
) -> BeamSearch:
    """Return a beam search over probabilities with all its candidates, next to greedy and exhaustive search.

    `probabilities` has a row per step, or a distribution after each prefix: a list, a mapping, an array, or what the
    command `beam --probabilities` takes. `length` is by default that of the table; the symbol `end` ends a sequence.
    Raises `ShapecalcError` for a table that is malformed or lacks a prefix, `LayerError` for numbers out of range.

    >>> search = beam_search({"": [0.6, 0.4], "0": [0.55, 0.45], "1": [0.1, 0.9]})
    >>> search
    <BeamSearch: beam 2 over 2 symbols, 2 steps, best 1 1 with 0.36>
    >>> search.greedy.symbols, search.finds_best
    ((0, 0), True)
    """
    from shapecalc.execution.beam import load, search

    if not isinstance(probabilities, (str, os.PathLike)):
        text = json.dumps(probabilities, default=_plain, ensure_ascii=False)
    else:
        text = os.fspath(probabilities)
    return search(load(text), beam=count("beam", beam), length=count("length", length), end=end)


def _plain(value: Any) -> Any:
    """Return an array, a mapping or an exact number as JSON has it: 3/5 is a text."""
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, Mapping):
        return dict(value)
    if hasattr(value, "as_integer_ratio"):
        over, under = value.as_integer_ratio()
        return f"{over}/{under}"
    raise TypeError(f"`probabilities` expects lists and mappings of numbers, receives a {type(value).__name__}")
