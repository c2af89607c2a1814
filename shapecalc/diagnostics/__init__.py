"""Diagnostics: a code, a message, the exact position of a mistake, and an edit that fixes it."""

from shapecalc.diagnostics.errors import LayerError, ShapecalcError, misuse
from shapecalc.diagnostics.model import MOST_DIAGNOSTICS, Diagnostic, Fix, Label, Severity, Source, Span

__all__ = [
    "MOST_DIAGNOSTICS",
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
