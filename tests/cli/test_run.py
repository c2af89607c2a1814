"""`shapecalc run`, as its readers see it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import numpy as np

import shapecalc

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Ended, Run

MAZUR = """\
name: mazur
input: [N, 2]
layers:
  - {linear: 2, name: h}
  - {sigmoid: , name: ha}
  - {linear: 2, name: o}
  - {sigmoid: , name: oa}
"""
WEIGHTS = "{h.weight: [[.15, .2], [.25, .3]], h.bias: [.35, .35], o.weight: [[.4, .45], [.5, .55]], o.bias: [.6, .6]}"
STEP = ("--loss", "sum_of_squares", "--target", "0.01,0.99", "--optimizer", "sgd", "--lr", "0.5", "--freeze", "*.bias")

SHOWN = """\
mazur at N = 1
float64, in evaluation mode

input [1, 2]
        0    1
  0  0.05  0.1

h [1, 2]  linear 2, pre-activation z
          0       1
  0  0.3775  0.3925

ha [1, 2]  sigmoid, activation a
           0         1
  0  0.59327  0.596884

o [1, 2]  linear 2, pre-activation z
           0        1
  0  1.10591  1.22492

oa [1, 2]  sigmoid, activation a
            0         1
  0  0.751365  0.772928
"""
UPDATED = """\
o.weight [2, 2]   gradient [2, 2]               after 1 step [2, 2]
       0     1                  0           1               0         1
  0  0.4  0.45      0   0.082167    0.0826676     0  0.358916  0.408666
  1  0.5  0.55      1  -0.0226025  -0.0227402     1  0.511301  0.56137

o.bias [2]     gradient [2]               after 1 step [2]
      0    1              0           1         0    1
    0.6  0.6       0.138499  -0.0380982       0.6  0.6
"""
LOSS = """\
loss sum_of_squares
  [0, 0] (0.751365 − 0.01)^2/2 = 0.274811
  [0, 1] (0.772928 − 0.99)^2/2 = 0.02356
  sum of 2 terms = 0.298371

