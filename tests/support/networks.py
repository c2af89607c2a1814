"""Files parsed, and everything that `inspect` would say of one, with the text that each finding points to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from shapecalc.diagnostics import Diagnostic, ShapecalcError, Source
from shapecalc.files.load import loads
from shapecalc.parser.grammar import parse
from shapecalc.shape_inference.engine import inspect

if TYPE_CHECKING:
    from shapecalc.architecture import Architecture

HEAD = "input: [N, 3, 32, 32]\n"


def read(text: str) -> Architecture:
    architecture, findings, _ = parse(Source("net.yaml", text))
    assert findings == ()
    assert architecture is not None
    return architecture


def layers(*steps: str) -> str:
    return HEAD + "layers:\n" + "".join(f"  - {step}\n" for step in steps)


def findings(text: str) -> tuple[Diagnostic, ...]:
    """Everything that `inspect` would say of a file."""
    with pytest.raises(ShapecalcError) as caught:
        inspect(loads(text))
    return caught.value.diagnostics


def found(text: str) -> list[tuple[str, str]]:
    """Codes with the text that each points to."""
    return [(finding.code, quoted(text, finding)) for finding in findings(text)]


def quoted(text: str, finding: Diagnostic) -> str:
    lines, span = text.split("\n"), finding.span
    assert span is not None
    assert span.line == span.end_line
    return lines[span.line - 1][span.column - 1 : span.end_column - 1]
