"""Lints: warnings of networks that are valid and probably not intended, one file per lint."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.checking.lints.dropout_before_batch_norm import dropout_before_batch_norm
from shapecalc.checking.lints.graphs import block_graphs
from shapecalc.checking.lints.layer_warnings import layer_warnings
from shapecalc.checking.lints.redundant_bias import redundant_bias
from shapecalc.checking.lints.repeated_softmax import repeated_softmax
from shapecalc.checking.lints.unread import unread
from shapecalc.diagnostics import Diagnostic, Severity

if TYPE_CHECKING:
    from shapecalc.shape_inference.report import Report

__all__ = ["WITHOUT_EFFECT", "lint"]

WITHOUT_EFFECT = frozenset({"SC402", "SC403"})
"""Codes of steps and inputs that have no effect at all."""


def lint(report: Report) -> tuple[Diagnostic, ...]:
    """Return a warning for each layer, step or input that is valid and probably not intended, each once."""
    graphs = tuple(block_graphs(report))
    warnings = (
        *layer_warnings(report),
        *unread(report.architecture, graphs),
        *dropout_before_batch_norm(graphs),
        *repeated_softmax(graphs),
        *redundant_bias(graphs),
    )
    once = {(warning.span, warning.message): warning._replace(severity=Severity.WARNING) for warning in warnings}
    return tuple(sorted(once.values(), key=lambda warning: warning.span or ()))
