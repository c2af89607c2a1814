"""Networks of a few layers, and the mistakes that inference finds in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import shapecalc
from shapecalc.architecture import Architecture, Input, Step
from shapecalc.shape_inference.engine import infer

if TYPE_CHECKING:
    from shapecalc.layers import Layer


LARGEST = 2**31 - 1


def net(shape: str, *layers: str) -> Architecture:
    return shapecalc.loads(f"name: net\ninput: {shape}\nlayers:\n" + "".join(f"  - {line}\n" for line in layers))


def refused(architecture: Architecture, **options: Any) -> list[tuple[str, str]]:
    """The code of each mistake and the text under its caret."""
    report, findings = infer(architecture, **options)
    assert report is None
    return [(finding.code, under_the_caret(architecture, finding)) for finding in findings]


def under_the_caret(architecture: Architecture, finding: Any) -> str:
    if finding.span is None or architecture.file is None:
        return ""
    line = architecture.file.text.splitlines()[finding.span.line - 1]
    return line[finding.span.column - 1 : finding.span.end_column - 1]


def by_hand(*steps: tuple[str, Layer, str]) -> Architecture:
    made = tuple(Step(path, layer, (slot,)) for path, layer, slot in steps)
    return Architecture("net", (Input("input", (2, 3, 7, 11)),), made, {"output": made[-1].path})
