"""The expressions of operators.pt2: what PyTorch has computed of each, and what their steps compute."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

import shapecalc
from shapecalc.diagnostics.limits import LIMITS
from shapecalc.importers.imported import import_file

FILE = Path(__file__).parents[1] / "oracle/torch_exports/operators.pt2"


@cache
def results() -> dict[str, list[tuple[str, Any, Any]]]:
    """Return each expression by family, with what we and what PyTorch compute of it."""
    imported = import_file("torch_export", str(FILE), LIMITS)
    network = shapecalc.loads(imported.text)
    with np.load(FILE.with_suffix(".npz")) as arrays:
        inputs = {entry.name: arrays[f"input_{index}"] for index, entry in enumerate(network.inputs)}
        found = iter(shapecalc.run(network, inputs, imported.arrays()).values())
        expected = iter([arrays[f"output_{index}"] for index in range(len(network.outputs))])
    families = json.loads(FILE.with_suffix(".json").read_text(encoding="utf-8"))
    return {
        family: [(case, next(found), next(expected)) for case, count in cases for _ in range(count)]
        for family, cases in families.items()
    }


def mistake(ours: Any, theirs: Any) -> str:
    """Return what is wrong with a result, empty if nothing is."""
    if ours.shape != theirs.shape:
        return f"shape {ours.shape} in place of {theirs.shape}"
    if ours.dtype.kind != theirs.dtype.kind:
        return f"dtype {ours.dtype} in place of {theirs.dtype}"
    if not np.allclose(ours, theirs, rtol=1e-4, atol=1e-5, equal_nan=True):
        return f"differs by {np.abs(ours.astype(float) - theirs).max()}"
    return ""


def mistakes(family: str) -> list[str]:
    """Return the expressions of a family whose values are not PyTorch's, with what is wrong."""
    rows = results()[family]
    assert rows, family
    return [f"{case}: {said}" for case, ours, theirs in rows if (said := mistake(ours, theirs))]
