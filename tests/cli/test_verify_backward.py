"""`shapecalc verify --backward`: the table, the verdict, and what is said where a gradient is wrong."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from typer.testing import CliRunner

import shapecalc
from shapecalc.cli import app
from shapecalc.reference import find_backward, gradients as registry

if TYPE_CHECKING:
    import pytest

TRUNCATED = (
    "{input: [T, N, 3], layers: [{lstm: {hidden_size: 4, bidirectional: BOTH}, name: r}, {linear: 2, name: out}]}"
)


def test_every_layer_is_shown_the_last_first_and_the_verdict_comes_at_the_end(run) -> None:
    ended = run("verify", "lenet5", "--backward")
    lines = ended.out.splitlines()
    assert ended.code == 0
    assert lines[0] == "LeNet-5 at N = 2, backward from the loss"
    assert [line.split()[0] for line in lines[3:16]] == [
        step.path for step in reversed(shapecalc.load("lenet5").layers)
    ]
    c3 = "x [2, 6, 14, 14], weight [16, 6, 5, 5], bias [16]"
    assert f"c3          conv      {c3}  {c3}  480,000  480,000  " in ended.out
    assert "MACs of dX 833,040, of dW 833,040: gradients with respect to inputs and to weights; dX of" in ended.out
    assert "; 46 entries checked by central differences in float64, " in ended.out
    assert lines[-1].startswith("verified: gradients of 13 layers agree, MACs too; largest error ")
    assert ended.err == ""


def test_what_json_says_is_what_the_proof_holds(run) -> None:
    found = json.loads(run("verify", "lenet5", "--backward", "--format", "json").out)
    assert (found["schema_version"], found["ok"], found["sizes"], found["skipped"]) == (1, True, {"N": 2}, 0)
    assert found["error_along_one_direction"] < 1e-5
    c3 = next(row for row in found["layers"] if row["path"] == "c3")
    assert c3["predicted"] == c3["executed"] == {"x": [2, 6, 14, 14], "weight": [16, 6, 5, 5], "bias": [16]}
    assert c3["predicted_macs"] == c3["executed_macs"] == {"to_inputs": 480_000, "to_parameters": 480_000}
    assert c3["checked"]["entries"] == 6
    assert c3["checked"]["error"] < 1e-5


def test_a_bound_symbol_and_a_scale_are_used(run) -> None:
    ended = run("verify", "vit_b_16", "--backward", "--scale", "1/8", "--set", "N=1", "--set", "H=32", "--set", "W=32")
    assert ended.code == 0, ended.out
    assert "at H = 32, W = 32, N = 1, backward" in ended.out.splitlines()[0]
    assert "[96, 3, 16, 16]" in ended.out


def test_truncation_is_said_and_counted(run, tmp_path) -> None:
    file = tmp_path / "net.yaml"
    file.write_text(TRUNCATED.replace("BOTH", "false"))
    options = ("--backward", "--set", "T=7", "--set", "N=2")
    whole, cut = run("verify", file, *options), run("verify", file, *options, "--truncate", "3")
    assert (whole.code, cut.code) == (0, 0)
    # Seven steps of two samples, 16 rows that read 3 and 4 numbers; and 7 x 2 x 8 of `out`.
    assert "MACs of dX 1,680, of dW 1,680:" in whole.out
    assert f"MACs of dX {1680 - 2 * 2 * 16 * 4:,}, of dW 1,680:" in cut.out
    assert "; back-propagation through time is cut every 3 steps" in cut.out
    assert "not checked" not in cut.out
    assert "along one direction" in whole.out
    assert "along one direction" not in cut.out


def test_a_truncated_layer_that_reads_both_ways_is_said_to_be_unchecked(run, tmp_path) -> None:
    file = tmp_path / "net.yaml"
    file.write_text(TRUNCATED.replace("BOTH", "true"))
    ended = run("verify", file, "--backward", "--set", "T=7", "--set", "N=2", "--truncate", "1")
    assert ended.code == 0
    assert "is cut every 1 step, and bidirectional layers are not checked by differences" in ended.out
    assert next(line for line in ended.out.splitlines() if line.startswith("r ")).endswith("unchecked  ok")


def test_truncate_alone_is_a_misuse(run) -> None:
    ended = run("verify", "mlp", "--truncate", "3")
    assert (ended.code, ended.out) == (2, "")
    assert "`--truncate` requires `--backward`" in ended.err
    assert run("verify", "mlp", "--backward", "--truncate", "0").code == 2


def test_a_pass_too_large_is_refused_with_the_figure_and_the_layer(run) -> None:
    ended = run("verify", "vgg16", "--backward", "--max-memory", "1MiB")
    assert (ended.code, ended.out) == (1, "")
    assert "error[SC701]: the run needs " in ended.err
    assert "`classifier.0` is where it peaks" in ended.err


def test_the_help_of_a_refused_pass_is_enough(run) -> None:
    ended = run("verify", "lenet5", "--backward", "--max-memory", "1KiB")
    (allowed,) = [part.rstrip("`,") for part in ended.err.split() if part.endswith(("GiB`,", "MiB`,", "KiB`,"))]
    assert run("verify", "lenet5", "--backward", "--max-memory", allowed).code == 0


def test_a_wrong_gradient_is_named_with_its_entry_and_ends_in_1(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = find_backward("tanh")
    monkeypatch.setitem(
        registry.BACKWARD_KERNELS, "tanh", lambda ctx, g: whole(ctx, 2 * g if ctx.call.path == "tanh_8" else g)
    )
    ended = CliRunner().invoke(app, ["verify", "lenet5", "--backward"])
    assert ended.exit_code == 1
    lines = ended.output.splitlines()
    assert [line.split()[0] for line in lines if line.endswith("DIFFERS")] == ["tanh_8"]
    (said,) = (line for line in lines if line.startswith("tanh_8: the gradient with respect to x["))
    assert "has a relative error of 5e-01" in said
    assert lines[-1].startswith("DISAGREES: 1 of 13 layers in the backward pass (")


def test_a_layer_without_a_backward_kernel_is_an_error_and_no_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    find_backward("tanh")
    monkeypatch.delitem(registry.BACKWARD_KERNELS, "tanh")
    ended = CliRunner().invoke(app, ["verify", "lenet5", "--backward"])
    assert ended.exit_code == 1
    assert "tanh_10: `tanh_10` (tanh): has no backward kernel" in ended.output
    assert "DISAGREES: 1 of 13 layers in the backward pass, 10 not reached (" in ended.output
    as_json = CliRunner().invoke(app, ["verify", "lenet5", "--backward", "--format", "json"])
    assert json.loads(as_json.output)["layers"][-1]["executed"] is None
