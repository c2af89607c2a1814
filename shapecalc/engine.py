"""The shape engine and the counters: walks an architecture once, applies each layer's rules, sums a report."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from shapecalc.diagnostics import Diagnostic, Fix, Label, LayerError, Severity, ShapecalcError
from shapecalc.dims import Dim, DimLimitError, evaluate, free_symbols, product
from shapecalc.layers.base import PARAMS_AS, show
from shapecalc.layers.fields import LARGEST_DIM
from shapecalc.report import BYTES, Count, Facts, LayerReport, Report, Totals

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

    from shapecalc.architecture import Architecture, Expectation, Input, Step
    from shapecalc.layers import Layer, Shape

BATCH_SYMBOLS = ("N", "B", "batch")
"""Costs are shown for one sample where the batch, by one of these names, is left free."""

FLOAT = "float32"

LARGEST_COUNT = 2**63 - 1

SHAPELESS = {"SC205", "SC306", "SC308"}
"""Codes of mistakes that are wrong whatever arrives, so that where it comes from explains nothing."""


def inspect(architecture: Architecture, *, symbolic: bool = False, params_as: str = "pytorch", **sizes: int) -> Report:
    """Return the shapes and costs of every layer.

    `sizes` bind symbols (`N=2, H=256`); what they leave free takes the file's own `sizes:`, unless `symbolic` leaves
    all of it free. Where the batch is free, costs are those of one sample. `params_as` says whose count of parameters:
    of `shapecalc.layers.base.PARAMS_AS`.
    Raises `ShapecalcError` with a diagnostic for each independent mistake.

    >>> import shapecalc
    >>> inspect(shapecalc.load("lenet5")).totals.params
    61706
    """
    return inspect_at(architecture, sizes, symbolic=symbolic, params_as=params_as)


def inspect_at(
    architecture: Architecture, sizes: Mapping[str, int], *, symbolic: bool = False, params_as: str = "pytorch"
) -> Report:
    """Return what `inspect` returns, for symbols that come as a mapping."""
    if params_as not in PARAMS_AS:
        message = f"`params_as` expects one of {', '.join(PARAMS_AS)}, receives `{params_as}`"
        raise ShapecalcError((Diagnostic(code="SC203", message=message),), exit_code=2)
    report, findings = infer(architecture, symbolic=symbolic, sizes=sizes)
    if report is None:
        raise ShapecalcError(findings, architecture.file)
    return report if params_as == report.params_as else _recounted(report, params_as)


def infer(
    architecture: Architecture, *, symbolic: bool = False, sizes: Mapping[str, int] | None = None
) -> tuple[Report | None, tuple[Diagnostic, ...]]:
    """Return the report, or None and the diagnostics of every independent mistake.

    A layer whose rule fails has no output; what reads it is passed over in silence, the rest is still walked.
    """
    bindings = _bindings(architecture, sizes or {}, symbolic=symbolic)
    inputs = tuple(entry._replace(shape=_bound(entry.shape, bindings)) for entry in architecture.inputs)
    free = {name for entry in inputs for dim in entry.shape for name in free_symbols(dim)}
    costs_at = dict.fromkeys((name for name in BATCH_SYMBOLS if name in free), 1)

    values: dict[str, Shape] = {entry.name: entry.shape for entry in inputs}
    named = frozenset(values)
    # Slots that hold whole numbers: all others are float32, which most networks have alone.
    dtypes = {entry.name: entry.dtype for entry in inputs if entry.dtype != FLOAT}
    makers: dict[str, LayerReport] = {}
    known: dict[tuple[Layer, tuple[Shape, ...]], Facts] = {}
    rows: list[LayerReport] = []
    findings: list[Diagnostic] = []
    for step in architecture.steps:
        try:
            shapes = tuple([values[slot] for slot in step.inputs])
        except KeyError:
            continue  # it reads what a failed layer would have given: one cause, one error
        key = (step.layer, shapes)
        facts = known.get(key)
        if facts is None:
            try:
                facts = known[key] = _facts(step.layer, shapes, costs_at)
            except LayerError as error:
                findings.append(_placed(error, step, architecture, bindings, makers))
                facts = _without_stated(step.layer, error, shapes, costs_at)
                if facts is None:
                    continue
        if dtypes or step.layer.reads != FLOAT:
            try:
                _pass_dtype(step, dtypes, named)
            except LayerError as error:
                findings.append(_placed(error, step, architecture, bindings, makers))
        row = LayerReport(step, shapes, facts)
        rows.append(row)
        _store(row, values, makers)
    if findings:
        return None, tuple(findings)
    outputs = {name: values[slot] for name, slot in architecture.outputs.items()}
    try:
        totals = _totals(rows)
    except LayerError as error:
        return None, (Diagnostic(code=error.code, message=f"the network {error.message}"),)
    return Report(architecture, inputs, bindings, costs_at, tuple(rows), outputs, totals), ()


def _recounted(report: Report, params_as: str) -> Report:
    """Return the report with the parameters as another convention counts them."""
    rows = tuple(
        row._replace(facts=row.facts._replace(params=row.step.layer.params_as(params_as, *row.inputs)))
        for row in report.layers
    )
    return dataclasses.replace(report, layers=rows, totals=_totals(rows), params_as=params_as)


def suspicions(report: Report) -> tuple[Diagnostic, ...]:
    """Return a warning for each layer that is legal and likely not meant."""
    found = ((row.step.place, row.step.layer.suspect(), row.type) for row in report.layers)
    return tuple(
        place.diagnose(error, word)._replace(severity=Severity.WARNING)
        for place, error, word in found
        if place is not None and error is not None
    )


def unmet(report: Report) -> tuple[Diagnostic, ...]:
    """Return an SC501 error for each line of an `expect:` block that the report does not meet."""
    totals, architecture = report.totals, report.architecture
    whole: dict[str, Count | Shape] = {
        "params": totals.params,
        "buffers": totals.buffers,
        "macs": totals.macs,
        "flops": totals.flops,
        "output": next(iter(report.outputs.values())),
    }
    found = [_unmet(f"`{architecture.name}`", whole, line) for line in architecture.expect]
    for row in report.layers:
        own: dict[str, Count | Shape] = {
            "params": row.params,
            "buffers": row.buffers,
            "macs": row.macs,
            "flops": row.flops,
            "output": row.output,
        }
        found += [_unmet(f"`{row.path}`", own, line) for line in row.step.expect]
    lines = (finding for finding in found if finding is not None)
    return tuple(sorted(lines, key=lambda finding: finding.span or ()))


def _bindings(architecture: Architecture, sizes: Mapping[str, int], *, symbolic: bool) -> dict[str, int]:
    symbols = {name for entry in architecture.inputs for dim in entry.shape for name in free_symbols(dim)}
    for name, size in sizes.items():
        if name not in symbols:
            names = ", ".join(f"`{symbol}`" for symbol in sorted(symbols))
            has = f"its free symbols are {names}" if names else "its input has no free symbol"
            finding = Diagnostic(code="SC312", message=f"`{architecture.name}` has no symbol `{name}`: {has}")
            raise ShapecalcError((finding,), exit_code=2)
        if type(size) is not int or not 1 <= size <= LARGEST_DIM:
            message = f"`{name}` expects a size from 1 to {LARGEST_DIM} (2^31 - 1), receives {size}"
            raise ShapecalcError((Diagnostic(code="SC201", message=message),), exit_code=2)
    usual = {} if symbolic else {name: size for name, size in architecture.sizes.items() if name in symbols}
    return {**usual, **sizes}


def _bound(shape: Shape, bindings: Mapping[str, int]) -> Shape:
    return tuple(dim if type(dim) is int else evaluate(dim, bindings) for dim in shape)


def _pass_dtype(step: Step, dtypes: dict[str, str], inputs: Container[str]) -> None:
    """Hold what enters against the dtype that the layer reads, and note what leaves where that is not float32."""
    layer = step.layer
    arriving = [dtypes.get(slot, FLOAT) for slot in step.inputs]
    if layer.gives == "same" and arriving[0] != FLOAT:
        dtypes[step.path] = arriving[0]
    for slot, dtype in zip(step.inputs, arriving, strict=True):
        if layer.reads in ("any", dtype):
            continue
        help_text = "let it read indices: `from: input`, with `input: {shape: [N, T], dtype: int64}`"
        if layer.reads == FLOAT:
            help_text = "put `embedding` or `one_hot` before it"
        elif slot in inputs:
            help_text = "declare whole numbers: `input: {shape: [N, T], dtype: int64}`"
        raise LayerError("SC206", f"expects {layer.reads}, receives {dtype}", help=help_text)


def _facts(layer: Layer, shapes: tuple[Shape, ...], costs_at: Mapping[str, int]) -> Facts:
    try:
        return _derived(layer, shapes, costs_at)
    except DimLimitError as error:
        help_text = "give symbols numbers: `--set NAME=…`, or `sizes:` in the file"
        raise LayerError("SC311", f"has no closed form within bounds: {error}", help=help_text) from None


def _derived(layer: Layer, shapes: tuple[Shape, ...], costs_at: Mapping[str, int]) -> Facts:
    least, most = layer.takes
    if not least <= len(shapes) <= most:
        wanted = f"{least}" if least == most else f"{least} {'or' if most == least + 1 else 'to'} {most}"
        raise LayerError("SC313", f"expects {wanted} input{'s' if most > 1 else ''}, receives {len(shapes)}")
    outputs = layer.outputs(*shapes)
    parameters = layer.parameters(*shapes)
    buffers = layer.buffers(*shapes)
    # Costs are worked out at `costs_at`, before any product is taken: numbers multiply faster than expressions.
    entering = [_bound(shape, costs_at) for shape in shapes] if costs_at else shapes
    leaving = [_bound(shape, costs_at) if costs_at else shape for shape in outputs.values()]
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
    _refuse_enormous(facts)
    return facts


def _flops(macs: Count, operations: Count) -> Count:
    return None if macs is None or operations is None else 2 * macs + operations


def _refuse_enormous(facts: Facts) -> None:
    for shape in facts.outputs.values():
        for dim in shape:
            if type(dim) is int and dim > LARGEST_DIM:
                raise LayerError("SC309", f"gives an axis of {dim}, more than {LARGEST_DIM} (2^31 - 1)")
    for word, count in (("parameters", facts.params), ("numbers", facts.activations), ("FLOPs", facts.flops)):
        if type(count) is int and count > LARGEST_COUNT:
            raise LayerError("SC309", f"has {count} {word}, more than {LARGEST_COUNT} (2^63 - 1)")


def _totals(rows: Sequence[LayerReport]) -> Totals:
    facts = [row.facts for row in rows]
    params = _sum(fact.params for fact in facts)
    activations = _sum(fact.activations for fact in facts)
    totals = Totals(
        params=params,
        buffers=_sum(fact.buffer_count for fact in facts),
        macs=_sum(fact.macs for fact in facts),
        flops=_sum(fact.flops for fact in facts),
        parameter_bytes=None if params is None else BYTES * params,
        activation_bytes=None if activations is None else BYTES * activations,
    )
    for word, count in (("parameters", params), ("FLOPs", totals.flops), ("bytes of activations", activations)):
        if type(count) is int and count > LARGEST_COUNT:
            raise LayerError("SC309", f"has {count} {word}, more than {LARGEST_COUNT} (2^63 - 1)")
    return totals


def _sum(counts: Iterable[Count]) -> Count:
    """Return the sum, exact for numbers and expressions; unknown where a part is unknown."""
    total: Dim = 0
    for count in counts:
        if count is None:
            return None
        total = total + count
    return total


def _store(row: LayerReport, values: dict[str, Shape], makers: dict[str, LayerReport]) -> None:
    step, outputs = row.step, row.facts.outputs
    values[step.path] = row.output
    makers[step.path] = row
    if len(outputs) > 1:
        for name, shape in outputs.items():
            values[step.slot(name)] = shape
            makers[step.slot(name)] = row


def _without_stated(
    layer: Layer, error: LayerError, shapes: tuple[Shape, ...], costs_at: Mapping[str, int]
) -> Facts | None:
    """Return the facts that would hold without a wrongly stated size, so that what follows is still checked."""
    if error.code != "SC301" or error.field is None:
        return None
    try:
        return _facts(dataclasses.replace(layer, **{error.field: None}), shapes, costs_at)  # type: ignore[type-var]
    except LayerError:
        return None


def _placed(
    error: LayerError,
    step: Step,
    architecture: Architecture,
    bindings: Mapping[str, int],
    makers: Mapping[str, LayerReport],
) -> Diagnostic:
    """Add to what a rule knows what the engine knows: the place, where the shape came from, at which sizes."""
    at = ", ".join(f"{name} = {size}" for name, size in bindings.items() if name not in BATCH_SYMBOLS)
    notes = (f"at {at}",) if at else ()
    if step.place is None:
        return Diagnostic(code=error.code, message=f"`{step.layer.word}` {error.message}", help=error.help, notes=notes)
    found = step.place.diagnose(error, step.layer.word)
    if error.code in SHAPELESS:
        return found
    inputs = {entry.name: entry for entry in architecture.inputs}
    labels = tuple(dict.fromkeys(label for slot in step.inputs for label in _origin(slot, inputs, makers)))
    return found._replace(labels=labels, notes=notes)


def _origin(slot: str, inputs: Mapping[str, Input], makers: Mapping[str, LayerReport]) -> Iterator[Label]:
    """Yield the place where a slot's shape comes from: the last layer that changed it, else the input."""
    while slot in makers:
        maker = makers[slot]
        further = slot.removeprefix(f"{maker.step.path}.")
        if further in maker.outputs:
            if maker.step.place is not None:
                yield Label(maker.step.place.word, f"gives {show(maker.outputs[further])} as {further}")
            return
        if maker.inputs[0] != maker.output:
            if maker.step.place is not None:
                how = maker.step.layer.explain(*maker.inputs, maker.output)
                gives = show(maker.output)
                yield Label(maker.step.place.word, f"gives {gives}: {how}" if how else f"gives {gives}")
            return
        slot = maker.step.inputs[0]
    entry = inputs.get(slot)
    if entry is not None and entry.span is not None:
        yield Label(entry.span, "enters here")


def _unmet(subject: str, found: Mapping[str, Count | Shape], line: Expectation) -> Diagnostic | None:
    value = found[line.key]
    if value == line.value:
        return None
    said = show(value) if isinstance(value, tuple) else "unknown" if value is None else str(value)
    wanted = show(line.value) if isinstance(line.value, tuple) else line.value
    return Diagnostic(
        code="SC501",
        message=f"{subject} expects {line.key} {wanted}, has {said}",
        span=line.span,
        label=f"is {said}",
        help=f"write `{line.key}: {said}` if the change is meant" if value is not None else None,
        fix=Fix(line.span, said) if value is not None else None,
    )
