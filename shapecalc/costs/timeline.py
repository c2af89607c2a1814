"""Live memory of a training step, event by event: each layer's forward pass, its backward pass, and the update.

A value is live from the layer that writes it to its last reader, which is a backward pass if it is saved. A gradient
with respect to a value is live from the backward pass of the value's last reader to that of its maker; gradients from
several readers are added into a new one. A gradient with respect to a weight is live to the end. With checkpoints, each
segment but the last runs forward again before its backward pass: a value is freed after the last later segment that
reads it, and recomputed.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.costs.liveness import output_slots, shapes_of, total
from shapecalc.dims import Dim, product

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from shapecalc.costs.saved_tensors import SavedTensors

FORWARD, BACKWARD, AGAIN, UPDATE = "forward", "backward", "forward again", "update"


class TrainingEvent(NamedTuple):
    """One event of a step: a layer's forward pass, the same recomputed, its backward pass, or the update."""

    phase: str
    layer: int


class EventMemory(NamedTuple):
    """The bytes that are live during one event, and their parts in addition to those that are live throughout."""

    event: TrainingEvent
    path: str
    live: Dim
    values: Dim
    """Values of the forward pass, saved or in use."""
    value_gradients: Dim
    weight_gradients: Dim


class _LiveRange(NamedTuple):
    """Bytes that are live from one event to another, both included."""

    first: int
    last: int
    size: Dim


def memory_of_events(
    saved: SavedTensors, always: Dim, weight_gradients: Dim, segment: int | None = None
) -> tuple[EventMemory, ...]:
    """Return the live memory at each event, with `always` bytes throughout and all `weight_gradients` at the update."""
    events = schedule(len(saved.layers), segment)
    ranges = (
        _value_ranges(saved, events, segment),
        _value_gradient_ranges(saved, events),
        _weight_gradient_ranges(saved, events),
    )
    changes = [_changes(each, len(events)) for each in ranges]
    memory = []
    live: list[Dim] = [0, 0, 0]
    for time, event in enumerate(events):
        live = [before + change[time] for before, change in zip(live, changes, strict=True)]
        parts = tuple(live)
        if event.phase == UPDATE:
            parts = (live[0], 0, weight_gradients)
        path = "" if event.phase == UPDATE else saved.layers[event.layer].row.path
        memory.append(EventMemory(event, path, always + total(parts), *parts))
    return tuple(memory)


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


def _changes(ranges: Iterable[_LiveRange], events: int) -> list[Dim]:
    """Return by how much the live bytes change at each event."""
    changes: list[Dim] = [0] * (events + 1)
    for each in ranges:
        changes[each.first] = changes[each.first] + each.size
        changes[each.last + 1] = changes[each.last + 1] - each.size
    return changes


def _value_ranges(saved: SavedTensors, events: tuple[TrainingEvent, ...], segment: int | None) -> Iterator[_LiveRange]:
    """Yield the live ranges of values of the forward pass."""
    at = {event: time for time, event in enumerate(events)}
    layers, end = len(saved.layers), len(events) - 1
    last_start = 0 if segment is None else (layers - 1) // segment * segment
    inputs = {saved.allocations[entry.name].owner for entry in saved.report.inputs}
    uses = _uses(saved, at)
    for owner, size in {each.owner: each.size for each in saved.allocations.values()}.items():
        if owner in inputs:
            yield _LiveRange(0, end, size)
            continue
        made, *again = uses[owner].made
        # A value that is recomputed is freed before.
        before = [time for time in uses[owner].read if not again or time < again[0]]
        yield _LiveRange(made, max([made, *before]), size)
        if again:
            yield _LiveRange(again[0], max([again[0], *(time for time in uses[owner].read if time > again[0])]), size)
    for index, layer in enumerate(saved.layers):
        start = at[TrainingEvent(AGAIN if index < last_start else FORWARD, index)]
        for tensor in layer.tensors:
            if not tensor.slot:
                yield _LiveRange(start, at[TrainingEvent(BACKWARD, index)], tensor.size)


class _Uses(NamedTuple):
    """The times at which a value is written, once or twice, and at which it is read, in any pass."""

    made: list[int]
    read: list[int]


