"""Networks of convolutions and recurrences in the zoo, against PyTorch's figures; and that they are what they claim."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import shapecalc
from shapecalc import verify
from tests.support.rows import for_each

NETWORKS: dict[str, dict[str, Any]] = json.loads(
    Path(__file__).with_name("zoo_windows.json").read_text(encoding="utf-8")
)["networks"]
NAMES = tuple(NETWORKS)
SMALL = {
    "crnn": {"N": 1, "W": 12},
    "yolov3-tiny": {"N": 1, "H": 64, "W": 32},
    "convlstm": {"N": 1, "T": 1},
}
"""Sizes at which a run takes few seconds."""


@for_each("name", NAMES)
def test_the_figures_are_those_of_pytorch(name: str) -> None:
    theirs, report = NETWORKS[name], shapecalc.inspect(shapecalc.load(name), N=1)
    assert [list(shape) for shape in report.outputs.values()] == theirs["outputs"]
    assert (report.totals.params, report.totals.buffers, report.totals.macs) == (
        theirs["params"],
        theirs["buffers"],
        theirs["macs"],
    )


@for_each("name, sizes", SMALL.items())
def test_a_run_has_the_predicted_shapes_and_products(name: str, sizes: dict[str, int]) -> None:
    assert verify(shapecalc.load(name), **sizes).ok
