"""Examples of single steps of recurrent layers."""

from __future__ import annotations

from tests.support.examples.table import TABLE, example

CELLS = [
    example("rnn_cell", "a step from zeros", TABLE, hidden_size=3),
    example("rnn_cell", "relu, a state given", TABLE, ("N", 4), hidden_size=4, nonlinearity="relu", bias=False),
    example("lstm_cell", "a step from zeros", TABLE, hidden_size=3),
    example(
        "lstm_cell", "states given, no biases", ("N", 6), ("N", 4), ("N", 4), hidden_size=4, input_size=6, bias=False
    ),
    example("gru_cell", "a step from zeros", TABLE, hidden_size=3),
    example("gru_cell", "a state given, no biases", ("N", 6), ("N", 4), hidden_size=4, input_size=6, bias=False),
    example("rnn_cell", "stated features", ("N", 6), hidden_size=4, input_size=6),
    example("lstm_cell", "gates that read the cell", ("N", 6), ("N", 4), ("N", 4), hidden_size=4, peepholes=True),
]
