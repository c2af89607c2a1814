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
    ParamsAs, typer.Option("--params-as", help="Whose count of parameters: bias vectors of recurrent layers differ.")
]
