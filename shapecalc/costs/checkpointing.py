"""What checkpoints save and cost: values kept at the ends of segments alone, and each segment run forward again.

Source: Chen, Xu, Zhang, Guestrin 2016, "Training Deep Nets with Sublinear Memory Cost": of L layers alike, L/k ends and
the k layers of one segment are kept, which is least for k = √L.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shapecalc.costs.liveness import lives_of
from shapecalc.costs.training_step import number

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shapecalc.costs.training_step import TrainingStep


class Checkpoints(NamedTuple):
    """Checkpoints after every `segment` layers: the most bytes kept at once, and the forward FLOPs done again."""

    segment: int
    kept: int
    flops: int


def checkpoints(step: TrainingStep, at: Mapping[str, int]) -> tuple[Checkpoints, ...]:
    """Return what checkpoints after every k layers come to, for each k; the last k is all layers, which is none at all.

    What a later segment reads is kept, what enters the network among it; of what layers keep, one segment's at a time.
    The last segment is not run again.
    """
    kept = step.kept
    inputs = {kept.places[entry.name].owner for entry in kept.report.inputs}
    sizes = {place.owner: number(place.size, at) for place in kept.places.values()}
    spans = {owner: span for owner, span in lives_of(kept.report, kept.places).items() if owner not in inputs}
    entering = sum(sizes[owner] for owner in inputs)
    tensors = [[(tensor.key, number(tensor.size, at)) for tensor in layer.tensors] for layer in kept.layers]
    flops = [number(work.flops, at) for work in step.work]
    layers = len(kept.layers)

    def every(segment: int) -> Checkpoints:
        ends = [0] * (layers // segment + 2)  # bytes that each segment hands on to later ones
        handed: dict[str, int] = {}
        for owner, (made, last) in spans.items():
            if made // segment < last // segment:
                ends[made // segment] += sizes[owner]
                handed[owner] = made // segment
        most, before = 0, entering
        for part, start in enumerate(range(0, layers, segment)):
            inside = {key: size for layer in tensors[start : start + segment] for key, size in layer}
            own = sum(size for key, size in inside.items() if handed.get(key, part) >= part and key not in inputs)
            most = max(most, before + own)
            before += ends[part]
        return Checkpoints(segment, most, sum(flops[: (layers - 1) // segment * segment]))

    return tuple(map(every, _segments(layers)))


MOST_TRIED = 1_000
"""Layers up to which every k is tried."""


def _segments(layers: int) -> Iterator[int]:
    """Yield every k, or of many layers those up to eight times the root, and all layers."""
    root = int(layers**0.5)
    yield from range(1, layers if layers <= MOST_TRIED else 8 * root)
    yield layers


def best(found: tuple[Checkpoints, ...]) -> Checkpoints:
    """Return the checkpoints with the least kept; of those alike, the ones that do the least again."""
    return min(found, key=lambda each: (each.kept, each.flops))
