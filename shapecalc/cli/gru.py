"""`shapecalc gru`: the shapes, parameters and costs of a GRU, derived."""

from shapecalc.cli.options.recurrent import recurrent_command
from shapecalc.layers.recurrent import Gru

command = recurrent_command(Gru, "a GRU")
