"""Networks of Keras 3 that are imported compute what Keras computes, with as many parameters."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np

import shapecalc
from shapecalc.diagnostics.limits import LIMITS
from shapecalc.importers.imported import Imported, import_file

FOLDER = Path(__file__).parents[2] / "oracle" / "keras_imports"
EXPECTED: dict[str, Any] = json.loads((FOLDER / "expected.json").read_text(encoding="utf-8"))
TOLERANCE = 2e-5
STATISTICS = {"adapted_normalization": 7}
"""Mean, variance and count of `Normalization`, which are buffers here and parameters that are not trained in Keras."""


def imported(name: str) -> Imported:
    return import_file("keras", str(FOLDER / f"{name}.keras"), LIMITS)


def in_our_order(name: str, array: Any, axes: dict[str, tuple[int, ...]]) -> Any:
    return array.transpose(axes[name]) if name in axes else array


def difference(name: str, arrays: Any) -> str:
    """What differs between a network and Keras, empty if nothing does."""
    expected, network = EXPECTED[name], imported(name)
    assert network.reading is not None
    axes, graph = network.reading.graph.axes, network.reading.graph
    loaded = shapecalc.loads(network.text)
    names = expected["inputs"] if len(graph.inputs) > 1 else {"input": None}
    given = {ours: arrays[f"{name}/{theirs}"] for ours, theirs in zip(names, expected["inputs"], strict=True)}
    inputs = {each: in_our_order(each, array, axes) for each, array in given.items()}
    outputs = shapecalc.run(loaded, inputs, network.arrays())
    if len(outputs) != len(expected["outputs"]):
        return f"{len(outputs)} outputs, in Keras {len(expected['outputs'])}"
    for at, (output, key) in enumerate(zip(outputs.values(), graph.outputs, strict=True)):
        keras = in_our_order(key, arrays[f"{name}/out{at}"], axes)
        if output.shape != keras.shape:
            return f"output {at} has the shape {output.shape}, in Keras {keras.shape}"
        if not np.allclose(output, keras, rtol=TOLERANCE, atol=TOLERANCE):
            return f"output {at} differs by up to {np.abs(output - keras).max():.2g}"
    params = shapecalc.inspect(loaded, params_as="keras").totals.params + STATISTICS.get(name, 0)
    return "" if params == expected["params"] else f"{params} parameters, in Keras {expected['params']}"


def test_models_of_keras_2_are_the_same_networks() -> None:
    """Keras reads the same from both; the names of inputs and the versions differ, and no file has weights."""
    found = {}
    for path in sorted(FOLDER.glob("*.keras2.json")):
        name = path.name.removesuffix(".keras2.json")
        old, new = import_file("keras", str(path), LIMITS), imported(name)
        found[name] = [text.split("\n", 2)[2] for text in (old.text, new.text)]
        assert old.arrays() == {}
    assert {name: texts for name, texts in found.items() if texts[0] != texts[1]} == {}
    assert len(found) == 7


def test_imported_networks_compute_what_keras_computes() -> None:
    arrays = np.load(FOLDER / "expected.npz")
    found = {name: difference(name, arrays) for name in EXPECTED}
    assert {name: what for name, what in found.items() if what} == {}
    assert len(found) >= 40


def test_networks_of_keras_applications_have_the_parameters_and_outputs_of_keras() -> None:
    """The table is what make_keras_imports.py found of both; `statistics` are buffers here."""
    with (FOLDER.parent / "keras_imports.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    assert len(rows) == 38
    for row in rows:
        assert int(row["our_params"]) == int(row["params"]) - int(row["statistics"]), row["network"]
        assert row["our_output"] == row["output"], row["network"]
