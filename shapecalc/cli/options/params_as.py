"""`--params-as`: the convention by which parameters are counted."""

from __future__ import annotations

from enum import Enum
from typing import Annotated

import typer


class ParamsAs(Enum):
    """The values of `--params-as`, those of `shapecalc.layers.base.PARAMS_AS`."""

    PYTORCH = "pytorch"
    KERAS = "keras"
    TEXTBOOK = "textbook"


ParamsAsOption = Annotated[
    ParamsAs | None,
    typer.Option(
        "--params-as",
        help="Convention by which parameters are counted: bias vectors of recurrent layers differ; Keras also counts "
        "the moving mean and variance of batch norm, which are not trained. Default: pytorch; of Keras models keras.",
    ),
]
