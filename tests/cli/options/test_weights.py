"""`--weights FILE` of the commands that run a network."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from typer.testing import CliRunner

from shapecalc import Diagnostic, ShapecalcError
from shapecalc.cli import app
from shapecalc.cli.options.weights import arguments_as_misuse

if TYPE_CHECKING:
    from pathlib import Path

NET = "{input: [N, 3], layers: [{linear: 2, name: a}]}"


def said(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, list(arguments))
    return result.exit_code, result.output


def test_mistakes_in_a_file_are_those_of_the_command_line(tmp_path: Path) -> None:
    net, file = tmp_path / "net.yaml", tmp_path / "w.npz"
    net.write_text(NET, encoding="utf-8")
    np.savez(file, **{"a.weight": np.zeros((2, 3)), "a.bais": np.zeros(2)})
    code, output = said("verify", str(net), "--weights", str(file))
    assert code == 2
    assert "`a.bais` is no parameter" in output
    assert "write `a.bias`" in output
    assert "`a.bias` [2] is missing" in output


def test_only_files_of_weights_are_taken(tmp_path: Path) -> None:
    net = tmp_path / "net.yaml"
    net.write_text(NET, encoding="utf-8")
    for given in ("ones", "w.pt"):
        code, output = said("verify", str(net), "--weights", given)
        assert (code, "expects a name that ends in .npz or .safetensors" in output) == (2, True)


def test_decode_reads_weights_to_run_with_them() -> None:
    code, output = said("decode", "char-rnn", "--weights", "w.npz")
    assert (code, "`--weights` requires `--run`" in output) == (2, True)


def test_errors_of_arrays_are_those_of_options_and_others_stay() -> None:
    for code, exit_code in (("SC702", 2), ("SC701", 1)):
        with pytest.raises(ShapecalcError) as caught, arguments_as_misuse():
            raise ShapecalcError((Diagnostic(code=code, message="no"),))
        assert caught.value.exit_code == exit_code, code
