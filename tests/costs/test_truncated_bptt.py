"""Recurrent layers unrolled over time, and truncation."""

from __future__ import annotations

import shapecalc
from shapecalc.costs.training import training_cost


def test_truncation_keeps_what_its_steps_take() -> None:
    whole = training_cost(shapecalc.load("char-rnn"), {"T": 100}, batch=4)
    cut = training_cost(shapecalc.load("char-rnn"), {"T": 100}, batch=4, truncate=10)
    short = training_cost(shapecalc.load("char-rnn"), {"T": 10}, batch=4)
    assert cut.time == "T"
    assert cut.bytes_at(cut.step.saved.size) == short.bytes_at(short.step.saved.size)
    assert (
        cut.step.peak_bytes(cut.memory_sizes)
        == short.step.peak_bytes(short.memory_sizes)
        < whole.step.peak_bytes(whole.memory_sizes)
    )


def test_what_recurrent_layers_keep_is_so_much_a_step() -> None:
    cost = training_cost(shapecalc.load("char-rnn"), {}, batch=1)
    (lstm,) = cost.unrolled
    assert {part.name: str(part.each) for part in lstm.parts} == {
        "input, turned": "260*N",  # 65 features
        "gates": "20480*N",  # two layers of 5 · 512: i, f, g, o, tanh(c′)
        "states": "8192*N",  # two layers of h and c
        "first h": "0",
        "first c": "0",
        "between layers": "2048*N",
        "mask": "2048*N",
    }
    assert str(lstm.each * lstm.steps + lstm.once) == "33028*N*T"
