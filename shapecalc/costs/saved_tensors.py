"""Tensors that PyTorch's autograd saves in the forward pass for the backward pass.

A tensor that several layers save is one tensor, and counts where it is saved first. Inputs of the network need no
gradient, so nothing is saved for them.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.costs.liveness import ITEMSIZES, int_at, memory_of_slots, output_slots, total
from shapecalc.layers.saved import Storage
from shapecalc.shape_inference.dtypes import USUAL_DTYPE, bytes_of
from shapecalc.shape_inference.report import BYTES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shapecalc.costs.liveness import Allocation
    from shapecalc.dims import Dim
    from shapecalc.layers.saved import Saved
    from shapecalc.shape_inference.report import Report
    from shapecalc.shape_inference.rows import LayerReport


class SavedTensor(NamedTuple):
    """One tensor that a layer saves: its name in the layer, a key of its memory, and its bytes.

    `slot` is empty for a tensor of the layer's own. `first` is whether no earlier layer saves it: it counts there.
    `recomputable` is whether it follows from the other saved tensors without a multiply-accumulate.
    """

    name: str
    key: str
    slot: str
    size: Dim
    first: bool
    recomputable: bool


class LayerSaved(NamedTuple):
    """The tensors that one layer saves.

    `in_place` is whether it can write its output over its input, `avoided` the bytes that are then not saved.
    """

    row: LayerReport
    tensors: tuple[SavedTensor, ...]
    in_place: bool
    avoided: Dim

    @property
    def size(self) -> Dim:
        """The bytes that no earlier layer saves."""
        return total(tensor.size for tensor in self.tensors if tensor.first)

    @property
    def recomputable(self) -> Dim:
        """The bytes among them that can be recomputed."""
        return total(tensor.size for tensor in self.tensors if tensor.first and tensor.recomputable)


@dataclass(frozen=True)
class SavedTensors:
    """The tensors that all layers save, the memory of every slot, and the slots that require gradients."""

    report: Report
    itemsize: int
    layers: tuple[LayerSaved, ...]
    allocations: Mapping[str, Allocation]
    requires_grad: frozenset[str]

    @cached_property
    def stored(self) -> frozenset[str]:
        """The slots that are parameters or buffers."""
        return frozenset(row.path for row in self.report.layers if row.step.layer.storage is Storage.STORED)

    @property
    def size(self) -> Dim:
        """The bytes of all saved tensors, each once."""
        return total(layer.size for layer in self.layers)


def saved_tensors(report: Report, dtype: str = USUAL_DTYPE) -> SavedTensors:
    """Return the tensors that each layer saves; an activation is of `dtype`, an integer takes 8 bytes, a statistic 4.

    >>> import shapecalc
    >>> saved_tensors(shapecalc.inspect(shapecalc.load("lenet5"), N=32)).size     # as PyTorch 2.13 counts it
    1167104
    """
    itemsize = int_at(bytes_of(1, dtype), {})
    allocations = memory_of_slots(report, dtype)
    requires_grad = _requiring_grad(report, allocations)
    records = {
        row.path: _records(row, allocations, requires_grad, itemsize, trains=trains)
        for row in report.layers
        if (trains := report.trains(row)) or not requires_grad.isdisjoint(row.step.inputs)
    }
    savers: dict[str, set[str]] = defaultdict(set)
    for path, own in records.items():
        for _, key, _, _ in own:
            savers[key].add(path)
    recomputable_layers, recomputable = _recomputable(report, allocations, savers)
    avoided = _in_place(report, allocations, savers)
    seen: set[str] = set()
    layers = []
    for row in report.layers:
        tensors: list[SavedTensor] = []
        for record, key, slot, size in records.get(row.path, ()):
            again = key in recomputable if slot else row.path in recomputable_layers and not record.random
            tensors.append(SavedTensor(record.name, key, slot, size, key not in seen, again))
            seen.add(key)
        layers.append(LayerSaved(row, tuple(tensors), row.path in avoided, avoided.get(row.path, 0)))
    return SavedTensors(report, itemsize, tuple(layers), allocations, requires_grad)


def _requiring_grad(report: Report, allocations: Mapping[str, Allocation]) -> frozenset[str]:
    """Return the slots that require a gradient: those that depend on a weight."""
    slots: set[str] = set()
    for row in report.layers:
        if report.trains(row) or (row.step.layer.reads_values and not slots.isdisjoint(row.step.inputs)):
            slots |= {slot for slot in output_slots(row) if allocations[slot].dtype == "float32"}
    return frozenset(slots)


def _records(
    row: LayerReport,
    allocations: Mapping[str, Allocation],
    requires_grad: frozenset[str],
    itemsize: int,
    *,
    trains: bool,
) -> list[tuple[Saved, str, str, Dim]]:
    """Return the records of a layer with the key of each tensor, the slot whose memory it shares, and its bytes."""
    itemsizes = {"": itemsize, "float32": BYTES, **ITEMSIZES}
    records = []
    requiring = [place for place, slot in enumerate(row.step.inputs) if slot in requires_grad]
    for record in row.step.layer.saved(*row.inputs, row.output):
        if (record.for_weights and not trains) or not record.is_needed(requiring):
            continue
        own = itemsizes[record.dtype] * record.elements
        if record.of is None:
            records.append((record, f"{row.path}: {record.name}", "", own))
            continue
        allocation = allocations[row.step.inputs[record.of] if isinstance(record.of, int) else row.path]
        converted = record.dtype == "float32" and allocation.dtype == "bool"
        if converted or (record.in_order and not allocation.contiguous):
            records.append((record._replace(of=None), f"{row.path}: {record.name}, copied", "", own))
        else:
            records.append((record, allocation.owner, allocation.owner, allocation.size))
    return records


def _recomputable(
    report: Report, allocations: Mapping[str, Allocation], savers: Mapping[str, set[str]]
) -> tuple[set[str], set[str]]:
    """Return the layers that can be recomputed without a multiply-accumulate, and the memory that they write.

    Available are the inputs of the network, saved outputs of other layers, and whatever follows from these.
    """
    available = {allocations[entry.name].owner for entry in report.inputs}
    layers: set[str] = set()
    recomputable: set[str] = set()
    for row in report.layers:
        made = {allocations[slot].owner for slot in output_slots(row)} & {*output_slots(row)}
        if row.macs == 0 and all(allocations[slot].owner in available for slot in row.step.inputs):
            layers.add(row.path)
            recomputable |= made
            available |= made
        else:
            available |= {owner for owner in made if owner in savers}
    return layers, recomputable


def _in_place(report: Report, allocations: Mapping[str, Allocation], savers: Mapping[str, set[str]]) -> dict[str, Dim]:
    """Return the layers that may write over their input, with the bytes that are then not saved.

    No other layer may read or save the input, and it must not be an input or output of the network. A layer that saves
    its input then saves its output instead: this avoids bytes if the output is saved anyway.
    """
    readers: dict[str, set[str]] = defaultdict(set)
    for row in report.layers:
        for slot in row.step.inputs:
            readers[allocations[slot].owner].add(row.path)
    fixed = {allocations[entry.name].owner for entry in report.inputs}
    fixed |= {row.path for row in report.layers if not row.step.inputs}
    fixed |= {allocations[slot].owner for slot in report.architecture.output_slots.values()}
    avoided: dict[str, Dim] = {}
    for row in report.layers:
        layer = row.step.layer
        if not layer.in_place or layer.storage is not Storage.LIKE:
            continue
        owner = allocations[row.step.inputs[0]].owner
        if owner in fixed or readers[owner] != {row.path} or savers.get(owner, set()) - {row.path}:
            continue
        twice = owner in savers and savers.get(allocations[row.path].owner)
        avoided[row.path] = allocations[row.path].size if twice else 0
    return avoided
