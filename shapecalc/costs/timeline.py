"""A training step event by event: what is alive while each layer runs forward, and while its gradients are made.

A value lives from the layer that writes it to the last that reads it, forward, or backward where it is kept. A gradient
by a value lives from its last reader's backward pass to its maker's; where several readers give one, they are added
into a new one. A gradient by a weight stays to the end. With checkpoints, each segment but the last runs again when the
backward pass comes to it: a value is let go after the last later segment that reads it, and made again.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.costs.liveness import shapes_of, total, written
from shapecalc.dims import Dim, product

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shapecalc.costs.saved_tensors import Keeping

FORWARD, BACKWARD, AGAIN, UPDATE = "forward", "backward", "forward again", "update"


class TrainingEvent(NamedTuple):
    """One thing that happens in a step: a layer's forward pass, the same again, its backward pass, or the update."""

    phase: str
    layer: int


class TrainingMoment(NamedTuple):
    """One event, the bytes that are alive while it happens, and what they are besides what is always there."""

    event: TrainingEvent
    path: str
    live: Dim
    values: Dim
    """Of the forward pass: those kept, and those in use."""
    flowing: Dim
    """Gradients by values, on their way back."""
    gradients: Dim
    """Gradients by weights."""


class _Life(NamedTuple):
    """Bytes that are alive from one event to another, both included."""

    first: int
    last: int
    size: Dim


def moments(kept: Keeping, always: Dim, gradients: Dim, segment: int | None = None) -> tuple[TrainingMoment, ...]:
    """Return what is alive at each event: `always` throughout, all `gradients` by weights when the update comes."""
    events = schedule(len(kept.layers), segment)
    values = _changes(list(_values(kept, events, segment)), len(events))
    flowing = _changes(_flowing(kept, events), len(events))
    learnt = _changes(list(_learnt(kept, events)), len(events))
    found = []
    held: list[Dim] = [0, 0, 0]
    for time, event in enumerate(events):
        held = [before + change[time] for before, change in zip(held, (values, flowing, learnt), strict=True)]
        now = tuple(held)
        if event.phase == UPDATE:
            now = (held[0], 0, gradients)
        path = "" if event.phase == UPDATE else kept.layers[event.layer].row.path
        found.append(TrainingMoment(event, path, always + total(now), *now))
    return tuple(found)


def schedule(layers: int, segment: int | None = None) -> tuple[TrainingEvent, ...]:
    """Return the events of a step in order.

    >>> [f"{event.phase} {event.layer}" for event in schedule(3, segment=2)][3:]
    ['backward 2', 'forward again 0', 'forward again 1', 'backward 1', 'backward 0', 'update -1']
    """
    events = [TrainingEvent(FORWARD, layer) for layer in range(layers)]
    if segment is None:
        events += [TrainingEvent(BACKWARD, layer) for layer in reversed(range(layers))]
    else:
        starts = range(0, layers, segment)
        for start in reversed(starts):
            inside = range(start, min(start + segment, layers))
            if start != starts[-1]:
                events += [TrainingEvent(AGAIN, layer) for layer in inside]
            events += [TrainingEvent(BACKWARD, layer) for layer in reversed(inside)]
    return (*events, TrainingEvent(UPDATE, -1))


def _changes(lives: list[_Life], events: int) -> list[Dim]:
    """Return by how much what is alive changes at each event."""
    changes: list[Dim] = [0] * (events + 1)
    for life in lives:
        changes[life.first] = changes[life.first] + life.size
        changes[life.last + 1] = changes[life.last + 1] - life.size
    return changes


def _values(kept: Keeping, events: tuple[TrainingEvent, ...], segment: int | None) -> Iterator[_Life]:
    """Yield the lives of what the forward pass makes."""
    at = {event: time for time, event in enumerate(events)}
    layers, end = len(kept.layers), len(events) - 1
    last_start = 0 if segment is None else (layers - 1) // segment * segment
    inputs = {kept.places[entry.name].owner for entry in kept.report.inputs}
    uses = _uses(kept, at)
    for owner, size in {place.owner: place.size for place in kept.places.values()}.items():
        if owner in inputs:
            yield _Life(0, end, size)
            continue
        made, *again = uses[owner].made
        # It is let go before it is made again, if it is.
        before = [time for time in uses[owner].read if not again or time < again[0]]
        yield _Life(made, max([made, *before]), size)
        if again:
            yield _Life(again[0], max([again[0], *(time for time in uses[owner].read if time > again[0])]), size)
    for place, layer in enumerate(kept.layers):
        start = at[TrainingEvent(AGAIN if place < last_start else FORWARD, place)]
        for tensor in layer.tensors:
            if not tensor.slot:
                yield _Life(start, at[TrainingEvent(BACKWARD, place)], tensor.size)


