"""`--batch` is `--set` of the batch axis, in every command that reads an architecture."""

from __future__ import annotations

import re

import pytest
from typer.testing import CliRunner

from shapecalc.cli import app
from shapecalc.cli.exit_codes import Misuse
from shapecalc.cli.options.batch import named_batch
from shapecalc.files.load import loads

SAME = ("inspect mlp", "memory mlp", "verify mlp", "sweep mlp", "solve vgg16", "diff mlp mlp", "decode char-rnn")


def printed(words: str) -> tuple[int, str]:
    result = CliRunner(env={"NO_COLOR": "1", "CI": ""}).invoke(app, words.split())
    return result.exit_code, re.sub(r'"seconds": [0-9.e-]+', "", result.output)


def test_a_batch_is_what_set_makes_of_its_symbol() -> None:
    for command in SAME:
        code, out = printed(f"{command} --batch 3 --format json")
        assert (code, out) == printed(f"{command} --set N=3 --format json"), command
        assert out != printed(f"{command} --format json")[1], command


def test_each_of_two_networks_has_its_own_name_of_the_batch(tmp_path) -> None:
    for name in ("N", "batch"):
        (tmp_path / f"{name}.yaml").write_text(f"input: [{name}, 8]\nlayers: [linear: 4]\n")
    code, out = printed(f"diff {tmp_path}/N.yaml {tmp_path}/batch.yaml --batch 3")
    assert code == 0, out
    assert "no change in shapes, parameters or costs (1 layer)" in out
    assert "no change" not in printed(f"diff {tmp_path}/N.yaml {tmp_path}/batch.yaml --set N=3")[1]


def test_the_name_is_that_of_the_file() -> None:
    for name in ("N", "B", "batch"):
        assert named_batch(loads(f"{{input: [{name}, 8], layers: [relu]}}"), "4") == name
    assert named_batch(loads("{input: [T, N, 8], layers: [relu]}"), "4") == "N"


@pytest.mark.parametrize(
    ("inputs", "given", "says"),
    [
        ("input: [1, 3, 8]", (), r"its input is \[1, 3, 8\]: write `\[N, 3, 8\]` for a batch of any size"),
        ("input: [samples, H]", (), r"its input is \[samples, H\]: write `\[N, H\]`"),
        ("inputs: {x: [2], y: [3]}", (), r"`x` is \[2\]: write `\[N\]`"),
        ("input: [N, 3]", ("N",), "`--batch` and `--set N` mean the same, and both are given"),
    ],
)
def test_a_file_without_a_batch_and_a_batch_given_twice_are_refused(
    inputs: str, given: tuple[str, ...], says: str
) -> None:
    with pytest.raises(Misuse, match=says):
        named_batch(loads(f"{inputs}\nlayers: [{{relu: , from: {'x' if 'x:' in inputs else 'input'}}}]"), "8", given)


def test_a_size_that_is_none_is_refused_by_its_option() -> None:
    for text in ("0", "-1", "x", "1.5", "", "99999999999"):
        code, out = printed(f"inspect mlp --batch={text}")
        assert code == 2, text
        assert "`--batch` expects" in out, out
