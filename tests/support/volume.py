"""How many cases a test draws: few by default, all of them under the hypothesis profile `nightly`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from zlib import crc32

import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from _pytest.mark import ParameterSet

NIGHTLY = settings().max_examples >= 100

volume = pytest.mark.volume
"""Marks a test that draws more if `NIGHTLY`, unless it is a property test, which hypothesis marks."""


def at_most(count: int) -> settings:
    """Return how many examples a property test draws: `count` under the profile `nightly`, by default at most 40."""
    return settings(max_examples=count if NIGHTLY else min(count, settings().max_examples))


def eighth(rows: Iterable[Any], name: Callable[[Any], str] = str) -> list[ParameterSet]:
    """Return the rows of a parametrized test, of which only about an eighth, chosen by name, is not marked `slow`."""
    return [
        pytest.param(row, id=name(row), marks=[pytest.mark.slow] * (crc32(name(row).encode()) % 8 > 0)) for row in rows
    ]
