"""The figures of a training step derived: saved tensors, backward multiply-accumulates, weights, gradients, peak."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from shapecalc.calculators.layer_formulas import FORMULA, Formula, total_formula
from shapecalc.calculators.size_formulas import in_names
from shapecalc.calculators.traced_sizes import leaf, value_of
from shapecalc.costs.explained_rows import UNTRACED, checked
from shapecalc.costs.explanation import ExplainedKey, summed
from shapecalc.costs.liveness import int_at
from shapecalc.costs.origins import NetworkTrace
from shapecalc.costs.training import USUAL_BATCH, training_cost
from shapecalc.costs.training_step import DTYPES, OPTIMIZERS
from shapecalc.diagnostics import misuse
from shapecalc.dims import Dim, Expr, evaluate
from shapecalc.shape_inference.dtypes import TRAINED, bytes_of
from shapecalc.shape_inference.report import BYTES
from shapecalc.shape_inference.rows import sum_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from shapecalc.architecture import Architecture
    from shapecalc.calculators.layer_formulas import LayerTrace
    from shapecalc.costs.saved_tensors import SavedTensor
    from shapecalc.shape_inference.rows import LayerReport


class ExplainedTraining:
    """The figures of `train-cost`, of each layer and of a whole step."""

    def __init__(self, architecture: Architecture, sizes: Mapping[str, int], dtype: str, optimizer: str) -> None:
        if dtype not in TRAINED:
            raise misuse(
                "SC203", f"training expects a floating-point type, one of {', '.join(TRAINED)}, receives `{dtype}`"
            )
        self.cost = training_cost(architecture, sizes, usual_batch=USUAL_BATCH, optimizer=optimizer, dtype=dtype)
        self.network = NetworkTrace(self.cost.report, self.cost.at)
        self._places = {row.path: place for place, row in enumerate(self.cost.report.layers)}
        self._totals: Mapping[str, Callable[[], ExplainedKey]] = {
            "weights": self._weights,
            "gradients": self._gradients,
            "state": self._state,
            "training-peak": self._peak,
        }

    def explained(self, row: LayerReport, key: str) -> ExplainedKey:
        """Return the derivation of one of `TRAINED_KEYS` of a layer."""
        place = self._places[row.path]
        row = self.cost.report.layers[place]
        trace = self.network.trace(row)
        if trace is None:
            return self._key(key, self._number(row, key), notes=(UNTRACED,))
        return checked(self._saved(place, trace) if key == "saved" else self._backward(place, trace))

    def total(self, path: str, key: str) -> ExplainedKey:
        """Return a figure of the layers below a path, or of the whole step."""
        if key in self._totals:
            return self._totals[key]()
        rows = self.cost.report.layers
        inside = f"{path}." if path else ""
        numbers = {row.path: self._number(row, key) for row in rows if row.path.startswith(inside)}
        parts, notes = summed(rows, path, lambda row: numbers[row.path])
        return self._key(key, sum_of(numbers.values()), notes=notes)._replace(parts=parts)

    def _key(self, key: str, result: Dim | None, *formulas: Formula, notes: tuple[str, ...] = ()) -> ExplainedKey:
        unit = "" if key == "backward" else "bytes"
        return ExplainedKey(key, result, formulas, notes=notes, at=self.cost.at, unit=unit)

    def _number(self, row: LayerReport, key: str) -> Dim:
        place = self._places[row.path]
        if key == "saved":
            return self.cost.bytes_at(self.cost.step.saved.layers[place].size)
        return evaluate(self.cost.step.work[place].backward, self.cost.at)

    def _saved(self, place: int, trace: LayerTrace) -> ExplainedKey:
        """Return the bytes that a layer saves first: the elements of each tensor and the bytes of an element."""
        layer = self.cost.step.saved.layers[place]
        result = self.cost.bytes_at(layer.size)
        names = Counter(tensor.name for tensor in layer.tensors)
        formulas, notes, itemsizes = [], [], {}
        for tensor, elements in zip(layer.tensors, _elements(layer.tensors, trace), strict=True):
            if not tensor.first:
                notes.append(f"{tensor.name}: {tensor.slot or tensor.key}, saved by an earlier layer and counted there")
                continue
            name = f"{tensor.name} {tensor.slot}" if names[tensor.name] > 1 and tensor.slot else tensor.name
            itemsizes[name], size = self._bytes(tensor, elements)
            formulas.append(Formula(name, size, self.cost.bytes_at(tensor.size)))
            if tensor.slot and name == tensor.name:
                notes.append(f"{name}: the memory of {tensor.slot}")
        if len({*itemsizes.values()}) == 1:
            notes.append(f"an element has {next(iter(itemsizes.values()))} bytes")
        else:
            notes += [f"{name}: {each} bytes of an element" for name, each in itemsizes.items()]
        if not layer.tensors:
            notes.append("nothing is saved: no gradient needs a tensor of this layer")
        if len(formulas) > 1:
            formulas.append(total_formula("saved", formulas, result))
        return self._key("saved", result, *formulas, notes=tuple(notes))

    def _bytes(self, tensor: SavedTensor, elements: Any) -> tuple[int, Any]:
        """Return the bytes of an element of a saved tensor, and all its bytes; of a view those of its memory."""
        number = int_at(tensor.size, self.network.sizes)
        each = number // max(int(elements), 1)
        if value_of(each * elements) == self.cost.bytes_at(tensor.size):
            return each, each * elements
        maker = self.network.maker(tensor.slot)
        trace = None if maker is None else self.network.trace(maker[0])
        axes: tuple[Any, ...] = () if maker is None or trace is None else trace.cost_outputs[maker[1]]
        # Leaves without a source: they are fields and axes of another layer.
        memory: Any = 1
        for axis in axes:
            memory = memory * leaf(in_names(axis), value_of(axis), stand_in=int(axis))
        each = number // int(memory)
        return each, each * memory

    def _backward(self, place: int, trace: LayerTrace) -> ExplainedKey:
        """Return the multiply-accumulates of the gradients with respect to inputs and weights."""
        step, at = self.cost.step, self.cost.at
        row, work = step.saved.layers[place].row, step.work[place]
        result = evaluate(work.backward, at)
        needed = any(slot in step.saved.requires_grad for slot in row.step.inputs)
        if not needed and not self.cost.report.trains(row):
            return self._key("backward", result, notes=("no gradient is computed: no weight is before it",))
        to_inputs, to_weights = trace.layer.backward_macs(*trace.cost_shapes)
        notes: tuple[str, ...] = ()
        if not needed:
            to_inputs = to_inputs - trace.layer.spared_macs(*trace.cost_shapes)
            notes = ("no gradient with respect to the inputs: no weight is before it",)
        formulas = (
            Formula("to inputs", to_inputs, evaluate(work.to_inputs, at)),
            Formula("to weights", to_weights, evaluate(work.to_weights, at)),
        )
        return self._key("backward", result, *formulas, total_formula("backward", formulas, result), notes=notes)

    def _per_weight(self, key: str, each: int, result: Dim, note: str) -> ExplainedKey:
        params = self.cost.report.totals.params
        assert params is not None  # the cost of a training step is known
        count = self.cost.bytes_at(params)
        result = self.cost.bytes_at(result)
        size = each * leaf("params", count, (FORMULA, "params"), stand_in=1)
        at = self.cost.at if isinstance(params, Expr) else {}
        return ExplainedKey(key, result, (Formula(key, size, result),), notes=(note,), at=at, unit="bytes")

    def _itemsize(self) -> int:
        size = bytes_of(1, DTYPES[self.cost.step.dtype])
        assert isinstance(size, int)  # of a number
        return size

    def _weights(self) -> ExplainedKey:
        itemsize = self._itemsize()
        return self._per_weight(
            "weights",
            itemsize,
            self.cost.step.static.weights,
            f"{itemsize} bytes of a weight in {self.cost.step.dtype}",
        )

    def _gradients(self) -> ExplainedKey:
        note = "a gradient for each weight, in its type, live from the backward pass to the update"
        return self._per_weight("gradients", self._itemsize(), self.cost.step.static.gradients, note)

    def _state(self) -> ExplainedKey:
        optimizer = self.cost.step.optimizer
        numbers = OPTIMIZERS[optimizer]
        note = f"{optimizer} has {numbers} float32 numbers per weight, {BYTES} bytes each"
        return self._per_weight("state", BYTES * numbers, self.cost.step.static.state, note)

    def _peak(self) -> ExplainedKey:
        """Return the parts of the live bytes at the event with most of them."""
        cost, static = self.cost, self.cost.step.static
        event = cost.peak
        if event is None:
            return self._key(
                "training-peak", None, notes=(f"the peak depends on {', '.join(cost.unbound)}: set a size",)
            )
        parts = {
            "weights": static.weights,
            "buffers": static.buffers,
            "copy of the weights": static.master,
            "state": static.state,
            "values": event.values,
            "gradients of values": event.value_gradients,
            "gradients of weights": event.weight_gradients,
        }
        shown = [(name, cost.bytes_at(size)) for name, size in parts.items()]
        total: Any = 0
        for name, size in shown:
            if size != 0:
                total = total + leaf(name, size, (FORMULA, name), stand_in=1 if isinstance(size, Expr) else None)
        result = cost.bytes_at(event.live)
        where = f"{event.event.phase} of {event.path}" if event.path else event.event.phase
        notes = (
            f"the most of the {len(cost.step.events)} events of a step is at the {where}",
            "values: of the forward pass, saved or in use; gradients of values: those that later ones still need",
        )
        return self._key("training-peak", result, Formula("peak", total, result), notes=notes)


def _elements(tensors: tuple[SavedTensor, ...], trace: LayerTrace) -> Iterator[Any]:
    """Yield the elements of each saved tensor as the layer's rule counts them."""
    records = iter(trace.layer.saved(*trace.cost_shapes))
    for tensor in tensors:
        yield next(record.elements for record in records if record.name == tensor.name)
