"""Cells: a step of the layer that is named after them, and what is refused."""

from __future__ import annotations

from shapecalc.dims import evaluate, symbol
from tests.support.layers import flops, macs, made, params, refused


def test_a_step_costs_what_a_sequence_of_one_step_costs() -> None:
    for word in ("rnn", "lstm", "gru"):
        cell, layer = made(f"{word}_cell", hidden_size=64), made(word, hidden_size=64)
        x, sequence = (2, 32), (1, 2, 32)
        assert (params(cell, x), macs(cell, x), flops(cell, x)) == (
            params(layer, sequence),
            macs(layer, sequence),
            flops(layer, sequence),
        )
        assert cell.params_as("keras", x) == layer.params_as("keras", sequence)


def test_the_states_that_leave_are_those_of_pytorch() -> None:
    """torch.nn.LSTMCell returns h and c, the others h."""
    assert made("lstm_cell", hidden_size=20).outputs((3, 10)) == {"output": (3, 20), "c_n": (3, 20)}
    for word in ("rnn_cell", "gru_cell"):
        assert made(word, hidden_size=20).outputs((3, 10)) == {"output": (3, 20)}


def test_what_does_not_fit_is_refused() -> None:
    for inputs, fields, code in (
        (((3, 4, 5),), {}, "SC305"),
        (((3, 5), (3, 6), (3, 7)), {}, "SC301"),
        (((3, 5), (3, 7)), {}, "SC313"),
        (((3, 5),), {"input_size": 6}, "SC301"),
    ):
        assert refused(made("lstm_cell", hidden_size=7, **fields), *inputs).code == code


def test_what_is_saved_of_a_symbolic_batch_is_a_closed_form() -> None:
    n = symbol("N")
    for word in ("rnn_cell", "lstm_cell", "gru_cell"):
        closed, bound = (
            sum(record.elements for record in layer.saved((size, 5), layer.output_shape((size, 5))))
            for layer in (made(word, hidden_size=7),)
            for size in (n, 3)
        )
        assert evaluate(closed, {"N": 3}) == bound > 0
