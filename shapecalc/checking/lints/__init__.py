"""Lints: warnings of networks that are valid and probably not intended, one file per lint."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.checking.lints.axes import layer_axes
from shapecalc.checking.lints.batch_as_time import batch_as_time
from shapecalc.checking.lints.channels_axis import channels_axis
from shapecalc.checking.lints.channels_last import channels_last
from shapecalc.checking.lints.dropout_before_batch_norm import dropout_before_batch_norm
from shapecalc.checking.lints.features_of_maps import features_of_maps
from shapecalc.checking.lints.graphs import block_graphs
from shapecalc.checking.lints.layer_warnings import layer_warnings
from shapecalc.checking.lints.missing_batch import missing_batch
from shapecalc.checking.lints.mixed_samples import mixed_samples
from shapecalc.checking.lints.redundant_bias import redundant_bias
from shapecalc.checking.lints.repeated_softmax import repeated_softmax
from shapecalc.checking.lints.reshape_for_permute import reshape_for_permute
from shapecalc.checking.lints.single_value_norm import single_value_norm
from shapecalc.checking.lints.softmax_over_space import softmax_over_space
from shapecalc.checking.lints.stretched_map import stretched_map
from shapecalc.checking.lints.unbound_parameters import unbound_parameters
from shapecalc.checking.lints.unread import unread
from shapecalc.checking.lints.unused import unused
from shapecalc.diagnostics import Diagnostic, Severity

if TYPE_CHECKING:
    from shapecalc.shape_inference.report import Report

__all__ = ["ANOTHER_LAYOUT", "WITHOUT_EFFECT", "lint"]

WITHOUT_EFFECT = frozenset({"SC402", "SC403"})
"""Codes of steps and inputs that have no effect at all."""

ANOTHER_LAYOUT = frozenset({"SC407", "SC408", "SC409", "SC410", "SC411", "SC413", "SC414", "SC416"})
"""Codes of axes that layers probably read in another order: the figures are those of another network."""


def lint(report: Report) -> tuple[Diagnostic, ...]:
    """Return a warning for each layer, step or input that is valid and probably not intended, each once."""
    graphs = tuple(block_graphs(report))
    axes = layer_axes(report)
    layouts: tuple[Diagnostic, ...] = (
        *channels_last(axes),
        *missing_batch(axes),
        *channels_axis(axes),
        *reshape_for_permute(axes),
        *features_of_maps(axes, report),
        *softmax_over_space(axes, graphs),
        *mixed_samples(report, axes),
    )
    warnings: tuple[Diagnostic, ...] = (
        *layer_warnings(report),
        *unread(report.architecture, graphs),
        *unused(report.architecture.unused),
        *dropout_before_batch_norm(graphs),
        *repeated_softmax(graphs),
        *redundant_bias(graphs),
        *layouts,
        *batch_as_time(report, axes),
        *single_value_norm(report, axes),
        *stretched_map(graphs, axes),
        # Axes in another order decide parameters too: that is one mistake.
        *(() if layouts else unbound_parameters(report, axes)),
    )
    if any(warning.code in ("SC407", "SC408") for warning in layouts):
        # Windows do not read to the end of axes that are not those that they should slide over.
        warnings = tuple(warning for warning in warnings if warning.code != "SC401")
    once = {(warning.code, warning.span): warning._replace(severity=Severity.WARNING) for warning in reversed(warnings)}
    return tuple(sorted(once.values(), key=lambda warning: warning.span or ()))
