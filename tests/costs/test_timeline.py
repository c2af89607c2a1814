"""A training step event by event, compared with a step that is played."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, strategies as st

import shapecalc
from shapecalc.costs.timeline import schedule
from shapecalc.costs.training_step import training_step
from shapecalc.dims import evaluate, product
from shapecalc.layers.saved import Storage
from shapecalc.shape_inference.engine import inspect_at
from tests.support.graph_strategies import Graph, graphs
from tests.support.volume import at_most

if TYPE_CHECKING:
    from shapecalc.costs.training_step import TrainingStep
    from shapecalc.shape_inference.report import Report


some = at_most(40)


class Held:
    """Bytes that are taken for as long as anybody holds this object."""

    def __init__(self, size: int, alive: weakref.WeakSet[Held]) -> None:
        self.size = size
        alive.add(self)


class Played:
    """A step, played: values, tensors of layers' own, gradients by values and by weights, each in a dict."""

    def __init__(self, step: TrainingStep) -> None:
        self.step, self.saved = step, step.saved
        self.rows = [layer.row for layer in step.saved.layers]
        self.alive: weakref.WeakSet[Held] = weakref.WeakSet()
        self.inputs = {entry.name: self.new(self.saved.allocations[entry.name].size) for entry in step.report.inputs}
        self.values: dict[str, Held] = {}
        self.own: dict[int, list[Held]] = {}
        self.gradients: dict[str, Held] = {}
        self.learnt: dict[str, Held] = {}
        self.leaving = set(step.report.architecture.output_slots.values())

    def new(self, size: Any) -> Held:
        assert isinstance(size, int)
        return Held(size, self.alive)

    def slots(self, place: int) -> list[str]:
        row = self.rows[place]
        return [row.path, *(row.step.slot(name) for name in list(row.outputs)[1:])]

    def made(self, place: int) -> set[str]:
        return {slot for slot in self.slots(place) if self.saved.allocations[slot].owner == slot}

    def read(self, place: int) -> set[str]:
        return {self.saved.allocations[slot].owner for slot in self.rows[place].step.inputs}

    def forward(self, place: int, *, keeps: bool) -> None:
        for slot in self.made(place) - {*self.values}:
            self.values[slot] = self.new(self.saved.allocations[slot].size)
        if keeps:
            tensors = self.saved.layers[place].tensors
            self.own[place] = [self.new(tensor.size) for tensor in tensors if not tensor.slot]

    def lose(self) -> None:
        """Begin the backward pass with the gradients by what leaves."""
        for slot in self.leaving & self.saved.requires_grad:
            self.gradients[slot] = self.new(self.saved.itemsize * product(shape_of(self, slot)))

    def backward(self, place: int) -> list[Held]:
        """Play the backward pass of a layer, and return what is in use while it runs."""
        row = self.rows[place]
        arriving = [self.gradients.pop(slot) for slot in self.slots(place) if slot in self.gradients]
        used = [*arriving, *self.own.pop(place, [])]
        numbers = sum(product(shape) for shape in row.facts.parameters.values())
        if numbers:
            used.append(self.new(self.saved.itemsize * numbers))
            self.learnt.setdefault(row.step.weights or row.path, used[-1])
        for slot, shape in zip(row.step.inputs, row.inputs, strict=True):
            if slot not in self.saved.requires_grad or not arriving:
                continue
            gradient = arriving[0] if passes(row, shape) else self.new(self.saved.itemsize * product(shape))
            if slot in self.gradients:
                used += [self.gradients[slot], gradient]
                gradient = self.new(self.saved.itemsize * product(shape))
            self.gradients[slot] = gradient
        return used

    def total(self) -> int:
        return sum(held.size for held in self.alive)


def passes(row: Any, shape: Any) -> bool:
    """Whether a gradient is handed on as it is, or in part."""
    storage = row.step.layer.storage
    if storage in (Storage.SAME, Storage.JOINED) or row.type == "concat":
        return True
    same = row.type == "add" and shape == row.output
    return same or (storage is Storage.VIEW and product(shape) == product(row.output))


def played(step: TrainingStep) -> list[int]:
    """The bytes alive at each event but the update, those that are always there among them."""
    game, segment = Played(step), step.segment
    layers = len(game.rows)
    part = [0 if segment is None else place // segment for place in range(layers)]
    makers = {slot: place for place in range(layers) for slot in game.made(place)}
    events = schedule(layers, segment)[:-1]

    def uses(time: int) -> set[str]:
        phase, place = events[time]
        if phase == "backward":
            found = {tensor.slot for tensor in game.saved.layers[place].tensors}
            left = {game.saved.allocations[slot].owner for slot in game.leaving}
            return found | (left if time == layers else set())
        return game.read(place)

    def wanted(slot: str, time: int) -> bool:
        """Whether something reads a value before it is made again."""
        for later in range(time + 1, len(events)):
            if slot in uses(later):
                return True
            if slot in makers and events[later] == ("forward again", makers[slot]):
                return False
        return False

    found = []
    for time, (phase, place) in enumerate(events):
        if time == layers:
            game.lose()
        used = []
        if phase == "backward":
            used = game.backward(place)
        else:
            game.forward(place, keeps=phase == "forward again" or part[place] == part[-1])
        found.append(evaluate(step.static.always, {}) + game.total())
        game.values = {slot: held for slot, held in game.values.items() if wanted(slot, time)}
        del used
    return found


def shape_of(game: Played, slot: str) -> Any:
    """The shape of what leaves a layer."""
    return next(
        shape
        for place, row in enumerate(game.rows)
        for name, shape in zip(game.slots(place), row.outputs.values(), strict=True)
        if name == slot
    )


def lives(step: TrainingStep) -> list[Any]:
    return [event.live for event in step.events[:-1]]


def of(text: str, **sizes: int) -> Report:
    return inspect_at(shapecalc.loads(text), sizes)


@some
@given(graphs(), st.one_of(st.none(), st.integers(1, 9)))
def test_what_is_alive_is_what_a_step_that_is_played_holds(graph: Graph, segment: int | None) -> None:
    step = training_step(inspect_at(graph.load(), {**graph.sizes, "N": 2}), optimizer="momentum", segment=segment)
    assert lives(step) == played(step)


@pytest.mark.parametrize("segment", [None, 1, 4])
@pytest.mark.parametrize(
    ("name", "sizes"),
    [
        ("resnet18", {"N": 2, "H": 64, "W": 64}),
        pytest.param("googlenet-aux", {"N": 1}, marks=pytest.mark.slow),
        ("unet-padded", {"N": 1, "H": 32, "W": 32}),
        ("lstm-classifier", {"N": 2, "T": 3}),
        ("llama-260k", {"N": 1}),
    ],
)
def test_networks_hold_what_they_hold_played(name: str, sizes: dict[str, int], segment: int | None) -> None:
    step = training_step(inspect_at(shapecalc.load(name), sizes), segment=segment)
    assert lives(step) == played(step)


def test_weights_that_are_shared_count_once() -> None:
    text = "{input: [2, 6], layers: [{linear: 6, name: a}, tanh, {linear: 6, share: a}]}"
    step = training_step(of(text), optimizer="adam")
    assert step.static.weights == 4 * 42
    assert step.events[-1].weight_gradients == 4 * 42
    assert lives(step) == played(step)
