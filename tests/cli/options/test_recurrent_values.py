"""`rnn`, `lstm` and `gru` with numbers: published examples to their last digit, and refusals."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from shapecalc.cli import app

X = "[[1, 2], [0.5, 3]]"
GOMEZ = [
    *("lstm", "--x", X),
    *("--w-ih", "[[0.95, 0.8], [0.7, 0.45], [0.45, 0.25], [0.6, 0.4]]"),
    *("--w-hh", "0.8,0.1,0.15,0.25", "--b-ih", "0.65,0.15,0.2,0.1"),
]
"""A. Gomez 2016, "Backpropogating an LSTM: A Numerical Example"; his a is PyTorch's g."""

ALL_TENTHS = ["--w-ih", "0.1", "--w-hh", "0.1", "--no-bias"]


def answer(*words: str, code: int = 0) -> str:
    result = CliRunner(env={"FORCE_COLOR": "", "NO_COLOR": "1"}).invoke(app, words)
    assert result.exit_code == code, result.output
    return result.stderr if code else result.stdout


def document(*words: str) -> Any:
    return json.loads(answer(*words, "--format", "json"))


def test_each_gate_of_a_published_lstm() -> None:
    (run,) = document(*GOMEZ)["passes"]
    right = [
        ([0.81775407797, 0.960834277203, 0.851952801968, 0.817574476194], 0.785726148437, 0.536313397882),
        ([0.849804022319, 0.981183968325, 0.870301969855, 0.849933342802], 1.51763309767, 0.771981105759),
    ]
    for step, (gates, cell, hidden) in zip(run["steps"], right, strict=True):
        assert [step["gates"][letter][0][0] for letter in "gifo"] == pytest.approx(gates, abs=1e-11)
        assert step["after"]["c"][0][0] == pytest.approx(cell, abs=1e-11)
        assert step["after"]["h"][0][0] == pytest.approx(hidden, abs=1e-11)


def test_the_lines_of_a_published_lstm() -> None:
    lines = answer(*GOMEZ).splitlines()
    assert "i₁ = σ(0.95·1 + 0.8·2 + 0.8·0 + 0.65) = σ(3.2) = 0.96083" in lines
    assert "c₂ = 0.8703·0.78573 + 0.98118·0.8498 = 1.5176" in lines
    assert "   2  [0.5, 3]  0.98118   0.8703   0.8498  0.84993   1.5176  0.77198" in lines


@pytest.mark.parametrize(
    ("kind", "hidden", "one_step", "three_steps"),
    [
        (
            "lstm",
            3,
            [0.0952411884971, 0.256064434389, 0.403237735551],
            [0.0952411884971, 0.328690482472, 0.600429895339],
        ),
        ("gru", 5, [0.123970262176, 0.200536618555, 0.199916541166], [0.123970262176, 0.285158691935, 0.408735568676]),
        ("rnn", 4, [0.291312612452, 0.604367777117, 0.800499021761], [0.291312612452, 0.673174084428, 0.878525636022]),
    ],
)
def test_the_weights_of_onnxs_tests(kind: str, hidden: int, one_step: list[float], three_steps: list[float]) -> None:
    """All weights 0.1, no bias. ONNX resets h before the product: with equal units and no bias that is the same."""
    for x, right in (("[[[1,2],[3,4],[5,6]]]", one_step), ("[[1,2],[3,4],[5,6]]", three_steps)):
        found = document(kind, "--x", x, "--hidden", str(hidden), *ALL_TENTHS)["outputs"]["output"]
        for row, value in zip(np.array(found).reshape(3, hidden).tolist(), right, strict=True):
            assert row == pytest.approx([value] * hidden, abs=1e-11)


def test_the_cell_after_three_steps() -> None:
    found = document("lstm", "--x", "[[1,2],[3,4],[5,6]]", "--hidden", "3", *ALL_TENTHS)
    assert found["outputs"]["c_n"][0][0] == pytest.approx([1.04928434989] * 3, abs=1e-11)


def test_a_linear_recurrence_is_exact() -> None:
    words = ["rnn", "--x", "1,2,3", "--w-ih", "1", "--w-hh", "0.5", "--no-bias", "--nonlinearity", "relu"]
    assert np.array(document(*words)["outputs"]["output"]).ravel().tolist() == [1.0, 2.5, 4.25]
    assert document(*words, "--exact")["outputs"]["output"] == [[[1]], [["5/2"]], [["17/4"]]]
    assert "h₃ = relu(1·3 + (1/2)·(5/2)) = relu(17/4) = 17/4" in answer(*words, "--exact")


