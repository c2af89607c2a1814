"""Results as flat rows of plain values: a count is an int, an expression as a string, or None if it is unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from shapecalc.diagnostics.numbers import finite
from shapecalc.dims import as_json, evaluate, show

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from shapecalc.api.results import Decoding, Locked
    from shapecalc.checking.result import Checked
    from shapecalc.costs.explanation import Explanation
    from shapecalc.costs.liveness import LiveMemory
    from shapecalc.costs.training import TrainingCost
    from shapecalc.diffing.diff import Comparison, Figures
    from shapecalc.diffing.revisions import RevisionComparison
    from shapecalc.dims import Dim, Shape
    from shapecalc.execution.beam import BeamSearch
    from shapecalc.execution.bptt import Propagated
    from shapecalc.execution.gradient_check import BackwardProof
    from shapecalc.execution.training import Trained
    from shapecalc.execution.values.layer import LayerValues, WorkedTensor
    from shapecalc.execution.values.loss import LossValues
    from shapecalc.execution.values.records import NetworkValues
    from shapecalc.execution.verify import Proof
    from shapecalc.execution.words.queries import Analogy, Similar
    from shapecalc.layers.documentation import Documentation, LayerTypes
    from shapecalc.shape_inference.report import Report
    from shapecalc.solving.input_sizes import Solution
    from shapecalc.solving.unknown_fields import Choices

Row: TypeAlias = dict[str, Any]


def rows_of(result: object) -> list[Row]:
    """Return the rows of a result of any public function."""
    return _WRITERS[type(result).__name__](result)


def _report(report: Report) -> list[Row]:
    return [
        {
            "path": row.path,
            "type": row.type,
            "input": _shapes(row.inputs),
            "output": _shapes(row.outputs.values()),
            "params": as_json(row.params),
            "buffers": as_json(row.buffers),
            "macs": as_json(row.macs),
            "flops": as_json(row.flops),
        }
        for row in report.layers
    ]


def _explanation(explanation: Explanation) -> list[Row]:
    return [
        {
            "path": step.path,
            "key": key.key,
            "name": formula.name,
            "rule": formula.rule,
            "numbers": formula.numbers,
            "result": as_json(formula.result),
        }
        for step in explanation.steps
        for key in step.keys
        for formula in key.formulas
    ] + [
        {
            "path": step.path,
            "key": key.key,
            "name": part.path,
            "rule": None,
            "numbers": None,
            "result": as_json(None if part.value is None else part.value * part.times),
        }
        for step in explanation.steps
        for key in step.keys
        for part in key.parts
    ]


def _proof(proof: Proof) -> list[Row]:
    return [
        {
            "path": row.layer.path,
            "type": row.layer.type,
            "at": _at(trial.sizes),
            "predicted": _shapes(row.predicted),
            "executed": None if row.executed is None else _shapes(row.executed),
            "predicted_params": row.predicted_own.params,
            "executed_params": None if row.executed_own is None else row.executed_own.params,
            "predicted_macs": row.predicted_macs,
            "executed_macs": row.executed_macs,
            "seconds": row.seconds,
            "ok": row.ok,
            "failure": row.failure,
        }
        for trial in proof.trials
        for row in trial.rows
    ]


def _backward(proof: BackwardProof) -> list[Row]:
    return [
        {
            "path": row.layer.path,
            "type": row.layer.type,
            "predicted": _named(row.predicted),
            "executed": None if row.executed is None else _named(row.executed),
            "predicted_macs": sum(row.predicted_macs),
            "executed_macs": None if row.executed_macs is None else sum(row.executed_macs),
            "entries": row.checked.entries,
            "error": row.checked.error,
            "seconds": row.seconds,
            "ok": row.ok,
            "failure": row.failure,
        }
        for row in proof.rows
    ]


def _comparison(comparison: Comparison) -> list[Row]:
    return [
        {
            "path": row.layer.path,
            "type": row.layer.type,
            "kind": row.kind.value,
            "changes": ", ".join(row.changes),
            "output_before": None if row.old is None else _shapes(row.old.outputs.values()),
            "output_after": None if row.new is None else _shapes(row.new.outputs.values()),
            **_before_and_after(row.figures, "params", "macs", "flops"),
        }
        for row in comparison.rows
    ]


def _revisions(compared: RevisionComparison) -> list[Row]:
    return [
        {
            "status": change.status.value,
            "path_before": change.old_path,
            "path_after": change.new_path,
            "through": ", ".join(change.through),
            **_before_and_after(change.totals, "params", "macs", "flops", "memory"),
            "largest": None if change.largest is None else change.largest.layer.path,
            **dict(zip(("errors_before", "errors_after"), map(", ".join, change.codes), strict=True)),
        }
        for change in compared.changes
    ]


def _before_and_after(figures: Figures, *names: str) -> Row:
    return {
        f"{name}_{when}": as_json(getattr(getattr(figures, name), when))
        for name in names
        for when in ("before", "after")
    }


def _memory(live: LiveMemory) -> list[Row]:
    return [
        {
            "path": step.row.path,
            "type": step.row.type,
            "output": show(step.row.output),
            "live_bytes": as_json(step.live),
            "peak": index == live.peak,
        }
        for index, step in enumerate(live.steps)
    ]


def _training_cost(cost: TrainingCost) -> list[Row]:
    def at(count: Dim) -> int | str:
        return as_json(evaluate(count, cost.at))

    return [
        {
            "path": layer.row.path,
            "type": layer.row.type,
            "saved_bytes": as_json(cost.bytes_at(layer.size)),
            "in_place": layer.in_place,
            "macs_to_inputs": at(work.to_inputs),
            "macs_to_weights": at(work.to_weights),
        }
        for layer, work in zip(cost.step.saved.layers, cost.step.work, strict=True)
    ]


def _trained(trained: Trained) -> list[Row]:
    return [epoch.to_dict() for epoch in (trained.before, *trained.epochs)]


def _decoding(decoding: Decoding) -> list[Row]:
    return [
        {**each.step._asdict(), "macs": each.macs, "state_bytes": each.state_bytes, "cache_bytes": each.cache_bytes}
        for each in decoding.loop.steps
    ]


def _beam_search(search: BeamSearch) -> list[Row]:
    names = search.distributions.symbols
    return [
        {
            "step": number,
            "sequence": " ".join(names[symbol] for symbol in each.symbols),
            "probability": float(each.score.product),
            "log_probability": finite(each.score.log),
            "fate": each.fate,
        }
        for number, candidates in enumerate(search.steps, 1)
        for each in candidates
    ]


def _solution(solution: Solution) -> list[Row]:
    rows: list[Row] = []
    for name, sizes in solution.sizes.items():
        near = solution.close.get(name)
        next_to = {"near": near and near.asked, "fits": near and near.fits}
        around = {"below": near and near.below, "above": near and near.above}
        rows.append({"symbol": name, "sizes": sizes.sentence(name), "smallest": sizes.smallest, **next_to, **around})
    return rows


def _choices(choices: Choices) -> list[Row]:
    names = [str(unknown) for unknown in choices.unknowns]
    return [
        {
            **{name: _plain(value) for name, value in zip(names, choice.values, strict=True)},
            "output": show(choice.shape),
        }
        for choice in choices.solutions
    ]


def _checked(checked: Checked) -> list[Row]:
    source = checked.source
    return [
        {
            "file": checked.name if finding.span is None or source is None else source.of(finding.span).name,
            "line": finding.span and finding.span.line,
            "column": finding.span and finding.span.column,
            "severity": finding.severity.value,
            "code": finding.code,
            "message": finding.message,
            "help": finding.help,
        }
        for finding in checked.findings
    ]


def _results(results: Iterable[Checked]) -> list[Row]:
    return [row for checked in results for row in _checked(checked)]


def _documentation(layer: Documentation) -> list[Row]:
    return [
        {
            "field": field.name,
            "expects": field.kind.describe(),
            "required": field.required,
            "default": None if field.required else _plain(field.default),
            "description": field.description,
        }
        for field in layer.fields
    ]


def _layer_types(types: LayerTypes) -> list[Row]:
    return [{"type": name, "summary": layer.summary} for name, layer in types.items()]


def _locked(locked: Locked) -> list[Row]:
    new = set(locked.new)
    return [
        {"file": file, "params": entry.params, "macs": entry.macs, "layers": len(entry.layers), "new": file in new}
        for file, entry in locked.recorded.lock.files.items()
    ]


def _values(values: NetworkValues) -> list[Row]:
    names = ("least", "greatest", "mean", "deviation", "zeros", "nans", "infinities")
    return [
        {
            "tensor": record.name,
            "label": record.label or None,
            "shape": show(record.value.figures.shape),
            **{name: getattr(record.value.figures, name) for name in names},
            "gradient_least": None if record.gradient is None else record.gradient.figures.least,
            "gradient_greatest": None if record.gradient is None else record.gradient.figures.greatest,
            "random": record.drawn,
        }
        for record in values.tensors()
    ]


def _propagated(result: Propagated) -> list[Row]:
    from shapecalc.execution.bptt import norm

    return [
        {
            "layer": layer.path,
            "pass": each.run.name,
            "step": step.step.time,
            "norm_from_above": norm(step.from_above),
            "norm_from_next": norm(step.from_next["h"]),
            "norm": norm(step.of_h),
            "cut": step.is_cut,
        }
        for layer in result.layers
        for each in layer.passes
        for step in each.steps
    ]


def _words(query: Analogy | Similar) -> list[Row]:
    return [
        {"rank": rank, "word": near.word, "cosine": near.cosine, "dot": near.dot, "length": near.length}
        for rank, near in enumerate(query.nearest, 1)
    ]


def _layer_values(values: LayerValues) -> list[Row]:
    groups = (*values.intermediates, *values.outputs, *values.backward_intermediates)
    named = [(tensor.name, tensor) for tensor in groups]
    named += [(f"{tensor.name}.grad", tensor) for tensor in values.gradients]
    return _elements(named)


def _loss_values(values: LossValues) -> list[Row]:
    named = [(tensor.name, tensor) for tensor in (*values.intermediates, values.terms)]
    return _elements(named + ([] if values.gradient is None else [("x.grad", values.gradient)]))


def _elements(named: list[tuple[str, WorkedTensor]]) -> list[Row]:
    return [
        {"tensor": name, "index": ", ".join(map(str, index)), "value": _number(number), "working": working}
        for name, tensor in named
        for index, number, working in tensor.elements()
    ]


def _number(number: Any) -> Any:
    return number if isinstance(number, float) else str(number)


_WRITERS: Mapping[str, Callable[[Any], list[Row]]] = {
    "Analogy": _words,
    "BackwardProof": _backward,
    "BeamSearch": _beam_search,
    "CheckResults": _results,
    "Checked": _checked,
    "Choices": _choices,
    "Comparison": _comparison,
    "Decoding": _decoding,
    "Documentation": _documentation,
    "LayerTypes": _layer_types,
    "Explanation": _explanation,
    "LayerValues": _layer_values,
    "LossValues": _loss_values,
    "LiveMemory": _memory,
    "Locked": _locked,
    "NetworkValues": _values,
    "Proof": _proof,
    "Propagated": _propagated,
    "Report": _report,
    "RevisionComparison": _revisions,
    "Similar": _words,
    "Solution": _solution,
    "Sweep": lambda sweep: list(sweep.rows()),
    "Trained": _trained,
    "TrainingCost": _training_cost,
}


def _shapes(shapes: Iterable[Shape]) -> str:
    return ", ".join(map(show, shapes))


def _named(shapes: Mapping[str, Shape]) -> str:
    return ", ".join(f"{name} {show(shape)}" for name, shape in shapes.items())


def _at(sizes: Mapping[str, int]) -> str:
    return ", ".join(f"{name} = {size}" for name, size in sizes.items())


def _plain(value: Any) -> Any:
    """Return a value as it is, and a list of one per axis as a string."""
    return value if isinstance(value, int | float | str | None) else ", ".join(map(str, value))
