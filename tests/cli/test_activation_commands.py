"""Activation functions as commands: values with their working, derivatives, curves; with and without numbers."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from shapecalc.cli import app
from shapecalc.cli.groups import BY_HAND
from shapecalc.render.terminal.chart import MARK

FIXTURE = json.loads((Path(__file__).parents[1] / "oracle" / "torch_activations.json").read_text(encoding="utf-8"))


def shown(*words: str, code: int = 0) -> str:
    result = CliRunner(env={"FORCE_COLOR": "", "NO_COLOR": "1"}).invoke(app, words)
    assert result.exit_code == code, result.output
    return result.stderr if code == 2 else result.stdout


def document(*words: str) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(shown(*words, "--format", "json"))
    return parsed


def test_values_derivatives_and_marked_points_are_pytorchs() -> None:
    numbers = ",".join(map(str, FIXTURE["x"]))
    for row in FIXTURE["rows"]:
        if row["others"] or row["layer"].replace("_", "-") not in BY_HAND:
            continue
        fields = [f"--{name.replace('_', '-')}={value}" for name, value in row["fields"].items()]
        found = document(row["layer"].replace("_", "-"), f"--x={numbers}", *fields)
        name = f"{row['layer']} {row['fields']}"
        derivative = pytest.approx(row["derivative"], rel=5e-8, abs=1e-12)  # PyTorch's sixth is a float32
        assert found["outputs"]["output"]["values"] == pytest.approx(row["value"], rel=1e-12, abs=1e-15), name
        assert found["derivative"]["x"]["values"] == derivative, name
        points = found["curve"]["points"]
        assert [point["x"] for point in points] == FIXTURE["x"], name
        assert [point["derivative"] for point in points] == derivative, name


def test_the_working_of_a_derivative_has_no_factor_of_one() -> None:
    page = shown("sigmoid", "--x=-2,0,2")
    assert "y[0] = 1/(1 + exp(−(−2))) = 0.119203\n" in page
    assert "y′[1] = 0.5·(1 − 0.5) = 0.25\n" in page
    assert "range       (0, 1)\n" in page
    assert page.count(MARK) == 6


def test_without_numbers_there_are_the_facts_and_the_curve_alone() -> None:
    page = shown("relu6")
    assert page.startswith("relu6       Rectified linear unit that stops at 6")
    assert "saturates   for x ≤ 0 and x ≥ 6: there |derivative| < 0.01\n" in page
    assert MARK not in page
    assert document("relu6")["curve"]["points"] == []


def test_a_field_moves_range_and_saturation() -> None:
    assert "range       (−3, ∞)" in shown("elu", "--alpha", "3")
    assert document("softplus", "--beta", "2")["fields"] == {"beta": 2, "threshold": 20.0}


def test_softmax_has_the_jacobian_matrix_of_a_row_and_the_published_probabilities() -> None:
    """CS231n prints 0.70, 0.04, 0.26 for these scores, and 0.55, 0.12, 0.33 for their halves."""
    found = document("softmax", "--x", "1,-2,0")
    p = found["outputs"]["output"]["values"]
    assert p == pytest.approx([0.705384512698, 0.0351190269593, 0.259496460342], rel=1e-11)
    halves = document("softmax", "--x", "0.5,-1,0")["outputs"]["output"]["values"]
    assert halves == pytest.approx([0.546549387266, 0.12195165231, 0.331498960424], rel=1e-11)
    expected = [[p[i] * ((i == j) - p[j]) for j in range(3)] for i in range(3)]
    assert found["derivative"]["x"]["values"] == [pytest.approx(row) for row in expected]
    assert found["curve"]["others"] == [-2, 0]
    rows = document("softmax", "--x", "1,2;3,5", "--dim", "0")
    assert "derivative" not in rows
    assert rows["curve"]["others"] == [3]
    assert "curve" not in document("softmax", "--x", "4")


def test_exact_derivatives_are_fractions() -> None:
    found = document("hardswish", "--x", "1,-5,1/3", "--exact")["derivative"]["x"]["values"]
    assert [Fraction(value) for value in found] == [Fraction(5, 6), 0, Fraction(11, 18)]
    assert document("hardsigmoid", "--x", "1", "--exact")["derivative"]["x"]["values"] == ["1/6"]


def test_a_kernel_that_bounds_from_above_writes_both_bounds() -> None:
    assert "y[0] = min(max(8, 0), 6) = 6\n" in shown("relu6", "--x", "8,-1")
    assert "y[0] = min(max(8 + 3, 0), 6)/6·8 = 8\n" in shown("hardswish", "--x", "8,-1")


def test_intermediate_tensors_of_a_derivative_are_shown_once_before_it() -> None:
    page = shown("gelu", "--x", "1")
    assert page.index("\nΦ′ = ") < page.index("\ny′ = 0.841345 + 1·0.241971 = 1.08332\n")
    assert page.count("\nΦ′ = ") == 1
    assert [*document("gelu", "--x", "1", "--backward")["derivative"]] == ["Φ′", "x"]


def test_numbers_near_the_greatest_float_are_drawn_or_left_out() -> None:
    assert "leaky_relu′(x)" in shown("leaky-relu", "--negative-slope", "1e308", "--x=-1e308")
    assert "range       (−1e+308, ∞)" in shown("elu", "--alpha", "1e308", "--x=-1,1")
    assert document("softmax", "--x", "1e308,-1e308,0")["outputs"]["output"]["values"] == [1, 0, 0]


def test_mistakes_name_the_option() -> None:
    assert "`--beta -1` expects a number above 0" in shown("softplus", "--beta=-1", code=2)
    assert "`--x` is missing" in shown("relu", "--backward", code=2)
    assert "SC203" in shown("gelu", "--approximate", "tan", code=2)
