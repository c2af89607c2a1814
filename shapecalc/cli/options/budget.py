"""The options that limit the memory and the operations of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from shapecalc.cli.exit_codes import Misuse

if TYPE_CHECKING:
    from shapecalc.execution.budget import Budget

MaxMemoryOption = Annotated[
    str, typer.Option("--max-memory", metavar="SIZE", help="Refuse a run that needs more memory than this.")
]
MaxFlopsOption = Annotated[
    str, typer.Option("--max-flops", metavar="COUNT", help="Refuse a run with more operations than this, such as 2T.")
]
MAX_MEMORY, MAX_FLOPS = "4GiB", "500G"


def budget_of(memory: str, flops: str) -> Budget:
    """Return the budget of `4GiB`, `500 MB` or plain bytes, and of `500G` operations.

    >>> budget_of("1.5 MB", "2T")
    Budget(memory=1500000, flops=2000000000000)
    """
    from shapecalc.execution.budget import Budget
    from shapecalc.parser.quantities import read_quantity

    allowed = read_quantity(memory.strip(), of_bytes=True)
    operations = read_quantity(flops.strip())
    if allowed is None:
        raise Misuse(f"`--max-memory` expects a size such as 4GiB, 500MiB or bytes, receives `{memory}`")
    if operations is None:
        raise Misuse(f"`--max-flops` expects a number of operations such as 500G or 2T, receives `{flops}`")
    return Budget(int(allowed), int(operations))
