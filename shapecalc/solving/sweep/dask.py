"""Execution of a sweep's blocks on an existing Dask cluster, whose workers have shapecalc installed."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from shapecalc.diagnostics import ShapecalcError, misuse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shapecalc.solving.sweep.plans import Points, Task

SECONDS = 10
"""The timeout of the connection to a scheduler."""

AHEAD = 4
"""Blocks in progress per thread of the cluster: enough that none is idle, few enough for results to fit in memory."""


def distribute(tasks: Iterator[Task], address: str) -> Iterator[tuple[Points, int]]:
    """Yield the result of each task in order, with its number of grid points; the workers share the tasks.

    Raises `ShapecalcError` SC804 if the extra is not installed, no scheduler answers, or a worker lacks shapecalc.
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
        pending: deque[tuple[Task, Any]] = deque()
        for task in tasks:
            future = client.submit(task.result, pure=False) if task.shared else None
            pending.append((task, future))
            if len(pending) >= window:
                yield _finished(*pending.popleft())
        while pending:
            yield _finished(*pending.popleft())


def _finished(task: Task, future: Any) -> tuple[Points, int]:
    if future is None:
        return task.result(), task.points
    try:
        return future.result(), task.points
    except ShapecalcError:
        raise
    except (ImportError, AttributeError) as error:
        raise misuse("SC804", f"a worker has no such shapecalc: {error}", "install the same version there") from None
