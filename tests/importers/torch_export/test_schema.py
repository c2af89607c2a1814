"""The kinds of values that a graph of torch.export has in each place."""

from __future__ import annotations

import copy
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from shapecalc.importers.torch_export.schema import SchemaError, check_graph, check_ranges, check_signature, is_argument

FILE = Path(__file__).parents[2] / "oracle/torch_exports/rotary.pt2"


@pytest.fixture(scope="module")
def module() -> Any:
    with zipfile.ZipFile(FILE) as archive:
        return json.loads(archive.read("archive/models/model.json"))["graph_module"]


def test_a_graph_of_torch_export_is_as_the_schema_says(module: Any) -> None:
    check_graph(module["graph"])
    check_signature(module["signature"])


def test_a_node_without_a_target_is_refused(module: Any) -> None:
    graph = copy.deepcopy(module["graph"])
    graph["nodes"][0]["target"] = None
    with pytest.raises(SchemaError):
        check_graph(graph)


def test_an_argument_has_one_kind_that_is_known() -> None:
    assert is_argument({"as_int": 3})
    assert is_argument({"as_tensors": [{"name": "x"}]})
    assert not is_argument({"as_int": "3"})
    assert not is_argument({"as_int": 3, "as_bool": True})
    assert not is_argument([3])


def test_a_bound_of_a_symbol_is_an_integer_or_none() -> None:
    check_ranges({"s0": {"min_val": 2, "max_val": None}})
    with pytest.raises(SchemaError):
        check_ranges({"s0": {"min_val": "2", "max_val": None}})
