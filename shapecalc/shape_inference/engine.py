"""Shape inference: one walk over an architecture that applies each layer's rules and sums the counts into a report."""

from __future__ import annotations

import dataclasses
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.architecture import Step, entering, input_symbols
from shapecalc.diagnostics import MOST_FINDINGS, Diagnostic, LayerError, ShapecalcError
from shapecalc.diagnostics.progress import told
from shapecalc.dims import DimLimitError, evaluate, free_symbols, product
from shapecalc.layers.base import PARAMS_AS
from shapecalc.layers.constraints import Constraints
from shapecalc.layers.fields import LARGEST_DIM
from shapecalc.shape_inference.overflow import refuse_counts, refuse_enormous, refuse_unreachable, too_many_axes
from shapecalc.shape_inference.provenance import Frame, absent, misfit, not_leaving, placed
from shapecalc.shape_inference.report import (
    BATCH_SYMBOLS,
    BYTES,
    Count,
    Facts,
    GroupReport,
    LayerReport,
    Report,
    Sums,
    Totals,
    Walk,
    leaves,
    sums_of,
    total,
)

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping

    from shapecalc.architecture import Architecture, Body, Group
    from shapecalc.diagnostics import Span
    from shapecalc.diagnostics.limits import Limits
    from shapecalc.dims import Condition, Shape
    from shapecalc.layers import Layer
    from shapecalc.shape_inference.provenance import Maker

FLOAT = "float32"


def inspect(architecture: Architecture, *, symbolic: bool = False, params_as: str = "pytorch", **sizes: int) -> Report:
    """Return the shapes and costs of every layer.

    `sizes` bind symbols (`N=2, H=256`); the file's own `sizes:` bind others, unless `symbolic`. If the batch is
    unbound, costs are those of one sample. `params_as` is the convention of the count of parameters, one of
    `shapecalc.layers.base.PARAMS_AS`.
    Raises `ShapecalcError` with a diagnostic for each independent mistake.

    >>> import shapecalc
    >>> inspect(shapecalc.load("lenet5")).totals.params
    61706
    """
    return inspect_at(architecture, sizes, symbolic=symbolic, params_as=params_as)


def inspect_at(
    architecture: Architecture, sizes: Mapping[str, int], *, symbolic: bool = False, params_as: str = "pytorch"
) -> Report:
    """Return the result of `inspect`, with the sizes as a mapping."""
    if params_as not in PARAMS_AS:
        message = f"`params_as` expects one of {', '.join(PARAMS_AS)}, receives `{params_as}`"
        raise ShapecalcError((Diagnostic(code="SC203", message=message),), exit_code=2)
    report = Reports(architecture).at(sizes, symbolic=symbolic)
    return report if params_as == report.params_as else _recounted(report, params_as)


def infer(
    architecture: Architecture,
    *,
    symbolic: bool = False,
    sizes: Mapping[str, int] | None = None,
    one_sample: bool = True,
) -> tuple[Report | None, tuple[Diagnostic, ...]]:
    """Return the report, or None and the diagnostics of every independent mistake.

    If the batch is unbound, costs are those of one sample, or without `one_sample` expressions in the batch. A layer
    whose rule fails has no output: steps that read it are skipped without a diagnostic, all others are checked. A body
    is walked once for each set of input shapes and dtypes.
    """
    bindings = _bindings(architecture, sizes or {}, symbolic=symbolic)
    broken = tuple(_broken(architecture, bindings))
    if broken:
        return None, broken
    inputs = tuple(entry._replace(shape=_bound(entry.shape, bindings)) for entry in architecture.inputs)
    wide = tuple(too_many_axes(architecture))
    if wide:
        return None, wide
    free = input_symbols(inputs)
    costs_at = dict.fromkeys((name for name in BATCH_SYMBOLS if one_sample and name in free), 1)
    walker = _Walker(costs_at, bindings, architecture.limits)
    frame = Frame({entry.name: entry.span for entry in inputs})
    # Only slots that are not float32.
    dtypes = {entry.name: entry.dtype for entry in inputs if entry.dtype != FLOAT}
    values = {entry.name: entry.shape for entry in inputs}
    try:
        rows = walker.walk(architecture.steps, values, dtypes, frame)
    except _NoneOfOneError:
        return infer(architecture, symbolic=symbolic, sizes=sizes, one_sample=False)
    walker.findings += not_leaving(architecture.outputs, values, frame)
    if walker.findings:
        return None, tuple(walker.findings)
    outputs = {name: values[slot] for name, slot in architecture.outputs.items()}
    try:
        totals = _totals(total(map(sums_of, rows)))
    except LayerError as error:
        return None, (Diagnostic(code=error.code, message=f"the network {error.message}"),)
    return Report(architecture, inputs, bindings, costs_at, rows, outputs, totals), ()


