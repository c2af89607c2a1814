"""Liveness of values in a forward pass: each value's memory is live from the step that writes it to its last reader.

Weights and the workspace of kernels are not counted: both depend on the program that runs the network. A view, such as
the output of `flatten`, shares its input's memory and takes none.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.diagnostics.numbers import byte_size
from shapecalc.diagnostics.presentation import Presented
from shapecalc.dims import Dim, evaluate, free_symbols, least, product
from shapecalc.layers.saved import Storage
from shapecalc.shape_inference.dtypes import TRAINED, USUAL_DTYPE, bytes_of
from shapecalc.shape_inference.unknown_costs import require_layers

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from shapecalc.dims import Shape
    from shapecalc.shape_inference.report import Report
    from shapecalc.shape_inference.rows import LayerReport

ITEMSIZES = {"int64": 8, "bool": 1}
"""Bytes of an element of the types that are not floating-point."""
PROBE = 1009
"""Where sizes are unbound, the candidate for the largest of several dims is chosen at this size of every symbol."""


class Allocation(NamedTuple):
    """The memory of a value: the first slot written there, its bytes, and its layout.

    `contiguous` is whether its axes are stored in the order of the shape, `dtype` is that of the slot.
    """

    owner: str
    size: Dim
    contiguous: bool = True
    dtype: str = "float32"


class StepMemory(NamedTuple):
    """The bytes that are live during one step of a run, its inputs and outputs among them."""

    row: LayerReport
    live: Dim


class LiveTensor(NamedTuple):
    """A live tensor: the slot that was first written there, its shape, its bytes."""

    slot: str
    shape: Shape
    size: Dim


@dataclass(frozen=True)
class LiveMemory(Presented):
    """The memory of a run without gradients, step by step; bytes are expressions in unbound symbols.

    `peak` is the index of the step with most live bytes, None if that depends on a symbol.
    """

    report: Report
    steps: tuple[StepMemory, ...]
    peak: int | None
    tensors: tuple[LiveTensor, ...]
    """The tensors that are live at the peak, largest first."""
    allocations: Mapping[str, Allocation]
    """The memory of each slot."""
    ranges: Mapping[str, tuple[int, int]]
    """The first and the last step at which each owner's memory is live."""
    dtype: str = USUAL_DTYPE

    @property
    def parameter_bytes(self) -> Dim:
        """The bytes of the parameters, which are in memory during the whole run."""
        params = self.report.totals.params
        assert params is not None  # shapes of parameters are known if outputs are
        return bytes_of(params, self.dtype)

    @property
    def buffer_bytes(self) -> Dim:
        """The bytes of the buffers, which are converted to floating-point types only."""
        return buffer_bytes(self.report, self.dtype if self.dtype in TRAINED else USUAL_DTYPE)

    def __repr__(self) -> str:
        """Return the name, and the peak with its layer.

        >>> import shapecalc
        >>> shapecalc.memory("lenet5")
        <LiveMemory of LeNet-5: peak 36.8 KiB at tanh_1>
        """
        peak = "peak depends on symbols"
        if self.peak is not None:
            step = self.steps[self.peak]
            size = evaluate(step.live, self.report.costs_at)
            peak = f"peak {byte_size(size) if isinstance(size, int) else size} at {step.row.path}"
        return f"<LiveMemory of {self.report.architecture.name}: {peak}>"


def live_memory(report: Report, dtype: str = USUAL_DTYPE) -> LiveMemory:
    """Return the live memory at each step of a run, with floating-point tensors in `dtype`.

    >>> import shapecalc
    >>> memory = live_memory(shapecalc.inspect(shapecalc.load("lenet5"), N=1))
    >>> memory.steps[memory.peak].row.path, memory.steps[memory.peak].live     # 2 · 6 · 28 · 28 elements
    ('tanh_1', 37632)
    """
    require_layers(report, "its memory is")
    allocations = memory_of_slots(report, dtype)
    ranges = live_ranges(report, allocations)
    sizes = {allocation.owner: allocation.size for allocation in allocations.values()}
    begins: dict[int, list[str]] = defaultdict(list)
    ends: dict[int, list[str]] = defaultdict(list)
    for owner, (first, last) in ranges.items():
        begins[first].append(owner)
        ends[last].append(owner)
    live: Dim = 0
    steps = []
    for index, row in enumerate(report.layers):
        live = live + total(sizes[owner] for owner in begins[index])
        steps.append(StepMemory(row, live))
        live = live - total(sizes[owner] for owner in ends[index])
    peak = largest([step.live for step in steps], report.costs_at)
    shapes = shapes_of(report)
    at_peak = [owner for owner, (first, last) in ranges.items() if peak is not None and first <= peak <= last]
    tensors = [LiveTensor(owner, shapes[owner], sizes[owner]) for owner in at_peak if sizes[owner] != 0]
    tensors.sort(key=lambda tensor: _probed(evaluate(tensor.size, report.costs_at)), reverse=True)
    return LiveMemory(report, tuple(steps), peak, tuple(tensors), allocations, ranges, dtype)