def test_the_shapes_of_pytorchs_own_example() -> None:
    for kind, states in (("lstm", {"h_n": (2, 3, 20), "c_n": (2, 3, 20)}), ("gru", {"h_n": (2, 3, 20)})):
        found = document(kind, "10", "20", "--layers", "2", "--seq", "5", "--batch", "3", "--values")
        shapes = {name: np.array(values).shape for name, values in found["outputs"].items()}
        assert shapes == {"output": (5, 3, 20), **states}
        assert [run["name"] for run in found["passes"]] == ["l0", "l1"]


def test_what_is_wrong_is_said_of_its_option() -> None:
    for words, code, said in (
        (["--x", "1,a", "--hidden", "2"], "SC202", "`--x 1,a` expects numbers"),
        (["--x", "[[1,2],[3]]", "--hidden", "2"], "SC204", "`--x [[1,2],[3]]` expects 2 entries"),
        (["--x", "1,nan", "--hidden", "2"], "SC025", "`--x 1,nan` expects finite numbers"),
        (["--x", "1,2"], "SC106", "`--hidden-size` is missing"),
        (["--x", "1,2", "--hidden", "0"], "SC201", "`--hidden 0` expects a positive integer"),
        (["--x", "1", "--hidden", "2", "--exact"], "SC205", "`--weights` expects given numbers"),
        (
            ["--x", "1", "--w-ih", "1", "--w-hh", "1", "--exact"],
            "SC205",
            "results that are fractions; those of tanh are not",
        ),
        (["--x", "1,2", "--hidden", "1", "--seq", "3"], "SC301", "`--seq 3` expects 2, as `--x` has"),
        (["--x", ",".join(["1"] * 10_001), "--hidden", "1"], "SC012", "expects at most 10,000 numbers"),
        (["--x", "missing.npy", "--hidden", "1"], "SC001", "`--x missing.npy` names a file that cannot be read"),
    ):
        shown = answer("rnn", *words, code=2)
        assert f"error[{code}]: " in shown
        assert said in shown, shown


def test_what_is_not_finite_shows_and_nothing_breaks() -> None:
    huge = ["--x", "1e308,-1e308,1e308", "--w-ih", "1e308", "--w-hh", "-1e308"]
    assert "relu(∞) = ∞" in answer("rnn", *huge, "--hidden", "1", "--nonlinearity", "relu")
    for kind in ("rnn", "lstm", "gru"):
        for hidden in ("1", "30"):
            activation = ["--nonlinearity", "relu"] if kind == "rnn" else []
            for target in ([], ["--target", "0"], ["--target", "0", "--loss", "mse", "--format", "json"]):
                assert answer(kind, *huge, "--hidden", hidden, *activation, *target)


def test_without_numbers_the_costs_are_derived_as_before() -> None:
    assert answer("rnn", "--input-size", "10", "--hidden-size", "20").startswith("rnn on [T, N, 10]\n")


def test_each_gradient_of_a_published_lstm() -> None:
    """The same example backward, from ½Σ(out − label)²: at each step the gates a, i, f, o, then the sums."""
    found = document(*GOMEZ, "--target", "0.5,1.25", "--backward")
    (layer,) = found["layers"]
    first, second = layer["passes"][0]["steps"]
    order = (2, 0, 1, 3)
    assert second["of_h"] == [[pytest.approx(-0.478018894241, abs=1e-11)]]
    gates = [-0.0193843475077, -0.00111561407045, -0.00630654174201, -0.0553778311252]
    assert [second["from_input"][0][row] for row in order] == pytest.approx(gates, abs=1e-11)
    inputs = [-0.0474240676399, -0.0307276543673]
    assert layer["gradients_of_inputs"][0][1][0] == pytest.approx(inputs, abs=1e-11)
    assert first["from_next"]["h"] == [[pytest.approx(-0.018275255338, abs=1e-11)]]
    weight = [
        [-0.0267162184827, -0.092201131981],
        [-0.00220368893477, -0.00663860601044],
        [-0.003153270871, -0.018919625226],
        [-0.0259241132553, -0.162603888761],
    ]
    for row, right in zip(order, weight, strict=True):
        assert found["gradients"]["lstm.weight_ih_l0"][row] == pytest.approx(right, abs=1e-11)
    recurrent = [-0.0103960852776, -0.000598318772846, -0.00338228283054, -0.0296998727781]
    assert [found["gradients"]["lstm.weight_hh_l0"][row][0] for row in order] == pytest.approx(recurrent, abs=1e-11)
    bias = [-0.0364083922366, -0.00276149597, -0.00630654174201, -0.0536130288179]
    assert [found["gradients"]["lstm.bias_ih_l0"][row] for row in order] == pytest.approx(bias, abs=1e-11)


