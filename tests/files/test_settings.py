"""Values for several files: each takes those that it has."""

from __future__ import annotations

import pytest

from shapecalc.diagnostics import ShapecalcError, Source
from shapecalc.diagnostics.limits import LIMITS
from shapecalc.files.settings import Settings, load_with
from shapecalc.shape_inference.engine import inspect_at

NET = Source(
    "net.yaml", "{parameters: {width: 8}, input: [B, 3, H, 9], layers: [conv: {out_channels: $width, kernel_size: 3}]}"
)


def test_a_file_takes_the_parameters_and_symbols_that_it_has() -> None:
    given = load_with(NET, Settings({"width": 16, "H": 7, "T": 5}, batch=2), LIMITS, None)
    assert given.used == {"width": 16, "H": 7, "B": 2}
    assert given.names == {"width", "H", "batch"}
    assert inspect_at(given.architecture, given.sizes).outputs["output"] == (2, 16, 5, 7)


def test_what_no_file_has_is_named() -> None:
    assert Settings({"H": 7, "T": 5}, batch=2).unused({"H"}) == ["T", "batch"]
    assert Settings({"H": 7}).unused({"H"}) == []


def test_a_size_is_an_integer() -> None:
    with pytest.raises(ShapecalcError, match="SC201") as caught:
        load_with(NET, Settings({"H": "seven"}), LIMITS, None)
    assert caught.value.exit_code == 2
