"""Diagnostics of a small network, rendered."""

from __future__ import annotations

from textwrap import dedent

from shapecalc.diagnostics import Diagnostic, Label, Source, Span
from shapecalc.render.check.text import render_diagnostics

NET = """\
name: x
input: [N, 3, 224, 224]
layers:
  - conv: {out_channels: 64, kernel_size: 3}
  - relu
  - max_pool: 2
  - relu
  - relu
  - flatten
  - relu
  - dropout
  - relu
  - dropout
  - linear: {in_features: 512, out_features: 10}
"""


def render(*diagnostics: Diagnostic, text: str = NET, width: int | None = None, color: bool = False) -> str:
    return render_diagnostics(diagnostics, Source("net.yaml", text), color=color, width=width)


def finding(
    *place: int, label: str = "", labels: tuple[Label, ...] = (), message: str = "odd", **more: object
) -> Diagnostic:
    return Diagnostic(code="SC999", message=message, span=Span(*place), label=label, labels=labels, **more)


def expect(rendered: str, expected: str) -> None:
    assert rendered == dedent(expected).strip("\n")


COMMON = """\
blocks:
  stage:
    parameters: [channels]
    layers:
      - unit: $channels
  unit:
    parameters: [channels]
    layers:
      - cell: {channels: $channels}
  cell:
    parameters: [channels]
    layers:
      - conv: {out_channels: $channels, kernel_size: 3, groups: 3}
"""


CELL = "parameters: [channels]\nlayers: [tanh]\n"


INCLUDING = Source("net.yaml", NET, (Source("common.yaml", COMMON), Source("cell.yaml", CELL)))


def render_including(
    *diagnostics: Diagnostic, source: Source = INCLUDING, width: int = 100, color: bool = False
) -> str:
    return render_diagnostics(diagnostics, source, color=color, width=width)
