"""When operators on constants are computed, and when they become steps."""

from __future__ import annotations

from pathlib import Path

from shapecalc.diagnostics.limits import LIMITS
from shapecalc.importers.torch_export import read

FOLDER = Path(__file__).parents[2] / "oracle/torch_exports"


def types(name: str) -> set[str]:
    return {node.type for node in read(str(FOLDER / f"{name}.pt2"), LIMITS).graph.nodes}


def test_a_mask_of_constant_sizes_is_a_constant() -> None:
    found = types("window")
    assert "constant" in found
    assert not found & {"not_equal", "masked_fill", "where"}


def test_positions_of_a_length_that_is_a_symbol_are_steps() -> None:
    assert {"expand", "cumsum", "greater_equal"} <= types("length")
