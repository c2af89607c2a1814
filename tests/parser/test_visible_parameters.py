"""The parameters that steps see: of the file, of the block around, of the repeat around."""

from __future__ import annotations

from shapecalc.diagnostics import Source
from shapecalc.parser.diagnostics import Diagnostics
from shapecalc.parser.reader import read_text
from shapecalc.parser.tree import Node, plain
from shapecalc.parser.visible_parameters import VisibleParameters
from tests.support.networks import HEAD, read


def test_a_name_of_a_repeat_hides_the_parameters_of_the_block_and_of_the_file() -> None:
    text = f"""{HEAD}parameters: {{c: 7, widths: [8, 16]}}
blocks: {{b: {{parameters: [c], layers: [{{conv: {{out_channels: $c, kernel_size: 1}}, repeat: {{c: [2, 3]}}}}]}}}}
layers:
  - {{conv: {{out_channels: $c, kernel_size: 1}}, repeat: {{c: $widths}}}}
  - b: 5
  - conv: {{out_channels: $c, kernel_size: 1}}
"""
    widths = [getattr(step.layer, "out_channels", None) for step in read(text).layers]
    assert widths == [8, 16, 2, 3, 7]


def node(text: str) -> Node:
    return read_text(Source("net.yaml", text))


def test_the_parameters_around_are_seen_again_after_a_block() -> None:
    visible = VisibleParameters({"c": node("3")}, Diagnostics(Source("net.yaml", "")))
    with visible.replaced({"c": node("5"), "on": node("false")}):
        assert (plain(visible.substituted(node("[$c]"))), visible.expansions) == ((5,), 1)
        assert not visible.is_true(node("$on"))
    assert (plain(visible.substituted(node("[$c]"))), visible.expansions) == ((3,), 0)