sgd, learning rate 0.5, *.bias as before
loss before: 0.298371
loss after 1 step: 0.291028
"""


def mazur(run: Run, *arguments: str) -> Ended:
    return run("run", "-", "--input", "[0.05, 0.1]", "--weights", WEIGHTS, *arguments, stdin=MAZUR)


def test_small_tensors_are_matrices_with_z_and_a(run: Run) -> None:
    assert mazur(run).out == SHOWN


def test_mazurs_step_is_one_command(run: Run) -> None:
    """Mazur, "A Step by Step Backpropagation Example", 2015: biases stay; 0.291027773694 is exact."""
    out = mazur(run, *STEP).out
    assert UPDATED in out
    assert LOSS in out
    precise = mazur(run, *STEP, "--digits", "12").out
    for figure in ("0.29837110876", "0.291027773694", "0.0821670405642", "0.358916479718", "0.000438567734474"):
        assert figure in precise, figure


def test_inputs_by_name_in_every_way_that_they_can_be_written(run: Run, tmp_path: Path) -> None:
    """CS231n: f = (x + y) z at −2, 5, −4."""
    net = "{inputs: {x: [1], y: [1], z: [1]}, layers: [{add: , from: [x, y], name: q}, {multiply: , from: [q, z]}]}"
    np.savez(tmp_path / "xyz.npz", x=[-2.0], y=[5.0], z=[-4.0])
    ways = (
        ("{x: -2, y: 5, z: -4}",),
        ("x=-2", "y=5", "z=[-4]"),
        ("xyz.npz",),
        ("{x: -2}", "{y: [5], z: -4}"),
    )
    for way in ways:
        given = [each for text in way for each in ("--input", text)]
        document = json.loads(run("run", "-", *given, "--backward", "--format", "json", stdin=net).out)
        assert document["loss"] == [-12], way
        gradients = {each["name"]: each["gradient"]["elements"] for each in document["inputs"]}
        assert gradients == {"x": [-4], "y": [-4], "z": [3]}, way


def test_a_large_network_is_a_table_and_a_chosen_step_a_picture(run: Run) -> None:
    out = run("run", "lenet5", "--values", "c1.bias,s4").out
    assert "float64, in evaluation mode; random, seed 0: input, all weights\n" in out
    assert re.search(r"^c1 +conv 6 kernel_size=5 +z +\[1, 6, 28, 28\] +-", out, re.MULTILINE)
    assert "c1.bias [6]  random\n" in out
    assert "s4 [1, 16, 5, 5]  avg_pool 2\n  [0, 0, :, :]\n" in out
    pictures = run("run", "lenet5", "--values", "all").out
    assert "█" in pictures
    ascii_only = run("run", "lenet5", "--values", "all", env={"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}).out
    assert ascii_only.isascii()
    assert "\\u" not in ascii_only


def test_saved_tensors_are_those_of_the_python_function(run: Run, tmp_path: Path) -> None:
    ended = run("run", "lenet5", "--seed", "3", "--batch", "2", "--backward", "--save", "all.npz", "--dtype", "float32")
    assert ended.code == 0
    with np.load(tmp_path / "all.npz") as saved:
        expected = shapecalc.run("lenet5", saved["input"], seed=3)["output"]
        np.testing.assert_array_equal(saved["softmax_12"], expected)
        assert saved["c1.weight.grad"].shape == (6, 1, 5, 5)


def test_tokens_are_integers(run: Run) -> None:
    ended = run("run", "char-rnn", "--input", "1,5,2", "--loss", "cross_entropy", "--target", "5,2,0")
    assert ended.code == 0
    assert "input [1, 3]\n     0  1  2\n  0  1  5  2\n" in ended.out
    assert "loss = " in ended.out


def test_a_chosen_attention_shows_its_weights(run: Run) -> None:
    net = "{input: [N, 3, 4], layers: [{multihead_attention: {num_heads: 1, batch_first: true}, name: att}]}"
    out = run("run", "-", "--values", "att", stdin=net).out
    assert "att.weights [" in out
    assert "att.scores" in out
    assert "att.scores" not in run("run", "-", stdin=net).out


def test_json_of_a_step_has_losses_and_updated_weights(run: Run) -> None:
    document = json.loads(mazur(run, *STEP, "--format", "json").out)
    assert document["loss"] == [0.2983711087600027, 0.29102777369359933]
    assert document["update"] == {"optimizer": "sgd", "learning_rate": 0.5, "steps": 1, "freeze": ["*.bias"]}
    weight, bias = document["layers"][2]["parameters"]
    assert weight["updated"]["elements"][0] == [0.35891647971788465, 0.4086661860762334]
    assert bias["updated"]["elements"] == [0.6, 0.6]


REFUSED = {
    ("--input", "[[1, 2], [3]]"): "error[SC204]: `--input [[1, 2], [3]]` expects 2 entries at [1]",
    ("--input", "1,2,3"): "error[SC702]: `input` expects [N, 2], receives [1, 3]",
    ("--input", "a,b"): "error[SC202]: `--input a,b` expects numbers, receives `a`",
    ("--input", "1,nan"): "error[SC025]: `--input 1,nan` expects finite numbers",
    ("--input", "nothing.npz"): "error[SC001]: `--input nothing.npz` names a file that cannot be read",
    ("--input", "inptu=1"): "error: `--input` expects input, receives `inptu`; did you mean `input`?",
    ("--input", "[1, 2]", "--input", "[1, 2]"): "error: `--input` is given 2 times",
    ("--input", "input=1", "--input", "input=1"): "error: `--input` is given twice for `input`",
    ("--batch", "3", "--input", "[[1, 2]]"): "error[SC702]: `input` expects [N, 2] at N = 3, receives [1, 2]",
    ("--weights", "[1, 2]"): "error: `--weights` expects arrays by name",
    ("--weights", "{h.weigth: [[1, 2]]}"): "error[SC702]: `h.weigth` is no parameter of `mazur`",
    ("--values", "hh"): "error: `--values` expects steps of mazur, receives `hh`; did you mean `h`?",
    ("--loss", "mse"): "error: `--loss` requires `--target`",
    ("--target", "1"): "error: `--target` requires `--loss`",
    ("--loss", "mes", "--target", "1"): "receives `mes`; did you mean `mse`?",
    ("--loss", "mse", "--target", "[1, 2, 3]"): "error[SC702]: `mse` expects targets [1, 2]",
    (
        "--loss",
        "mse",
        "--target",
        "1,2",
        "--delta",
        "2",
    ): "`--delta` is an option of the loss hinge or huber, not of mse",
    ("--loss", "mse", "--target", "1,2", "--reduction", "max"): "`--reduction` expects mean or sum, receives `max`",
    ("--delta", "2"): "error: `--delta` requires `--loss`",
    ("--loss", "huber", "--target", "1,2", "--delta", "-1"): "`huber` expects a number above 0 as `delta`, receives -1",
    ("--truncate", "2"): "error: `--truncate` requires `--backward`",
    ("--lr", "2"): "error: `--lr` requires `--optimizer`",
    ("--freeze", "x"): "error: `--freeze` requires `--optimizer`",
    ("--optimizer", "sgd", "--freeze", "x"): "error[SC702]: `x` matches no parameter",
    ("--optimizer", "sgd", "--lr", "-1"): "error: `--lr` expects a number above 0, receives `-1`",
    ("--dtype", "int8"): "error: `--dtype` expects float64 or float32, receives `int8`",
    ("--save", "all.txt"): "error: `--save` expects a name such as values.npz, receives `all.txt`",
    ("--save", "no/all.npz"): "error: `--save` expects a folder that is there, receives `no/all.npz`",
}


def test_options_that_do_not_fit_are_refused_with_exit_code_2(run: Run) -> None:
    for arguments, message in REFUSED.items():
        ended = run("run", "-", *arguments, stdin=MAZUR)
        assert ended.code == 2, arguments
        assert message in ended.err, f"{arguments}: {ended.err}"
        assert "Traceback" not in ended.err


def test_a_run_that_is_too_large_is_refused(run: Run) -> None:
    ended = run("run", "vgg16", "--max-memory", "1MiB")
    assert ended.code == 1
    assert "error[SC701]: the run needs" in ended.err
