"""Diagnostics of a layer's errors, with the origin of its input shapes and the calls of blocks around it."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from shapecalc.architecture import Step, input_slot
from shapecalc.diagnostics import Diagnostic, Label
from shapecalc.dims import show
from shapecalc.shape_inference.report import BATCH_SYMBOLS
from shapecalc.shape_inference.rows import GroupReport, LayerReport

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping

    from shapecalc.architecture import Group, Input
    from shapecalc.diagnostics import LayerError
    from shapecalc.diagnostics.step_spans import StepSpans

SHAPELESS = {"SC205", "SC306", "SC308"}
"""Codes of mistakes that do not depend on the input shapes, so that their origin explains nothing."""

MOST_CALLS = 4
"""Calls that a diagnostic shows, innermost first: outer ones are seldom the cause."""

MOST_ORIGINS = 8
"""Inputs of a step whose origin a diagnostic shows: in a step with more, one input is seldom the cause."""

Maker = LayerReport | GroupReport


@dataclass(slots=True)
class Frame:
    """A body during the walk: the row that gives each slot so far, and which run of which group in `outer` it is.

    `inputs` are the inputs of the whole architecture as the file states them.
    """

    inputs: Mapping[str, Input]
    makers: dict[str, Maker] = field(default_factory=dict)
    outer: Frame | None = None
    group: Group | None = None
    run: int = 0


def locate(error: LayerError, step: Step, bindings: Mapping[str, int], frame: Frame) -> Diagnostic:
    """Return the diagnostic of a mistake: its span, the origin of the shapes, the sizes and the calls."""
    at = ", ".join(f"{name} = {size}" for name, size in bindings.items() if name not in BATCH_SYMBOLS)
    notes = (f"at {at}",) if at else ()
    type_ = step.layer.type
    if step.spans is None:
        return Diagnostic(code=error.code, message=f"`{type_}` {error.message}", help=error.help, notes=notes)
    diagnostic = step.spans.diagnose(error, type_)
    calls = tuple(call_labels(frame))
    if error.code in SHAPELESS:
        return diagnostic._replace(labels=(*diagnostic.labels, *calls))
    names = step.branches or ("",) * len(step.inputs)
    origins = [
        label._replace(text=f"`{name}` {label.text}" if name else label.text)
        for name, slot in islice(zip(names, step.inputs, strict=True), MOST_ORIGINS)
        for label in _origin(slot, frame)
    ]
    diagnostic = diagnostic._replace(labels=tuple(dict.fromkeys([*origins, *diagnostic.labels, *calls])), notes=notes)
    if frame.group is not None and diagnostic.fix is not None:
        # The edit may be wrong for other calls of the body.
        diagnostic = diagnostic._replace(fix=diagnostic.fix._replace(safe=False))
    if in_later_run(frame):
        # The first run has no mistake: an edit that fixes this run would break the first.
        help_text = "let each run give the shape that it reads, or repeat it fewer times"
        diagnostic = diagnostic._replace(help=help_text, fix=None)
    return diagnostic


def in_later_run(frame: Frame) -> bool:
    """Return whether a body is walked for a run that reads what the run before it gives."""
    at: Frame | None = frame
    while at is not None:
        if at.run and at.group is not None and not at.group.varied:
            return True
        at = at.outer
    return False


def missing_inputs(step: Step | Group, values: Container[str], frame: Frame) -> Iterator[Diagnostic]:
    """Yield an SC104 error for each input of a step that is a piece which the layer does not give."""
    for slot in step.inputs:
        label = None if slot in values else _pieces_label(slot, frame)
        if label is not None and step.spans is not None:
            yield Diagnostic(
                code="SC104",
                message=f"`from` names `{slot}`, a piece that is not there",
                span=step.spans.inputs or step.spans.type,
                labels=(label, *call_labels(frame)),
            )


def missing_outputs(outputs: Mapping[str, str], values: Container[str], frame: Frame) -> Iterator[Diagnostic]:
    """Yield an SC104 error for each output that is a piece which the layer does not give."""
    for slot in outputs.values():
        label = None if slot in values else _pieces_label(slot, frame)
        if label is not None:
            message = f"`outputs` names `{slot}`, a piece that is not there"
            yield Diagnostic(code="SC104", message=message, span=label.span, label=label.text)


def _pieces_label(slot: str, frame: Frame) -> Label | None:
    """Return a label with the pieces that the layer of a slot gives; None if its own input is missing."""
    path, _, _ = slot.rpartition(".")
    maker = frame.makers.get(path)
    if not isinstance(maker, LayerReport) or maker.step.spans is None:
        return None
    count = len(maker.outputs)
    pieces = f"{count} pieces, `{path}.0` to `{path}.{count - 1}`" if count > 1 else f"one piece, `{path}`"
    return Label(maker.step.spans.type, f"gives {pieces}")


def call_labels(frame: Frame) -> Iterator[Label]:
    """Yield the calls that lead to a body, innermost first."""
    at: Frame | None = frame
    shown = 0
    while at is not None and at.group is not None and shown < MOST_CALLS:
        if at.group.spans is not None:
            shown += 1
            run = f", run {at.run + 1} of {at.group.times}" if at.group.times is not None else ""
            title = at.group.bodies[at.run].title
            title = f"in this `{title}`" if title else "in this step"
            yield Label(at.group.spans.type, f"{title}{run}")
        at = at.outer


def _origin(slot: str, frame: Frame) -> Iterator[Label]:
    """Yield the origin of a slot's shape: the last layer or block that changed it, else the input."""
    at = frame
    seen: set[int] = set()
    while True:
        if slot in at.makers:
            maker = at.makers[slot]
            if id(maker) in seen:
                return  # two steps have one name, which is an error of its own, and this one reads itself
            seen.add(id(maker))
            label = _output_label(maker, slot)
            if label is not None:
                yield label
            inputs = maker.step.inputs if isinstance(maker, LayerReport) else maker.group.inputs
            if label is not None or _spans_of(maker) is None or not inputs:
                return
            slot = inputs[0]
        elif at.group is not None and at.outer is not None:
            if at.run and slot == input_slot(0):
                if at.group.spans is not None:
                    yield Label(at.group.spans.type, f"enters run {at.run + 1} as run {at.run} gave it")
                return
            slot = at.group.inputs[next(p for p in range(len(at.group.inputs)) if input_slot(p) == slot)]
            at = at.outer
        else:
            entry = at.inputs.get(slot)
            if entry is not None and entry.span is not None:
                yield Label(entry.span, "enters here")
            return


def _output_label(maker: Maker, slot: str) -> Label | None:
    """Return the label of a layer or block that gives a shape; None if the shape is that of its first input."""
    spans = _spans_of(maker)
    if spans is None:
        return None
    named = maker.outputs
    if isinstance(maker, LayerReport):
        named = {maker.step.slot(name): shape for name, shape in maker.outputs.items()}
    if slot != maker.path and slot in named:
        return Label(spans.type, f"gives {show(named[slot])} as {slot.removeprefix(f'{maker.path}.')}")
    if maker.inputs and maker.inputs[0] == maker.output:
        return None
    gives = f"gives {show(maker.output)}"
    how = maker.step.layer.explain(*maker.inputs, maker.output) if isinstance(maker, LayerReport) else ""
    return Label(spans.type, f"{gives}: {how}" if how else gives)


def _spans_of(maker: Maker) -> StepSpans | None:
    return maker.step.spans if isinstance(maker, LayerReport) else maker.group.spans
