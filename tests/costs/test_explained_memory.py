"""The live bytes of a run derived: they are those of `memory`."""

from __future__ import annotations

import pytest

import shapecalc
from shapecalc.costs.explained_memory import live_key, peak_key
from shapecalc.costs.liveness import live_memory
from shapecalc.dims import evaluate
from shapecalc.files.zoo import names
from tests.support.formulas import value_of_text


@pytest.mark.parametrize("name", names())
def test_the_peak_is_the_sum_of_the_tensors_that_are_live(name: str) -> None:
    for dtype in ("float32", "int8")[: 1 + (name == "lenet5")]:
        report = shapecalc.inspect(name)
        run = live_memory(report, dtype)
        explained = peak_key(report, dtype)
        if run.peak is None:
            assert explained.result is None
            assert "--set" in explained.notes[0]
            continue
        assert explained.result == evaluate(run.steps[run.peak].live, report.costs_at)
        *tensors, total = explained.formulas if len(explained.formulas) > 1 else (*explained.formulas, None)
        assert {each.name for each in tensors} == {tensor.slot for tensor in run.tensors}
        sizes = {tensor.slot: evaluate(tensor.size, report.costs_at) for tensor in run.tensors}
        symbols = dict.fromkeys(report.symbols, 31)
        for each in tensors:
            assert each.result == sizes[each.name]
            assert value_of_text(each.numbers, symbols) == evaluate(each.result, symbols), each
        if total is not None:
            assert value_of_text(total.numbers, symbols) == evaluate(explained.result, symbols)


def test_every_step_of_a_run_is_derived() -> None:
    for name in ("lenet5", "seq2seq-attention", "unet"):
        report = shapecalc.inspect(name)
        for step in live_memory(report).steps:
            explained = live_key(report, step.row.path, "float32")
            assert explained.result == evaluate(step.live, report.costs_at), (name, step.row.path)
            assert value_of_text(explained.formulas[-1].numbers, {"T": 7, "S": 11}) == evaluate(
                explained.result, {"T": 7, "S": 11}
            )


def test_a_tensor_has_its_axes_and_how_long_it_is_live() -> None:
    explained = live_key(shapecalc.inspect("lenet5"), "tanh_1", "float32")
    assert [(each.name, each.rule, each.numbers) for each in explained.formulas] == [
        ("c1", "4·N·out_channels·H_out·W_out", "4·1·6·28·28"),
        ("tanh_1", "4·N·C_in·H_in·W_in", "4·1·6·28·28"),
        ("live", "c1 + tanh_1", "18,816 + 18,816"),
    ]
    assert explained.notes == ("c1 is live until tanh_1", "tanh_1 is live until s2")


def test_indices_have_eight_bytes_and_the_input_its_symbols() -> None:
    explained = live_key(shapecalc.inspect("gpt2-small", T=16), "wte", "bfloat16")
    first = explained.formulas[0]
    assert (first.name, first.rule, first.numbers, first.result) == ("input", "8·N·T", "8·1·16", 128)
    assert explained.notes[0] == "input, an input, is live until wte"


def test_a_peak_that_depends_on_symbols_names_the_settings() -> None:
    report = shapecalc.inspect(shapecalc.loads("input: [N, 1, H]\nlayers: [{max_pool: 2}, {pad: 100}]\n"))
    explained = peak_key(report, "float32")
    assert explained.result is None
    assert explained.notes == ("the peak depends on symbols: give sizes, `--set H=…`",)
