"""`shapecalc rnn`: the shapes, parameters and costs of a plain (Elman) recurrent layer, derived."""

from typing import Annotated

from typer import Option

from shapecalc.cli.options.recurrent import recurrent_command
from shapecalc.layers.recurrent import Rnn

EXAMPLES = (
    "shapecalc rnn --input-size 10 --hidden-size 20 --seq 5 --batch 3",
    "shapecalc rnn --input-size 10 --hidden-size 20 --nonlinearity relu",
    "shapecalc rnn --x 1,2,3 --w-ih 1 --w-hh 0.5 --nonlinearity relu --exact",
)

command = recurrent_command(
    Rnn,
    "a plain RNN",
    nonlinearity=Annotated[
        str | None, Option("--nonlinearity", metavar="tanh|relu", help="Activation function; default tanh.")
    ],
)
