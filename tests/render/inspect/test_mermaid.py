"""The graph of a residual block in Mermaid, and what Mermaid refuses to draw."""

from __future__ import annotations

import pytest

from shapecalc.files.load import loads
from shapecalc.render.inspect import mermaid
from shapecalc.shape_inference.engine import inspect
from tests.support.graphs_read import RESIDUAL

MERMAID = """flowchart TB
  n0(["input"])
  n1["conv 5 kernel_size=1
20 params · 960 MACs"]
  subgraph c0["basic 5"]
    subgraph c1["main"]
      n2["conv 5 kernel_size=3 padding=1
230 params · 14,400 MACs"]
      n3["relu"]
    end
    n4["add (main, shortcut)"]
    n5["relu"]
  end
  n6[["rest: 3 × basic 5
690 params · 43,200 MACs"]]
  n7(["output"])
  n0 -->|"[N, 3, 8, 8]"| n1
  n1 -->|"[N, 5, 8, 8]"| n2
  n2 -->|"[N, 5, 8, 8]"| n3
  n3 -->|"[N, 5, 8, 8]"| n4
  n1 -->|"[N, 5, 8, 8]"| n4
  n4 -->|"[N, 5, 8, 8]"| n5
  n5 -->|"[N, 5, 8, 8]"| n6
  n6 -->|"[N, 5, 8, 8]"| n7
  classDef conv fill:#77AADD,stroke:#2F6299,color:#000000
  class n1,n2 conv
  classDef activation fill:#BBCC33,stroke:#6B7600,color:#000000
  class n3,n5 activation
  classDef merging fill:#FFFFFF,stroke:#555555,color:#000000
  class n4 merging"""


def test_a_residual_block_in_mermaid() -> None:
    assert mermaid.inspection(inspect(loads(RESIDUAL))).replace("\xa0", " ") == MERMAID


@pytest.mark.parametrize(("layers", "excess"), [(499, None), (500, "501 edges, Mermaid draws 500")])
def test_what_mermaid_does_not_draw_is_known(layers: int, excess: str | None) -> None:
    text = f"input: [N, 3]\nlayers: [{{relu: , repeat: {layers}}}]\n"
    found = mermaid.excess(mermaid.inspection(inspect(loads(text)), expand=True))
    assert found is None if excess is None else (found or "").startswith(excess)


def test_a_chart_of_too_many_characters_is_known() -> None:
    assert mermaid.excess("x" * 50_000) is None
    assert mermaid.excess("x" * 50_001) == "50001 characters, Mermaid reads 50000 unless it is set up for more"
