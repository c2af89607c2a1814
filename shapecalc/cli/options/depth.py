"""`--depth`: rows of nested layers folded into one."""

from __future__ import annotations

from typing import Annotated

import typer

DepthOption = Annotated[
    int | None,
    typer.Option(
        "--depth",
        min=1,
        help="Fold rows below this depth: 1 shows each block as one row.",
    ),
]
