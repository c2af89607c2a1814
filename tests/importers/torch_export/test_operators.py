"""A program of many expressions: what PyTorch has computed of each, computed by the steps that they become."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

import shapecalc
from shapecalc.diagnostics.limits import LIMITS
from shapecalc.importers.imported import import_file

FILE = Path(__file__).parents[2] / "oracle/torch_exports/operators.pt2"


def mistake(ours: Any, theirs: Any) -> str:
    """Return what is wrong with a result, empty if nothing is."""
    if ours.shape != theirs.shape:
        return f"shape {ours.shape} in place of {theirs.shape}"
    if ours.dtype.kind != theirs.dtype.kind:
        return f"dtype {ours.dtype} in place of {theirs.dtype}"
    if not np.allclose(ours, theirs, rtol=1e-4, atol=1e-5, equal_nan=True):
        return f"differs by {np.abs(ours.astype(float) - theirs).max()}"
    return ""


def test_expressions_have_the_values_that_pytorch_computed() -> None:
    imported = import_file("torch_export", str(FILE), LIMITS)
    network = shapecalc.loads(imported.text)
    with np.load(FILE.with_suffix(".npz")) as arrays:
        names = [entry.name for entry in network.inputs]
        inputs = {name: arrays[f"input_{index}"] for index, name in enumerate(names)}
        found = list(shapecalc.run(network, inputs, imported.arrays()).values())
        expected = [arrays[f"output_{index}"] for index in range(len(found))]
    cases = [case for case, count in json.loads(FILE.with_suffix(".json").read_text("utf-8")) for _ in range(count)]
    rows = zip(cases, found, expected, strict=True)
    wrong = [f"{case}: {said}" for case, ours, theirs in rows if (said := mistake(ours, theirs))]
    assert not wrong, "\n".join(wrong)
