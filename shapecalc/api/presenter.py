"""What writes results: the text of their commands, and tables in HTML, Markdown and CSV."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shapecalc.api.rows import rows_of
from shapecalc.diagnostics.presentation import Presenter

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from shapecalc.api.results import Decoding
    from shapecalc.checking.result import Checked, CheckResults
    from shapecalc.costs.explanation import Explanation
    from shapecalc.costs.liveness import LiveMemory
    from shapecalc.costs.training import TrainingCost
    from shapecalc.diffing.diff import Comparison
    from shapecalc.diffing.revisions import RevisionComparison
    from shapecalc.execution.beam import BeamSearch
    from shapecalc.execution.bptt import Propagated
    from shapecalc.execution.gradient_check import BackwardProof
    from shapecalc.execution.training import Trained
    from shapecalc.execution.values.layer import LayerValues
    from shapecalc.execution.values.loss import LossValues
    from shapecalc.execution.values.records import NetworkValues
    from shapecalc.execution.verify import Proof
    from shapecalc.execution.words.queries import Analogy, Similar
    from shapecalc.layers.documentation import Documentation, LayerTypes
    from shapecalc.render.tables.model import Document
    from shapecalc.shape_inference.report import Report
    from shapecalc.solving.input_sizes import Solution
    from shapecalc.solving.sweep import Sweep
    from shapecalc.solving.unknown_fields import Choices


WIDTH = 100
"""The columns of the text of a result."""
MANNER: Mapping[str, Any] = {"width": WIDTH, "color": False, "unicode": True}
MOST_POINTS = 1_000
"""The most points of a sweep in its text."""
MOST_CHOICES = 20
MOST_NETWORKS = 60
"""The most networks of a comparison of revisions whose layers are in its HTML."""


class Tables(Presenter):
    """Results as their commands write them."""

    def text(self, result: object) -> str:
        """Return the text of the command, in at most 100 columns."""
        name = type(result).__name__
        if name in _DOCUMENTS:
            from shapecalc.render.tables import text
            from shapecalc.render.terminal.grid import Page

            return text.document(_DOCUMENTS[name](result), Page(**MANNER))
        return _TEXTS[name](result) if name in _TEXTS else repr(result)

    def html(self, result: object) -> str:
        """Return HTML for a notebook."""
        from shapecalc.render.tables import html

        if type(result).__name__ == "RevisionComparison":
            return html.document(_revisions(result, MOST_NETWORKS))
        return html.document(_document(result))

    def markdown(self, result: object) -> str:
        """Return Markdown."""
        from shapecalc.render.tables import markdown

        if type(result).__name__ in _MARKDOWN:
            return _MARKDOWN[type(result).__name__](result)
        return markdown.document(_document(result))

    def csv(self, result: object) -> str:
        """Return comma-separated values."""
        from shapecalc.render.tables import csv, rows

        return csv.table(rows.table(rows_of(result)))

    def rows(self, result: object) -> list[dict[str, Any]]:
        """Return flat rows of plain values."""
        return rows_of(result)

    def values(self, result: object) -> dict[str, Any]:
        """Return the values of JSON."""
        writer = _VALUES.get(type(result).__name__)
        return {"rows": rows_of(result)} if writer is None else writer(result)


def _document(result: object) -> Document:
    """Return the document of the command, else the rows as a table."""
    from shapecalc.render.tables import rows
    from shapecalc.render.tables.model import Document

    writer = _DOCUMENTS.get(type(result).__name__)
    if writer is not None:
        return writer(result)
    content = rows.table(rows_of(result))
    return Document(repr(result).strip("<>"), [[content]] if content.rows else [], content)


def _report(report: Report) -> Document:
    from shapecalc.render.inspect.table import inspection

    return inspection(report)


def _proof(proof: Proof) -> Document:
    from shapecalc.render.verify import verification

    return verification(proof)


def _backward(proof: BackwardProof) -> Document:
    from shapecalc.render.verify_backward import verification

    return verification(proof)


def _memory(live: LiveMemory) -> Document:
    from shapecalc.costs.scheduling import reordering
    from shapecalc.render.memory import live_tensors

    return live_tensors(live, reordering(live))


def _training_cost(cost: TrainingCost) -> Document:
    from shapecalc.render.train_cost import training

    return training(cost)


def _trained(trained: Trained) -> Document:
    from shapecalc.render.train import run

    return run(trained, None)


def _values(values: NetworkValues) -> Document:
    from shapecalc.render.run import ShownTensors, run

    return run(values, ShownTensors(every=values.objective is not None))


def _propagated(result: Propagated) -> Document:
    from shapecalc.render.bptt import propagation

    return propagation(result)


def _similar(similar: Similar) -> Document:
    from shapecalc.render.words import similar as write

    return write(similar)


def _analogy(analogy: Analogy) -> Document:
    from shapecalc.render.words import analogy as write

    return write(analogy)


def _revisions(compared: Any, most: int | None = None) -> Document:
    from shapecalc.render.revisions import revisions

    return revisions(compared, most)


_DOCUMENTS: Mapping[str, Callable[[Any], Document]] = {
    "Analogy": _analogy,
    "BackwardProof": _backward,
    "LiveMemory": _memory,
    "NetworkValues": _values,
    "Proof": _proof,
    "Propagated": _propagated,
    "Report": _report,
    "RevisionComparison": _revisions,
    "Similar": _similar,
    "Trained": _trained,
    "TrainingCost": _training_cost,
}


def _comparison(compared: Comparison) -> str:
    from shapecalc.render.diff import comparison
    from shapecalc.render.tables import text
    from shapecalc.render.terminal.grid import Page

    return text.document(comparison(compared), Page(**MANNER))


def _decoding(decoding: Decoding) -> str:
    from shapecalc.render.decode import unrolled

    return unrolled(decoding.loop, decoding.decoded, **MANNER)


def _beam_search(search: BeamSearch) -> str:
    from shapecalc.render.beam_tree import tree

    return tree(search, log=False, **MANNER)


def _explanation(explanation: Explanation) -> str:
    from shapecalc.render.explain import text as write

    return write(explanation, **MANNER)


def _solution(solution: Solution) -> str:
    from shapecalc.render.solve_architecture import solution as write

    return write(solution, solution.close, **MANNER)


def _choices(choices: Choices) -> str:
    from shapecalc.render.solve_architecture import choices as write

    return write(choices, choices.name, MOST_CHOICES, **MANNER)


def _sweep(sweep: Sweep) -> str:
    from shapecalc.render.sweep import points
    from shapecalc.render.tables import text
    from shapecalc.render.terminal.grid import Page
    from shapecalc.solving.sweep.plans import COSTS

    names = list(sweep.columns)
    columns = {name: values[:MOST_POINTS] for name, values in sweep.columns.items()}
    result = points(columns, tuple(names[names.index(COSTS[0]) :]))
    lines = [text.document(result, Page(**MANNER)), *sweep.notes]
    if len(sweep) > MOST_POINTS:
        lines.append(f"{len(sweep) - MOST_POINTS:,} points more")
    return "\n".join(lines)


def _results(results: CheckResults) -> str:
    from shapecalc.render.check.text import checks

    return checks(results, width=WIDTH)


def _checked(checked: Checked) -> str:
    from shapecalc.render.check.text import checks

    return checks([checked], width=WIDTH)


def _documentation(layer: Documentation) -> str:
    from shapecalc.render.layers import full

    return full(layer, WIDTH)


def _layer_types(types: LayerTypes) -> str:
    from shapecalc.render.layers import overview

    return overview(types.values(), WIDTH)


def _layer_values(values: LayerValues) -> str:
    from shapecalc.execution.activation_curve import curve_of
    from shapecalc.render.values.layer import layer_values

    return layer_values(values, {}, **MANNER, curve=curve_of(values.layer, values.inputs[0].values))


def _loss_values(values: LossValues) -> str:
    from shapecalc.render.values.loss import loss_values

    return loss_values(values, **MANNER)


_TEXTS: Mapping[str, Callable[[Any], str]] = {
    "BeamSearch": _beam_search,
    "CheckResults": _results,
    "Checked": _checked,
    "Choices": _choices,
    "Comparison": _comparison,
    "Decoding": _decoding,
    "Documentation": _documentation,
    "Explanation": _explanation,
    "LayerTypes": _layer_types,
    "LayerValues": _layer_values,
    "LossValues": _loss_values,
    "Solution": _solution,
    "Sweep": _sweep,
}


def _revisions_markdown(compared: RevisionComparison) -> str:
    from shapecalc.render.revisions_markdown import markdown

    return markdown(compared)


_MARKDOWN: Mapping[str, Callable[[Any], str]] = {"RevisionComparison": _revisions_markdown}


def _revisions_values(compared: RevisionComparison) -> dict[str, Any]:
    from shapecalc.render.revisions import values

    return values(compared)


def _memory_values(live: LiveMemory) -> dict[str, Any]:
    from shapecalc.costs.scheduling import reordering
    from shapecalc.render.memory import document

    return document(live, reordering(live))


def _decoding_values(decoding: Decoding) -> dict[str, Any]:
    from shapecalc.render.decode import unrolled_dict

    return unrolled_dict(decoding.loop, decoding.decoded)


def _solution_values(solution: Solution) -> dict[str, Any]:
    from shapecalc.render.solve_architecture import solution_dict

    return solution_dict(solution, solution.close)


def _choices_values(choices: Choices) -> dict[str, Any]:
    from shapecalc.render.solve_architecture import choices_dict

    return choices_dict(choices, choices.name, len(choices.solutions))


def _results_values(results: CheckResults) -> dict[str, Any]:
    from shapecalc.render.check.json import values

    return values(results)


def _checked_values(checked: Checked) -> dict[str, Any]:
    from shapecalc.render.check.json import values

    return values([checked])


def _beam_search_values(search: BeamSearch) -> dict[str, Any]:
    from shapecalc.render.beam_notes import tree_dict

    return tree_dict(search)


def _similar_values(similar: Similar) -> dict[str, Any]:
    from shapecalc.render.words import similar_dict

    return similar_dict(similar)


def _analogy_values(analogy: Analogy) -> dict[str, Any]:
    from shapecalc.render.words import analogy_dict

    return analogy_dict(analogy)


_VALUES: Mapping[str, Callable[[Any], dict[str, Any]]] = {
    "Analogy": _analogy_values,
    "BeamSearch": _beam_search_values,
    "CheckResults": _results_values,
    "Checked": _checked_values,
    "Choices": _choices_values,
    "Decoding": _decoding_values,
    "LiveMemory": _memory_values,
    "RevisionComparison": _revisions_values,
    "Similar": _similar_values,
    "Solution": _solution_values,
}
