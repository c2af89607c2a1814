"""A batch axis that a sequence layer reads as time: SC409.

Source: torch.nn.LSTM, `batch_first`: by default a sequence is [time, batch, features].
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shapecalc.checking.lints.axes import stated_roles
from shapecalc.diagnostics import Diagnostic, Fix, Label
from shapecalc.diagnostics.step_spans import with_origins
from shapecalc.dims import free_symbols, pretty, show
from shapecalc.layers.roles import Role
from shapecalc.shape_inference.report import BATCH_SYMBOLS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from shapecalc.checking.lints.axes import LayerAxes, Tensor
    from shapecalc.diagnostics import Source, Span
    from shapecalc.diagnostics.step_spans import StepSpans
    from shapecalc.dims import Dim, Shape
    from shapecalc.layers import Layer
    from shapecalc.layers.roles import Roles
    from shapecalc.shape_inference.report import Report
    from shapecalc.shape_inference.rows import LayerReport

EDIT = "batch_first: true"
SEQUENCE_RANK = 3
_MOST_SHOWN = 4


class _Reading(NamedTuple):
    """A layer that reads time first, and whether the layers before it show that time is first."""

    row: LayerReport
    known: bool


def batch_as_time(report: Report, entries: Sequence[LayerAxes]) -> Iterator[Diagnostic]:
    """Yield a warning for each sequence layer without `batch_first` whose first axis is the batch.

    The first axis is the batch if the layers before show it, or if a layer after it reads axis 1 as time.
    """
    # [B, N, features] are N positions of each of B samples.
    batches = [name for name in BATCH_SYMBOLS if name in report.symbols][::-1]
    known: dict[Span, tuple[LayerReport, Shape, Tensor, StepSpans]] = {}
    for entry in entries:
        spans = entry.row.step.spans
        if spans is None or not _reads_time_first(entry.row.step.layer):
            continue
        for x, tensor in zip(entry.row.inputs, entry.inputs, strict=True):
            if _is_batch_first(entry.row, x, tensor, others=batches[1:]):
                known.setdefault(spans.type, (entry.row, x, tensor, spans))
    warned = set(known)
    if known:
        first, *others = known.values()
        yield _known(*first, [spans for *_, spans in others], report.architecture.file)
    if any(_reads_time_first(entry.row.step.layer) for entry in entries):
        yield from _contradicted(report, warned)


def _reads_time_first(layer: Layer) -> bool:
    return getattr(layer, "batch_first", None) is False


def _is_batch_first(row: LayerReport, x: Shape, tensor: Tensor, others: list[str]) -> bool:
    if len(x) != SEQUENCE_RANK:
        return False
    first, second = (_is_batch(dim, role, others) for dim, role in zip(x[:2], tensor.roles, strict=False))
    if not first or second:
        return False
    # A sequence of the rows of a batch, as one sample: frames of a video, or attention between samples.
    return x[1] != 1 or (row.step.layer.carries_state and tensor.entry is not None)


def _is_batch(dim: Dim, role: Role, others: list[str]) -> bool:
    """Return whether an axis is the batch, or has the batch as a factor; `others` are symbols that are not its name."""
    names = set(free_symbols(dim))
    if names and names <= set(others):
        return False
    return role is Role.BATCH or not names.isdisjoint(BATCH_SYMBOLS)


def _known(
    row: LayerReport, x: Shape, tensor: Tensor, spans: StepSpans, others: list[StepSpans], source: Source | None
) -> Diagnostic:
    """Return one warning for all layers that read the batch as time: a network has few of them, or many."""
    origin, more = tensor.origin, len(others) - _MOST_SHOWN
    labels = [Label(other.type, "this one too") for other in others[:_MOST_SHOWN]]
    if origin is not None:
        labels.append(Label(origin.span, f"axis 0 is the batch, {pretty(x[0])}"))
    diagnostic = Diagnostic(
        code="SC409",
        message=f"`{row.type}` reads axis 0 of {show(x)} as {_sequence(row)}, which is the batch",
        span=spans.type,
        labels=tuple(labels),
        help=f"give {'them' if others else 'it'} `{EDIT}`, or put `permute: [1, 0, 2]` before it",
        notes=(f"and {more} more layers",) if more > 0 else (),
        fix=None if others else _fix(spans, source),
    )
    return with_origins(diagnostic, spans.origins)


def _sequence(row: LayerReport) -> str:
    return "time" if row.step.layer.carries_state else "the sequence"


def _contradicted(report: Report, warned: set[Span]) -> Iterator[Diagnostic]:
    """Yield a warning for each layer that reads time first, while a layer after it reads axis 1 as time.

    A layer that takes one sample of a sequence whose time is known to be first is the mistake itself.
    """
    roles = {
        entry.name: stated_roles(stated.shape)
        for entry, stated in zip(report.inputs, report.architecture.inputs, strict=True)
    }
    readings: dict[str, _Reading] = {}
    for row in report.layers:
        step, arriving = row.step, tuple(roles[slot] for slot in row.step.inputs)
        given = step.layer.output_roles(arriving, row.inputs, row.outputs)
        for number, (name, axes) in enumerate(given.items()):
            roles[step.slot(name)] = axes
            if not number:
                roles[step.path] = axes
        if not step.inputs:
            continue
        reading = readings.get(step.inputs[0])
        if reading is None and _reads_time_first(step.layer) and len(row.inputs[0]) == SEQUENCE_RANK:
            reading = _Reading(row, known=arriving[0][:2] != (Role.UNKNOWN, Role.UNKNOWN))
        elif reading is not None:
            diagnostic = _contradiction(reading, row, arriving[0], report.architecture.file)
            if diagnostic is not None and diagnostic.span is not None and diagnostic.span not in warned:
                warned.add(diagnostic.span)
                yield diagnostic
        if reading is not None and {Role.TIME, Role.BATCH} <= set(roles[step.path]):
            readings[step.path] = reading


def _contradiction(reading: _Reading, row: LayerReport, roles: Roles, source: Source | None) -> Diagnostic | None:
    spans, reader_spans = row.step.spans, reading.row.step.spans
    if roles[0] is not Role.TIME or spans is None or reader_spans is None:
        return None
    if Role.BATCH not in roles or row.inputs[0][roles.index(Role.BATCH)] == 1:
        return None
    if reading.known:
        return _single_sample(row, roles, spans) if reading.row.step.layer.carries_state else None
    use = "reads axis 0 as the batch" if row.step.layer.reads_map else _use_of_axis_1(row, roles)
    if use is None:
        return None
    diagnostic = Diagnostic(
        code="SC409",
        message=f"`{reading.row.type}` reads axis 0 of {show(reading.row.inputs[0])} as {_sequence(reading.row)}, "
        f"`{row.type}` reads it as the batch",
        span=reader_spans.type,
        labels=(Label(spans.type, use),),
        help=f"give `{reading.row.type}` `{EDIT}`",
        fix=_fix(reader_spans, source),
    )
    return with_origins(diagnostic, reader_spans.origins)


def _use_of_axis_1(row: LayerReport, roles: Roles) -> str | None:
    """Return in words how a layer reads axis 1 of a sequence, which is the batch, as time; None if it does not."""
    if roles[1] is not Role.BATCH:
        return None
    from shapecalc.layers.activation import Rowwise  # noqa: PLC0415 - a family is imported when a file has one
    from shapecalc.layers.reducing import Reduction, Select  # noqa: PLC0415
    from shapecalc.layers.reshaping import Moving  # noqa: PLC0415

    layer, x = row.step.layer, row.inputs[0]
    if getattr(layer, "batch_first", None) is True:
        return "reads axis 1 as time"
    if isinstance(layer, Reduction):
        return "works along axis 1" if {0, 1}.intersection(layer.axes(x)) == {1} else None
    if isinstance(layer, Select | Rowwise) and layer.dim % len(x) == 1:
        return "takes one index of axis 1" if isinstance(layer, Select) else "works along axis 1"
    if isinstance(layer, Moving) and len(row.output) == 2 and row.output[0] == x[0]:  # noqa: PLR2004 - rows of features
        return "joins axis 1 with the features"
    return None


def _single_sample(row: LayerReport, roles: Roles, spans: StepSpans) -> Diagnostic | None:
    from shapecalc.layers.reducing import Select  # noqa: PLC0415 - a family is imported when a file has one

    layer, x = row.step.layer, row.inputs[0]
    if not isinstance(layer, Select) or roles[1] is not Role.BATCH or layer.dim % len(x) != 1:
        return None
    dim = spans.fields.get(("dim",))
    diagnostic = Diagnostic(
        code="SC409",
        message=f"`{row.type}` takes one sample of {show(x)}, not one step: axis 0 is time, axis 1 the batch",
        span=dim or spans.type,
        help="time is axis 0: `dim: 0`",
        fix=Fix(dim, "0") if dim is not None else None,
    )
    return with_origins(diagnostic, spans.origins)


def _fix(spans: StepSpans, source: Source | None) -> Fix | None:
    """Return the edit that states `batch_first`; None if the fields are not written on one line."""
    written = spans.fields.get(("batch_first",))
    if written is not None:
        return Fix(written, "true")
    last = max((span for (_, *entry), span in spans.fields.items() if not entry), default=None)
    if last is None or source is None or last.line != last.end_line:
        return None
    text = source.of(last).text.split("\n")[last.line - 1]
    value, rest = text[last.column - 1 : last.end_column - 1], text[last.end_column - 1 :].lstrip()
    # A value in braces; any other may be the only value, or end its line.
    return Fix(last, f"{value}, {EDIT}") if rest.startswith("}") and len(spans.fields) > 1 else None
