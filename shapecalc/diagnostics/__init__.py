"""What shapecalc says of a mistake: a code, a headline, the very token, and an edit that mends it."""

from shapecalc.diagnostics.errors import LayerError, ShapecalcError, misuse
from shapecalc.diagnostics.model import MOST_FINDINGS, Diagnostic, Fix, Label, Severity, Source, Span

__all__ = [
    "MOST_FINDINGS",
    "Diagnostic",
    "Fix",
    "Label",
    "LayerError",
    "Severity",
    "ShapecalcError",
    "Source",
    "Span",
    "misuse",
]
