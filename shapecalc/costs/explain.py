"""The derivation of any number of `inspect`, `memory` and `train-cost`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shapecalc.calculators.layer_formulas import FIELD, INPUT, OUTPUT
from shapecalc.costs.explained_rows import AT_BATCH, ExplainedRows, count_of
from shapecalc.costs.explanation import (
    ACTIVE,
    LIVE,
    NETWORK_KEYS,
    PEAK,
    ROW_KEYS,
    STEP_KEYS,
    TOTAL_KEYS,
    TRAINED_KEYS,
    ExplainedKey,
    ExplainedStep,
    Explanation,
    summed,
)
from shapecalc.diagnostics import misuse
from shapecalc.dims import Expr
from shapecalc.shape_inference.dtypes import bytes_of
from shapecalc.shape_inference.engine import inspect_at
from shapecalc.shape_inference.rows import sum_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from shapecalc.architecture import Architecture
    from shapecalc.calculators.layer_formulas import Formula
    from shapecalc.calculators.traced_sizes import Leaf
    from shapecalc.costs.explained_training import ExplainedTraining
    from shapecalc.costs.origins import NetworkTrace, NumberOrigin
    from shapecalc.diagnostics import ShapecalcError
    from shapecalc.shape_inference.report import Report
    from shapecalc.shape_inference.rows import LayerReport


def explain(
    architecture: Architecture,
    sizes: Mapping[str, int],
    step: str | None = None,
    keys: Sequence[str] = (),
    *,
    levels: int | None = None,
    dtype: str = "float32",
    optimizer: str = "sgd",
) -> Explanation:
    """Return the derivation of numbers of a layer or a block, or of the network without a step.

    `keys` are of `STEP_KEYS`, without a step of `NETWORK_KEYS`; by default those of `inspect`. `levels` is how many
    layers back the sizes of the inputs are followed, by default to the input.
    Raises `ShapecalcError` with exit code 2 if there is no such step, if it has no such number, and for `levels` of a
    sum.

    >>> import shapecalc
    >>> (step,) = explain(shapecalc.load("lenet5"), {}, "c1", ["macs"]).steps
    >>> step.keys[0].formulas[0].numbers
    '1·6·28·28·1/1·5·5'
    """
    explained = _Explained(architecture, sizes, dtype, optimizer)
    report = explained.report
    row = _layer(report, step)
    if row is not None:
        chosen = _chosen(keys, STEP_KEYS, _usual(ROW_KEYS, (row,)), row.path)
        return Explanation(report, (explained.layer(row, chosen, levels),))
    if step is None:
        chosen = _chosen(keys, NETWORK_KEYS, _usual(TOTAL_KEYS, report.layers), architecture.name)
    elif inside := [row for row in report.layers if row.path.startswith(f"{step}.")]:
        chosen = _chosen(keys, (*TOTAL_KEYS, ACTIVE, *TRAINED_KEYS), _usual(TOTAL_KEYS, inside), step)
    else:
        raise _no_such_step(report, step)
    if levels is not None:
        name = step or architecture.name
        raise misuse("SC205", f"`levels` follows what a layer reads, and `{name}` is a sum of layers")
    return Explanation(
        report, (ExplainedStep(step or "", None, tuple(explained.sum(step or "", key) for key in chosen)),)
    )


def explain_rows(report: Report) -> Explanation:
    """Return the derivation of the numbers of every layer, each followed to the layer before, and of the totals."""
    rows = ExplainedRows(report)
    first: dict[tuple[object, ...], str] = {}
    steps = []
    for row in report.layers:
        like = first.setdefault((row.step.layer, row.inputs, row.step.weights), row.path)
        keys = tuple(rows.explained(row, key) for key in _usual(ROW_KEYS, (row,)))
        origins = _origins(rows.network, row, keys, 0)
        steps.append(ExplainedStep(row.path, row, _without_repeats(keys), origins, like if like != row.path else ""))
    totals = tuple(_summed(report, "", key) for key in _usual(TOTAL_KEYS, report.layers))
    return Explanation(report, (*steps, ExplainedStep("", None, totals)))


def document_with_formulas(report: Report) -> dict[str, Any]:
    """Return the JSON of a report in which each layer, and the totals, have their derivations under `explained`."""
    *steps, total = (step.to_dict() for step in explain_rows(report).steps)
    document = report.to_dict()
    layers = [
        {**layer, "explained": {"keys": step["keys"], "where": step["where"]}}
        for layer, step in zip(document["layers"], steps, strict=True)
    ]
    return {**document, "layers": layers, "explained": total["keys"]}


class _Explained:
    """The numbers of a network, each kind computed when it is first needed."""

    def __init__(self, architecture: Architecture, sizes: Mapping[str, int], dtype: str, optimizer: str) -> None:
        self._architecture = architecture
        self._sizes = sizes
        self._dtype = dtype
        self._optimizer = optimizer
        self.report = inspect_at(architecture, sizes, dtype=dtype)
        self._training: ExplainedTraining | None = None

    @property
    def training(self) -> ExplainedTraining:
        """The figures of a training step."""
        if self._training is None:
            from shapecalc.costs.explained_training import ExplainedTraining  # noqa: PLC0415 - only its keys need it

            self._training = ExplainedTraining(self._architecture, self._sizes, self._dtype, self._optimizer)
        return self._training

    def layer(self, row: LayerReport, keys: Sequence[str], levels: int | None) -> ExplainedStep:
        """Return the explanation of a layer."""
        rows = ExplainedRows(self.report)
        explained: list[ExplainedKey] = []
        of_network: dict[NetworkTrace, list[ExplainedKey]] = {}
        for key in keys:
            if key == LIVE:
                from shapecalc.costs.explained_memory import live_key  # noqa: PLC0415 - only this key needs it

                explained.append(live_key(self.report, row.path, self._dtype))
                continue
            source = rows if key in (*ROW_KEYS, ACTIVE) else self.training
            explained.append(source.explained(row, key))
            of_network.setdefault(source.network, []).append(explained[-1])
        origins = [each for network, own in of_network.items() for each in _origins(network, row, own, levels)]
        return ExplainedStep(row.path, row, _without_repeats(explained), tuple(dict.fromkeys(origins)))

    def sum(self, path: str, key: str) -> ExplainedKey:
        """Return a number of a block or of the network."""
        if key in (*TOTAL_KEYS, ACTIVE):
            return _summed(self.report, path, key)
        if key == PEAK:
            from shapecalc.costs.explained_memory import peak_key  # noqa: PLC0415 - only this key needs it

            return peak_key(self.report, self._dtype)
        return self.training.total(path, key)


def _layer(report: Report, path: str | None) -> LayerReport | None:
    """Return the layer of a path, or the only one whose path ends with it; None if there is none."""
    if path is None:
        return None
    exact = next((row for row in report.layers if row.path == path), None)
    if exact is not None or any(row.path.startswith(f"{path}.") for row in report.layers):
        return exact
    ends = [row for row in report.layers if row.path.endswith(f".{path}")]
    return ends[0] if len(ends) == 1 else None


def _chosen(keys: Sequence[str], known: Sequence[str], usual: Sequence[str], name: str) -> Sequence[str]:
    """Return the chosen numbers; raise `ShapecalcError` for one that is not known here."""
    for key in keys:
        if key not in known:
            raise misuse("SC203", f"`{name}` has no number `{key}`: it has {', '.join(known)}")
    return tuple(dict.fromkeys(keys)) or usual


def _usual(keys: Sequence[str], rows: Iterable[LayerReport]) -> Sequence[str]:
    """Return the numbers that are shown by default: active parameters too if some of the layers are mixtures."""
    if not any(row.facts.active for row in rows):
        return keys
    at = keys.index("params") + 1
    return (*keys[:at], ACTIVE, *keys[at:])


def _without_repeats(keys: Iterable[ExplainedKey]) -> tuple[ExplainedKey, ...]:
    """Return numbers without formulas that one before them has, as FLOPs have those of MACs."""
    shown: set[Formula] = set()
    result = []
    for key in keys:
        result.append(key._replace(formulas=tuple(each for each in key.formulas if each not in shown)))
        if key.key in AT_BATCH:
            shown |= {*key.formulas}
    return tuple(result)


def _summed(report: Report, path: str, key: str) -> ExplainedKey:
    """Return a number of `inspect` as a sum over layers."""
    parts, notes = summed(report.layers, path, lambda row: count_of(row, key, report.dtype))
    inside = f"{path}." if path else ""
    rows = [row for row in report.layers if row.path.startswith(inside)]
    result = sum_of(count_of(row, key, report.dtype) for row in rows)
    elements = sum_of(row.facts.activations for row in rows) if key == "memory" else None
    if elements is not None and bytes_of(elements, report.dtype) != result:
        result, notes = bytes_of(elements, report.dtype), (*notes, "the sum is rounded to bytes once")
    at = report.costs_at if key in AT_BATCH else {}
    return ExplainedKey(key, result, parts=parts, notes=notes, at=at, unit="bytes" if key == "memory" else "")


def _origins(
    network: NetworkTrace, row: LayerReport, keys: Iterable[ExplainedKey], levels: int | None
) -> tuple[NumberOrigin, ...]:
    """Return where the numbers in the formulas of a layer come from."""
    named: dict[tuple[Any, ...], Leaf] = {}
    shown = {key.key for key in keys}
    for key in keys:
        for formula in key.formulas:
            for each in formula.leaves:
                if each.source[:1] not in ((FIELD,), (INPUT,), (OUTPUT,)):
                    continue
                if isinstance(each.value, Expr):
                    named.setdefault(each.source, each)
                else:
                    named[each.source] = each
    if ROW_KEYS[0] in shown:
        named = {source: each for source, each in named.items() if source[0] != OUTPUT}
    else:
        # The axes of the output have formulas of their own.
        trace = network.trace(row)
        for source in tuple(named):
            if source[0] == OUTPUT and trace is not None:
                for inner in trace.output_formulas()[source[1]][source[2]].leaves:
                    named.setdefault(inner.source, inner)
    return network.origins(row, named.values(), levels)


def _no_such_step(report: Report, path: str) -> ShapecalcError:
    """Return the error for a path that no layer and no block has."""
    from shapecalc.diagnostics.suggestions import closest  # noqa: PLC0415 - only a mistake needs it

    paths = dict.fromkeys(
        ".".join(parts[:count])
        for parts in (row.path.split(".") for row in report.layers)
        for count in range(1, len(parts) + 1)
    )
    ends = [each for each in paths if each.endswith(f".{path}")]
    near = ends[0] if ends else closest(path, paths)
    others = f" (one of {len(ends)} that end so)" if len(ends) > 1 else ""
    hint = f"did you mean `{near}`{others}?" if near else "`shapecalc inspect` lists the layers"
    return misuse("SC104", f"`{report.architecture.name}` has no step `{path}`: {hint}")