def _uses(saved: SavedTensors, at: Mapping[TrainingEvent, int]) -> dict[str, _Uses]:
    """Return the uses of each owner's memory; the loss reads network outputs at the start of the backward pass."""
    uses: dict[str, _Uses] = defaultdict(lambda: _Uses([], []))
    for index, layer in enumerate(saved.layers):
        runs = [at[event] for event in (TrainingEvent(FORWARD, index), TrainingEvent(AGAIN, index)) if event in at]
        slots = output_slots(layer.row)
        for slot in slots:
            if saved.allocations[slot].owner == slot:
                uses[slot].made.extend(runs)
        for slot in (*layer.row.step.inputs, *slots):
            uses[saved.allocations[slot].owner].read.extend(runs)
        for tensor in layer.tensors:
            if tensor.slot:
                uses[tensor.slot].read.append(at[TrainingEvent(BACKWARD, index)])
    for slot in saved.report.architecture.output_slots.values():
        uses[saved.allocations[slot].owner].read.append(len(saved.layers))
    return uses


class _Gradients:
    """The live ranges of gradients with respect to values, each identified by its index."""

    __slots__ = ("ranges",)

    def __init__(self) -> None:
        self.ranges: list[_LiveRange] = []

    def new(self, size: Dim, time: int) -> int:
        """Add a gradient, and return its index."""
        self.ranges.append(_LiveRange(time, time, size))
        return len(self.ranges) - 1

    def use(self, gradient: int, time: int) -> None:
        """Extend the live range of a gradient to an event."""
        self.ranges[gradient] = self.ranges[gradient]._replace(last=max(self.ranges[gradient].last, time))


def _value_gradient_ranges(saved: SavedTensors, events: tuple[TrainingEvent, ...]) -> list[_LiveRange]:
    """Return the live ranges of gradients with respect to values."""
    at = {event.layer: time for time, event in enumerate(events) if event.phase == BACKWARD}
    sizes = {slot: saved.itemsize * product(shape) for slot, shape in shapes_of(saved.report).items()}
    gradients = _Gradients()
    end = len(saved.layers)
    slots = saved.report.architecture.output_slots.values()
    outputs = dict.fromkeys(slot for slot in slots if slot in saved.requires_grad)
    pending = {slot: gradients.new(sizes[slot], end) for slot in outputs}
    for index in reversed(range(end)):
        row, time = saved.layers[index].row, at[index]
        arriving = [pending.pop(slot) for slot in output_slots(row) if slot in pending]
        for gradient in arriving:
            gradients.use(gradient, time)
        passed_on = row.step.layer.passes_gradient_on(*row.inputs, row.output)
        for slot, shared in zip(row.step.inputs, passed_on, strict=True) if arriving else ():
            if slot not in saved.requires_grad or slot in saved.stored:
                continue  # the gradient of a parameter as a step is one of the weights
            gradient = arriving[0] if shared else gradients.new(sizes[slot], time)
            if slot in pending:
                gradients.use(pending[slot], time)
                gradient = gradients.new(sizes[slot], time)
            pending[slot] = gradient
    return gradients.ranges


def _weight_gradient_ranges(saved: SavedTensors, events: tuple[TrainingEvent, ...]) -> Iterator[_LiveRange]:
    """Yield the live ranges of gradients with respect to weights; of shared weights, later ones are accumulated."""
    at = {event.layer: time for time, event in enumerate(events) if event.phase == BACKWARD}
    end = len(events) - 1
    seen: set[str] = set()
    for index in reversed(range(len(saved.layers))):
        row = saved.layers[index].row
        shapes = {row.step.tensor(name): shape for name, shape in row.facts.parameters.items()} if row.inputs else {}
        shapes |= {slot: shape for slot, shape in zip(row.step.inputs, row.inputs, strict=True) if slot in saved.stored}
        sizes = {tensor: product(shape) for tensor, shape in shapes.items() if tensor in saved.report.trained}
        for first in (True, False):
            elements = total(size for tensor, size in sizes.items() if (tensor not in seen) is first)
            if elements != 0:
                yield _LiveRange(at[index], end if first else at[index], saved.itemsize * elements)
        seen |= sizes.keys()
