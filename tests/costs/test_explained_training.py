"""The figures of a training step derived: they are those of `train-cost`."""

from __future__ import annotations

import pytest

import shapecalc
from shapecalc.costs.explained_training import ExplainedTraining
from shapecalc.costs.explanation import TRAINED_KEYS
from shapecalc.dims import evaluate, parse
from shapecalc.files.load import load
from shapecalc.files.zoo import names
from tests.support.formulas import value_of_text

SYMBOLS = {"T": 7, "S": 11, "H": 32, "W": 64}


@pytest.mark.parametrize("name", names())
def test_every_figure_of_every_layer_and_of_the_step_is_that_of_train_cost(name: str) -> None:
    optimizer, dtype = ("adam", "bfloat16") if len(name) % 2 else ("momentum", "float32")
    explained = ExplainedTraining(load(name), {}, dtype, optimizer)
    cost = shapecalc.train_cost(name, optimizer=optimizer, dtype=dtype)
    figures = cost.to_dict()
    seen = set()
    for layer, row in zip(figures["layers"], explained.cost.report.layers, strict=True):
        macs = [parse(str(layer[key])) for key in ("macs_to_inputs", "macs_to_weights")]
        kind = (row.step.layer, row.inputs, layer["bytes"], *macs)
        if kind in seen:
            continue
        seen.add(kind)
        for key, expected in zip(TRAINED_KEYS, (parse(str(layer["bytes"])), sum(macs)), strict=True):
            derived = explained.explained(row, key)
            assert derived.result == expected, (name, row.path, key)
            if expected != 0:
                assert derived.formulas[-1].result == expected, (name, row.path, key)
            for formula in derived.formulas:
                value = evaluate(formula.result, SYMBOLS)
                assert value_of_text(formula.numbers, SYMBOLS) == value, (name, row.path, key, formula)
    for key in ("weights", "gradients", "state"):
        derived = explained.total("", key)
        assert derived.result == figures["bytes"][key], (name, key)
        assert value_of_text(derived.formulas[0].numbers) == derived.result, (name, key)
    assert explained.total("", "saved").result == parse(str(figures["bytes"]["kept"]))
    macs = (parse(str(figures["macs"][key])) for key in ("to_inputs", "to_weights"))
    assert explained.total("", "backward").result == sum(macs)
    peak = explained.total("", "training-peak")
    if cost.unbound:
        assert peak.notes == ("the peak depends on T: set a size",)
        return
    assert peak.result == figures["peak"]["bytes"]
    assert value_of_text(peak.formulas[0].numbers) == peak.result


def test_a_saved_tensor_has_its_elements_and_the_bytes_of_one() -> None:
    explained = ExplainedTraining(load("lenet5"), {}, "float32", "sgd")
    row = next(row for row in explained.cost.report.layers if row.path == "tanh_1")
    derived = explained.explained(row, "saved")
    assert [(each.name, each.rule, each.numbers) for each in derived.formulas] == [
        ("output", "4·N·C_in·H_in·W_in", "4·32·6·28·28")
    ]
    assert derived.at == {"N": 32}
    first = explained.explained(explained.cost.report.layers[0], "backward")
    assert [each.result for each in first.formulas] == [0, 3_763_200, 3_763_200]
    assert first.notes == ("no gradient with respect to the inputs: no weight is before it",)


def test_the_bytes_of_weights_whose_shape_has_a_symbol_are_an_expression() -> None:
    net = shapecalc.loads("input: [N, 3, H]\nlayers: [flatten, linear: 5]\n")
    explained = ExplainedTraining(net, {}, "float32", "adam")
    for key, each in (("weights", 4), ("gradients", 4), ("state", 8)):
        derived = explained.total("", key)
        assert evaluate(derived.result, {"H": 7}) == each * (5 * 3 * 7 + 5), key
        assert value_of_text(derived.formulas[0].numbers, {"H": 7}) == each * 110, key
        assert derived.formulas[0].holds


def test_what_an_earlier_layer_saves_is_said_to_count_there() -> None:
    explained = ExplainedTraining(load("resnet18"), {"N": 2, "H": 64, "W": 64}, "float32", "sgd")
    notes = [note for row in explained.cost.report.layers for note in explained.explained(row, "saved").notes]
    assert any(note.endswith("saved by an earlier layer and counted there") for note in notes)


def test_a_block_is_the_sum_of_its_layers() -> None:
    explained = ExplainedTraining(load("resnet18"), {}, "float32", "sgd")
    stage = explained.total("layer2", "backward")
    work = zip(explained.cost.report.layers, explained.cost.step.work, strict=True)
    inside = [evaluate(each.backward, explained.cost.at) for row, each in work if row.path.startswith("layer2.")]
    assert sum(inside) == stage.result == sum(part.value * part.times for part in stage.parts)
    assert [part.path for part in stage.parts] == ["layer2.first", "layer2.rest"]


def test_integers_cannot_be_trained() -> None:
    with pytest.raises(shapecalc.ShapecalcError, match="training expects a floating-point type") as caught:
        ExplainedTraining(load("lenet5"), {}, "int8", "sgd")
    assert caught.value.exit_code == 2
