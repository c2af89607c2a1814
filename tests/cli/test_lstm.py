"""`shapecalc lstm`, as its readers see it."""

from __future__ import annotations

from typer.testing import CliRunner

from shapecalc.cli import app
from tests.support.recurrent_commands import DOCUMENTED, answer, document

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
h′ = o ⊙ tanh(c′)                         hidden state: what this step passes on

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
PyTorch has two bias vectors, b_ih and b_hh: 160 more than Keras and textbooks, which have one

MACs of one step of one sample, and in total
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


def test_the_page_of_pytorchs_own_lstm_is_as_agreed() -> None:
    assert answer(f"lstm {DOCUMENTED}") == LSTM


def test_directions_and_a_projection_are_in_the_shapes_and_the_tensors() -> None:
    found = document(f"lstm {DOCUMENTED} --bidirectional --proj-size 5")
    assert found["outputs"] == {"output": [5, 3, 10], "h_n": [4, 3, 5], "c_n": [4, 3, 20]}
    shapes = {tensor["name"]: tensor["shape"] for tensor in found["parameters"]}
    assert shapes["weight_ih_l1_reverse"] == [80, 10]
    assert shapes["weight_hr_l0"] == [5, 20]
    assert len(shapes) == 20


def test_dropout_between_layers_is_no_matter_and_changes_nothing() -> None:
    result = CliRunner().invoke(app, f"lstm {DOCUMENTED} --dropout 0.2".split())
    assert (result.stdout, result.stderr) == (LSTM, "")
