"""How rows of faults end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.hostile.faults.processes import run

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.hostile.faults.processes import Ended, Fault


@pytest.fixture
def ended(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Fault], Ended]:
    """Return how a row ended, which is run once in a test."""
    runs: dict[str, Ended] = {}

    def of(fault: Fault) -> Ended:
        if fault.name not in runs:
            runs[fault.name] = run(fault, tmp_path_factory.mktemp("fault"))
        return runs[fault.name]

    return of
