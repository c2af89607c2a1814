"""`shapecalc rnn`, `lstm`, `gru` and `embedding`, as their readers see them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from shapecalc.cli import app
from shapecalc.cli.options.params_as import ParamsAs
from shapecalc.layers.base import PARAMS_AS

if TYPE_CHECKING:
    from tests.cli.conftest import Run

DOCUMENTED = "--input-size 10 --hidden-size 20 --num-layers 2 --seq 5 --batch 3"
SMALL = "--input-size 10 --hidden-size 20"
LSTM = """\
lstm on [5, 3, 10]
T = 5 (steps), N = 3 (samples), in = 10 (features in), H = 20 (hidden units), L = 2 (layers),
G = 4 (gates)

output  [5, 3, 20]  [T, N, H]  h of the last layer at every step
h_n     [2, 3, 20]  [L, N, H]  h of each layer after its last step
c_n     [2, 3, 20]  [L, N, H]  c of each layer after its last step

one step: x enters, h and c come from the step before
i  = σ(W_ii x + b_ii + W_hi h + b_hi)     input gate: how much of the candidate enters the cell
f  = σ(W_if x + b_if + W_hf h + b_hf)     forget gate: how much of c stays
g  = tanh(W_ig x + b_ig + W_hg h + b_hg)  candidate: what could enter the cell
o  = σ(W_io x + b_io + W_ho h + b_ho)     output gate: how much of the cell is shown
c′ = f ⊙ c + i ⊙ g                        cell: what stays, and what enters
h′ = o ⊙ tanh(c′)                         hidden state: what this step hands on

weight_ih_l0 is 4·20 x 10 = 80 x 10 and reads x: W_ii, W_if, W_ig, W_io stacked, 20 x 10 each
weight_hh_l0 is 4·20 x 20 = 80 x 20 and reads h: W_hi, W_hf, W_hg, W_ho stacked, 20 x 20 each
rows of both, and of the biases: 0 to 19 i, 20 to 39 f, 40 to 59 g, 60 to 79 o
layer 1 reads h of the layer below, 20 features

parameters as PyTorch counts them
weight_ih_l0  [80, 10]  80·10 = 800    W_ii, W_if, W_ig, W_io
weight_hh_l0  [80, 20]  80·20 = 1,600  W_hi, W_hf, W_hg, W_ho
bias_ih_l0    [80]      80             b_ii, b_if, b_ig, b_io
bias_hh_l0    [80]      80             b_hi, b_hf, b_hg, b_ho
weight_ih_l1  [80, 20]  80·20 = 1,600  W_ii, W_if, W_ig, W_io
weight_hh_l1  [80, 20]  80·20 = 1,600  W_hi, W_hf, W_hg, W_ho
bias_ih_l1    [80]      80             b_ii, b_if, b_ig, b_io
bias_hh_l1    [80]      80             b_hi, b_hf, b_hg, b_ho

layer 0 = G·H·(in + H + 2)
        = 4·20·(10 + 20 + 2)
        = 2,560
layer 1 = G·H·(H + H + 2)
        = 4·20·(20 + 20 + 2)
        = 3,360
params  = 2,560 + 3,360
        = 5,920
PyTorch keeps two bias vectors, b_ih and b_hh: 160 more than Keras and textbooks, which keep one

MACs of one step of one sample, and in all
layer 0 = G·H·(in + H)
        = 4·20·(10 + 20)
        = 2,400
layer 1 = G·H·(H + H)
        = 4·20·(20 + 20)
        = 3,200
step    = 2,400 + 3,200
        = 5,600
MACs    = T·N·step
        = 5·3·5,600
        = 84,000

other operations of one step of one sample, in each layer and direction
adding b_ih and b_hh     2·G·H = 2·4·20 = 160
adding both products     G·H = 4·20 = 80
σ of i, f and o, 4 each  3·4·H = 3·4·20 = 240
tanh of g and of c′      2·H = 2·20 = 40
c′ = f ⊙ c + i ⊙ g       3·H = 3·20 = 60
o ⊙ tanh(c′)             H = 20

each   = 160 + 80 + 240 + 40 + 60 + 20
       = 600
others = L·each
       = 2·600
       = 1,200
FLOPs  = 2·MACs + T·N·others
       = 2·84,000 + 5·3·1,200
       = 186,000
"""
EMBEDDING = """\
output shape [2, 4, 3]
V = 10 (rows of the table), E = 3 (features of a vector)

params = V·E
       = 10·3
       = 30
