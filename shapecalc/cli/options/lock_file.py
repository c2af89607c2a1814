"""`--lock-file`: where the figures of networks are locked."""

from __future__ import annotations

from typing import Annotated

import typer

LOCK_FILE = "shapecalc.lock.json"

LockFileOption = Annotated[
    str,
    typer.Option("--lock-file", metavar="FILE", help="The lock file, which `shapecalc lock` writes."),
]
