"""`--lock-file`: where the figures of networks are locked."""

from __future__ import annotations

from typing import Annotated

import typer

LockFileOption = Annotated[
    str | None,
    typer.Option(
        "--lock-file",
        metavar="FILE",
        help="The lock file, which `shapecalc lock` writes; default: that of the configuration, else "
        "shapecalc.lock.json.",
    ),
]
