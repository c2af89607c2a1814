"""Which numbers of which steps are derived."""

from __future__ import annotations

import json

import pytest

import shapecalc
from shapecalc.costs.explain import document_with_formulas, explain, explain_rows
from shapecalc.costs.explanation import NETWORK_KEYS, ROW_KEYS, STEP_KEYS, TOTAL_KEYS
from shapecalc.files.load import load


def test_all_numbers_of_a_layer_a_block_and_the_network_can_be_chosen() -> None:
    net = load("resnet18")
    for step, keys in (
        ("layer2.first.relu_1", STEP_KEYS),
        ("layer2", (*TOTAL_KEYS, "saved", "backward")),
        (None, NETWORK_KEYS),
    ):
        (explained,) = explain(net, {"H": 64, "W": 64}, step, keys).steps
        assert tuple(each.key for each in explained.keys) == keys
        assert all(each.result is not None for each in explained.keys if each.key != "output")
        json.dumps(explained.to_dict())


def test_the_numbers_of_inspect_are_the_default() -> None:
    net = load("lenet5")
    assert [each.key for each in explain(net, {}, "c1").steps[0].keys] == list(ROW_KEYS)
    assert [each.key for each in explain(net, {}).steps[0].keys] == list(TOTAL_KEYS)


def test_costs_of_two_batches_name_both() -> None:
    (step,) = explain(load("lenet5"), {}, "c3", ["macs", "backward"]).steps
    assert [(each.value, each.note) for each in step.origins if each.names == ("N",)] == [
        (1, "[N, 1, 32, 32], costs are of one sample"),
        (32, "[N, 1, 32, 32], costs are of 32 samples"),
    ]
    assert sum(1 for each in step.origins if "kernel_size" in each.names) == 1


def test_an_unknown_step_or_number_is_refused() -> None:
    for step, keys, message in (
        ("c33", [], "`LeNet-5` has no step `c33`: did you mean `c3`?"),
        ("zebra", [], "`LeNet-5` has no step `zebra`: `shapecalc inspect` lists the layers"),
        ("c1", ["peak"], "`c1` has no number `peak`: it has output, params"),
        (None, ["live"], "`LeNet-5` has no number `live`: it has params"),
    ):
        with pytest.raises(shapecalc.ShapecalcError) as caught:
            explain(load("lenet5"), {}, step, keys)
        (mistake,) = caught.value.diagnostics
        assert mistake.message.startswith(message), mistake.message
        assert caught.value.exit_code == 2


def test_the_last_part_of_a_path_finds_the_step_if_it_is_the_only_one() -> None:
    net = shapecalc.loads(
        "input: [N, 3]\nblocks: {b: {layers: [{linear: 2, name: only}]}}\nlayers: [{b: , name: block}, relu]\n"
    )
    with pytest.raises(shapecalc.ShapecalcError, match=r"did you mean `block\.only`"):
        explain(net, {}, "only")


def test_an_equal_layer_refers_to_the_first() -> None:
    steps = explain_rows(shapecalc.inspect("resnet18")).steps
    like = {step.path: step.like for step in steps if step.like}
    first, second = ("layer1.0.add_0.main.residual_0.conv_0", "layer1.1.add_0.main.residual_0.conv_0")
    assert like[second] == first
    assert first not in like


def test_the_document_of_inspect_is_unchanged_but_for_its_new_keys() -> None:
    report = shapecalc.inspect("lenet5")
    document = document_with_formulas(report)
    layers = [{key: value for key, value in layer.items() if key != "explained"} for layer in document["layers"]]
    del document["explained"]
    assert {**document, "layers": layers} == report.to_dict()
