"""The records of explanations."""

from __future__ import annotations

import shapecalc
from shapecalc.costs.explanation import ExplainedKey, Summand, summed


def test_a_sum_is_by_the_next_part_of_paths_and_equal_neighbours_are_one() -> None:
    report = shapecalc.inspect("resnet18")
    parts, notes = summed(report.layers, "", lambda row: row.params)
    assert parts[:3] == (Summand("conv1", 9408), Summand("bn1", 128), Summand("layer1", 147_968))
    assert notes == ("4 others with 0",)
    parts, notes = summed(report.layers, "layer1", lambda row: row.params)
    assert (parts, notes) == ((Summand("layer1.0 … layer1.1", 73_984, 2),), ())


def test_a_sum_with_an_unknown_part_is_unknown() -> None:
    report = shapecalc.inspect("lenet5")
    parts, _ = summed(report.layers, "", lambda row: None if row.path == "c1" else 1)
    assert parts == (Summand("c1", None), Summand("tanh_1 … softmax_12", 1, 12))


def test_a_number_has_its_unit_and_sizes_in_json() -> None:
    bare = ExplainedKey("params", 7)
    assert bare.to_dict() == {"result": 7}
    full = ExplainedKey("memory", 28, parts=(Summand("a", 14, 2),), notes=("a note",), at={"N": 1}, unit="bytes")
    assert full.to_dict() == {
        "result": 28,
        "unit": "bytes",
        "at": {"N": 1},
        "parts": [{"path": "a", "value": 14, "times": 2}],
        "notes": ["a note"],
    }


def test_the_repr_names_what_is_explained() -> None:
    assert repr(shapecalc.explain("lenet5", key="params")) == "<Explanation of LeNet-5: params 61706>"
    assert repr(shapecalc.explain("lenet5", "c1", key="macs")) == "<Explanation of LeNet-5, c1: macs 117600>"
