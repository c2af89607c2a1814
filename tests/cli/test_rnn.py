"""`shapecalc rnn`, as its readers see it."""

from __future__ import annotations

from tests.support.recurrent_commands import SMALL, answer


def test_a_plain_layer_has_one_equation_and_no_gates() -> None:
    shown = answer(f"rnn {SMALL} --nonlinearity relu")
    assert "h′ = relu(W_ih x + b_ih + W_hh h + b_hh)" in shown
    assert "rows of" not in shown
    assert "relu of the sum       H = 20\n" in shown
