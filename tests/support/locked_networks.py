"""Networks that are locked and edited."""

from __future__ import annotations

from typing import Any

from shapecalc.diffing.lock import (
    drift,
    lock_of,
    read_lock,
    to_json,
)
from shapecalc.files.load import loads
from shapecalc.shape_inference.engine import inspect_at

CHAIN = """\
name: chain
input: [N, 1, 32, 32]
layers:
  - conv: {out_channels: 6, kernel_size: 5}
    name: c1
  - tanh
  - avg_pool: 2
  - conv: {out_channels: 16, kernel_size: 5}
    name: c3
  - relu
  - flatten
  - linear: 120
  - relu
  - linear: 84
  - relu
  - linear: 10
"""


MIXTURE = """\
name: mixture
input: [N, T, 6]
sizes: {T: 3}
layers:
  - linear: 6
  - experts: {count: 4, top_k: 1, hidden_features: 8}
    name: mixed
"""
"""42 parameters, and of experts 24 + 4·(2·8·6 + 6·8) = 600, of which a token uses 24 + 144 = 168."""


def report_of(text: str) -> Any:
    return inspect_at(loads(text, "net.yaml"), {})


def moved(text: str, other: str) -> list[tuple[str, int]]:
    """What a lock of one text, written and read again, says of another: messages and lines."""
    lock = read_lock(to_json(lock_of({"net.yaml": report_of(text)}, "0")), "lock")
    return [
        (finding.message, finding.span.line if finding.span else 0)
        for finding in drift(report_of(other), lock.files["net.yaml"])
    ]


def edited(text: str, *edits: tuple[str, str]) -> list[tuple[str, int]]:
    other = text
    for old, new in edits:
        assert old in other
        other = other.replace(old, new, 1)
    return moved(text, other)


WIRED = """\
input: [N, 8]
layers:
  - linear: 8
    name: a
  - relu:
    name: b
  - add:
    from: [a, b]
    name: sum
"""
