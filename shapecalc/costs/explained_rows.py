"""The numbers of `inspect` derived: shapes, parameters and costs of a layer, by its own rules on traced integers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.calculators.layer_formulas import FORMULA, Formula, total_formula
from shapecalc.calculators.traced_sizes import leaf
from shapecalc.costs.explanation import ACTIVE, ExplainedKey
from shapecalc.costs.origins import NetworkTrace
from shapecalc.dims import product
from shapecalc.layers.saved import Storage
from shapecalc.shape_inference.dtypes import bytes_of
from shapecalc.shape_inference.rows import sums_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from shapecalc.architecture import Step
    from shapecalc.calculators.layer_formulas import LayerTrace
    from shapecalc.dims import Dim
    from shapecalc.shape_inference.report import Report
    from shapecalc.shape_inference.rows import Count, LayerReport

AT_BATCH = ("macs", "flops", "memory")
"""The numbers that depend on the batch."""
BY_CASES = "the rule distinguishes cases by a symbol: give it a size with `--set`"
ROUNDED = "a product with a factor is rounded to float64, as in PyTorch: the exact one has another floor"
UNTRACED = "no valid size of a symbol is known: give it one with `--set`"


class ExplainedRows:
    """The numbers of `inspect`, of each layer."""

    def __init__(self, report: Report) -> None:
        self.network = NetworkTrace(report)
        self._dtype = report.dtype
        self._writers: Mapping[str, Callable[[LayerReport, LayerTrace], ExplainedKey]] = {
            "output": self._output,
            "params": self._params,
            ACTIVE: self._active_params,
            "buffers": self._buffers,
            "macs": self._macs,
            "flops": self._flops,
            "memory": self._memory,
        }

    def explained(self, row: LayerReport, key: str) -> ExplainedKey:
        """Return the derivation of one of `ROW_KEYS`, or of the active parameters, of a layer."""
        trace = self.network.trace(row)
        if trace is None:
            return ExplainedKey(key, None if key == "output" else count_of(row, key, self._dtype), notes=(UNTRACED,))
        explained = checked(self._writers[key](row, trace))
        at = self.network.report.costs_at if key in AT_BATCH else {}
        return explained._replace(at=at, unit="bytes" if key == "memory" else "")

    def _output(self, row: LayerReport, trace: LayerTrace) -> ExplainedKey:
        several = len(row.outputs) > 1
        formulas = [
            each._replace(name=f"{name}.{each.name}") if several else each
            for name, axes in trace.output_formulas().items()
            for each in axes
        ]
        single = () if all(row.outputs.values()) else ("a single number, which has no axis",)
        return ExplainedKey("output", None, tuple(formulas), notes=single)

    def _params(self, row: LayerReport, trace: LayerTrace) -> ExplainedKey:
        if self.network.report.params_as != "pytorch":
            counted_as = self.network.report.params_as
            counted = trace.layer.params_as(counted_as, *trace.inputs)
            frozen = trace.layer.non_trainable_as(counted_as, *trace.inputs)
            if not row.step.weights:
                return _key("params", row.params, Formula("params", counted + frozen, _number(row.facts.params)))
        return self._tensors("params", "parameters", row, trace, row.params)

    def _active_params(self, row: LayerReport, trace: LayerTrace) -> ExplainedKey:
        if not row.facts.active:
            explained = self._params(row, trace)
            notes = explained.notes or ("each token uses all parameters of the layer",)
            return explained._replace(key=ACTIVE, notes=notes)
        traced = trace.layer.active_parameters(*trace.inputs)
        owned = {name: count for name, count in row.facts.active.items() if row.step.owns(name)}
        formulas = [Formula(name, traced[name], _number(count)) for name, count in owned.items()]
        total = [total_formula(ACTIVE, formulas, _number(row.active_params))] if len(formulas) > 1 else []
        return ExplainedKey(
            ACTIVE, row.active_params, (*formulas, *total), notes=self._elsewhere(row, row.facts.active)
        )

    def _buffers(self, row: LayerReport, trace: LayerTrace) -> ExplainedKey:
        if self.network.report.params_as != "pytorch" and row.facts.non_trainable:
            note = f"{row.facts.non_trainable} of them count as params"
            explained = self._tensors("buffers", "buffers", row, trace, row.facts.buffer_count)
            return explained._replace(result=row.buffers, notes=(*explained.notes, note))
        return self._tensors("buffers", "buffers", row, trace, row.buffers)

    def _tensors(self, key: str, kind: str, row: LayerReport, trace: LayerTrace, result: Count) -> ExplainedKey:
        """Return the count of tensors: the elements of each that is the layer's own, and their sum."""
        shapes = getattr(row.facts, kind)
        owned = {name: shape for name, shape in shapes.items() if row.step.owns(name)}
        notes = self._elsewhere(row, shapes)
        formulas = tuple(each._replace(name=each.name or row.path) for each in trace.tensor_formulas(kind, owned))
        if len(formulas) > 1:
            formulas = (*formulas, total_formula(key, formulas, _number(result)))
        if not shapes:
            notes = (f"the layer has no {'trainable tensors' if key == 'params' else 'buffers'}",)
        return ExplainedKey(key, result, formulas, notes=notes)

    def _elsewhere(self, row: LayerReport, tensors: Iterable[str]) -> tuple[str, ...]:
        """Return a note on each tensor that belongs to another layer."""
        shared = {name: _shared(row.step, name) for name in tensors if not row.step.owns(name)}
        return tuple(f"{name} is {of}, and counts there" for name, of in shared.items())

    def _macs(self, row: LayerReport, trace: LayerTrace) -> ExplainedKey:
        parts = trace.layer.macs_parts(*trace.cost_shapes)
        if not parts:
            return _key("macs", row.macs, Formula("MACs", trace.layer.macs(*trace.cost_shapes), _number(row.macs)))
        formulas = [Formula(name, size, _number(row.facts.parts[name])) for name, size in parts.items()]
        return _key("macs", row.macs, *formulas, total_formula("MACs", formulas, _number(row.macs)))

    def _flops(self, row: LayerReport, trace: LayerTrace) -> ExplainedKey:
        operations = trace.layer.operations(*trace.cost_shapes)
        if row.flops is None or row.macs is None:
            return ExplainedKey("flops", None)
        if row.macs == 0:
            return _key("flops", row.flops, Formula("FLOPs", operations, row.flops))
        others = Formula("operations", operations, row.flops - 2 * row.macs)
        macs = leaf("MACs", row.macs, (FORMULA, "MACs"), stand_in=int(trace.layer.macs(*trace.cost_shapes)))
        if operations == 0:
            return _key("flops", row.flops, *self._macs(row, trace).formulas, Formula("FLOPs", 2 * macs, row.flops))
        added = leaf("operations", others.result, (FORMULA, "operations"), stand_in=int(operations))
        total = Formula("FLOPs", 2 * macs + added, row.flops)
        return _key("flops", row.flops, *self._macs(row, trace).formulas, others, total)

    def _memory(self, row: LayerReport, trace: LayerTrace) -> ExplainedKey:
        result = count_of(row, "memory", self._dtype)
        if row.step.layer.storage is Storage.STORED:
            return ExplainedKey("memory", result, notes=("its elements count as params or buffers",))
        elements = sum(map(product, trace.cost_outputs.values()))
        return _key("memory", result, Formula("bytes", bytes_of(elements, self._dtype), _number(result)))


