"""ONNX's single-node tests as networks: shapes predicted, shapes computed and numbers are those of ONNX."""

from __future__ import annotations

import json
from collections import Counter
from math import prod
from typing import Any

import numpy as np

import shapecalc
from tests.oracle.onnx_nodes.fixture import FILE, GROUPS, difference
from tests.oracle.onnx_nodes.page import PAGE, page
from tests.support.rows import for_each

ROWS: list[dict[str, Any]] = json.loads(FILE.with_suffix(".json").read_text(encoding="utf-8"))["tests"]
PARTS = ("inputs", "weights", "outputs")


def rows_with_arrays() -> list[tuple[str, dict[str, Any], dict[str, dict[str, Any]]]]:
    """Return the name of each test that has a network, its row, and its arrays by part and name."""
    numbers = np.load(FILE.with_suffix(".npz"))
    flat, start = {kind: numbers[kind] for kind in numbers.files}, Counter[str]()
    found = []
    for row in ROWS:
        parts: dict[str, dict[str, Any]] = {part: {} for part in PARTS}
        for part in PARTS:
            for name, (shape, kind) in row.get(part, {}).items():
                parts[part][name] = flat[kind][start[kind] : start[kind] + prod(shape)].reshape(shape)
                start[kind] += prod(shape)
        if "network" in row:
            found.append((row["test"], row, parts))
    assert dict(start) == {kind: array.size for kind, array in flat.items()}
    return found


@for_each("test, row, parts", rows_with_arrays)
def test_a_node_of_onnx_has_the_shapes_and_numbers_of_onnx(test, row, parts):
    network = shapecalc.loads(row["network"])
    predicted = shapecalc.inspect(network).outputs
    result = shapecalc.run(network, parts["inputs"], parts["weights"])
    assert not difference(parts["outputs"], predicted, result, row.get("tolerance", 1e-5)), test


def test_at_least_570_of_the_595_tests_of_the_core_agree_and_the_others_have_a_reason():
    core = [row for row in ROWS if row["op"] in GROUPS["core"]]
    verdicts = Counter(row["verdict"] for row in core)
    assert len(core) == 595
    assert verdicts["agrees"] >= 570
    assert all(row["verdict"] == "agrees" for row in ROWS if row["op"] in GROUPS["arithmetic"])
    assert all(row.get("reason") for row in ROWS if row["verdict"] != "agrees")


def test_most_networks_that_agree_are_in_the_fixture():
    agreeing = [row for row in ROWS if row["verdict"] == "agrees"]
    assert sum("network" in row for row in agreeing) > 0.75 * len(agreeing)


def test_the_page_of_operators_has_the_figures_of_the_fixture():
    text = PAGE.read_text(encoding="utf-8")
    assert text == page(text, ROWS)
