"""The zoo's Swin-T against torchvision's: totals, and every tensor in the order of the layers."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import shapecalc

SWIN: dict[str, Any] = json.loads((Path(__file__).parent / "torchvision_swin.json").read_text(encoding="utf-8"))


def test_totals_are_torchvisions() -> None:
    report = shapecalc.inspect(shapecalc.load("swin_t"), N=1)
    assert list(report.outputs["output"]) == SWIN["output"]
    assert (report.totals.params, report.totals.macs) == (SWIN["params"], SWIN["macs"])


def test_every_tensor_is_torchvisions() -> None:
    """In any order: torchvision has the table of a block, and the product of a merge, before what is computed first."""
    report = shapecalc.inspect(shapecalc.load("swin_t"), N=1)
    ours = [(name, shape) for row in report.layers for name, shape in row.facts.parameters.items()]
    assert Counter(ours) == Counter((name.rpartition(".")[2], tuple(shape)) for name, shape in SWIN["tensors"])
