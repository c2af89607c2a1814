"""The options that `rnn`, `lstm` and `gru` share."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from shapecalc.cli import app
from tests.support.recurrent_commands import DOCUMENTED, SMALL, answer, document


def test_steps_and_samples_that_are_left_out_stay_symbols() -> None:
    found = document(f"lstm {SMALL}")
    assert found["input"] == ["T", "N", 10]
    assert found["outputs"]["c_n"] == [1, "N", 20]
    assert (found["macs"], found["macs_per_step"]) == ("2400*N*T", 2400)
    shown = answer(f"lstm {SMALL} --batch 3")
    assert "T (steps) left open" in shown
    assert "MACs = T·N·step\n     = T·3·2,400\n     = 7200·T\n" in shown


def test_batch_first_turns_the_sequence_and_never_the_states() -> None:
    found = document(f"lstm {DOCUMENTED} --batch-first")
    assert found["input"] == [3, 5, 10]
    assert found["outputs"] == {"output": [3, 5, 20], "h_n": [2, 3, 20], "c_n": [2, 3, 20]}
    assert "states keep their batch in the middle" in answer(f"lstm {DOCUMENTED} --batch-first")


def test_without_bias_no_bias_is_listed_added_or_spoken_of() -> None:
    assert "b_" not in answer(f"lstm {SMALL} --no-bias")
    assert "bias" not in answer(f"lstm {SMALL} --no-bias")


def test_dropout_on_one_layer_is_warned_of_beside_the_answer() -> None:
    result = CliRunner(env={"NO_COLOR": "1"}).invoke(app, f"lstm {SMALL} --dropout 0.2".split())
    assert result.exit_code == 0
    assert result.stdout == answer(f"lstm {SMALL}")
    warning = "warning[SC402]: `lstm` drops between layers alone, and has one: `--dropout 0.2` never acts\n"
    assert result.stderr.startswith(f"{warning}  = help: give it `--num-layers 2`\n\n")


@pytest.mark.parametrize(
    ("words", "message", "help_text"),
    [
        ("lstm", "error[SC106]: `--input-size` and `--hidden-size` are missing", "add `--input-size FEATURES` and"),
        ("gru --input-size 3", "error[SC106]: `--hidden-size` is missing", "add `--hidden-size UNITS`"),
        (
            f"lstm {SMALL} --proj-size 20",
            "error[SC205]: `--proj-size 20` expects a number below `--hidden-size` (20), receives 20",
            "write `--proj-size 19` or less, or leave it out",
        ),
        (
            "lstm --input-size 3 --hidden-size 1 --proj-size 1",
            "error[SC205]: `--proj-size 1` expects",
            "leave `--proj-size` out",
        ),
        (f"lstm {SMALL} --proj-size -1", "error[SC201]: `--proj-size -1` expects an integer of at least 0", ""),
        (f"rnn {SMALL} --dropout 1.5", "error[SC201]: `--dropout 1.5` expects a number from 0 to 1", ""),
        (f"rnn {SMALL} --dropout nan", "error[SC201]: `--dropout nan` expects a number from 0 to 1", ""),
        (f"rnn {SMALL} --dropout much", "error[SC202]: `--dropout much` expects a number from 0 to 1", ""),
        (
            f"rnn {SMALL} --nonlinearity rely",
            "error[SC203]: `--nonlinearity rely` expects `tanh` or `relu`, receives `rely`",
            "write `--nonlinearity relu`",
        ),
        (f"gru {SMALL} --seq 0", "error[SC201]: `--seq 0` expects a positive integer, receives 0", ""),
        (f"gru {SMALL} --batch x", "error[SC202]: `--batch x` expects a whole number", ""),
        (f"gru {SMALL} --num-layers 10001", "error[SC201]: `--num-layers 10001` expects at most 10000", ""),
        ("embedding --num 10", "error[SC106]: `--dim` is missing", "add `--dim FEATURES`"),
        ("embedding --num 0 --dim 3", "error[SC201]: `--num 0` expects a positive integer, receives 0", ""),
        ("embedding --num 10 --dim 3 --input 2x", "error[SC202]: `--input 2x` expects a whole number", ""),
        ("embedding --num 10 --dim 3 --input 2x0", "error[SC201]: `--input 2x0` expects a positive integer", ""),
        (
            "embedding --num 10 --dim 3 --padding-idx 10",
            "error[SC201]: `--padding-idx 10` expects a row from -10 to 9, receives 10",
            "",
        ),
    ],
)
def test_a_mistake_names_its_option_and_what_mends_it(words: str, message: str, help_text: str) -> None:
    shown = answer(words, code=2)
    assert message in shown
    assert help_text in shown
