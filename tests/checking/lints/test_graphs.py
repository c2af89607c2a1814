"""The graphs of a report: the whole, and each body once."""

from __future__ import annotations

from tests.support.lints import TABLE, codes, layers, warned


def test_a_body_is_warned_once_however_often_it_is_called() -> None:
    text = """\
input: [N, 12]
blocks:
  odd:
    layers:
      - linear: {out_features: 12, bias: true}
      - batch_norm
      - dropout: 0.1
      - tanh
      - batch_norm
      - softmax
      - log_softmax
layers:
  - odd
  - {odd: , repeat: 3}
  - linear: 3
    repeat: 2
"""
    found = warned(text)
    assert [(finding.code, finding.span and finding.span.line) for finding in found] == [
        ("SC405", 5), ("SC404", 7), ("SC406", 11),
    ]  # fmt: skip


def test_a_block_in_a_block_is_looked_into() -> None:
    blocks = "blocks: {inner: {layers: [softmax, log_softmax]}, outer: {layers: [tanh, inner]}}\n"
    assert codes(TABLE + blocks + layers("outer", "linear: 12", "outer")) == ["SC406"]
