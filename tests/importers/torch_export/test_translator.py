"""What becomes of operators that cannot be read, and where operators are said to be."""

from __future__ import annotations

from pathlib import Path

import pytest

import shapecalc
from shapecalc.diagnostics import ShapecalcError
from shapecalc.diagnostics.limits import LIMITS
from shapecalc.importers.imported import import_file
from shapecalc.importers.torch_export import read

FOLDER = Path(__file__).parents[2] / "oracle/torch_exports"


def test_all_operators_that_have_no_layer_are_named_with_their_lines() -> None:
    with pytest.raises(ShapecalcError) as caught:
        import_file("torch_export", str(FOLDER / "refused.pt2"), LIMITS)
    said = str(caught.value)
    assert "`aten.cummax` at `networks.py:" in said
    assert "`aten.histc` at `networks.py:" in said
    assert "aten.add" not in said


def test_what_reads_an_opaque_operator_is_still_read() -> None:
    imported = import_file("torch_export", str(FOLDER / "refused.pt2"), LIMITS, partial=True)
    types = [row.type for row in shapecalc.inspect(shapecalc.loads(imported.text)).layers]
    assert types == ["opaque", "multiply", "relu", "add", "opaque", "add"]


def test_steps_have_the_module_the_class_and_the_line_of_their_operator() -> None:
    graph = read(str(FOLDER / "residual.pt2"), LIMITS).graph
    place = next(node.place for node in graph.nodes if node.place.path == "layer2.0.conv1")
    assert place.kind == "torch.nn.modules.conv.Conv2d"
    assert [path for path, _ in place.scopes] == ["", "layer2", "layer2.0"]
    assert place.line.startswith("networks.py:")


def test_symbols_of_a_dynamic_export_are_those_of_the_input() -> None:
    graph = read(str(FOLDER / "residual_any_size.pt2"), LIMITS).graph
    (image,) = graph.inputs.values()
    assert [str(dim) for dim in image.shape] == ["N", "3", "H", "W"]
    assert graph.sizes == {"H": 37, "W": 41}


def test_the_constants_that_a_graph_computes_are_read_with_its_weights() -> None:
    reading = read(str(FOLDER / "generative.pt2"), LIMITS)
    tensors = [stored for node in reading.graph.nodes for stored in node.tensors.values()]
    assert reading.arrays is not None
    masks = list(reading.arrays([stored.name for stored in tensors if stored.dtype == "bool"]).values())
    assert [mask.shape for mask in masks] == [(1, 1, 9, 9)] * len(masks)
    assert masks
    assert (masks[0][0, 0, 3] == [True] * 4 + [False] * 5).all()
