"""Explanations of the numbers of a report: the rule, the numbers put in, and where each of them comes from."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.calculators.layer_formulas import FIELD, FORMULA, INPUT, OUTPUT, Formula, total_formula
from shapecalc.calculators.traced_sizes import leaf
from shapecalc.costs.origins import NetworkTrace
from shapecalc.diagnostics import misuse
from shapecalc.diagnostics.presentation import Presented
from shapecalc.dims import as_json, product
from shapecalc.shape_inference.dtypes import bytes_of
from shapecalc.shape_inference.report import sum_of, sums_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from shapecalc.calculators.layer_formulas import LayerTrace
    from shapecalc.calculators.traced_sizes import Leaf
    from shapecalc.costs.origins import NumberOrigin
    from shapecalc.diagnostics import ShapecalcError
    from shapecalc.dims import Dim
    from shapecalc.shape_inference.report import Count, LayerReport, Report

ROW_KEYS = ("output", "params", "buffers", "macs", "flops", "memory")
"""The numbers of a layer."""
TOTAL_KEYS = ROW_KEYS[1:]
"""The numbers of a block and of the network, sums over layers."""
BY_CASES = "the rule distinguishes cases by a symbol: give it a size with `--set`"
UNTRACED = "no valid size of a symbol is known: give it one with `--set`"


class Summand(NamedTuple):
    """One summand of a total: a layer or a block, or several neighbours with the same number."""

    path: str
    value: Count
    times: int = 1


class ExplainedKey(NamedTuple):
    """One number of a layer, a block or the network: its formulas, or the parts that it is the sum of."""

    key: str
    result: Count
    formulas: tuple[Formula, ...] = ()
    parts: tuple[Summand, ...] = ()
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the number as JSON's values."""
        parts = [{"path": each.path, "value": as_json(each.value), "times": each.times} for each in self.parts]
        return {
            "result": as_json(self.result),
            **(
                {"formulas": [{"name": each.name, **each.to_dict()} for each in self.formulas]} if self.formulas else {}
            ),
            **({"parts": parts} if self.parts else {}),
            **({"notes": list(self.notes)} if self.notes else {}),
        }


class ExplainedStep(NamedTuple):
    """The explained numbers of one layer, of a block, or of the network, whose path is empty."""

    path: str
    row: LayerReport | None
    keys: tuple[ExplainedKey, ...]
    origins: tuple[NumberOrigin, ...] = ()
    like: str = ""
    """The path of an earlier layer with the same fields and inputs, whose derivation is the same."""

    def to_dict(self) -> dict[str, Any]:
        """Return the step as JSON's values."""
        row = self.row
        layer: dict[str, Any] = (
            {}
            if row is None
            else {
                "type": row.type,
                "line": row.line,
                "inputs": [[*map(as_json, shape)] for shape in row.inputs],
                "outputs": {name: [*map(as_json, shape)] for name, shape in row.outputs.items()},
            }
        )
        return {
            **({"path": self.path} if self.path else {}),
            **layer,
            "keys": {each.key: each.to_dict() for each in self.keys},
            **({"where": [each.to_dict() for each in self.origins]} if row is not None else {}),
        }


@dataclass(frozen=True)
class Explanation(Presented):
    """The derivation of numbers of a report, of one step or of several."""

    report: Report
    steps: tuple[ExplainedStep, ...]

    def __repr__(self) -> str:
        """Return the names of the network and of what is explained.

        >>> import shapecalc
        >>> shapecalc.explain("lenet5", "c3", key="macs")
        <Explanation of LeNet-5, c3: macs 240000>
        """
        figures = [f"{each.key} {each.result}" for step in self.steps for each in step.keys if each.result is not None]
        paths = [step.path for step in self.steps if step.path]
        what = ", ".join([self.report.architecture.name, *(paths if len(paths) == 1 else ())])
        return f"<Explanation of {what}: {', '.join(figures[: len(ROW_KEYS)])}>"

    def to_dict(self) -> dict[str, Any]:
        """Return the explanation as JSON's values; expressions in symbols are strings."""
        report = self.report
        return {
            "name": report.architecture.name,
            "bindings": dict(report.bindings),
            "costs_at": dict(report.costs_at),
            "dtype": report.dtype,
            "steps": [step.to_dict() for step in self.steps],
        }