class Reports:
    """The reports of one architecture, inferred once for each set of sizes, on demand."""

    __slots__ = ("_inferred", "architecture")

    def __init__(self, architecture: Architecture) -> None:
        self.architecture = architecture
        self._inferred: dict[tuple[frozenset[tuple[str, int]], bool], tuple[Report | None, tuple[Diagnostic, ...]]] = {}

    def infer(
        self, sizes: Mapping[str, int], *, symbolic: bool = False, one_sample: bool = True
    ) -> tuple[Report | None, tuple[Diagnostic, ...]]:
        """Return the result of `infer`."""
        bindings = _bindings(self.architecture, sizes, symbolic=symbolic)
        free = set(self.architecture.symbols).difference(bindings)
        key = frozenset(bindings.items()), one_sample and not free.isdisjoint(BATCH_SYMBOLS)
        if key not in self._inferred:
            self._inferred[key] = infer(self.architecture, symbolic=True, sizes=bindings, one_sample=one_sample)
        return self._inferred[key]

    def at(self, sizes: Mapping[str, int], *, symbolic: bool = False) -> Report:
        """Return the result of `inspect_at`."""
        report, findings = self.infer(sizes, symbolic=symbolic)
        if report is None:
            raise ShapecalcError(findings, self.architecture.file)
        return report


class _NoneOfOneError(Exception):
    """An axis is empty for one sample, so the symbol of the batch is also the size of something else."""


class _Walker:
    """One inference: the diagnostics so far, and the results of layers and bodies by their input shapes."""

    __slots__ = ("_bindings", "_bodies", "_costs_at", "_layers", "_limits", "_told", "findings")

    def __init__(self, costs_at: Mapping[str, int], bindings: Mapping[str, int], limits: Limits) -> None:
        self.findings: list[Diagnostic] = []
        self._costs_at = costs_at
        self._bindings = bindings
        self._limits = limits
        self._layers: dict[tuple[Layer, tuple[Shape, ...]], Facts] = {}
        self._told: set[tuple[str, Span]] = set()
        self._bodies: dict[_Entered, tuple[Walk, str] | None] = {}

    def walk(
        self, steps: tuple[Step | Group, ...], values: dict[str, Shape], dtypes: dict[str, str], frame: Frame
    ) -> tuple[LayerReport | GroupReport, ...]:
        """Return a row per step, and store the shapes and dtypes of its outputs in `values` and `dtypes`."""
        rows: list[LayerReport | GroupReport] = []
        for step in told(steps, "shapes", len(steps)):
            try:
                shapes = tuple([values[slot] for slot in step.inputs])
            except KeyError:
                # It reads the output of a layer that failed (one cause, one error), or a piece that does not exist.
                self.findings += absent(step, values, frame)
                continue
            row: LayerReport | GroupReport | None
            if isinstance(step, Step):
                row = self._layer(step, shapes, dtypes, frame)
            else:
                row = self._group(step, shapes, dtypes, frame)
            if row is None:
                continue
            if step.weights and step.weights in frame.makers:
                self._hold_weights(step, row, frame)
            rows.append(row)
            _store(row, values, frame.makers)
        return tuple(rows)

    def _layer(self, step: Step, shapes: tuple[Shape, ...], dtypes: dict[str, str], frame: Frame) -> LayerReport | None:
        key = (step.layer, shapes)
        facts = self._layers.get(key)
        if facts is None:
            try:
                facts = self._layers[key] = self._facts(step.layer, shapes)
            except LayerError as error:
                self._refuse(error, step, frame)
                facts = self._without_stated(step.layer, error, shapes)
                if facts is None:
                    return None
        if dtypes or step.layer.reads != FLOAT:
            try:
                _pass_dtype(step, facts.outputs, dtypes, frame.inputs)
            except LayerError as error:
                self.findings.append(placed(error, step, self._bindings, frame))
        return LayerReport(step, shapes, facts)

    def _facts(self, layer: Layer, shapes: tuple[Shape, ...]) -> Facts:
        """Return the facts of a layer, with its conditions on symbols."""
        required: list[Condition] = []
        try:
            facts = _derived(layer, shapes, self._costs_at, Constraints(required))
        except DimLimitError as error:
            help_text = "give symbols numbers: `--set NAME=…`, or `sizes:` in the file"
            raise LayerError("SC311", f"has no closed form within bounds: {error}", help=help_text) from None
        refuse_enormous(facts, self._limits)
        if not required:
            return facts
        conditions = tuple(dict.fromkeys(required))
        refuse_unreachable(conditions)
        return facts._replace(conditions=conditions)

    def _without_stated(self, layer: Layer, error: LayerError, shapes: tuple[Shape, ...]) -> Facts | None:
        """Return the facts without a wrongly stated size, so that later steps are still checked."""
        if error.code != "SC301" or error.field is None:
            return None
        try:
            return self._facts(dataclasses.replace(layer, **{error.field: None}), shapes)  # type: ignore[type-var]
        except LayerError:
            return None

    def _refuse(self, error: LayerError, step: Step, frame: Frame) -> None:
        """Report a mistake; one in a value that a body itself states only once for all calls of the body."""
        if len(self.findings) >= MOST_FINDINGS:
            return  # the origin of each is traced through all layers before it
        found = placed(error, step, self._bindings, frame)
        if frame.group is not None and error.field is not None and step.place is not None and found.span is not None:
            at = (found.code, found.span)
            if at in self._told:
                return
            if found.span not in step.place.given:
                self._told.add(at)
        self.findings.append(found)

    def _group(
        self, group: Group, shapes: tuple[Shape, ...], dtypes: dict[str, str], frame: Frame
    ) -> GroupReport | None:
        entered = tuple([dtypes.get(slot, FLOAT) for slot in group.inputs])
        runs: list[Walk] = []
        first = shapes
        for run in range(group.times or 1):
            found = self._body(_Entered(group.body, first, entered), Frame({}, {}, frame, group, run))
            if found is None:
                return None
            walk, dtype = found
            runs.append(walk)
            first, entered = (walk.output, *shapes[1:]), (dtype, *entered[1:])
        if entered[0] != FLOAT:
            dtypes[group.path] = entered[0]
        return GroupReport(group, shapes, tuple(runs))

    def _body(self, key: _Entered, frame: Frame) -> tuple[Walk, str] | None:
        """Return the walk of a body for these shapes, and its output dtype; None if a mistake prevents it."""
        if key in self._bodies:
            return self._bodies[key]
        slots = [entering(position) for position in range(len(key.shapes))]
        values = dict(zip(slots, key.shapes, strict=True))
        dtypes = {slot: dtype for slot, dtype in zip(slots, key.dtypes, strict=True) if dtype != FLOAT}
        rows = self.walk(key.body.steps, values, dtypes, frame)
        found = None
        if key.body.output in values:
            walk = Walk(rows, values[key.body.output], total(map(sums_of, rows)))
            found = walk, dtypes.get(key.body.output, FLOAT)
        self._bodies[key] = found
        return found

    def _hold_weights(self, step: Step | Group, row: LayerReport | GroupReport, frame: Frame) -> None:
        """Report weights of another layer that have other names or shapes than this one's."""
        owner = frame.makers[step.weights]
        wanted, there = (tuple(map(_tensors, leaves((entry,)))) for entry in (row, owner))
        if wanted != there:
            self.findings.append(misfit(step, wanted, there, frame))


