"""`shapecalc lstm`: the shapes, parameters and costs of an LSTM, derived."""

from typing import Annotated

from typer import Option

from shapecalc.cli.options.recurrent import recurrent_command
from shapecalc.layers.recurrent import Lstm

EXAMPLES = (
    "shapecalc lstm --input-size 10 --hidden-size 20 --num-layers 2 --seq 5",
    "shapecalc lstm --input-size 10 --hidden-size 20 --bidirectional",
)

command = recurrent_command(
    Lstm,
    "an LSTM",
    proj_size=Annotated[
        str | None,
        Option("--proj", "--proj-size", metavar="FEATURES", help="Project h to fewer features; default: not."),
    ],
)
