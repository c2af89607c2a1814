"""What a training step keeps of the forward pass until the backward pass has read it, as PyTorch keeps it.

A tensor that several layers keep is one and the same, and is counted where it is kept first. Nothing is kept for a
gradient that nobody asks for: what enters the network needs none.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.costs.liveness import INT64, memories, total, written
from shapecalc.layers.saved import Storage
from shapecalc.shape_inference.report import BYTES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shapecalc.costs.liveness import Memory
    from shapecalc.dims import Dim
    from shapecalc.layers.saved import Saved
    from shapecalc.shape_inference.report import LayerReport, Report


class SavedTensor(NamedTuple):
    """One tensor that a layer keeps: what it is to the layer, whose memory it lies in, and the bytes there.

    `slot` is empty for a tensor of the layer's own. `first` says whether no layer before keeps it: there it counts.
    `cheap` says that it can be computed again from what else is kept, without a multiply-accumulate.
    """

    name: str
    key: str
    slot: str
    size: Dim
    first: bool
    cheap: bool


class LayerKeeping(NamedTuple):
    """What one layer keeps; `in_place` says that it can write its output over its input, `spares` what is kept less."""

    row: LayerReport
    tensors: tuple[SavedTensor, ...]
    in_place: bool
    spares: Dim

    @property
    def size(self) -> Dim:
        """The bytes that no layer before keeps."""
        return total(kept.size for kept in self.tensors if kept.first)

    @property
    def cheap(self) -> Dim:
        """The bytes among them that can be computed again."""
        return total(kept.size for kept in self.tensors if kept.first and kept.cheap)


@dataclass(frozen=True)
class Keeping:
    """What all layers keep, where every value lies, and which values need gradients."""

    report: Report
    itemsize: int
    layers: tuple[LayerKeeping, ...]
    places: Mapping[str, Memory]
    needs: frozenset[str]

    @property
    def size(self) -> Dim:
        """The bytes of all tensors kept, each once."""
        return total(layer.size for layer in self.layers)


def keeping(report: Report, itemsize: int = BYTES) -> Keeping:
    """Return what each layer keeps; a number of the run takes `itemsize` bytes, whole numbers 8, statistics 4.

    >>> import shapecalc
    >>> keeping(shapecalc.inspect(shapecalc.load("lenet5"), N=32)).size     # as PyTorch 2.13 counts it
    1167104
    """
    places = memories(report, itemsize)
    needs = _needs(report, places)
    found = {row.path: _kept(row, places, needs, itemsize) for row in report.layers}
    keepers: dict[str, set[str]] = defaultdict(set)
    for path, records in found.items():
        for _, key, _, _ in records:
            keepers[key].add(path)
    cheap_layers, cheap = _cheap(report, places, keepers)
    overwritten = _overwritten(report, places, keepers)
    seen: set[str] = set()
    layers = []
    for row in report.layers:
        tensors: list[SavedTensor] = []
        for record, key, slot, size in found[row.path]:
            again = key in cheap if slot else row.path in cheap_layers and not record.random
            tensors.append(SavedTensor(record.name, key, slot, size, key not in seen, again))
            seen.add(key)
        in_place = row.path in overwritten
        spares = overwritten.get(row.path, 0)
        layers.append(LayerKeeping(row, tuple(tensors), in_place, spares))
    return Keeping(report, itemsize, tuple(layers), places, needs)


def _needs(report: Report, places: Mapping[str, Memory]) -> frozenset[str]:
    """Return the slots that depend on a weight: their gradients are asked for."""
    needs: set[str] = set()
    for row in report.layers:
        if row.facts.parameters or any(slot in needs for slot in row.step.inputs):
            needs |= {slot for slot in written(row) if not places[slot].whole}
    return frozenset(needs)


def _differentiated(row: LayerReport, needs: frozenset[str]) -> bool:
    return bool(row.facts.parameters) or any(slot in needs for slot in row.step.inputs)


def _kept(
    row: LayerReport, places: Mapping[str, Memory], needs: frozenset[str], itemsize: int
) -> list[tuple[Saved, str, str, Dim]]:
    """Return the records of a layer with the key of each tensor, the slot that it lies in, and its bytes."""
    if not _differentiated(row, needs):
        return []
    widths = {"": itemsize, "float32": BYTES, "int64": INT64}
    found = []
    for record in row.step.layer.saved(*row.inputs, row.output):
        if record.serves is not None and not any(row.step.inputs[place] in needs for place in record.serves):
            continue
        own = widths[record.dtype] * record.elements
        if record.of is None:
            found.append((record, f"{row.path}: {record.name}", "", own))
            continue
        place = places[row.step.inputs[record.of] if isinstance(record.of, int) else row.path]
        if record.in_order and not place.in_order:
            found.append((record._replace(of=None), f"{row.path}: {record.name}, copied", "", own))
        else:
            found.append((record, place.owner, place.owner, place.size))
    return found


def _cheap(report: Report, places: Mapping[str, Memory], keepers: Mapping[str, set[str]]) -> tuple[set[str], set[str]]:
    """Return the layers that take no multiply-accumulate to run again from what else is kept, and what they write.

    What enters the network is there; of other values those that are kept and come of products, and what follows.
    """
    there = {places[entry.name].owner for entry in report.inputs}
    layers: set[str] = set()
    made_again: set[str] = set()
    for row in report.layers:
        made = {places[slot].owner for slot in written(row)} & {*written(row)}
        if row.macs == 0 and all(places[slot].owner in there for slot in row.step.inputs):
            layers.add(row.path)
            made_again |= made
            there |= made
        else:
            there |= {owner for owner in made if owner in keepers}
    return layers, made_again


def _overwritten(report: Report, places: Mapping[str, Memory], keepers: Mapping[str, set[str]]) -> dict[str, Dim]:
    """Return the layers that may write over their input, with the bytes that are then kept less.

    Nobody else may read or keep the input, and it must not enter or leave the network. A layer that keeps its input
    keeps its output in place of it: that is less where the output is kept anyway.
    """
    readers: dict[str, set[str]] = defaultdict(set)
    for row in report.layers:
        for slot in row.step.inputs:
            readers[places[slot].owner].add(row.path)
    fixed = {places[entry.name].owner for entry in report.inputs}
    fixed |= {places[slot].owner for slot in report.architecture.leaving.values()}
    found: dict[str, Dim] = {}
    for row in report.layers:
        layer = row.step.layer
        if not layer.in_place or layer.storage is not Storage.LIKE:
            continue
        owner = places[row.step.inputs[0]].owner
        if owner in fixed or readers[owner] != {row.path} or keepers.get(owner, set()) - {row.path}:
            continue
        twice = owner in keepers and keepers.get(places[row.path].owner)
        found[row.path] = places[row.path].size if twice else 0
    return found