MACs   = 0
FLOPs  = 0
"""


def answer(words: str, code: int = 0) -> str:
    result = CliRunner(env={"FORCE_COLOR": "", "NO_COLOR": "1"}).invoke(app, words.split())
    assert result.exit_code == code, result.output
    return result.stderr if code == 2 else result.stdout


def document(words: str) -> Any:
    return json.loads(answer(f"{words} --format json"))


def test_the_page_of_pytorchs_own_lstm_is_as_agreed() -> None:
    assert answer(f"lstm {DOCUMENTED}") == LSTM


def test_the_page_of_pytorchs_own_embedding_is_as_agreed() -> None:
    assert answer("embedding --num 10 --dim 3 --input 2x4") == EMBEDDING


def test_the_json_of_pytorchs_own_gru_has_its_one_state() -> None:
    found = document(f"gru {DOCUMENTED}")
    assert found["outputs"] == {"output": [5, 3, 20], "h_n": [2, 3, 20]}
    assert [gate["letter"] for gate in found["gates"]] == ["r", "z", "n"]
    assert found["gates"][1] == {"letter": "z", "name": "update gate", "rows": {"first": 20, "last": 39}}


def test_rows_of_a_gru_are_explained_gate_by_gate() -> None:
    shown = answer(f"gru {SMALL}")
    assert "n  = tanh(W_in x + b_in + r ⊙ (W_hn h + b_hn))  candidate: what could take its place\n" in shown
    assert "rows of both, and of the biases: 0 to 19 r, 20 to 39 z, 40 to 59 n\n" in shown


def test_a_plain_layer_has_one_equation_and_no_gates() -> None:
    shown = answer(f"rnn {SMALL} --nonlinearity relu")
    assert "h′ = relu(W_ih x + b_ih + W_hh h + b_hh)" in shown
    assert "rows of" not in shown
    assert "relu of the sum       H = 20\n" in shown


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


def test_directions_and_a_projection_are_in_the_shapes_and_the_tensors() -> None:
    found = document(f"lstm {DOCUMENTED} --bidirectional --proj-size 5")
    assert found["outputs"] == {"output": [5, 3, 10], "h_n": [4, 3, 5], "c_n": [4, 3, 20]}
    shapes = {tensor["name"]: tensor["shape"] for tensor in found["parameters"]}
    assert shapes["weight_ih_l1_reverse"] == [80, 10]
    assert shapes["weight_hr_l0"] == [5, 20]
    assert len(shapes) == 20


def test_without_bias_no_bias_is_listed_added_or_spoken_of() -> None:
    assert "b_" not in answer(f"lstm {SMALL} --no-bias")
    assert "bias" not in answer(f"lstm {SMALL} --no-bias")


@pytest.mark.parametrize(
    ("word", "whose", "params"),
    [
        ("lstm", "pytorch", 25_088),
        ("lstm", "keras", 24_832),
        ("gru", "pytorch", 18_816),
        ("gru", "keras", 18_816),
        ("gru", "textbook", 18_624),
        ("rnn", "pytorch", 6_272),
        ("rnn", "keras", 6_208),
    ],
)
def test_parameters_are_counted_as_asked_and_the_document_says_whose(word: str, whose: str, params: int) -> None:
    found = document(f"{word} --input-size 32 --hidden-size 64 --params-as {whose}")
    assert (found["params_as"], found["params"]) == (whose, params)
    assert sum(tensor["count"] for tensor in found["parameters"]) == params


def test_the_words_of_params_as_are_those_of_the_layers() -> None:
    assert tuple(word.value for word in ParamsAs) == PARAMS_AS


def test_what_differs_is_said_in_a_line() -> None:
    shown = answer(f"lstm {SMALL} --params-as keras")
    assert "Keras keeps one bias vector: 80 fewer than PyTorch, which keeps two\n" in shown
    assert "bias_l0       [80]      80             b_i, b_f, b_g, b_o\n" in shown


def test_dropout_on_one_layer_is_warned_of_beside_the_answer() -> None:
    result = CliRunner(env={"NO_COLOR": "1"}).invoke(app, f"lstm {SMALL} --dropout 0.2".split())
    assert result.exit_code == 0
    assert result.stdout == answer(f"lstm {SMALL}")
    warning = "warning[SC402]: `lstm` drops between layers alone, and has one: `--dropout 0.2` never acts\n"
    assert result.stderr.startswith(f"{warning}  = help: give it `--num-layers 2`\n\n")


def test_dropout_between_layers_is_no_matter_and_changes_nothing() -> None:
    result = CliRunner().invoke(app, f"lstm {DOCUMENTED} --dropout 0.2".split())
    assert (result.stdout, result.stderr) == (LSTM, "")


def test_an_embedding_without_an_input_takes_any_batch_and_length() -> None:
    found = document("embedding --num 10 --dim 3")
    assert found["output_shape"] == ["N", "T", 3]
    assert (found["params"], found["macs"], found["flops"]) == (30, 0, 0)


def test_a_padding_row_counted_from_the_end_is_named_from_the_front() -> None:
    shown = answer("embedding --num 10 --dim 3 --padding-idx -1")
    assert "row 9 stands for padding: it is counted, and training leaves it as it is\n" in shown
    assert "= 30\n" in shown


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


def test_an_inspection_says_whose_parameters_it_counts_where_they_are_not_pytorchs(tmp_path) -> None:
    path = tmp_path / "net.yaml"
    path.write_text("input: [T, N, 32]\nlayers:\n  - lstm: 64\nexpect: {params: 25088}\n", encoding="utf-8")
    usual, keras = (answer(f"inspect {path}{more}") for more in ("", " --params-as keras"))
    assert "25,088" in usual
    assert "params as" not in usual
    assert "24,832" in keras
    assert keras.endswith("; params as Keras counts them\n")


def test_ascii_keeps_the_columns_in_line(run: Run) -> None:
    ended = run("lstm", *SMALL.split(), env={"PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"})
    assert ended.code == 0
    assert ended.out.isascii()
    assert "\\u" not in ended.out
    lines = ended.out.splitlines()
    gates = [(line, f"{name} gate: ") for name in ("input", "forget", "output") for line in lines]
    assert len({line.index(role) for line, role in gates if role in line}) == 1
    assert "sigma of i, f and o, 4 each  3*4*H = 3*4*20 = 240" in lines
    assert "tanh of g and of c'          2*H = 2*20 = 40" in lines


def test_who_has_read_enough_is_not_complained_to(run: Run) -> None:
    assert not run(shell=f"gru {SMALL} --num-layers 3000 | head -1").err


def test_in_a_pipe_no_line_is_wider_than_a_hundred_columns(run: Run) -> None:
    plain = run("gru", *SMALL.split()).out
    assert max(map(len, plain.splitlines())) <= 100
