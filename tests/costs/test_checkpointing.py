"""What checkpoints save and cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import given, strategies as st

import shapecalc
from shapecalc.costs.checkpointing import best, checkpoints
from shapecalc.costs.training_step import training_step
from shapecalc.shape_inference.engine import inspect_at
from tests.support.graph_strategies import Graph, graphs
from tests.support.volume import at_most

if TYPE_CHECKING:
    from shapecalc.costs.training_step import TrainingStep
    from shapecalc.shape_inference.report import Report


some = at_most(40)


def of(text: str, **sizes: int) -> Report:
    return inspect_at(shapecalc.loads(text), sizes)


def int_of(live: Any) -> int:
    assert isinstance(live, int)
    return live


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
    for slot in saved.report.architecture.output_slots.values():
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