class _Entered(NamedTuple):
    """A body with its input shapes and dtypes."""

    body: Body
    shapes: tuple[Shape, ...]
    dtypes: tuple[str, ...]


def _tensors(row: LayerReport) -> dict[str, Shape]:
    return {**row.facts.parameters, **row.facts.buffers}


def _recounted(report: Report, params_as: str) -> Report:
    """Return the report with the parameters counted by another convention."""
    tree = _recounted_rows(report.tree, params_as)
    totals = _totals(total(map(sums_of, tree)))
    return dataclasses.replace(report, tree=tree, totals=totals, params_as=params_as)


def _recounted_rows(rows: Iterable[LayerReport | GroupReport], params_as: str) -> tuple[LayerReport | GroupReport, ...]:
    recounted: list[LayerReport | GroupReport] = []
    for row in rows:
        if isinstance(row, LayerReport):
            params = row.step.layer.params_as(params_as, *row.inputs)
            recounted.append(row._replace(facts=row.facts._replace(params=params)))
            continue
        runs = []
        for run in row.runs:
            inside = _recounted_rows(run.rows, params_as)
            runs.append(run._replace(rows=inside, sums=total(map(sums_of, inside))))
        recounted.append(row._replace(runs=tuple(runs)))
    return tuple(recounted)


def _bindings(architecture: Architecture, sizes: Mapping[str, int], *, symbolic: bool) -> dict[str, int]:
    symbols = architecture.symbols
    for name, size in sizes.items():
        if name not in symbols:
            names = ", ".join(f"`{symbol}`" for symbol in symbols)
            has = f"its free symbols are {names}" if names else "its input has no free symbol"
            finding = Diagnostic(code="SC312", message=f"`{architecture.name}` has no symbol `{name}`: {has}")
            raise ShapecalcError((finding,), exit_code=2)
        if type(size) is not int or not 1 <= size <= LARGEST_DIM:
            message = f"`{name}` expects a size from 1 to {LARGEST_DIM} (2^31 - 1), receives {size}"
            raise ShapecalcError((Diagnostic(code="SC201", message=message),), exit_code=2)
    usual = {} if symbolic else {name: size for name, size in architecture.sizes.items() if name in symbols}
    return {**usual, **sizes}