def explained(
    report: Report, path: str | None = None, keys: Sequence[str] = (), *, levels: int | None = None
) -> Explanation:
    """Return the derivation of numbers of a layer or a block, or of the network without a path.

    `keys` are of `ROW_KEYS`, by default all; `levels` is how many layers back the sizes of the inputs are followed, by
    default to the input. Raises `ShapecalcError` with exit code 2 if there is no such step.

    >>> import shapecalc
    >>> report = shapecalc.inspect("lenet5")
    >>> (step,) = explained(report, "c1", ["macs"]).steps
    >>> step.keys[0].formulas[0].numbers
    '1·6·28·28·1/1·5·5'
    """
    if path is not None:
        for row in report.layers:
            if row.path == path:
                return Explanation(report, (_Rows(report).step(row, keys, levels),))
    step = _summed(report, path or "", keys)
    if step is None:
        raise _no_such_step(report, path or "")
    return Explanation(report, (step,))


def explained_rows(report: Report, keys: Sequence[str] = ()) -> Explanation:
    """Return the derivation of the numbers of every layer, back to the layer before, and of the totals."""
    rows = _Rows(report)
    first: dict[tuple[object, ...], str] = {}
    steps = []
    for row in report.layers:
        like = first.setdefault((row.step.layer, row.inputs, row.step.weights), row.path)
        steps.append(rows.step(row, keys, 0)._replace(like=like if like != row.path else ""))
    total = _summed(report, "", keys)
    return Explanation(report, (*steps, *((total,) if total is not None else ())))


def document_with_formulas(report: Report) -> dict[str, Any]:
    """Return the JSON of a report in which each layer, and the totals, have their derivations under `explained`."""
    *steps, total = (step.to_dict() for step in explained_rows(report).steps)
    document = report.to_dict()
    layers = [
        {**layer, "explained": {"keys": step["keys"], "where": step["where"]}}
        for layer, step in zip(document["layers"], steps, strict=True)
    ]
    return {**document, "layers": layers, "explained": total["keys"]}


class _Rows:
    """The explanations of the layers of a report."""

    def __init__(self, report: Report) -> None:
        self.network = NetworkTrace(report)
        self._writers: Mapping[str, Callable[[LayerReport, LayerTrace], ExplainedKey]] = {
            "output": self._output,
            "params": self._params,
            "buffers": self._buffers,
            "macs": self._macs,
            "flops": self._flops,
            "memory": self._memory,
        }

    def step(self, row: LayerReport, keys: Sequence[str], levels: int | None) -> ExplainedStep:
        """Return the explanation of a layer."""
        chosen = tuple(keys) or ROW_KEYS
        trace = self.network.trace(row)
        if trace is None:
            return ExplainedStep(row.path, row, tuple(_untraced(row, key) for key in chosen))
        explained = tuple(_checked(self._writers[key](row, trace)) for key in chosen)
        named = _named(explained)
        if ROW_KEYS[0] not in chosen:
            # The axes of the output have formulas of their own.
            shapes = trace.output_formulas()
            for each in tuple(named.values()):
                if each.source[0] == OUTPUT:
                    _, name, axis = each.source
                    for inner in shapes[name][axis].leaves:
                        named.setdefault(inner.source, inner)
        else:
            named = {source: each for source, each in named.items() if source[0] != OUTPUT}
        return ExplainedStep(row.path, row, explained, self.network.origins(row, named.values(), levels))

    def _output(self, row: LayerReport, trace: LayerTrace) -> ExplainedKey:
        several = len(row.outputs) > 1
        formulas = [
            each._replace(name=f"{name}.{each.name}") if several else each
            for name, axes in trace.output_formulas().items()
            for each in axes
        ]
        return ExplainedKey("output", None, tuple(formulas))

    def _params(self, row: LayerReport, trace: LayerTrace) -> ExplainedKey:
        if self.network.report.params_as != "pytorch":
            counted_as = self.network.report.params_as
            counted = trace.layer.params_as(counted_as, *trace.inputs)
            frozen = trace.layer.non_trainable_as(counted_as, *trace.inputs)
            if not row.step.weights:
                return _key("params", row.params, Formula("params", counted + frozen, _number(row.facts.params)))
        return self._tensors("params", "parameters", row, trace, row.params)

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
        shared = {name: row.step.owner(name) for name in shapes if not row.step.owns(name)}
        notes = tuple(f"{name} is that of {owner}, and counts there" for name, owner in shared.items())
        formulas = trace.tensor_formulas(kind, owned)
        if len(formulas) > 1:
            formulas = (*formulas, total_formula(key, formulas, _number(result)))
        if not shapes:
            notes = (f"the layer has no {'trainable tensors' if key == 'params' else 'buffers'}",)
        return ExplainedKey(key, result, formulas, notes=notes)

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
        dtype = self.network.report.dtype
        elements = sum(map(product, trace.cost_outputs.values()))
        activations = row.facts.activations
        result = None if activations is None else bytes_of(activations, dtype)
        return _key("memory", result, Formula("bytes", bytes_of(elements, dtype), _number(result)))


