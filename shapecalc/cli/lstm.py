"""`shapecalc lstm`: the shapes, parameters and costs of an LSTM, derived."""

from typing import Annotated

from typer import Option

from shapecalc.cli.options.recurrent import recurrent_command
from shapecalc.cli.options.recurrent_values import CellStateOption
from shapecalc.layers.recurrent import Lstm

EXAMPLES = (
    "shapecalc lstm --input-size 10 --hidden-size 20 --num-layers 2 --seq 5",
    "shapecalc lstm --input-size 10 --hidden-size 20 --bidirectional",
    "shapecalc lstm --x 1,2 --w-ih 0.5 --w-hh 0.1 --b-ih 0.2",
)

command = recurrent_command(
    Lstm,
    "an LSTM",
    c0=CellStateOption,
    proj_size=Annotated[
        str | None,
        Option("--proj", "--proj-size", metavar="FEATURES", help="Project h to fewer features; default: not."),
    ],
)
