"""The result of shape inference: a row per layer and the totals, as plain values and as the documented JSON."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.architecture import input_symbols
from shapecalc.diagnostics.presentation import Presented
from shapecalc.dims import as_json, show
from shapecalc.shape_inference.constraints import Constraint, ValidSizes, solve_constraints
from shapecalc.shape_inference.dtypes import USUAL_DTYPE
from shapecalc.shape_inference.rows import (
    Count,
    GroupReport,
    LayerReport,
    Sums,
    constraints_of,
    leaves,
    sum_of,
    sums_of,
    total,
    unknown_operators,
    with_path,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from shapecalc.architecture import Architecture, Input
    from shapecalc.diagnostics import Source
    from shapecalc.dims import Shape

SCHEMA_VERSION = 1
"""Of the form of every result in JSON."""
CONVENTION = 1
"""The version of the counting convention, raised if the params, MACs or FLOPs of a layer change."""
BATCH_SYMBOLS = ("N", "B", "batch")
"""Names of the batch; costs are those of one sample if it is unbound."""
BYTES = 4
"""Size of one float32 element."""


def batch_symbol(architecture: Architecture) -> str | None:
    """Return the symbol of the batch, None if the file fixes it."""
    return next((name for name in BATCH_SYMBOLS if name in architecture.symbols), None)


MASKED = ("QKᵀ", "AV")
"""The products of attention to which a mask applies."""


class Products(NamedTuple):
    """Multiply-accumulates by purpose, of all layers that have several kinds of products.

    `masked` are those of QKᵀ and AV in layers with a mask, `useful` those of them whose result is not masked.
    """

    parts: Mapping[str, Count]
    masked: Count
    useful: Count


class Totals(NamedTuple):
    """Sums over all layers; None if a layer's part is unknown. Memory is in bytes of the report's type.

    `activation_bytes` is the size of all outputs together, as if a forward pass saved all of them for training.
    """

    params: Count
    buffers: Count
    macs: Count
    flops: Count
    parameter_bytes: Count
    activation_bytes: Count
    non_trainable_params: Count = 0
    """The params that are not trained."""
    active_params: Count = None
    """The params that the computation of one token uses: all, unless a layer is a mixture of experts."""

    @property
    def trainable_params(self) -> Count:
        """The params that are trained."""
        if self.params is None or self.non_trainable_params is None:
            return None
        return self.params - self.non_trainable_params


@dataclass(frozen=True)
class Report(Presented):
    """An architecture's shapes and costs.

    `tree` has blocks and repeats as groups, `layers` has them expanded. `bindings` are the sizes that the file's
    `sizes` and the caller bind, `costs_at` those that costs assume for unbound symbols.
    """

    architecture: Architecture
    inputs: tuple[Input, ...]
    bindings: Mapping[str, int]
    costs_at: Mapping[str, int]
    tree: tuple[LayerReport | GroupReport, ...]
    outputs: Mapping[str, Shape]
    totals: Totals
    params_as: str = "pytorch"
    """The convention of the count of parameters, of `shapecalc.layers.base.PARAMS_AS`; tensors are PyTorch's."""
    dtype: str = USUAL_DTYPE
    """The type of the elements of tensors, by which memory is counted, of `shapecalc.shape_inference.dtypes.BITS`."""

    def __repr__(self) -> str:
        """Return the name and the totals.

        >>> import shapecalc
        >>> shapecalc.inspect(shapecalc.load("lenet5"))
        <Report of LeNet-5: params 61706, MACs 416520, output [N, 10]>
        """
        outputs = ", ".join(f"{name} {show(shape)}" for name, shape in self.outputs.items())
        return f"<Report of {self.architecture.name}: params {self.totals.params}, MACs {self.totals.macs}, {outputs}>"

    @cached_property
    def uncounted(self) -> tuple[str, ...]:
        """The types of layers with parameters or buffers that are counted as PyTorch does: Keras has no such layer."""
        if self.params_as != "keras":
            return ()
        rows = (row for row in leaves(self.tree) if row.facts.parameters or row.facts.buffers)
        return tuple(dict.fromkeys(row.type for row in rows if not row.step.layer.in_keras))

    @cached_property
    def layers(self) -> tuple[LayerReport, ...]:
        """A row per layer with its full path, in the order of computation."""
        if not any(isinstance(row, GroupReport) for row in self.tree):
            return tuple(row for row in self.tree if isinstance(row, LayerReport))
        return tuple(
            [with_path(row, step) for row, step in zip(leaves(self.tree), self.architecture.layers, strict=True)]
        )

    @cached_property
    def unknown_operators(self) -> Mapping[str, int]:
        """The operators that have no layer, each with its number of steps: the totals of their counts are unknown."""
        return unknown_operators(self.layers)

    @cached_property
    def known(self) -> Sums:
        """The sums over the layers whose counts are known."""
        return total(sums_of(row) for row in self.layers if row.step.layer.counts_known)

    @cached_property
    def trained(self) -> frozenset[str]:
        """The paths of the trainable tensors, such as `c1.weight`, each once."""
        return frozenset(
            row.step.tensor(name) for row in self.layers for name in row.facts.parameters if row.step.owns(name)
        )

    def trains(self, row: LayerReport) -> bool:
        """Return whether a layer has a trainable tensor, its own or another layer's."""
        if not row.step.apart:
            return bool(row.facts.parameters)
        return any(row.step.tensor(name) in self.trained for name in row.facts.parameters)

    @cached_property
    def symbols(self) -> tuple[str, ...]:
        """The unbound symbols of the input shapes, sorted."""
        return input_symbols(self.inputs)

    @cached_property
    def constraints(self) -> tuple[Constraint, ...]:
        """Each condition on symbols once, with the first layer that requires it."""
        return constraints_of(self.tree)

    @cached_property
    def valid_sizes(self) -> ValidSizes:
        """The sizes of the unbound symbols that meet the constraints."""
        return solve_constraints(self.constraints, self.symbols)

    @cached_property
    def products(self) -> Products | None:
        """The multiply-accumulates by purpose; None if no layer has several kinds of products."""
        facts = [row.facts for row in leaves(self.tree) if row.facts.parts]
        if not facts:
            return None
        names = dict.fromkeys(name for each in facts for name in each.parts)
        masked = [each for each in facts if each.useful is not None]
        return Products(
            {name: sum_of(each.parts.get(name, 0) for each in facts) for name in names},
            sum_of(each.parts[name] for each in masked for name in MASKED),
            sum_of(each.useful for each in masked),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the documented JSON, `schema_version` 1; what depends on symbols is an expression as a string."""
        return {
            "schema_version": SCHEMA_VERSION,
            "name": self.architecture.name,
            **({"parameters": dict(self.architecture.parameters)} if self.architecture.parameters else {}),
            "bindings": dict(self.bindings),
            "costs_at": dict(self.costs_at),
            "params_as": self.params_as,
            "dtype": self.dtype,
            "inputs": {
                entry.name: {"shape": [*map(as_json, entry.shape)], "dtype": entry.dtype} for entry in self.inputs
            },
            "layers": [_row(row, self.architecture.file) for row in self.layers],
            "outputs": {name: [*map(as_json, shape)] for name, shape in self.outputs.items()},
            "totals": {name: as_json(count) for name, count in self.totals._asdict().items()}
            | {"trainable_params": as_json(self.totals.trainable_params)}
            | self._products(),
            **({"params_as_pytorch": list(self.uncounted)} if self.uncounted else {}),
            **(
                {
                    "unknown_operators": dict(self.unknown_operators),
                    "known": {name: as_json(count) for name, count in self.known._asdict().items()},
                }
                if self.unknown_operators
                else {}
            ),
        }

    def _products(self) -> dict[str, Any]:
        if self.products is None:
            return {}
        parts = {"macs_parts": {name: as_json(count) for name, count in self.products.parts.items()}}
        if self.products.masked == 0:
            return parts
        return {**parts, "masked_macs": as_json(self.products.masked), "useful_macs": as_json(self.products.useful)}


def _row(row: LayerReport, source: Source | None) -> dict[str, Any]:
    file = row.file(source)
    return {
        "path": row.path,
        "type": row.type,
        "line": row.line,
        **({"file": file} if file is not None else {}),
        "inputs": [[*map(as_json, shape)] for shape in row.inputs],
        "outputs": {name: [*map(as_json, shape)] for name, shape in row.outputs.items()},
        "parameters": {name: [*map(as_json, shape)] for name, shape in row.facts.parameters.items()},
        "params": as_json(row.params),
        **({"active_params": as_json(row.active_params)} if row.facts.active else {}),
        "buffers": as_json(row.buffers),
        "macs": as_json(row.macs),
        "flops": as_json(row.flops),
        **(
            {"macs_parts": {name: as_json(count) for name, count in row.facts.parts.items()}} if row.facts.parts else {}
        ),
        **({"useful_macs": as_json(row.facts.useful)} if row.facts.useful is not None else {}),
        **({"non_trainable_params": as_json(row.non_trainable)} if row.facts.non_trainable != 0 else {}),
        **({"shares": row.step.weights} if row.step.weights else {}),
        **({"owners": {name: row.step.owner(name) for name in row.facts.parameters}} if row.step.apart else {}),
        **({"shared": _shared(row)} if row.step.apart else {}),
        **({"conditions": [str(condition) for condition in row.facts.conditions]} if row.facts.conditions else {}),
    }


def _shared(row: LayerReport) -> dict[str, Any]:
    """Return the single tensors of other layers by the layer's own names of them."""
    tensors = row.step.apart.items()
    return {
        name: {"tensor": of.path_of_tensor, "transposed": of.transposed}
        for name, of in tensors
        if not row.step.owns(name)
    }
