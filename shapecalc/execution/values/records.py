"""The result of `values`: each tensor of a run with its figures, its gradient, and its value after an update."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.diagnostics.numbers import finite
from shapecalc.diagnostics.presentation import Presented
from shapecalc.execution.values.plain import plain
from shapecalc.execution.values.statistics import Statistics, statistics

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from shapecalc.execution.values.objective import LossRecord, Objective
    from shapecalc.execution.values.updates import Update
    from shapecalc.reference.base import Array
    from shapecalc.shape_inference.report import Report
    from shapecalc.shape_inference.rows import LayerReport

PRE_ACTIVATION, ACTIVATION = "z", "a"


class Measured(NamedTuple):
    """The figures of an array, and the array if it was retained."""

    figures: Statistics
    array: Array | None

    @classmethod
    def of(cls, array: Array, *, retained: bool) -> Measured:
        """Return an array with its figures; `retained` is whether it may be read later."""
        return cls(statistics(array), array if retained else None)

    def to_dict(self, *, elements: bool) -> dict[str, Any]:
        """Return the figures, and the elements if wanted, as JSON's values: NaN and infinities are strings."""
        values: dict[str, Any] = self.figures.to_dict()
        return {**values, "elements": plain(self.array.tolist())} if elements and self.array is not None else values


class TensorRecord(NamedTuple):
    """A tensor of a run: its name, `z` or `a` if it is a pre-activation or an activation, and its value.

    `gradient` is that of the loss with respect to it, None if the loss does not depend on it; `updated` is a weight
    after the last step; `drawn` is whether it is random.
    """

    name: str
    label: str
    value: Measured
    gradient: Measured | None = None
    updated: Measured | None = None
    drawn: bool = False

    @property
    def size(self) -> int:
        """The number of elements."""
        return self.value.figures.size

    def arrays(self) -> Iterator[tuple[str, Array]]:
        """Yield its retained arrays by name: `name`, `name.grad` and `name.updated`."""
        for suffix, measured in (("", self.value), (".grad", self.gradient), (".updated", self.updated)):
            if measured is not None and measured.array is not None:
                yield self.name + suffix, measured.array

    def to_dict(self, *, elements: bool) -> dict[str, Any]:
        """Return the tensor as JSON's values, with its elements if wanted."""
        return {
            "name": self.name,
            "label": self.label or None,
            "random": self.drawn,
            **self.value.to_dict(elements=elements),
            "gradient": None if self.gradient is None else self.gradient.to_dict(elements=elements),
            "updated": None if self.updated is None else self.updated.to_dict(elements=elements),
        }


class StepRecord(NamedTuple):
    """A layer of a run, its parameters and buffers, its outputs, and if detailed what its kernel computes for these."""

    row: LayerReport
    parameters: tuple[TensorRecord, ...]
    outputs: tuple[TensorRecord, ...]
    intermediates: tuple[TensorRecord, ...] = ()

    @property
    def weights(self) -> tuple[TensorRecord, ...]:
        """Its parameters and buffers; that of a `parameter` step is its output."""
        return (*self.parameters, *(self.outputs if "" in self.row.facts.tensors else ()))


@dataclass(frozen=True, slots=True)
class NetworkValues(Presented):
    """All tensors of a run in their order, the losses, and the gradients and updates if there are any.

    `totals` has the loss before each step of the optimizer, and after the last.
    """

    report: Report
    dtype: str
    seed: int
    inputs: tuple[TensorRecord, ...]
    steps: tuple[StepRecord, ...]
    objective: Objective | None = None
    losses: tuple[LossRecord, ...] = ()
    totals: tuple[float, ...] = ()
    update: Update | None = None

    def __repr__(self) -> str:
        """Return the name, the sizes, and the loss."""
        at = ", ".join(f"{name} = {size}" for name, size in self.report.bindings.items())
        loss = f": loss {self.totals[0]:.6g}" if self.totals else ""
        return f"<NetworkValues of {self.report.architecture.name}{at and f' at {at}'}{loss}>"

    def tensors(self) -> Iterator[TensorRecord]:
        """Yield every tensor: inputs, then for each layer its parameters, its intermediate tensors and its outputs."""
        yield from self.inputs
        for step in self.steps:
            yield from (*step.parameters, *step.intermediates, *step.outputs)

    @property
    def arrays(self) -> dict[str, Array]:
        """The retained arrays by name: `c1`, `c1.weight`, gradients as `c1.weight.grad`, weights after the last step as
        `c1.weight.updated`, and the losses as `losses`.
        """  # noqa: D205 - one sentence
        import numpy as np  # noqa: PLC0415 - which only a run imports

        named = {name: array for record in self.tensors() for name, array in record.arrays()}
        return {**({"losses": np.array(self.totals)} if self.totals else {}), **named}

    def __getitem__(self, name: str) -> Array:
        """Return a retained array by its name in `arrays`; raise `KeyError` if there is none."""
        return self.arrays[name]

    @property
    def outputs(self) -> Mapping[str, TensorRecord]:
        """The outputs of the network by name."""
        records = {record.name: record for record in self.tensors()}
        return {name: records[slot] for name, slot in self.report.architecture.output_slots.items()}

    def to_dict(self, shown: Callable[[TensorRecord], bool] = lambda _record: True) -> dict[str, Any]:
        """Return the values of `--format json`: figures of all tensors, and the elements of those that are `shown`."""

        def tensors(records: Iterable[TensorRecord]) -> list[dict[str, Any]]:
            return [record.to_dict(elements=shown(record)) for record in records]

        layers = [
            {
                "path": step.row.path,
                "type": step.row.type,
                "parameters": tensors(step.parameters),
                "intermediates": tensors(step.intermediates),
                "outputs": tensors(step.outputs),
            }
            for step in self.steps
        ]
        return {
            "name": self.report.architecture.name,
            "sizes": dict(self.report.bindings),
            "dtype": self.dtype,
            "seed": self.seed,
            "inputs": tensors(self.inputs),
            "layers": layers,
            "outputs": dict(self.report.architecture.output_slots),
            "losses": [loss.to_dict() for loss in self.losses],
            "loss": list(map(finite, self.totals)),
            "update": None if self.update is None else self.update.to_dict(),
        }
