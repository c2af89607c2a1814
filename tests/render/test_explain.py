"""Explanations as text, in any width."""

from __future__ import annotations

import re

import pytest

import shapecalc
from shapecalc.costs.explain import explain_rows
from shapecalc.render.explain import text
from shapecalc.render.terminal.grid import display_width

ESCAPES = re.compile("\x1b\\[[0-9;]*m")
WIDTH = 80

LENET = """\
c3: conv 16 kernel_size=5, line 10
input [N, 6, 14, 14]
output [N, 16, 10, 10]

macs = 240,000, at N = 1
  MACs = N·out_channels·H_out·W_out·C_in/groups·kernel_size·kernel_size
       = 1·16·10·10·6/1·5·5
       = 240,000

where
  N = 1 ← input [N, 1, 32, 32], costs are of one sample, line 3, through 3 layers (c1 … s2)
  out_channels = 16 ← line 10
  H_out = W_out = 10 ← this layer's output:
      ⌊(H_in + 2·padding − dilation·(kernel_size − 1) − 1)/stride⌋ + 1
    = ⌊(14 + 2·0 − 1·(5 − 1) − 1)/1⌋ + 1
  C_in = 6 ← out_channels of c1, line 5, through tanh_1, s2
  groups = 1 ← default
  kernel_size = 5 ← line 10
  H_in = W_in = 14 ← s2 (avg_pool, line 8):
      ⌊(H_in + 2·padding − dilation·(kernel_size − 1) − 1)/kernel_size⌋ + 1
    = ⌊(28 + 2·0 − 1·(2 − 1) − 1)/2⌋ + 1
    H_in = 28 ← c1 (conv, line 5), through tanh_1:
        ⌊(H_in + 2·padding − dilation·(kernel_size − 1) − 1)/stride⌋ + 1
      = ⌊(32 + 2·0 − 1·(5 − 1) − 1)/1⌋ + 1
      H_in = 32 ← input [N, 1, 32, 32], line 3
  padding = 0 ← default
  dilation = 1 ← default
  stride = 1 ← default"""


def test_the_costs_of_a_convolution_are_followed_to_the_input() -> None:
    assert str(shapecalc.explain("lenet5", "c3", key="macs")) == LENET


@pytest.mark.parametrize("name", ["googlenet", "gpt2-small", "seq2seq-attention"])
def test_every_line_fits_in_eighty_columns_and_no_shape_is_broken(name: str) -> None:
    report = shapecalc.inspect(name)
    for explanation in (explain_rows(report), shapecalc.explain(name, report.layers[-1].path)):
        drawn = text(explanation, width=80, color=True, unicode=True)
        plain = ESCAPES.sub("", drawn)
        assert plain == text(explanation, width=80, color=False, unicode=True)
        for line in plain.split("\n"):
            assert display_width(line) <= WIDTH, line
            assert line.count("[") == line.count("]"), line


def test_wrapping_changes_no_word_and_ascii_has_no_other_character() -> None:
    result = shapecalc.explain("gpt2-small", "h.3.add_0.main.attn")
    wide, narrow = (text(result, width=width, color=False, unicode=True) for width in (None, 60))
    assert "".join(wide.split()) == "".join(narrow.split())
    assert text(result, width=None, color=False, unicode=False).isascii()
    assert "<- line 14" in text(result, width=None, color=False, unicode=False)


def test_of_many_inputs_and_names_the_first_and_the_last_are_shown() -> None:
    names = ", ".join(["r"] * 40)
    net = shapecalc.loads(
        f"input: [N, 3]\nlayers:\n  - {{relu: , name: r}}\n  - {{concat: {{dim: 1}}, from: [{names}], name: c}}\n"
    )
    drawn = str(shapecalc.explain(net, "c", key="output"))
    assert "\n40 inputs [N, 3], [N, 3], [N, 3], …\noutput [N, 120]\n" in drawn
    assert "  axis1_1 = … = axis1_40 = 3 ← input [N, 3], line 1, through r" in drawn
    assert "  axis1_out = axis1_1 + axis1_2 + " in drawn


def test_layers_that_compute_the_same_size_are_one_line() -> None:
    layers = "".join(f"  - {{conv: {{out_channels: 2, kernel_size: 3, padding: 1}}, name: c{k}}}\n" for k in range(3))
    drawn = str(shapecalc.explain(shapecalc.loads(f"input: [N, 3, 9]\nlayers:\n{layers}"), "c2", key="output"))
    assert "  T_in = 9 ← c0 (conv, line 3), then the same from c1:\n" in drawn
