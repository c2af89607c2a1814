"""Activation checkpointing: tensors are saved at the ends of segments only, and each segment runs forward again.

Source: Chen, Xu, Zhang, Guestrin 2016, "Training Deep Nets with Sublinear Memory Cost": with L equal layers in segments
of k, L/k ends and the k layers of one segment are saved, which is least for k = √L.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shapecalc.costs.liveness import int_at, live_ranges

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shapecalc.costs.training_step import TrainingStep


class Checkpoints(NamedTuple):
    """Checkpoints after every `segment` layers: the most bytes saved at a time, and the forward FLOPs run again."""

    segment: int
    saved: int
    flops: int


def checkpoints(step: TrainingStep, at: Mapping[str, int]) -> tuple[Checkpoints, ...]:
    """Return the cost of checkpoints after every k layers, for each k; the last k is all layers: no checkpoints.

    Saved are the values that a later segment reads, network inputs among them, and one segment's saved tensors at a
    time. The last segment is not run again.
    """
    saved = step.saved
    inputs = {saved.allocations[entry.name].owner for entry in saved.report.inputs}
    sizes = {allocation.owner: int_at(allocation.size, at) for allocation in saved.allocations.values()}
    ranges = live_ranges(saved.report, saved.allocations)
    input_bytes = sum(sizes[owner] for owner in inputs)
    tensors = [[(tensor.key, int_at(tensor.size, at)) for tensor in layer.tensors] for layer in saved.layers]
    flops = [int_at(work.flops, at) for work in step.work]
    layers = len(saved.layers)

    def every(segment: int) -> Checkpoints:
        ends = [0] * (layers // segment + 2)  # bytes of each segment that later ones read
        checkpointed: dict[str, int] = {}
        for owner, (made, last) in ranges.items():
            if owner not in inputs and made // segment < last // segment:
                ends[made // segment] += sizes[owner]
                checkpointed[owner] = made // segment
        most, earlier = 0, input_bytes
        for index, start in enumerate(range(0, layers, segment)):
            inside = {key: size for layer in tensors[start : start + segment] for key, size in layer}
            own = sum(
                size for key, size in inside.items() if checkpointed.get(key, index) >= index and key not in inputs
            )
            most = max(most, earlier + own)
            earlier += ends[index]
        return Checkpoints(segment, most, sum(flops[: (layers - 1) // segment * segment]))

    return tuple(map(every, _segments(layers)))


MOST_TRIED = 1_000
"""Layers up to which every k is tried."""


def _segments(layers: int) -> Iterator[int]:
    """Yield every k, or of many layers those up to eight times the root, and all layers."""
    root = int(layers**0.5)
    yield from range(1, layers if layers <= MOST_TRIED else 8 * root)
    yield layers


def best(candidates: tuple[Checkpoints, ...]) -> Checkpoints:
    """Return the checkpoints that save the fewest bytes, and of equal ones those with the fewest FLOPs run again."""
    return min(candidates, key=lambda each: (each.saved, each.flops))
