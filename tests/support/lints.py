"""Networks of a few layers, and the lints that warn of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import shapecalc
from shapecalc.checking.lints import lint
from shapecalc.diagnostics import Severity
from shapecalc.shape_inference.engine import inspect

if TYPE_CHECKING:
    from shapecalc.diagnostics import Diagnostic

IMAGE = "input: [N, 4, 31, 33]\n"
TABLE = "input: [N, 12]\n"


def warned(text: str, *, symbolic: bool = False) -> list[Diagnostic]:
    found = list(lint(inspect(shapecalc.loads(text), symbolic=symbolic)))
    assert {finding.severity for finding in found} <= {Severity.WARNING}
    return found


def codes(text: str) -> list[str]:
    return [finding.code for finding in warned(text)]


def layers(*steps: str) -> str:
    return "layers:\n" + "".join(f"  - {step}\n" for step in steps)