def _shared(step: Step, tensor: str) -> str:
    """Return whose tensor a step uses, in words."""
    if tensor not in step.apart:
        return f"that of {step.owner(tensor)}"
    return f"{step.tensor(tensor)}{', transposed' if step.transposes(tensor) else ''}"


def _number(count: Count) -> Dim:
    """Return a count, 0 if it is unknown: then no formula has it as its value."""
    return 0 if count is None else count


def _key(key: str, result: Count, *formulas: Formula) -> ExplainedKey:
    return ExplainedKey(key, result, formulas)


def checked(explained: ExplainedKey) -> ExplainedKey:
    """Return a number in which a formula of another value is replaced by its result, with a note on the cause."""
    if all(each.holds for each in explained.formulas):
        return explained
    formulas = tuple(each if each.holds else each._replace(size=each.result) for each in explained.formulas)
    values = (named.value for each in explained.formulas if not each.holds for named in each.leaves)
    note = ROUNDED if any(isinstance(value, float) for value in values) else BY_CASES
    return explained._replace(formulas=formulas, notes=(*explained.notes, note))


def count_of(row: LayerReport, key: str, dtype: str) -> Count:
    """Return a number of a layer, of `TOTAL_KEYS`."""
    sums = sums_of(row)
    if key == "memory":
        return None if sums.activations is None else bytes_of(sums.activations, dtype)
    count: Count = getattr(sums, key)
    return count
