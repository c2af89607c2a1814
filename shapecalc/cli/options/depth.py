"""`--depth`: rows of nested layers folded into one."""

from __future__ import annotations

from typing import Annotated

import typer

DepthOption = Annotated[
    int | None,
    typer.Option(
        "--depth",
        min=1,
        help="Fold layers whose paths share this number of first parts: 1 shows each block as one row.",
    ),
]
