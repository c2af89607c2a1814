"""ONNX's own tests of single nodes: each a model file, with inputs and expected outputs (make_onnx_node_models.py)."""

from math import prod
from pathlib import Path

import numpy as np

import shapecalc
from shapecalc.diagnostics.limits import LIMITS
from shapecalc.importers.imported import import_file

FILE = Path(__file__).parents[2] / "oracle/onnx_node_models.npz"
BFLOAT16 = 1e-2
TOLERANCE = 1e-3
COMPUTED_NEGATIVE_INDICES = {"test_gather_negative_indices", "test_gather_elements_negative_indices"}
"""Tests whose indices are an input of the network: `take` and `gather` refuse one below 0 when they run."""


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
    near = BFLOAT16 if "bfloat16" in path.stem else TOLERANCE
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
        if name in COMPUTED_NEGATIVE_INDICES:
            continue
        try:
            said = difference(tmp_path / f"{name}.onnx", parts)
        except shapecalc.ShapecalcError as error:
            said = error.diagnostics[0].message
        if said:
            failing[name] = said
    assert failing == {}
    assert len(every) == 679