def _broken(architecture: Architecture, bindings: Mapping[str, int]) -> Iterator[Diagnostic]:
    """Yield an SC317 error for each condition of `where:` that does not hold at the bound sizes."""
    for stated in architecture.where:
        if stated.condition.at(bindings) is False:
            names = free_symbols(stated.condition.expr)
            at = ", ".join(f"{name} = {bindings[name]}" for name in names if name in bindings)
            yield Diagnostic(
                code="SC317",
                message=f"`where` states `{stated.text}`, which does not hold at {at}",
                span=stated.span,
                help="`shapecalc solve` names the sizes that fit",
            )


def _bound(shape: Shape, bindings: Mapping[str, int]) -> Shape:
    return tuple(dim if type(dim) is int else evaluate(dim, bindings) for dim in shape)


def _pass_dtype(step: Step, outputs: Iterable[str], dtypes: dict[str, str], inputs: Container[str]) -> None:
    """Check the input dtypes of a layer, and store its output dtype if it is not float32."""
    layer = step.layer
    arriving = [dtypes.get(slot, FLOAT) for slot in step.inputs]
    if layer.gives == "same" and arriving[0] != FLOAT:
        dtypes |= dict.fromkeys((step.path, *map(step.slot, outputs)), arriving[0])
    for slot, dtype in zip(step.inputs, arriving, strict=True):
        if layer.reads in ("any", dtype):
            continue
        help_text = "let it read indices: `from: input`, with `input: {shape: [N, T], dtype: int64}`"
        if layer.reads == FLOAT:
            help_text = "put `embedding` or `one_hot` before it"
        elif slot in inputs:
            help_text = "declare whole numbers: `input: {shape: [N, T], dtype: int64}`"
        raise LayerError("SC206", expects=layer.reads, receives=dtype, help=help_text)


def _derived(layer: Layer, shapes: tuple[Shape, ...], costs_at: Mapping[str, int], constraints: Constraints) -> Facts:
    least, most = layer.takes
    if not least <= len(shapes) <= most:
        wanted = f"{least}" if least == most else f"{least} {'or' if most == least + 1 else 'to'} {most}"
        raise LayerError("SC313", expects=f"{wanted} input{'s' if most > 1 else ''}", receives=len(shapes))
    outputs = layer.outputs(*shapes, constraints=constraints)
    parameters = layer.parameters(*shapes)
    buffers = layer.buffers(*shapes)
    # `costs_at` is substituted before any product is computed: numbers multiply faster than expressions.
    entering = [_bound(shape, costs_at) for shape in shapes] if costs_at else shapes
    leaving = [_bound(shape, costs_at) if costs_at else shape for shape in outputs.values()]
    if costs_at and any(type(dim) is int and dim < 1 for shape in leaving for dim in shape):
        raise _NoneOfOneError
    macs = layer.macs(*entering, leaving[0])
    facts = Facts(
        outputs,
        parameters,
        buffers,
        sum(map(product, parameters.values())) if parameters else 0,
        sum(map(product, buffers.values())) if buffers else 0,
        macs,
        _flops(macs, layer.operations(*entering, leaving[0])),
        sum(map(product, leaving)),
    )
    parts = layer.macs_parts(*entering, leaving[0])
    if not parts:
        return facts
    return facts._replace(parts=MappingProxyType(parts), useful=layer.useful_macs(*entering, leaving[0]))


def _flops(macs: Count, operations: Count) -> Count:
    return None if macs is None or operations is None else 2 * macs + operations


def _totals(sums: Sums) -> Totals:
    params, activations = sums.params, sums.activations
    activation_bytes = None if activations is None else BYTES * activations
    refuse_counts({"parameters": params, "FLOPs": sums.flops, "bytes of activations": activation_bytes})
    return Totals(
        params=params,
        buffers=sums.buffers,
        macs=sums.macs,
        flops=sums.flops,
        parameter_bytes=None if params is None else BYTES * params,
        activation_bytes=activation_bytes,
    )


def _store(row: LayerReport | GroupReport, values: dict[str, Shape], makers: dict[str, Maker]) -> None:
    values[row.path] = row.output
    makers[row.path] = row
    if isinstance(row, GroupReport):
        return
    outputs = row.facts.outputs
    if len(outputs) > 1:
        for name, shape in outputs.items():
            values[row.step.slot(name)] = shape
            makers[row.step.slot(name)] = row
