"""The graph of a residual block in DOT."""

from __future__ import annotations

from shapecalc.files.load import loads
from shapecalc.render.inspect import dot
from shapecalc.shape_inference.engine import inspect
from tests.support.graphs_read import RESIDUAL, read_dot

DOT = r"""digraph {
  graph [label="residual" labelloc=t style=rounded color="#555555" fontname="Helvetica,Arial,sans-serif"]
  node [shape=box style=filled fillcolor="#FFFFFF" color="#555555" fontname="Helvetica,Arial,sans-serif"]
  edge [color="#555555" fontname="Helvetica,Arial,sans-serif" fontsize=10]
  n0 [label="input" shape=ellipse]
  n1 [label="conv 5 kernel_size=1\n20 params · 960 MACs" class=conv fillcolor="#77AADD" color="#2F6299"]
  subgraph cluster_0 {
    label="basic 5"
    subgraph cluster_1 {
      label="main"
      n2 [label="conv 5 kernel_size=3 padding=1\n230 params · 14,400 MACs" class=conv fillcolor="#77AADD" color="#2F6299"]
      n3 [label="relu" class=activation fillcolor="#BBCC33" color="#6B7600"]
    }
    n4 [label="add (main, shortcut)" class=merging fillcolor="#FFFFFF" color="#555555"]
    n5 [label="relu" class=activation fillcolor="#BBCC33" color="#6B7600"]
  }
  n6 [label="rest: 3 × basic 5\n690 params · 43,200 MACs" peripheries=2]
  n7 [label="output" shape=ellipse]
  n0 -> n1 [label="[N, 3, 8, 8]"]
  n1 -> n2 [label="[N, 5, 8, 8]"]
  n2 -> n3 [label="[N, 5, 8, 8]"]
  n3 -> n4 [label="[N, 5, 8, 8]"]
  n1 -> n4 [label="[N, 5, 8, 8]"]
  n4 -> n5 [label="[N, 5, 8, 8]"]
  n5 -> n6 [label="[N, 5, 8, 8]"]
  n6 -> n7 [label="[N, 5, 8, 8]"]
}"""  # noqa: E501


def test_a_residual_block_in_dot() -> None:
    assert dot.inspection(inspect(loads(RESIDUAL))).replace("\xa0", " ") == DOT


def test_a_hostile_name_of_the_network_stays_in_its_label() -> None:
    report = inspect(loads('name: "a\\"]\\\\ }"\ninput: [N, 3]\nlayers: [relu]\n'))
    text = dot.inspection(report)
    assert text.split("\n")[1].startswith(r'  graph [label="a\"]\\ }" labelloc=t ')
    assert len(read_dot(text).nodes) == 3
