"""The numbers of `inspect` derived: each is the report's, and its formula has its value."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import shapecalc
from shapecalc.costs.explain import explain_rows
from shapecalc.costs.explained_rows import BY_CASES, ROUNDED, UNTRACED, ExplainedRows
from shapecalc.costs.explanation import ROW_KEYS
from shapecalc.dims import evaluate, symbol
from shapecalc.files.zoo import names
from shapecalc.shape_inference.dtypes import bytes_of
from shapecalc.shape_inference.engine import inspect, inspect_at
from tests.support.formulas import value_of_text

if TYPE_CHECKING:
    from shapecalc.costs.explanation import ExplainedStep
    from shapecalc.shape_inference.report import Report
    from shapecalc.shape_inference.rows import Count, LayerReport

PRIMES = (31, 37, 41, 43)


def of_row(row: LayerReport, key: str, report: Report) -> Count:
    if key == "memory":
        return None if row.facts.activations is None else bytes_of(row.facts.activations, report.dtype)
    return getattr(row, key)


def check_step(step: ExplainedStep, report: Report) -> None:
    """Check the numbers of a layer: each formula has the result, and the last one is the report's number."""
    assert step.row is not None
    of_experts = ("active_params",) if step.row.step.layer.sparse else ()
    assert [key.key for key in step.keys] == [*ROW_KEYS[:2], *of_experts, *ROW_KEYS[2:]]
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
            # An axis may stretch: a symbol that meets a number is decided by cases, too.
            assert step.row.step.layer.type.startswith("adaptive") or step.row.step.layer.merges, where
            assert report.symbols != ("N",), where
        if key.formulas:
            assert key.formulas[-1].result == key.result, where
        else:
            assert key.result == 0, where


@pytest.mark.parametrize("name", names())
def test_every_number_of_every_layer_of_the_zoo_is_derived(name: str) -> None:
    net = shapecalc.load(name)
    for symbolic in (False, True)[: 1 + (net.symbols != ("N",))]:
        report = inspect(net, symbolic=symbolic)
        *steps, total = explain_rows(report).steps
        assert len(steps) == len(report.layers)
        for step in {(step.row.step.layer, step.row.inputs, step.row.step.weights): step for step in steps}.values():
            check_step(step, report)
        for key in total.keys:
            expected = report.totals.activation_bytes if key.key == "memory" else getattr(report.totals, key.key)
            assert key.result == expected, (name, key.key)
            assert sum(part.value * part.times for part in key.parts) == expected, (name, key.key)


def test_parameters_are_counted_by_the_convention_of_the_report() -> None:
    for convention, params, buffers in (("keras", 256, 0), ("pytorch", 128, 128)):
        report = inspect(shapecalc.load("resnet18"), params_as=convention)
        rows = ExplainedRows(report)
        row = next(row for row in report.layers if row.path == "bn1")
        assert (rows.explained(row, "params").result, rows.explained(row, "buffers").result) == (params, buffers)
        assert (row.params, row.buffers) == (params, buffers)
        for key in ("params", "buffers"):
            assert value_of_text(rows.explained(row, "params").formulas[-1].numbers) == params, key


def test_shared_tensors_count_where_they_are_owned() -> None:
    report = shapecalc.inspect("gpt2-small")
    head = ExplainedRows(report).explained(report.layers[-1], "params")
    assert (head.result, head.formulas) == (0, ())
    assert head.notes == ("weight is that of wte, and counts there",)


def test_a_type_of_elements_has_its_bytes() -> None:
    for dtype, numbers in (("int8", "1·6·28·28"), ("int4", "⌈4·1·6·28·28/8⌉"), ("float32", "4·1·6·28·28")):
        report = inspect_at(shapecalc.load("lenet5"), {}, dtype=dtype)
        memory = ExplainedRows(report).explained(report.layers[0], "memory")
        assert (memory.formulas[0].numbers, memory.unit, memory.at) == (numbers, "bytes", {"N": 1})
        assert value_of_text(numbers) == memory.result == bytes_of(6 * 28 * 28, dtype)


def test_without_a_valid_size_of_a_symbol_the_number_is_there_without_its_formula() -> None:
    report = shapecalc.inspect(shapecalc.loads("input: [N, C, H]\nlayers: [flatten]\n"))
    rows = ExplainedRows(report)
    rows.network.stand_ins = None
    explained = rows.explained(report.layers[0], "memory")
    assert (explained.result, explained.formulas, explained.notes) == (4 * symbol("C") * symbol("H"), (), (UNTRACED,))


def test_a_product_that_float64_rounds_is_not_derived_as_an_exact_one() -> None:
    net = shapecalc.loads("input: [N, 3, 9, 7]\nlayers: [{upsample: {scale_factor: [0.3333333333333333, 2.0]}}]\n")
    report = shapecalc.inspect(net)
    explained = ExplainedRows(report).explained(report.layers[0], "output")
    *_, height, width = explained.formulas
    assert (height.result, height.numbers, height.is_plain) == (3, "3", True)
    assert (width.result, width.numbers) == (14, "⌊7·2⌋")
    assert explained.notes == (ROUNDED,)
