"""`shapecalc gru`: what a GRU gives, holds and costs, and why."""

from shapecalc.cli.options.recurrent import recurrent_command
from shapecalc.layers.recurrent import Gru

command = recurrent_command(Gru, "a GRU")
