"""Shape inference: one walk over an architecture that applies each layer's rules and sums the counts into a report."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from shapecalc.diagnostics import Diagnostic, LayerError, ShapecalcError, misuse
from shapecalc.dims import Condition, Effort, free_symbols
from shapecalc.layers.base import PARAMS_AS
from shapecalc.layers.fields import LARGEST_DIM
from shapecalc.shape_inference.constraints import ANY, sizes_meeting
from shapecalc.shape_inference.dtypes import BITS, USUAL_DTYPE, bytes_of
from shapecalc.shape_inference.facts import EmptySampleError
from shapecalc.shape_inference.overflow import refuse_counts, too_many_axes
from shapecalc.shape_inference.report import BATCH_SYMBOLS, BYTES, Report, Totals
from shapecalc.shape_inference.rows import LayerReport, leaves, sum_of, sums_of, total
from shapecalc.shape_inference.walker import walk

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from shapecalc.architecture import Architecture
    from shapecalc.dims import Sizes
    from shapecalc.shape_inference.rows import GroupReport, Sums


def inspect(architecture: Architecture, *, symbolic: bool = False, params_as: str = "pytorch", **sizes: int) -> Report:
    """Return the shapes and costs of every layer.

    `sizes` bind symbols (`N=2, H=256`); the file's own `sizes:` bind others, unless `symbolic`. If the batch is
    unbound, costs are those of one sample, or of the smallest valid batch. `params_as` is the convention of the count
    of parameters, one of `shapecalc.layers.base.PARAMS_AS`.
    Raises `ShapecalcError` with a diagnostic for each independent mistake.

    >>> import shapecalc
    >>> inspect(shapecalc.load("lenet5")).totals.params
    61706
    """
    return inspect_at(architecture, sizes, symbolic=symbolic, params_as=params_as)


def inspect_at(
    architecture: Architecture,
    sizes: Mapping[str, int],
    *,
    symbolic: bool = False,
    params_as: str = "pytorch",
    dtype: str = USUAL_DTYPE,
) -> Report:
    """Return the result of `inspect`, with the sizes as a mapping."""
    if dtype not in BITS:
        raise misuse("SC203", f"`dtype` expects one of {', '.join(BITS)}, receives `{dtype}`")
    if params_as not in PARAMS_AS:
        message = f"`params_as` expects one of {', '.join(PARAMS_AS)}, receives `{params_as}`"
        raise misuse("SC203", message)
    report = Reports(architecture).at(sizes, symbolic=symbolic)
    report = report if params_as == report.params_as else _recounted(report, params_as)
    return report if dtype == report.dtype else _with_dtype(report, dtype)


def _with_dtype(report: Report, dtype: str) -> Report:
    """Return the report with memory for elements of a type."""
    totals, activations = report.totals, sum_of(row.facts.activations for row in leaves(report.tree))
    totals = totals._replace(
        parameter_bytes=None if totals.params is None else bytes_of(totals.params, dtype),
        activation_bytes=None if activations is None else bytes_of(activations, dtype),
    )
    return dataclasses.replace(report, totals=totals, dtype=dtype)


def infer(
    architecture: Architecture,
    *,
    symbolic: bool = False,
    sizes: Mapping[str, int] | None = None,
    one_sample: bool = True,
) -> tuple[Report | None, tuple[Diagnostic, ...]]:
    """Return the report, or None and the diagnostics of every independent mistake.

    If the batch is unbound, costs are those of one sample, or of the smallest batch that is valid; without `one_sample`
    they are expressions in the batch. A layer whose rule fails has no output: steps that read it are skipped without a
    diagnostic, all others are checked. A body is walked once for each set of input shapes and dtypes.
    """
    bindings = _bindings(architecture, sizes or {}, symbolic=symbolic)
    mistakes = tuple(_violated(architecture, bindings)) or tuple(too_many_axes(architecture))
    if mistakes:
        return None, mistakes
    batch = [name for name in BATCH_SYMBOLS if one_sample and name in architecture.symbols and name not in bindings]
    costs_at = dict.fromkeys(batch, 1)
    try:
        result = _infer_at(architecture, bindings, costs_at)
    except EmptySampleError:
        result = _infer_at(architecture, bindings, {})
    report, _ = result
    smallest = costs_at if report is None else {name: batch_sizes(report, name).smallest or 1 for name in batch}
    if smallest == costs_at:
        return result
    try:
        return _infer_at(architecture, bindings, smallest)
    except EmptySampleError:
        return result


def batch_sizes(report: Report, name: str) -> Sizes:
    r"""Return the sizes of an unbound symbol that meet the conditions on it alone, of layers and of `where:`.

    >>> import shapecalc
    >>> net = shapecalc.loads("input: [N, 6]\nlayers: [{reshape: [-1, 4]}]")
    >>> batch_sizes(shapecalc.inspect(net), "N").first(3)
    (2, 4, 6)
    """
    stated = (each.condition.at(report.bindings) for each in report.architecture.where)
    required = (constraint.condition for constraint in report.constraints)
    conditions = [each for each in (*stated, *required) if isinstance(each, Condition)]
    alone = [each for each in conditions if free_symbols(each.expr) == (name,)]
    return sizes_meeting(alone, name, Effort()) or ANY


def with_costs_at(report: Report, sizes: Mapping[str, int]) -> Report:
    """Return a report with costs at other sizes of the batch; the report itself if they are not valid."""
    try:
        other, _ = _infer_at(report.architecture, report.bindings, sizes)
    except EmptySampleError:
        return report
    return other or report


def _infer_at(
    architecture: Architecture, bindings: Mapping[str, int], costs_at: Mapping[str, int]
) -> tuple[Report | None, tuple[Diagnostic, ...]]:
    """Return the result of `infer` with costs at given sizes of the batch.

    Raises `EmptySampleError` if an axis is empty at these sizes.
    """
    inputs, rows, values, diagnostics = walk(architecture, bindings, costs_at)
    if diagnostics:
        return None, diagnostics
    outputs = {name: values[slot] for name, slot in architecture.outputs.items()}
    try:
        totals = _totals(total(map(sums_of, rows)))
    except LayerError as error:
        return None, (Diagnostic(code=error.code, message=f"the network {error.message}"),)
    return Report(architecture, inputs, bindings, costs_at, rows, outputs, totals), ()


class Reports:
    """The reports of one architecture, each inferred once, when its sizes are first needed."""

    __slots__ = ("_inferred", "architecture")

    def __init__(self, architecture: Architecture) -> None:
        self.architecture = architecture
        self._inferred: dict[tuple[frozenset[tuple[str, int]], bool], tuple[Report | None, tuple[Diagnostic, ...]]] = {}

    def infer(
        self, sizes: Mapping[str, int], *, symbolic: bool = False, one_sample: bool = True
    ) -> tuple[Report | None, tuple[Diagnostic, ...]]:
        """Return the result of `infer`."""
        bindings = _bindings(self.architecture, sizes, symbolic=symbolic)
        unbound = set(self.architecture.symbols).difference(bindings)
        key = frozenset(bindings.items()), one_sample and not unbound.isdisjoint(BATCH_SYMBOLS)
        if key not in self._inferred:
            self._inferred[key] = infer(self.architecture, symbolic=True, sizes=bindings, one_sample=one_sample)
        return self._inferred[key]

    def at(self, sizes: Mapping[str, int], *, symbolic: bool = False) -> Report:
        """Return the result of `inspect_at`."""
        report, diagnostics = self.infer(sizes, symbolic=symbolic)
        if report is None:
            from shapecalc.shape_inference.nearest_sizes import with_nearest_sizes  # noqa: PLC0415 - only a mistake needs it

            bindings = _bindings(self.architecture, sizes, symbolic=symbolic)
            raise ShapecalcError(with_nearest_sizes(self.architecture, diagnostics, bindings), self.architecture.file)
        return report


def _recounted(report: Report, params_as: str) -> Report:
    """Return the report with the parameters counted by another convention."""
    tree = _recounted_rows(report.tree, params_as)
    recounted = dataclasses.replace(report, tree=tree, params_as=params_as)
    frozen = sum_of(row.non_trainable for row in recounted.layers)
    totals = _totals(total(map(sums_of, tree)))._replace(non_trainable_params=frozen)
    return dataclasses.replace(recounted, totals=totals)


def _recounted_rows(rows: Iterable[LayerReport | GroupReport], params_as: str) -> tuple[LayerReport | GroupReport, ...]:
    recounted: list[LayerReport | GroupReport] = []
    for row in rows:
        if isinstance(row, LayerReport):
            layer, facts = row.step.layer, row.facts
            frozen = layer.non_trainable_as(params_as, *row.inputs)
            params = layer.params_as(params_as, *row.inputs) + frozen
            buffers = None if facts.buffer_count is None else facts.buffer_count - frozen
            recounted.append(
                row._replace(facts=facts._replace(params=params, buffer_count=buffers, non_trainable=frozen))
            )
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
            raise misuse("SC312", f"`{architecture.name}` has no symbol `{name}`: {has}")
        if type(size) is not int or not 1 <= size <= LARGEST_DIM:
            message = f"`{name}` expects a size from 1 to {LARGEST_DIM} (2^31 - 1), receives {size}"
            raise misuse("SC201", message)
    usual = {} if symbolic else {name: size for name, size in architecture.sizes.items() if name in symbols}
    return {**usual, **sizes}


def _violated(architecture: Architecture, bindings: Mapping[str, int]) -> Iterator[Diagnostic]:
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
        active_params=sums.active_params,
    )
