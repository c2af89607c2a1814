"""What a training step costs, against a step that is played with objects which live while something holds them."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, strategies as st

import shapecalc
from shapecalc import ShapecalcError
from shapecalc.costs.checkpointing import best, checkpoints
from shapecalc.costs.saved_tensors import saved_tensors
from shapecalc.costs.timeline import schedule
from shapecalc.costs.training import training_cost
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
GIB = 2**30


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
        self.leaving = set(step.report.architecture.leaving.values())

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
        ("googlenet-aux", {"N": 1}),
        ("unet-padded", {"N": 1, "H": 32, "W": 32}),
        ("lstm-classifier", {"N": 2, "T": 3}),
        ("llama-260k", {"N": 1}),
    ],
)
def test_networks_hold_what_they_hold_played(name: str, sizes: dict[str, int], segment: int | None) -> None:
    step = training_step(inspect_at(shapecalc.load(name), sizes), segment=segment)
    assert lives(step) == played(step)


@some
@given(graphs(), st.integers(1, 7))
def test_the_closed_form_is_what_the_numbers_come_to(graph: Graph, batch: int) -> None:
    sizes = {name: size for name, size in graph.sizes.items() if name != "N"}
    cost = training_cost(graph.load(), sizes, batch=batch)
    bound = training_step(inspect_at(graph.load(), {**sizes, "N": batch}))
    assert [cost.bytes_at(live) for live in lives(cost.step)] == lives(bound)
    assert cost.bytes_at(cost.step.saved.size) == bound.saved.size
    work = [[evaluate(count, cost.at) for count in each] for each in cost.step.work]
    assert work == [list(each) for each in bound.work]


@some
@given(graphs(), st.integers(1, 10**7))
def test_the_largest_batch_fits_and_one_more_does_not(graph: Graph, memory: int) -> None:
    sizes = {name: size for name, size in graph.sizes.items() if name != "N"}
    cost = training_cost(graph.load(), sizes, batch=1, memory=memory)
    fits = cost.largest_batch
    assert fits is not None

    def peak(batch: int) -> int:
        return training_step(inspect_at(graph.load(), {**sizes, "N": batch})).peak_bytes({})

    assert fits == 0 or peak(fits) <= memory
    assert peak(fits + 1) > memory


def int_of(live: Any) -> int:
    assert isinstance(live, int)
    return live


# Weights, gradients, the optimiser's state


@pytest.mark.parametrize(
    ("optimizer", "dtype", "bytes_"),
    [
        # weights, float32 copy, state, gradients of 61,706 weights
        ("sgd", "float32", (4, 0, 0, 4)),
        ("momentum", "float32", (4, 0, 4, 4)),
        ("adam", "float32", (4, 0, 8, 4)),
        ("sgd", "bf16", (2, 4, 0, 2)),
        ("adam", "bf16", (2, 4, 8, 2)),  # 16 bytes for a weight, as in ZeRO
    ],
)
def test_an_optimiser_keeps_its_state_for_each_weight(optimizer: str, dtype: str, bytes_: tuple[int, ...]) -> None:
    static = training_step(inspect_at(shapecalc.load("lenet5"), {"N": 1}), optimizer=optimizer, dtype=dtype).static
    found = (static.weights, static.master, static.state, static.gradients)
    assert found == tuple(61_706 * each for each in bytes_)


def test_in_bf16_values_take_half_and_statistics_and_places_as_much() -> None:
    report = of("{input: [2, 3, 8], layers: [{conv: {out_channels: 4, kernel_size: 1}}, batch_norm, {max_pool: 2}]}")
    # input, conv's output, mean and 1/σ, batch norm's output, places of the largest
    assert saved_tensors(report).size == 4 * (48 + 64 + 8 + 64) + 8 * 32
    assert saved_tensors(report, 2).size == 2 * (48 + 64 + 64) + 4 * 8 + 8 * 32


def test_weights_that_are_shared_count_once() -> None:
    text = "{input: [2, 6], layers: [{linear: 6, name: a}, tanh, {linear: 6, share: a}]}"
    step = training_step(of(text), optimizer="adam")
    assert step.static.weights == 4 * 42
    assert step.events[-1].weight_gradients == 4 * 42
    assert lives(step) == played(step)


# What is kept


def test_a_tensor_that_two_layers_keep_is_counted_once() -> None:
    found = saved_tensors(of("{input: [2, 6], layers: [{linear: 5}, relu, {linear: 4}]}"))
    assert [(kept.name, kept.first) for layer in found.layers for kept in layer.tensors] == [
        ("input", True),
        ("output", True),
        ("input", False),
    ]
    assert found.size == 4 * (12 + 10)


def test_nothing_is_kept_for_gradients_that_nobody_asks_for() -> None:
    found = saved_tensors(of("{input: [2, 6], layers: [tanh, {multiply: {}, from: [input, tanh_0]}, {linear: 5}]}"))
    assert [len(layer.tensors) for layer in found.layers] == [0, 0, 1]


def test_of_a_product_each_factor_is_kept_for_the_gradient_of_the_other() -> None:
    text = "{input: [2, 6], layers: [{linear: 6, name: gate}, {multiply: {}, from: [input, gate]}]}"
    tensors = saved_tensors(of(text)).layers[1].tensors
    assert [(kept.name, kept.slot) for kept in tensors] == [("input 0", "input")]  # nobody asks for the input's


def test_what_lies_in_another_order_is_copied_where_rows_are_joined() -> None:
    text = "{{input: [2, 6, 5], layers: [{{linear: 5}}, {turn}{{linear: 4}}]}}"
    straight, turned = (saved_tensors(of(text.format(turn=turn))) for turn in ("", "{permute: [1, 0, 2]}, "))
    assert straight.layers[-1].tensors[0].slot == "linear_0"
    assert not turned.layers[-1].tensors[0].slot


@pytest.mark.parametrize(
    ("layers", "in_place", "avoided"),
    [
        ("{linear: 5}, relu, {linear: 4}", True, 0),  # it keeps its output in any case
        ("{linear: 5}, relu6, {linear: 4}", True, 40),  # in place of its input it keeps what linear keeps
        ("{linear: 5}, relu6", False, 0),  # what leaves may be written over, what it reads leaves
        ("{linear: 5}, tanh, relu, {linear: 4}", False, 0),  # tanh keeps its output
        ("relu, {linear: 5}", False, 0),  # the batch is not ours to write over
        ("{linear: 5, name: a}, relu, {add: {}, from: [relu_1, a]}", False, 0),  # a is read again
    ],
)
def test_a_layer_writes_over_what_nobody_else_needs(layers: str, in_place: bool, avoided: int) -> None:
    text = f"{{input: [2, 6], layers: [{layers}], outputs: {{y: linear_0}}}}" if layers.endswith("relu6") else ""
    found = saved_tensors(of(text or f"{{input: [2, 6], layers: [{layers}]}}"))
    assert any(layer.in_place for layer in found.layers) == in_place
    assert sum(int_of(layer.avoided) for layer in found.layers) == avoided


def test_what_follows_without_a_product_can_be_computed_again() -> None:
    layers = "{conv: {out_channels: 4, kernel_size: 1, bias: false}}, batch_norm, relu, {dropout: 0.5}, {max_pool: 2}"
    text = f"{{input: [2, 3, 8], layers: [{layers}]}}"
    found = saved_tensors(of(text))
    assert {
        (layer.row.path, tensor.name): tensor.recomputable for layer in found.layers for tensor in layer.tensors
    } == {
        ("conv_0", "input"): False,  # it is given
        ("batch_norm_1", "input"): False,  # a product
        ("batch_norm_1", "mean"): True,
        ("batch_norm_1", "1/σ"): True,
        ("relu_2", "output"): True,
        ("dropout_3", "mask"): False,  # it would be another
        ("max_pool_4", "input"): True,
        ("max_pool_4", "indices"): True,
    }


# Work


def test_a_step_takes_three_times_the_products_but_for_the_first_layers_input() -> None:
    cost = training_cost(shapecalc.load("vgg16"), {}, batch=1)
    work = [[evaluate(count, cost.at) for count in each] for each in cost.step.work]
    forward = sum(each[0] for each in work)
    backward = sum(each[1] + each[2] for each in work)
    assert forward == 15_470_264_320
    assert forward + backward == 3 * forward - 64 * 3 * 9 * 224 * 224


def test_a_recurrent_first_layer_still_goes_back_through_time() -> None:
    cost = training_cost(shapecalc.load("char-rnn"), {"T": 7}, batch=3)
    lstm = cost.step.work[1]
    forward, to_inputs = (evaluate(count, cost.at) for count in (lstm.forward, lstm.to_inputs))
    assert forward - to_inputs == 21 * 4 * 512 * 65


# Checkpoints


def test_checkpoints_of_layers_alike_keep_least_at_the_root() -> None:
    layers = ", ".join(["tanh"] * 36)
    step = training_step(of(f"{{input: [1, 10], layers: [{{linear: 10}}, {layers}]}}"))
    found = checkpoints(step, {})
    assert found[6 - 1].saved == best(found).saved < found[3 - 1].saved < found[-1].saved


def test_no_checkpoint_keeps_all_and_does_nothing_again() -> None:
    step = training_step(inspect_at(shapecalc.load("lenet5"), {"N": 4}))
    whole = checkpoints(step, {})[-1]
    assert whole == (13, step.saved.size, 0)


@some
@given(graphs(), st.integers(1, 6))
def test_what_checkpoints_keep_is_what_stays_of_a_played_step(graph: Graph, segment: int) -> None:
    step = training_step(inspect_at(graph.load(), {**graph.sizes, "N": 2}))
    found = checkpoints(step, {})
    each = found[min(segment, len(found)) - 1]
    assert each.segment == min(segment, len(found))
    layers = step.saved.layers
    rerun = (len(layers) - 1) // each.segment * each.segment
    assert each.flops == sum(int_of(layer.row.flops) for layer in layers[:rerun])
    assert each.saved == kept_at_most(step, each.segment)


def kept_at_most(step: TrainingStep, segment: int) -> int:
    """The most that waits at once: what earlier segments hand on, and what one keeps."""
    saved = step.saved
    sizes = {place.owner: int_of(place.size) for place in saved.allocations.values()}
    inputs = {entry.name for entry in saved.report.inputs}
    reads: dict[str, set[int]] = {}
    made: dict[str, int] = {}
    for place, layer in enumerate(saved.layers):
        row = layer.row
        for slot in (row.path, *(row.step.slot(name) for name in list(row.outputs)[1:])):
            made.setdefault(saved.allocations[slot].owner, place)
            reads.setdefault(saved.allocations[slot].owner, set()).add(place // segment)
        for slot in row.step.inputs:
            reads.setdefault(saved.allocations[slot].owner, set()).add(place // segment)
    for slot in saved.report.architecture.leaving.values():
        reads[saved.allocations[slot].owner].add((len(saved.layers) - 1) // segment)
    most = 0
    for part in range((len(saved.layers) - 1) // segment + 1):
        waiting = {
            owner: sizes[owner]
            for owner in sizes
            if owner in inputs or (made[owner] // segment < part and max(reads[owner]) > made[owner] // segment)
        }
        for layer in saved.layers[part * segment : (part + 1) * segment]:
            waiting |= {tensor.key: int_of(tensor.size) for tensor in layer.tensors}
        most = max(most, sum(waiting.values()))
    return most


# Time


def test_truncation_keeps_what_its_steps_take() -> None:
    whole = training_cost(shapecalc.load("char-rnn"), {"T": 100}, batch=4)
    cut = training_cost(shapecalc.load("char-rnn"), {"T": 100}, batch=4, truncate=10)
    short = training_cost(shapecalc.load("char-rnn"), {"T": 10}, batch=4)
    assert cut.time == "T"
    assert cut.bytes_at(cut.step.saved.size) == short.bytes_at(short.step.saved.size)
    assert (
        cut.step.peak_bytes(cut.memory_sizes)
        == short.step.peak_bytes(short.memory_sizes)
        < whole.step.peak_bytes(whole.memory_sizes)
    )


def test_what_recurrent_layers_keep_is_so_much_a_step() -> None:
    cost = training_cost(shapecalc.load("char-rnn"), {}, batch=1)
    (lstm,) = cost.unrolled
    assert {part.name: str(part.each) for part in lstm.parts} == {
        "input, turned": "260*N",  # 65 features
        "gates": "20480*N",  # two layers of 5 · 512: i, f, g, o, tanh(c′)
        "states": "8192*N",  # two layers of h and c
        "first h": "0",
        "first c": "0",
        "between layers": "2048*N",
        "mask": "2048*N",
    }
    assert str(lstm.each * lstm.steps + lstm.once) == "33028*N*T"


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        (
            "{name: fixed, input: [8, 6], layers: [{linear: 5}]}",
            {"batch": 4},
            "`batch` expects a symbol to give it to, `fixed` fixes its batch",
        ),
        (
            "{name: plain, input: [N, 6], layers: [{linear: 5}]}",
            {"truncate": 4},
            "`truncate` expects a symbol for time, `plain` has no recurrent layer",
        ),
        (
            "{name: short, input: [9, N, 6], layers: [{lstm: 5}]}",
            {"truncate": 4},
            "`truncate` expects a symbol for time, `short` fixes how many steps there are",
        ),
        (
            "{name: plain, input: [N, 6], layers: [{linear: 5}, relu]}",
            {"checkpoint": 3},
            "`checkpoint` expects 1 to 2, the layers that there are, receives 3",
        ),
    ],
)
def test_what_cannot_be_asked_is_said(text: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ShapecalcError) as caught:
        training_cost(shapecalc.loads(text), {}, **options)
    assert caught.value.exit_code == 2
    assert [finding.message for finding in caught.value.diagnostics] == [message]


def test_sizes_that_do_not_fit_are_told_as_inspect_tells_them() -> None:
    with pytest.raises(ShapecalcError) as caught:
        training_cost(shapecalc.load("resnet18"), {"Q": 3}, batch=2)
    assert caught.value.diagnostics[0].code == "SC312"


def test_a_file_that_fixes_its_batch_has_a_peak_and_no_largest_batch() -> None:
    cost = training_cost(shapecalc.loads("{input: [8, 6], layers: [{linear: 5}]}"), {}, memory=GIB)
    assert cost.batch is None
    assert cost.largest_batch is None
    assert cost.peak is not None


def test_a_symbol_without_a_number_is_left_open() -> None:
    cost = training_cost(shapecalc.load("gru-tagger"), {}, batch=2, memory=GIB)
    assert cost.unbound == ("T",)
    assert (cost.peak, cost.largest_batch, cost.checkpoints) == (None, None, ())
    assert str(cost.bytes_at(cost.step.saved.size)) == "24152*T"


def test_a_layer_that_decides_by_the_batch_has_its_number() -> None:
    layers = "{split: {split_size: 2, dim: 0}, name: s}, {linear: {out_features: 3}, from: s.0}"
    text = f"{{input: [N, 6, 4], layers: [{layers}]}}"
    cost = training_cost(shapecalc.loads(text), {}, batch=6, memory=GIB)
    assert cost.batch is None
    assert cost.peak is not None