def _number(count: Count) -> Dim:
    """Return a count, 0 if it is unknown: then no formula has it as its value."""
    return 0 if count is None else count


def _key(key: str, result: Count, *formulas: Formula) -> ExplainedKey:
    return ExplainedKey(key, result, formulas)


def _checked(explained: ExplainedKey) -> ExplainedKey:
    """Return a number with the formulas of another value left out: they are those of other sizes of a symbol."""
    holds = tuple(each for each in explained.formulas if each.holds)
    if len(holds) == len(explained.formulas):
        return explained
    return explained._replace(formulas=holds, notes=(*explained.notes, BY_CASES))


def _untraced(row: LayerReport, key: str) -> ExplainedKey:
    return ExplainedKey(key, None if key == "output" else count_of(row, key), notes=(UNTRACED,))


def _named(keys: Iterable[ExplainedKey]) -> dict[tuple[Any, ...], Leaf]:
    """Return the named numbers of formulas, by their source."""
    named: dict[tuple[Any, ...], Leaf] = {}
    for key in keys:
        for formula in key.formulas:
            for each in formula.leaves:
                if each.source[0] in (FIELD, INPUT, OUTPUT):
                    named[each.source] = each
    return named


def count_of(row: LayerReport, key: str) -> Count:
    """Return a number of a layer, of `TOTAL_KEYS`; memory in elements."""
    sums = sums_of(row)
    return sums.activations if key == "memory" else getattr(sums, key)


def _summed(report: Report, path: str, keys: Sequence[str]) -> ExplainedStep | None:
    """Return the numbers of the layers whose paths begin with `path`, as sums by the next part of their paths."""
    inside = f"{path}." if path else ""
    below: dict[str, list[LayerReport]] = {}
    for row in report.layers:
        if row.path.startswith(inside):
            below.setdefault(inside + row.path[len(inside) :].partition(".")[0], []).append(row)
    if not below:
        return None
    chosen = [key for key in keys or TOTAL_KEYS if key in TOTAL_KEYS]
    return ExplainedStep(path, None, tuple(_sum(report, key, below) for key in chosen))


def _sum(report: Report, key: str, below: Mapping[str, Sequence[LayerReport]]) -> ExplainedKey:
    counts = {path: sum_of(count_of(row, key) for row in rows) for path, rows in below.items()}
    result = sum_of(counts.values())
    nothing = sum(1 for count in counts.values() if count == 0)
    if key == "memory":
        counts = {path: None if count is None else bytes_of(count, report.dtype) for path, count in counts.items()}
        result = None if result is None else bytes_of(result, report.dtype)
    parts = [Summand(path, count) for path, count in counts.items() if count != 0]
    notes = (f"{nothing} other{'s' if nothing > 1 else ''} with 0",) if nothing and parts else ()
    return ExplainedKey(key, result, parts=tuple(_with_equal_neighbours(parts)), notes=notes)


def _with_equal_neighbours(parts: Iterable[Summand]) -> Iterator[Summand]:
    """Yield parts, with neighbours of equal numbers as one."""
    for _, neighbours in groupby(parts, key=lambda part: part.value):
        first, *others = neighbours
        yield Summand(f"{first.path} … {others[-1].path}", first.value, len(others) + 1) if others else first


def _no_such_step(report: Report, path: str) -> ShapecalcError:
    """Return the error for a path that no layer and no block has."""
    from shapecalc.diagnostics.suggestions import closest  # noqa: PLC0415 - only a mistake needs it

    paths = {".".join(parts[:count]) for row in report.layers for parts in (row.path.split("."),)
             for count in range(1, len(parts) + 1)}  # fmt: skip
    ends = [each for each in paths if each.rpartition(".")[2] == path]
    near = ends[0] if len(ends) == 1 else closest(path, paths)
    hint = f"did you mean `{near}`?" if near else f"`shapecalc inspect {report.architecture.name}` lists the layers"
    return misuse("SC104", f"`{report.architecture.name}` has no step `{path}`: {hint}")
