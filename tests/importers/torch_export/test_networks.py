"""Networks that PyTorch has exported: shapes, parameters, multiply-accumulates and values are PyTorch's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import shapecalc
from shapecalc.diagnostics.limits import LIMITS
from shapecalc.importers.imported import import_file

FOLDER = Path(__file__).parents[2] / "oracle/torch_exports"
FIGURES = json.loads((FOLDER / "figures.json").read_text(encoding="utf-8"))
READ = sorted(set(FIGURES) - {"refused"})
TOLERANCE = 2e-5


def sides(name: str, side: str) -> list[Any]:
    with np.load(FOLDER / f"{name}.npz") as arrays:
        return [arrays[f"{side}_{index}"] for index in range(sum(key.startswith(side) for key in arrays))]


@pytest.mark.parametrize("name", READ)
def test_an_exported_network_computes_what_pytorch_computed(name: str) -> None:
    imported = import_file("torch_export", str(FOLDER / f"{name}.pt2"), LIMITS)
    network = shapecalc.loads(imported.text)
    inputs = dict(zip((entry.name for entry in network.inputs), sides(name, "input"), strict=True))
    found = shapecalc.run(network, inputs, imported.arrays())
    for ours, theirs in zip(found.values(), sides(name, "output"), strict=True):
        assert ours.shape == theirs.shape
        assert np.abs(ours - theirs).max() <= TOLERANCE * np.abs(theirs).max()


@pytest.mark.parametrize("name", READ)
def test_parameters_and_multiply_accumulates_are_those_that_pytorch_counts(name: str) -> None:
    imported = import_file("torch_export", str(FOLDER / f"{name}.pt2"), LIMITS)
    network = shapecalc.loads(imported.text)
    sizes = {}
    for entry, array in zip(network.inputs, sides(name, "input"), strict=True):
        sizes |= {
            str(dim): size for dim, size in zip(entry.shape, array.shape, strict=True) if not isinstance(dim, int)
        }
    totals = shapecalc.inspect(network, **sizes).totals
    assert {"params": totals.params, "macs": totals.macs} == FIGURES[name]


def test_every_operator_of_a_network_has_the_shape_that_the_file_states() -> None:
    imported = import_file("torch_export", str(FOLDER / "vision.pt2"), LIMITS)
    report = shapecalc.inspect(shapecalc.loads(imported.text))
    ours = {row.path: row.output for row in report.layers}
    stated = {path: shape for path, shape in imported.stated.items() if path in ours}
    assert len(stated) > len(ours) / 2
    assert {path: ours[path] for path in stated} == stated
