from __future__ import annotations

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from shapecalc.cli import app
from shapecalc.cli.options.layer_values import field_value, window_value
from tests.support.rows import for_each


def run(*arguments: str) -> Any:
    return CliRunner().invoke(app, [*arguments], prog_name="shapecalc")


def output(*arguments: str) -> Any:
    result = run(*arguments, "--format", "json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)["outputs"]["output"]["values"]


VALUES = [
    ("conv --x 1,1,1,0 --w 1,1,1 --p 1", [2, 3, 2, 1]),
    ("conv --x 1,1,1,0 --w 1,1,1 --padding same", [2, 3, 2, 1]),
    ("conv --x 1,2,3,4 --w 1,1 --s 2", [3, 7]),
    ("conv --x 1,2,3,4 --w 1,1 --d 2", [4, 6]),
    ("conv --x [[1,2],[3,4]] --w [[[1]],[[10]]] --g 2 --rank 1", [[1, 2], [30, 40]]),
    ("conv --x 1,2,3 --w 1,1 --p 1:0 --b 100", [101, 103, 105]),
    ("conv --x 1,2 --w 1,1 --p 1 --padding-value 9", [10, 3, 11]),
    ("conv-transpose --x [[0,1],[2,3]] --w [[0,1],[2,3]] --p 1", [[4]]),
    ("conv-transpose --x 1,2 --w 1,1 --s 2 --output-padding 1", [1, 1, 2, 2, 0]),
    ("pool --x 1,5,2,4 --f 2", [5, 4]),
    ("pool --x 1,5,2,4 --f 2 --type avg", [3, 3]),
    ("pool --x 1,5,2 --f 2 --ceil", [5, 2]),
    ("pool --x [[1,2],[3,4]] --f 1x2", [[2], [4]]),
    ("linear --x -1,-2 --w 2,-3 --b -3", 1),
    ("linear --x [[1,2],[3,4]] --w [[1,0],[0,1],[1,1]] --b 0,0,1", [[1, 2, 4], [3, 4, 8]]),
    ("embedding --x [[1],[0]] --table [[1,2],[3,4]]", [[[3, 4]], [[1, 2]]]),
    ("linear --x 1/3,1/7 --w 3,7 --exact", 2),
]


@for_each("arguments, expected", VALUES)
def test_a_calculator_computes_the_numbers_that_it_is_given(arguments: str, expected: Any) -> None:
    assert output(*arguments.split()) == expected


MISTAKES = {
    "conv --x 1,2,3": "`--w` is missing",
    "conv --w 1,2,3": "`--x` is missing",
    "conv 3 --x 1,2,3 --w 1": "`3` follows from the arrays that are given",
    "conv --x 1,2,3 --w 1 --n 4": "`--n` follows from the arrays that are given",
    "linear --x 1,2 --w 1,2 --out-features 2": "`--out-features` follows from the arrays that are given",
    "linear --x 1,2 --w 1,2,3": "`--w 1,2,3` expects [2], receives [3]",
    "conv --x [[1,2],[3,4]] --w 1,1 --rank 2": "`--w 1,1` expects 2 to 4 axes, of which the last 2 slide",
    "conv --x 1,2,3 --w 1,1 --s 0": "`--s 0` expects a positive integer, receives 0",
    "conv --x 1,2,3 --w 1,1 --s two": "`--s two` expects a whole number",
    "conv --x 1,2,3 --w 1,1 --p 1 --padding-value x": "`--padding-value x` expects numbers, receives `x`",
    "conv --x 1,2,3 --w 1,1 --groups 2": "groups",
    "pool --x 1,2": "`--f` is missing",
    "conv --n 32 --f 5 --backward": "`--backward` requires `--x`",
    "linear --in 3 --out 2 --exact": "`--exact` requires `--x`",
    "pool --n 4 --f 2 --gradient 1": "`--gradient` requires `--x`",
    "embedding --num 3 --dim 2 --all": "`--all` requires `--x`",
    "conv --n 4 --f 2 --padding-value 0": "`--padding-value` requires `--x`",
    "conv --x 1,2,3 --w 1,1 --padding-value 0": "`--padding-value` requires `--p`",
    "gru --input-size 3 --hidden-size 2 --exact": "`--exact` requires `--x`",
    "rnn --input-size 3 --hidden-size 2 --all": "`--all` requires `--x`",
    "linear --x 1,2 --w 1,2 --b 1 --no-bias": "`--b 1` is not a parameter of this layer; it has `weight`",
    "pool --x 1,2 --f 3": "`--f 3` expects at least 3 cells, receives 2",
    "embedding --x 0": "`--table` is missing",
    "embedding --x 0.5 --table [[1]]": "`--x 0.5` expects indices: integers of at least 0, receives [0.5]",
    "embedding --x 7 --table [[1]]": "`--x 7` reads indices from 0 to 0, receives 7",
}


@for_each("arguments, message", MISTAKES.items())
def test_a_mistake_names_the_option(arguments: str, message: str) -> None:
    result = run(*arguments.split())
    assert result.exit_code == 2, result.output
    assert message in result.output
    assert result.stdout == ""


@pytest.mark.parametrize(
    ("text", "value"), [("1e-5", 1e-5), ("3×5", (3, 5)), ("TRUE", True), ("0:1", ((0, 1),)), ("", "")]
)
def test_the_text_of_a_field_is_read_as_its_value(text: str, value: object) -> None:
    assert field_value(text) == value


def test_the_fields_of_windows_are_read_as_without_values() -> None:
    assert window_value("3x5", "kernel_size") == (3, 5)
    assert window_value("3", "stride") == 3
    assert window_value("same", "padding") == "same"
    assert window_value("2", "groups") == 2
    assert window_value(True, "ceil_mode") is True
