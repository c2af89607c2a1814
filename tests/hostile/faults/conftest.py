"""Rows of faults, run two at a time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from tests.hostile.faults.processes import run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.hostile.faults.processes import Ended, Fault


@pytest.fixture(scope="module")
def ended(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Ended]]:
    """Return how a row of this file ended; those that are asked for have all been started, two at a time."""
    rows: list[Fault] = [
        item.callspec.params[name]
        for item in request.session.items
        if isinstance(item, pytest.Function) and item.module is request.module
        for name in ("fault", "other")
        if name in item.fixturenames
    ]
    pool = ThreadPoolExecutor(2)
    folders = {row.name: tmp_path_factory.mktemp("fault") for row in rows}
    assert len(folders) == len(rows), "two rows have one name"
    started = {row.name: pool.submit(run, row, folders[row.name]) for row in rows}
    yield lambda fault: started[fault.name].result()
    pool.shutdown(cancel_futures=True)
