"""How many cases a test draws: few by default, all of them under the hypothesis profile `nightly`."""

from __future__ import annotations

import pytest
from hypothesis import settings

NIGHTLY = settings().max_examples >= 1000

volume = pytest.mark.volume
"""Marks a test that draws more if `NIGHTLY`, unless it is a property test, which hypothesis marks."""


def at_most(count: int) -> settings:
    """Limit a property test whose examples are expensive to `count`, where the profile has more."""
    return settings(max_examples=min(count, settings().max_examples))
