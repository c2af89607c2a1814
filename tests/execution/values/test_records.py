"""The result of a run: names of arrays, JSON, and its line in a session."""

from __future__ import annotations

import json

import numpy as np
import pytest

import shapecalc
from shapecalc.execution.values.compute import values
from shapecalc.execution.values.objective import Objective
from shapecalc.execution.values.records import Measured
from shapecalc.execution.values.updates import Update

NET = shapecalc.loads("{input: [N, 2], layers: [{linear: 2, name: fc}, {relu: , name: r}]}", name="net")


def test_arrays_are_named_after_slots_and_parameters() -> None:
    found = values(NET, objective=Objective(), update=Update())
    assert list(found.arrays) == [
        *("losses", "input", "input.grad"),
        *("fc.weight", "fc.weight.grad", "fc.weight.updated", "fc.bias", "fc.bias.grad", "fc.bias.updated"),
        *("fc", "fc.grad", "r", "r.grad"),
    ]
    assert found["fc"].shape == (1, 2)
    with pytest.raises(KeyError):
        found["nothing"]


def test_json_has_the_elements_of_what_is_shown_and_the_figures_of_all() -> None:
    found = values(NET, [3, 4], "ones", objective=Objective("mse", [9, 8]))
    document = json.loads(json.dumps(found.to_dict(lambda record: record.name == "fc"), allow_nan=False))
    (layer, activation) = document["layers"]
    assert layer["outputs"][0]["elements"] == [[8, 8]]
    assert layer["outputs"][0]["gradient"]["elements"] == [[-1, 0]]
    assert [each["label"] for each in (layer["outputs"][0], activation["outputs"][0])] == ["z", "a"]
    assert activation["outputs"][0]["greatest"] == 8
    assert "elements" not in activation["outputs"][0]
    assert document["loss"] == [0.5]
    assert document["losses"][0]["targets"] == [[9, 8]]
    assert document["losses"][0]["terms"] == [[1, 0]]
    assert "elements" in found.to_dict()["inputs"][0]


def test_what_is_not_finite_is_a_string_in_json() -> None:
    document = Measured.of(np.array([[np.nan, np.inf], [-np.inf, 1]]), retained=True).to_dict(elements=True)
    assert document["elements"] == [["nan", "inf"], ["-inf", 1]]
    assert (document["nans"], document["infinities"], document["mean"]) == (1, 2, 1)


def test_a_session_shows_one_line() -> None:
    assert repr(values(NET, [1, 1], "ones")) == "<NetworkValues of net at N = 1>"
    assert repr(values(NET, [1, 1], "ones", objective=Objective())) == "<NetworkValues of net at N = 1: loss 6>"
