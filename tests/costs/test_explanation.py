"""Explanations: every number that is explained is the report's, and its formula has its value."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import shapecalc
from shapecalc.costs.explanation import BY_CASES, ROW_KEYS, explained_rows
from shapecalc.dims import evaluate
from shapecalc.files.zoo import names
from shapecalc.shape_inference.dtypes import bytes_of
from shapecalc.shape_inference.engine import inspect
from tests.support.formulas import value_of_text

if TYPE_CHECKING:
    from shapecalc.costs.explanation import ExplainedKey, ExplainedStep, Explanation
    from shapecalc.shape_inference.report import Count, LayerReport, Report

PRIMES = (31, 37, 41, 43)


def key_of(explanation: Explanation, key: str) -> ExplainedKey:
    (step,) = explanation.steps
    return next(each for each in step.keys if each.key == key)


def of_row(row: LayerReport, key: str, report: Report) -> Count:
    if key == "memory":
        return None if row.facts.activations is None else bytes_of(row.facts.activations, report.dtype)
    return getattr(row, key)


def check_step(step: ExplainedStep, report: Report) -> None:
    """Check the numbers of a layer: each formula has the result, and the last one is the report's number."""
    assert step.row is not None
    assert [key.key for key in step.keys] == list(ROW_KEYS)
    for key in step.keys:
        where = f"{report.architecture.name}, {step.path}, {key.key}"
        for formula in key.formulas:
            sizes = dict(zip(report.symbols, PRIMES, strict=False))
            assert value_of_text(formula.numbers, sizes) == evaluate(formula.result, sizes), f"{where}: {formula}"
        if key.key == "output":
            shown = [formula.result for formula in key.formulas]
            assert shown == [dim for shape in step.row.outputs.values() for dim in shape], where
            continue
        assert key.result == of_row(step.row, key.key, report), where
        if BY_CASES in key.notes:
            assert step.row.step.layer.type.startswith("adaptive"), where
            assert report.symbols != ("N",), where
        elif key.formulas:
            assert key.formulas[-1].result == key.result, where
        else:
            assert key.result == 0, where


@pytest.mark.parametrize("name", names())
def test_every_number_of_every_layer_of_the_zoo_is_derived(name: str) -> None:
    for symbolic in (False, True):
        report = inspect(shapecalc.load(name), symbolic=symbolic)
        *steps, total = explained_rows(report).steps
        assert len(steps) == len(report.layers)
        for step in {(step.row.step.layer, step.row.inputs, step.row.step.weights): step for step in steps}.values():
            check_step(step, report)
        for key in total.keys:
            expected = report.totals.activation_bytes if key.key == "memory" else getattr(report.totals, key.key)
            assert key.result == expected, (name, key.key)
            assert sum(part.value * part.times for part in key.parts) == expected, (name, key.key)
