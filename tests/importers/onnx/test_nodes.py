"""ONNX's own tests of single nodes: each a model file, with inputs and expected outputs (make_onnx_node_models.py)."""

import json
from collections import Counter
from math import prod
from pathlib import Path

import numpy as np

import shapecalc
from shapecalc.diagnostics.limits import LIMITS
from shapecalc.importers.imported import import_file
from tests.oracle.onnx_nodes.fixture import GROUPS
from tests.oracle.onnx_nodes.page import PAGE, page

FILE = Path(__file__).parents[2] / "oracle/onnx_node_models.npz"
TOLERANCES = {"bf16": 1e-2, "bfloat16": 1e-2, "fp16": 1e-3, "float16": 1e-3, "": 1e-5}
"""By a word in the name of a test: the first that it has."""
COARSE = {
    "test_attention_24_qk_matmul_output_mode3_softmax_precision",
    "test_averagepool_2d_ceil_last_window_starts_on_pad",
    "test_gridsample_bicubic",
}
"""Tests whose expected numbers are given, or computed, to fewer digits: to 1e-3."""
ROWS = json.loads(FILE.with_suffix(".json").read_text(encoding="utf-8"))["tests"]


def cases():
    """Return the parts of each test by its name."""
    with np.load(FILE) as file:
        flat = dict(file)
    places = dict.fromkeys(flat["kinds"].tolist(), 0)
    found = {}
    for name, shape, kind in zip(*(flat[key].tolist() for key in ("names", "shapes", "kinds")), strict=True):
        sizes = [int(size) for size in shape.split(",") if size]
        start, places[kind] = places[kind], places[kind] + prod(sizes)
        test, part = name.split("/")
        found.setdefault(test, {})[part] = flat[kind][start : places[kind]].reshape(sizes)
    return found


def difference(path, parts):
    """Return what differs from the expected outputs, None for nothing."""
    path.write_bytes(parts["model"].tobytes())
    imported = import_file("onnx", str(path), LIMITS)
    names = list(imported.reading.graph.inputs)
    inputs = {name if len(names) > 1 else "input": parts[f"in{place}"] for place, name in enumerate(names)}
    outputs = list(shapecalc.run(shapecalc.loads(imported.text), inputs, imported.arrays()).values())
    expected = [parts[key] for key in parts if key.startswith("out")]
    if [each.shape for each in outputs] != [each.shape for each in expected]:
        return f"shapes {[each.shape for each in outputs]}"
    if [each.dtype.kind for each in outputs] != [each.dtype.kind for each in expected]:
        return f"dtypes {[each.dtype for each in outputs]}"
    near = (
        1e-3 if path.stem in COARSE else next(tolerance for word, tolerance in TOLERANCES.items() if word in path.stem)
    )
    same = (
        np.allclose(ours, theirs, near, near, equal_nan=True)
        if ours.dtype.kind == "f"
        else np.array_equal(ours, theirs)
        for ours, theirs in zip(outputs, expected, strict=True)
    )
    return None if all(same) else "numbers"


def test_each_node_computes_what_onnx_expects(tmp_path):
    failing = {}
    every = cases()
    for name, parts in every.items():
        try:
            said = difference(tmp_path / f"{name}.onnx", parts)
        except shapecalc.ShapecalcError as error:
            said = error.diagnostics[0].message
        if said:
            failing[name] = said
    assert failing == {}


def test_most_tests_of_the_core_and_all_of_arithmetic_agree_and_the_others_have_a_reason():
    core = Counter(row["verdict"] for row in ROWS if row["op"] in GROUPS["core"])
    assert core.total() == 595
    assert core["agrees"] >= 570
    assert all(row["verdict"] == "agrees" for row in ROWS if row["op"] in GROUPS["arithmetic"])
    assert all(row.get("reason") for row in ROWS if row["verdict"] != "agrees")
    assert not [row for row in ROWS if row["verdict"] == "differs"]


def test_most_tests_that_agree_are_run():
    agreeing = sum(row["verdict"] == "agrees" for row in ROWS)
    assert len(cases()) > 0.75 * agreeing


def test_the_page_of_operators_has_the_figures_of_the_fixture():
    text = PAGE.read_text(encoding="utf-8")
    assert text == page(text, ROWS)
