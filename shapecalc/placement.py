"""What a rule knows, put in its place: where a shape came from, and through which calls of blocks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from shapecalc.architecture import entering
from shapecalc.diagnostics import Diagnostic, Label
from shapecalc.layers.base import show
from shapecalc.report import BATCH_SYMBOLS, GroupReport, LayerReport

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shapecalc.architecture import Group, Place, Step
    from shapecalc.diagnostics import LayerError, Span
    from shapecalc.layers import Shape

SHAPELESS = {"SC205", "SC306", "SC308"}
"""Codes of mistakes that are wrong whatever arrives, so that where it comes from explains nothing."""

MOST_CALLS = 4
"""Calls that a diagnostic shows, innermost first: what is further out is seldom the cause."""

Maker = LayerReport | GroupReport


@dataclass(slots=True)
class Frame:
    """A body while it is walked: what has made each slot so far, and which run of which group in `outer` it is.

    `inputs` holds what enters the whole architecture, with its place.
    """

    inputs: Mapping[str, Span | None]
    makers: dict[str, Maker] = field(default_factory=dict)
    outer: Frame | None = None
    group: Group | None = None
    run: int = 0


def placed(error: LayerError, step: Step, bindings: Mapping[str, int], frame: Frame) -> Diagnostic:
    """Return the diagnostic of a mistake: the place, where the shapes came from, at which sizes, in which calls."""
    at = ", ".join(f"{name} = {size}" for name, size in bindings.items() if name not in BATCH_SYMBOLS)
    notes = (f"at {at}",) if at else ()
    word = step.layer.word
    if step.place is None:
        return Diagnostic(code=error.code, message=f"`{word}` {error.message}", help=error.help, notes=notes)
    found = step.place.diagnose(error, word)
    calls = tuple(_calls(frame))
    if error.code in SHAPELESS:
        return found._replace(labels=(*found.labels, *calls))
    names = step.branches or ("",) * len(step.inputs)
    origins = [
        label._replace(text=f"`{name}` {label.text}" if name else label.text)
        for name, slot in zip(names, step.inputs, strict=True)
        for label in _origin(slot, frame)
    ]
    return found._replace(labels=tuple(dict.fromkeys([*origins, *found.labels, *calls])), notes=notes)


def misfit(
    step: Step | Group, wanted: tuple[Mapping[str, Shape], ...], there: tuple[Mapping[str, Shape], ...], frame: Frame
) -> Diagnostic:
    """Say that the weights which a step shares are not those that it needs."""
    needed, found = next(
        ((one, other) for one, other in zip(wanted, there, strict=False) if one != other), (wanted[0], there[0])
    )
    if len(wanted) != len(there):
        message = f"`share` expects the weights of {len(wanted)} layers, `{step.weights}` has {len(there)}"
    else:
        message = f"`share` expects {_spoken(needed)}, `{step.weights}` has {_spoken(found)}"
    owner = frame.makers[step.weights]
    at = owner.step.place if isinstance(owner, LayerReport) else owner.group.place
    span = None if step.place is None else step.place.shares or step.place.word
    labels = (Label(at.word, "whose weights these are"),) if at is not None else ()
    fewer = set(needed) - set(found)
    help_text = "write `bias: false`" if fewer == {"bias"} else None
    return Diagnostic(code="SC316", message=message, span=span, labels=(*labels, *_calls(frame)), help=help_text)


def ungiven(slot: str, step: Step | Group, frame: Frame) -> Diagnostic | None:
    """Say that a step gives fewer outputs than one that is read; None where the step itself gave nothing."""
    path, _, output = slot.rpartition(".")
    maker = frame.makers.get(path)
    if not isinstance(maker, LayerReport):
        return None
    names = ", ".join(f"`{path}.{name}`" for name in maker.outputs)
    place = maker.step.place
    span = None if step.place is None else step.place.reads or step.place.word
    labels = () if place is None else (Label(place.word, f"gives {len(maker.outputs)} outputs"),)
    message = f"`from` names output {output} of `{path}`, which gives {len(maker.outputs)}"
    return Diagnostic(code="SC104", message=message, span=span, labels=labels, help=f"it gives {names}")


def _spoken(tensors: Mapping[str, Shape]) -> str:
    return ", ".join(f"{name} {show(shape)}" for name, shape in tensors.items()) or "none"


def _calls(frame: Frame) -> Iterator[Label]:
    """Yield the calls that lead to a body, innermost first."""
    at: Frame | None = frame
    shown = 0
    while at is not None and at.group is not None and shown < MOST_CALLS:
        if at.group.place is not None:
            shown += 1
            run = f", run {at.run + 1} of {at.group.times}" if at.group.times is not None else ""
            yield Label(at.group.place.word, f"in this `{at.group.body.title}`{run}")
        at = at.outer


def _origin(slot: str, frame: Frame) -> Iterator[Label]:
    """Yield the place where a slot's shape comes from: the last layer or block that changed it, else the input."""
    at = frame
    while True:
        if slot in at.makers:
            maker = at.makers[slot]
            label = _given(maker, slot)
            if label is not None:
                yield label
            if label is not None or _place(maker) is None:
                return
            slot = maker.step.inputs[0] if isinstance(maker, LayerReport) else maker.group.inputs[0]
        elif at.group is not None and at.outer is not None:
            if at.run and slot == entering(0):
                if at.group.place is not None:
                    yield Label(at.group.place.word, f"what run {at.run} gave enters run {at.run + 1}")
                return
            slot = at.group.inputs[next(p for p in range(len(at.group.inputs)) if entering(p) == slot)]
            at = at.outer
        else:
            span = at.inputs.get(slot)
            if span is not None:
                yield Label(span, "enters here")
            return


def _given(maker: Maker, slot: str) -> Label | None:
    """Return the label of a layer or block that gives a shape, None where it hands on what its first input gave."""
    place = _place(maker)
    if place is None:
        return None
    if isinstance(maker, LayerReport):
        for name, shape in maker.outputs.items():
            if slot == maker.step.slot(name) and slot != maker.path:
                return Label(place.word, f"gives {show(shape)} as {name}")
    if maker.inputs[0] == maker.output:
        return None
    gives = f"gives {show(maker.output)}"
    how = maker.step.layer.explain(*maker.inputs, maker.output) if isinstance(maker, LayerReport) else ""
    return Label(place.word, f"{gives}: {how}" if how else gives)


def _place(maker: Maker) -> Place | None:
    return maker.step.place if isinstance(maker, LayerReport) else maker.group.place