def test_truncation_of_a_linear_recurrence() -> None:
    """h = 1, 2.5, 4.25 and L = ½h₃²: ∂L/∂w = 0 + 2.125 + 10.625."""
    words = ["rnn", "--x", "1,2,3", "--w-ih", "1", "--w-hh", "0.5", "--no-bias", "--nonlinearity", "relu"]
    for truncate, terms in ((None, [0, 2.125, 10.625]), ("2", [0, 2.125, 10.625]), ("1", [0, 0, 10.625])):
        cut = ["--truncate", truncate] if truncate else []
        found = document(*words, "--target", "0", *cut)
        steps = found["layers"][0]["passes"][0]["steps"]
        assert [step["contributions"]["weight_hh_l0"][0][0] for step in steps] == terms
        assert found["gradients"]["rnn.weight_hh_l0"] == [[sum(terms)]]
    exact = document(*words, "--target", "0", "--exact")
    assert exact["gradients"]["rnn.weight_hh_l0"] == [["51/4"]]
    assert exact["value"] == "289/32"


def test_what_is_wrong_with_targets_is_said_of_its_option() -> None:
    for words, said in (
        (["--target", "0,1,2"], "`--target 0,1,2` expects a class of each step"),
        (["--target", "0,7", "--loss", "cross_entropy"], "`--target 0,7` expects classes from 0 to 1, receives 7"),
        (["--target", "1", "--loss", "crossentropy"], "write `cross_entropy`"),
        (["--backward"], "`--target` is missing"),
        (["--loss", "mse"], "`--target` is missing"),
        (["--target", "1", "--w-out", "[[1]]"], "`--w-out [[1]]` expects [classes, 2], receives [1, 1]"),
        (["--target", "1", "--reduction", "none"], "`--reduction` expects sum or mean, receives `none`"),
    ):
        shown = answer("rnn", "--x", "1,2", "--hidden", "2", *words, code=2)
        assert said in shown, shown
    exact = ["--nonlinearity", "relu", "--w-ih", "1", "--w-hh", "1", "--exact", "--target", "0,1"]
    assert "those of cross_entropy are not" in answer("rnn", "--x", "1,2", "--hidden", "2", *exact, code=2)
    exact[-1] = "0,7"
    said = "classes from 0 to 1, receives 7"
    assert said in answer("rnn", "--x", "1,2", "--hidden", "2", *exact, "--loss", "cross_entropy", code=2)
    assert "`--seed` requires `--x`" in answer("rnn", "1", "2", "--seed", "3", code=2)


def test_fractions_too_large_for_a_float_are_written_and_their_norms_are_infinite() -> None:
    words = ["rnn", "--x", "1e300,1e300", "--w-ih", "1", "--w-hh", "1", "--nonlinearity", "relu", "--exact"]
    assert "   2  ∞" in answer(*words, "--target", "0").splitlines()
    assert document(*words, "--target", "0")["layers"][0]["passes"][0]["steps"][0]["norm"] == "inf"


def test_a_warning_of_the_layer_is_said_with_values_too() -> None:
    result = CliRunner().invoke(app, ["rnn", "1", "1", "--x", "1,2", "--dropout", "0.5"])
    assert "warning[SC402]" in result.stderr


def test_what_is_random_is_named_in_json() -> None:
    words = ["gru", "--x", "1", "--hidden", "1", "--w-ih", "1,1,1", "--seed", "3"]
    values, gradients = document(*words), document(*words, "--target", "0")
    assert (values["seed"], values["random"]) == (3, ["weight_hh_l0"])
    assert (gradients["seed"], gradients["random"]) == (3, ["gru.weight_hh_l0"])
    assert document(*words, "--w-hh", "1,1,1")["random"] == []


def test_what_is_random_is_said() -> None:
    def said(*arguments: str) -> str:
        result = CliRunner().invoke(app, [*arguments], prog_name="shapecalc")
        assert result.exit_code == 0, result.output
        return result.stdout

    assert "random, seed 0: all weights" in said("gru", "--x", "1,0", "--hidden-size", "1")
    weights = ("--w-ih", "1,1,1", "--w-hh", "1,1,1")
    assert "random" not in said("gru", "--x", "1,0", *weights)
    assert "random, seed 3: x, all weights" in said(
        "gru", "--values", "--input-size", "1", "--hidden-size", "1", "--seq", "2", "--seed", "3"
    )
    assert "random, seed 0: 1 of 4 weights" in said("gru", "--x", "1", "--hidden-size", "1", "--w-ih", "1,1,1")
    assert "random, seed 0: all weights" in said("rnn", "--x", "1,2", "--hidden-size", "1", "--target", "0,1")
    assert "random, seed 0: input, target, all weights" in said("bptt", "char-rnn", "--scale", "1/16", "--set", "T=2")
