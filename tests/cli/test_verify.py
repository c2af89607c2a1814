"""`shapecalc verify`: the table, the verdict, and what is said where something disagrees."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from typer.testing import CliRunner

from shapecalc.cli import app
from shapecalc.layers import windows
from tests.support.terminals import ESCAPE, on_a_terminal

if TYPE_CHECKING:
    import pytest


def test_symbols_that_are_bound_are_run_once(run) -> None:
    assert "MACs at N = 3 (" in run("verify", "lenet5", "--set", "N=3").out


def test_json_says_what_was_predicted_and_what_was_done(run) -> None:
    found = json.loads(run("verify", "lenet5", "--format", "json").out)
    assert (found["schema_version"], found["ok"], len(found["trials"])) == (1, True, 2)
    first = found["trials"][0]["layers"][0]
    assert (first["predicted"], first["executed"]) == ([[1, 6, 28, 28]], [[1, 6, 28, 28]])
    assert (first["predicted_macs"], first["executed_macs"]) == (117600, 117600)
    assert (first["predicted_params"], first["executed_params"]) == (156, 156)


def test_a_seed_repeats_a_run(run) -> None:
    assert run("verify", "mlp", "--seed", "7").code == 0


def test_a_run_too_large_is_refused_with_the_figure_and_the_layer(run) -> None:
    ended = run("verify", "vgg16", "--max-memory", "1MiB")
    assert ended.code == 1
    assert ended.out == ""
    assert "error[SC701]: the run needs " in ended.err
    assert "more than the 1.0 MiB allowed" in ended.err
    assert "`classifier.0` is where it peaks" in ended.err
    assert "nothing was allocated" in ended.err


def test_a_rule_that_is_wrong_is_found_out_at_its_first_window(monkeypatch: pytest.MonkeyPatch) -> None:
    right = windows.output_size
    monkeypatch.setattr("shapecalc.layers.conv.output_size", lambda *args, **kwargs: right(*args, **kwargs) + 1)
    result = CliRunner().invoke(app, ["verify", "lenet5", "--set", "N=1"])
    assert result.exit_code == 1
    assert "DIFFERS" in result.stdout
    first = next(line for line in result.stdout.splitlines() if line.startswith("c1 "))
    assert "[1, 6, 29, 29]" in first
    assert "[1, 6, 28, 28]" in first
    assert result.stdout.splitlines()[-1].startswith("DISAGREES: ")


def test_a_terminal_gets_one_line_and_every_layer_if_it_is_asked_for() -> None:
    shown = [
        ESCAPE.sub("", on_a_terminal(["verify", "lenet5", *more], 80)) for more in ((), ("--all",), ("--depth", "1"))
    ]
    assert [text.count("\n") for text in shown] == [1, 2 * (3 + 13 + 1) + 1, 2 * (3 + 13 + 1) + 1]


def test_a_disagreement_is_in_the_json_too(monkeypatch: pytest.MonkeyPatch) -> None:
    right = windows.output_size
    monkeypatch.setattr("shapecalc.layers.conv.output_size", lambda *args, **kwargs: right(*args, **kwargs) + 1)
    result = CliRunner().invoke(app, ["verify", "lenet5", "--format", "json"])
    assert result.exit_code == 1
    assert json.loads(result.stdout)["ok"] is False


def test_mistakes_in_the_file_are_those_of_inspect(run, tmp_path) -> None:
    (tmp_path / "net.yaml").write_text("input: [N, 3]\nlayers: [rleu]\n")
    assert run("verify", "net.yaml").err == run("inspect", "net.yaml").err
