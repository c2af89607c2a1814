"""Pools whose windows pass the map, causal convolutions and padding of minus infinity against PyTorch."""

from __future__ import annotations

import json

import numpy as np
import pytest

from shapecalc.diagnostics import LayerError
from tests.oracle.test_torch_fixtures import ORACLE, Row, by_name
from tests.support.layer_fixtures import agrees, layer_of, numbers
from tests.support.rows import for_each

FIXTURE = json.loads((ORACLE / "torch_windows.json").read_text(encoding="utf-8"))
ANSWERED = [row for row in FIXTURE["cases"] if "output" in row]
REFUSED = [row for row in FIXTURE["cases"] if "error" in row and "alone" not in row]
EXPECTED = numbers(ANSWERED, np.load(ORACLE / "torch_windows.npz")["values"])


def test_no_row_is_dropped() -> None:
    assert (len(ANSWERED), len(REFUSED), len(FIXTURE["cases"])) == (255, 54, 329)


@for_each("row", by_name(ANSWERED))
def test_numbers_and_gradients_are_those_of_pytorch(row: Row) -> None:
    agrees(row, EXPECTED[row["name"]], FIXTURE["fill"])


@for_each("row", by_name(REFUSED))
def test_what_pytorch_refuses_is_refused(row: Row) -> None:
    with pytest.raises(LayerError) as caught:
        layer_of(row).output_shape(tuple(row["input"]))
    assert caught.value.code in ("SC302", "SC306")
