"""A sweep's blocks on an existing Dask cluster, whose workers have shapecalc too."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from shapecalc.diagnostics import ShapecalcError, misuse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.solving.sweep.plans import KeptPoints, Task

SECONDS = 10
"""How long a scheduler is waited for."""

AHEAD = 4
"""Blocks under way for each thread of the cluster: enough that none waits, few enough for results to fit in memory."""


def spread(tasks: Iterator[Task], address: str) -> Iterator[tuple[KeptPoints, int]]:
    """Yield what is kept of each block in the order of the tasks, with its points; the workers share those blocks.

    Raises `ShapecalcError` SC804 where the extra is not installed, nobody answers, or a worker cannot do it.
    """
    try:
        from distributed import Client  # noqa: PLC0415 - an extra
    except ImportError:
        raise misuse("SC804", "`--dask` needs Dask", "pip install 'nn-shapecalc[dask]'") from None
    try:
        client: Any = Client(address, timeout=SECONDS, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        raise misuse("SC804", f"no Dask scheduler answers at `{address}`: {error}") from None
    with client:
        window = AHEAD * max(sum(client.nthreads().values()), 1)
        under_way: deque[tuple[Task, Any]] = deque()
        for task in tasks:
            future = client.submit(task.result, pure=False) if task.shared else None
            under_way.append((task, future))
            if len(under_way) >= window:
                yield _finished(*under_way.popleft())
        while under_way:
            yield _finished(*under_way.popleft())


def _finished(task: Task, future: Any) -> tuple[KeptPoints, int]:
    if future is None:
        return task.result(), task.points
    try:
        return future.result(), task.points
    except ShapecalcError:
        raise
    except (ImportError, AttributeError) as error:
        raise misuse("SC804", f"a worker has no such shapecalc: {error}", "install the same version there") from None
