"""The working of a loss: what is written, evaluated again, is the loss."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import shapecalc
from shapecalc.execution.values.compute import values
from shapecalc.execution.values.objective import Objective
from shapecalc.reference.losses import LOSSES
from shapecalc.render.values.working import MOST_TERMS, working

NET = shapecalc.loads("{input: [N, 3], layers: [{identity: , name: y}]}")


def lines(loss: str, inputs: Any, targets: Any, digits: int = 6, **options: Any) -> list[str]:
    found = values(NET, inputs, objective=Objective(loss, targets, **options), backward=False)
    return working(found.losses[0], digits)


def evaluated(formula: str) -> float:
    """Return the value of a formula as Python computes it."""
    text = formula.replace("−", "-").replace("·", "*").replace("^", "**")
    while "|" in text:
        text = text.replace("|", "abs(", 1).replace("|", ")", 1)
    names = {"exp": math.exp, "log": math.log, "log1p": math.log1p, "max": max, "min": min, "abs": abs}
    return float(eval(text, {"__builtins__": {}}, names))


def test_each_formula_with_its_numbers_is_its_term() -> None:
    targets: dict[str, Any] = {"classes": [1, 0], "values": [[0.5, 1.0, 0.0], [0.25, 0.75, 1.0]]}
    for name, entry in LOSSES.items():
        shown = lines(name, [[0.25, 0.5, 0.875], [0.75, 0.125, 0.5]], targets[entry.targets.value], digits=15)
        *terms, last = shown
        found = []
        for line in terms:
            formula, _, result = line.split("] ", 1)[1].split(": ")[-1].rpartition(" = ")
            assert evaluated(formula) == pytest.approx(float(result.replace("−", "-")), rel=1e-12), line
            found.append(float(result.replace("−", "-")))
        reduction = sum if name == "sum_of_squares" else np.mean
        assert float(last.split(" = ")[1].replace("−", "-")) == pytest.approx(reduction(found), rel=1e-12), name


def test_cross_entropy_is_written_as_minus_log_softmax() -> None:
    assert lines("cross_entropy", [0, 0, 0], 2) == ["[0] target 2: −log(exp(0)/(exp(0) + exp(0) + exp(0))) = 1.09861"]


def test_a_loss_of_many_terms_has_the_first_ones() -> None:
    shown = lines("mse", np.zeros((50, 3)), np.ones((50, 3)))
    assert shown[0] == "[0, 0] (0 − 1)^2 = 1"
    assert len(shown) == MOST_TERMS + 2
    assert shown[-2:] == ["… 142 terms more", "mean of 150 terms = 1"]


def test_a_loss_of_many_classes_has_the_first_and_the_last_and_of_too_many_only_the_result() -> None:
    for classes, expected in ((40, "… (32 terms)"), (2000, None)):
        wide = shapecalc.loads(f"{{input: [N, {classes}], layers: [{{identity: , name: y}}]}}")
        found = values(wide, "zeros", objective=Objective("cross_entropy", 3), backward=False)
        shown = working(found.losses[0], 6)
        assert [expected in line for line in shown] == [True] if expected else shown == [], classes
