"""The settings of a layer as text."""

from __future__ import annotations

from shapecalc.files.load import loads
from shapecalc.layers.activation import Relu
from shapecalc.render.settings import called, settings
from shapecalc.shape_inference.engine import inspect


def test_a_layer_without_changed_fields_is_its_word() -> None:
    assert settings(Relu()) == "relu"


def test_what_enters_a_block_is_called_its_input() -> None:
    block = "blocks: {skip: {layers: [{linear: 5, name: first}, {add: , from: [first, input]}]}}"
    report = inspect(loads(f"input: [N, 5]\n{block}\nlayers: [skip]\n"))
    assert "add (first, input)" in [called(row) for row in report.tree[0].runs[0].rows]  # type: ignore[union-attr]


def test_a_list_is_no_product() -> None:
    report = inspect(loads("{input: [N, 4, 5], layers: [{permute: [0, 2, 1]}, {max_pool: {kernel_size: 2}}]}"))
    assert [called(row, brief=True) for row in report.layers] == ["permute [0, 2, 1]", "max_pool 2"]


def test_axes_are_listed_as_they_are_written() -> None:
    report = inspect(loads("{input: [N, 4, 5, 6], layers: [{mean: {dim: [2, -1], keepdim: true}}, {squeeze: [2, 3]}]}"))
    assert [called(row) for row in report.layers] == ["mean [2, -1] keepdim=true", "squeeze [2, 3]"]