class _Uses(NamedTuple):
    """When a memory is made, once or twice, and when it is read, in any pass."""

    made: list[int]
    read: list[int]


def _uses(kept: Keeping, at: Mapping[TrainingEvent, int]) -> dict[str, _Uses]:
    """Return when each memory is used; what leaves is used when the backward pass begins, by the loss."""
    uses: dict[str, _Uses] = defaultdict(lambda: _Uses([], []))
    for place, layer in enumerate(kept.layers):
        runs = [at[event] for event in (TrainingEvent(FORWARD, place), TrainingEvent(AGAIN, place)) if event in at]
        slots = written(layer.row)
        for slot in slots:
            if kept.places[slot].owner == slot:
                uses[slot].made.extend(runs)
        for slot in (*layer.row.step.inputs, *slots):
            uses[kept.places[slot].owner].read.extend(runs)
        for tensor in layer.tensors:
            if tensor.slot:
                uses[tensor.slot].read.append(at[TrainingEvent(BACKWARD, place)])
    for slot in kept.report.architecture.leaving.values():
        uses[kept.places[slot].owner].read.append(len(kept.layers))
    return uses


class _Gradients:
    """The gradients by values so far: each has a number, by which its bytes and its life are found."""

    __slots__ = ("lives",)

    def __init__(self) -> None:
        self.lives: list[_Life] = []

    def new(self, size: Dim, time: int) -> int:
        """Make a gradient."""
        self.lives.append(_Life(time, time, size))
        return len(self.lives) - 1

    def use(self, gradient: int, time: int) -> None:
        """Keep a gradient alive to an event."""
        self.lives[gradient] = self.lives[gradient]._replace(last=max(self.lives[gradient].last, time))


def _flowing(kept: Keeping, events: tuple[TrainingEvent, ...]) -> list[_Life]:
    """Return the lives of gradients by values."""
    at = {event.layer: time for time, event in enumerate(events) if event.phase == BACKWARD}
    sizes = {slot: kept.itemsize * product(shape) for slot, shape in shapes_of(kept.report).items()}
    gradients = _Gradients()
    end = len(kept.layers)
    leaving = dict.fromkeys(slot for slot in kept.report.architecture.leaving.values() if slot in kept.needs)
    pending = {slot: gradients.new(sizes[slot], end) for slot in leaving}
    for place in reversed(range(end)):
        row, time = kept.layers[place].row, at[place]
        arriving = [pending.pop(slot) for slot in written(row) if slot in pending]
        for gradient in arriving:
            gradients.use(gradient, time)
        passed_on = row.step.layer.passes_gradient_on(*row.inputs, row.output)
        for slot, shared in zip(row.step.inputs, passed_on, strict=True) if arriving else ():
            if slot not in kept.needs:
                continue
            gradient = arriving[0] if shared else gradients.new(sizes[slot], time)
            if slot in pending:
                gradients.use(pending[slot], time)
                gradient = gradients.new(sizes[slot], time)
            pending[slot] = gradient
    return gradients.lives


def _learnt(kept: Keeping, events: tuple[TrainingEvent, ...]) -> Iterator[_Life]:
    """Yield the lives of gradients by weights; one by weights that are shared is added to the one that is there."""
    at = {event.layer: time for time, event in enumerate(events) if event.phase == BACKWARD}
    end = len(events) - 1
    seen: set[str] = set()
    for place in reversed(range(len(kept.layers))):
        row = kept.layers[place].row
        owner = row.step.weights or row.path
        numbers = total(product(shape) for shape in row.facts.parameters.values())
        if numbers != 0:
            yield _Life(at[place], at[place] if owner in seen else end, kept.itemsize * numbers)
            seen.add(owner)
