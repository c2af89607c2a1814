"""`shapecalc bptt`, as its readers see it."""

from __future__ import annotations

import json

from typer.testing import CliRunner

from shapecalc.cli import app

NET = "name: net\ninput: [T, N, 1]\nlayers:\n  - rnn: {hidden_size: 1, nonlinearity: relu, bias: false}\n"
WEIGHTS = "{rnn_0.weight_ih_l0: [[1]], rnn_0.weight_hh_l0: [[0.5]]}"


def invoked(*words: str, code: int = 0) -> str:
    result = CliRunner(env={"FORCE_COLOR": "", "NO_COLOR": "1", "COLUMNS": "80"}).invoke(app, ["bptt", *words])
    assert result.exit_code == code, result.output
    return result.stderr if code else result.stdout


def test_a_network_of_a_file_is_followed_by_hand(tmp_path) -> None:  # type: ignore[no-untyped-def]
    """h = 1, 2.5, 4.25 and L = ½h₃²: ∂L/∂w = 0 + 2.125 + 10.625."""
    file = tmp_path / "net.yaml"
    file.write_text(NET, encoding="utf-8")
    words = [str(file), "--input", "[[[1]], [[2]], [[3]]]", "--weights", WEIGHTS, "--target", "0"]
    shown = invoked(*words)
    for line in (
        "L₃ = ½·(4.25 − 0)² = 9.0312",
        "∂L/∂h₂ from next = 0.5·4.25 = 2.125",
        "W_hh: 1.0625·0 + 2.125·1 + 4.25·2.5 = 12.75",
    ):
        assert line in shown.splitlines(), shown
    cut = json.loads(invoked(*words, "--truncate", "1", "--format", "json"))
    assert cut["gradients"]["rnn_0.weight_hh_l0"] == [[10.625]]


def test_the_zoos_networks_have_a_row_for_each_step() -> None:
    shown = invoked("char-rnn", "--scale", "1/64", "--set", "T=4")
    assert shown.startswith("char-rnn, unrolled over time\nT = 4 (steps), N = 1 (samples), in = 65 (features in)")
    for title in ("back through time, l1", "back through time, l0"):
        assert title in shown.splitlines()


def test_what_is_wrong_is_said_of_its_option() -> None:
    for words, said in (
        (["--target", "1,2"], "`--target 1,2` expects a class of each step, [1, 5], or of the last, [1], receives [2]"),
        (["--target", "1,2,3,99,1"], "`--target 1,2,3,99,1` expects classes from 0 to 64, receives 99"),
        (["--target", "1,x"], "`--target 1,x` expects numbers, receives `x`"),
        (["--loss", "crossentropy"], "write `cross_entropy`"),
        (["--reduction", "none"], "`--reduction` expects sum or mean, receives `none`"),
        (["--input", "1,2,3.5"], "`input` expects int64"),
        (["--truncate", "0"], "--truncate"),
    ):
        shown = invoked("char-rnn", "--scale", "1/64", *words, code=2)
        assert said in shown, shown
    assert "`LeNet-5` has no recurrent layer" in invoked("lenet5", code=2)
