"""The columns of a table of layers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.files.load import load, loads
from shapecalc.layers.activation import Relu
from shapecalc.render.inspect import table
from shapecalc.render.inspect.columns import Column, settings
from shapecalc.shape_inference.engine import inspect

if TYPE_CHECKING:
    from shapecalc.shape_inference.report import Report


def shown(report: Report, width: int | None = None, **options: object) -> list[str]:
    manner = {"width": width, "color": False, **options}
    return table.inspection(report, **manner).split("\n")  # type: ignore[arg-type]


def test_a_column_that_was_asked_for_is_shown_empty_or_not() -> None:
    report = inspect(load("vgg11"), symbolic=True)
    heads = table.inspection(report, (Column.PATH, Column.SHARE), width=None, color=False).split("\n")[1]
    assert heads.split() == ["path", "share"]


def test_a_layer_without_changed_fields_is_its_word() -> None:
    assert settings(Relu()) == "relu"


def test_what_enters_a_block_is_called_its_input() -> None:
    block = "blocks: {skip: {layers: [{linear: 5, name: first}, {add: , from: [first, input]}]}}"
    text = "\n".join(shown(inspect(loads(f"input: [N, 5]\n{block}\nlayers: [skip]\n"))))
    assert "add (first, input)" in text
