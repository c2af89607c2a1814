"""`shapecalc gru`, as its readers see it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.cli.conftest import Run
from tests.support.recurrent_commands import DOCUMENTED, SMALL, answer, document


def test_the_json_of_pytorchs_own_gru_has_its_one_state() -> None:
    found = document(f"gru {DOCUMENTED}")
    assert found["outputs"] == {"output": [5, 3, 20], "h_n": [2, 3, 20]}
    assert [gate["letter"] for gate in found["gates"]] == ["r", "z", "n"]
    assert found["gates"][1] == {"letter": "z", "name": "update gate", "rows": {"first": 20, "last": 39}}


def test_rows_of_a_gru_are_explained_gate_by_gate() -> None:
    shown = answer(f"gru {SMALL}")
    assert "n  = tanh(W_in x + b_in + r ⊙ (W_hn h + b_hn))  candidate: what could take its place\n" in shown
    assert "rows of both, and of the biases: 0 to 19 r, 20 to 39 z, 40 to 59 n\n" in shown


def test_who_has_read_enough_is_not_complained_to(run: Run) -> None:
    assert not run(shell=f"gru {SMALL} --num-layers 3000 | head -1").err


def test_in_a_pipe_no_line_is_wider_than_a_hundred_columns(run: Run) -> None:
    plain = run("gru", *SMALL.split()).out
    assert max(map(len, plain.splitlines())) <= 100