def memory_of_slots(report: Report, dtype: str = USUAL_DTYPE) -> dict[str, Allocation]:
    """Return the memory of each slot; floating-point elements are of `dtype`."""
    allocations: dict[str, Allocation] = {}
    for entry in report.inputs:
        size = slot_bytes(product(entry.shape), entry.dtype, dtype)
        allocations[entry.name] = Allocation(entry.name, size, dtype=entry.dtype)
    for row in report.layers:
        storage = row.step.layer.storage
        if not row.step.inputs:
            allocations[row.path] = _tensor_memory(row, dtype)
            continue
        read = allocations[row.step.inputs[0]]
        if storage is Storage.JOINED:
            storage = Storage.SAME if read.contiguous else Storage.NEW
        for name, (slot, shape) in zip(row.outputs, output_slots(row).items(), strict=True):
            if storage in (Storage.SAME, Storage.VIEW):
                allocations[slot] = read._replace(contiguous=read.contiguous and storage is Storage.SAME)
                continue
            contiguous = storage is Storage.NEW or (storage is Storage.LIKE and read.contiguous)
            own = row.dtypes.get(name, "float32")
            allocations[slot] = Allocation(slot, slot_bytes(product(shape), own, dtype), contiguous, own)
    return allocations


def buffer_bytes(report: Report, dtype: str) -> Dim:
    """Return the bytes of all buffers; `dtype` is that of floating-point elements."""
    buffers = report.totals.buffers
    assert buffers is not None  # shapes of buffers are known if outputs are
    size = bytes_of(buffers, dtype)
    for row in report.layers:
        for name, shape in row.facts.buffers.items():
            own = row.step.layer.tensor_dtype(name)
            if own in ITEMSIZES and row.step.owns(name):
                size = size + slot_bytes(product(shape), own, dtype) - bytes_of(product(shape), dtype)
    return size


def slot_bytes(elements: Dim, own: str, dtype: str) -> Dim:
    """Return the bytes of a slot of the type `own`; `dtype` is that of floating-point elements."""
    return ITEMSIZES[own] * elements if own in ITEMSIZES else bytes_of(elements, dtype)


def _tensor_memory(row: LayerReport, dtype: str) -> Allocation:
    """Return the memory of a step without inputs: none for a tensor that counts as a parameter or buffer."""
    own = row.dtypes.get("output", "float32")
    elements = 0 if row.step.layer.storage is Storage.STORED else product(row.output)
    return Allocation(row.path, slot_bytes(elements, own, dtype), dtype=own)


def live_ranges(report: Report, allocations: Mapping[str, Allocation]) -> dict[str, tuple[int, int]]:
    """Return the first and the last step at which each owner's memory is live; network outputs are live to the end."""
    steps = report.layers
    ranges = {allocations[entry.name].owner: (0, 0) for entry in report.inputs}
    for index, row in enumerate(steps):
        for slot in (*row.step.inputs, *output_slots(row)):
            owner = allocations[slot].owner
            ranges[owner] = (ranges[owner][0] if owner in ranges else index, index)
    for slot in report.architecture.output_slots.values():
        owner = allocations[slot].owner
        ranges[owner] = (ranges[owner][0], len(steps) - 1)
    return ranges


def output_slots(row: LayerReport) -> dict[str, Shape]:
    """Return the slots that a step writes, with their shapes."""
    first, *others = row.outputs.items()
    return {row.path: first[1], **{row.step.slot(name): shape for name, shape in others}}


def shapes_of(report: Report) -> dict[str, Shape]:
    """Return the shape of each slot."""
    shapes = {entry.name: entry.shape for entry in report.inputs}
    for row in report.layers:
        shapes |= output_slots(row)
    return shapes


def last_reads(report: Report) -> dict[str, tuple[str, ...]]:
    """Return, for each step, the slots that nothing reads after it."""
    outputs = set(report.architecture.output_slots.values())
    last: dict[str, str] = {}
    for row in report.layers:
        for slot in (*row.step.inputs, *output_slots(row)):
            last[slot] = row.step.path
    frees: dict[str, list[str]] = {row.step.path: [] for row in report.layers}
    for slot, path in last.items():
        if slot not in outputs:
            frees[path].append(slot)
    return {path: tuple(slots) for path, slots in frees.items()}


def total(sizes: Iterable[Dim]) -> Dim:
    """Return the sum of dims."""
    result: Dim = 0
    for size in sizes:
        result = result + size
    return result


def int_at(dim: Dim, sizes: Mapping[str, int]) -> int:
    """Return the value of a dim at sizes of all its symbols."""
    value = evaluate(dim, sizes)
    assert isinstance(value, int), value  # the caller has a size for every symbol
    return value


def largest(sizes: Sequence[Dim], at: Mapping[str, int]) -> int | None:
    """Return the index of the largest dim, the first of equal ones; None if it depends on unbound symbols.

    >>> from shapecalc.dims import symbol
    >>> T, H = symbol("T"), symbol("H")
    >>> largest([T, 3 * T + 1, 7], {"T": 5}), largest([T, 3 * T + 1], {}), largest([T, H], {})
    (1, 1, None)
    """
    bound = [evaluate(size, at) for size in sizes]
    probed = [_probed(size) for size in bound]
    index = probed.index(max(probed))
    for other in bound:
        margin = bound[index] - other
        lowest = margin if isinstance(margin, int) else least(margin)
        if lowest is None or lowest < 0:
            return None
    return index


def _probed(dim: Dim) -> int:
    """Return the value of a dim with every symbol at `PROBE`."""
    return int_at(dim, dict.fromkeys(free_symbols(dim), PROBE))
