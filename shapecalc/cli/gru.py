"""`shapecalc gru`: the shapes, parameters and costs of a GRU, derived."""

from shapecalc.cli.options.recurrent import recurrent_command
from shapecalc.layers.recurrent import Gru

EXAMPLES = (
    "shapecalc gru --input-size 10 --hidden-size 20 --seq 5 --batch 3",
    "shapecalc gru --input-size 10 --hidden-size 20 --params-as keras",
    "shapecalc gru 10 20 --layers 2 --seq 5 --batch 3 --values --seed 1",
)

command = recurrent_command(Gru, "a GRU")
