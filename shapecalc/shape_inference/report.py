"""What the engine found: a row per layer and the totals, as plain values and as the documented JSON."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.architecture import input_symbols, joined
from shapecalc.dims import Condition, Dim, as_json
from shapecalc.shape_inference.constraints import Constraint, ValidSizes, valid_sizes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from shapecalc.architecture import Architecture, Group, Input, Step
    from shapecalc.diagnostics import Source
    from shapecalc.dims import Shape

SCHEMA_VERSION = 1
"""Of the form of every result in JSON."""
CONVENTION = 1
"""Which convention the counts follow: raised when the same layer is to count for other params, MACs or FLOPs."""
BATCH_SYMBOLS = ("N", "B", "batch")
"""Costs are shown for one sample where the batch, by one of these names, is left free."""
BYTES = 4
"""Of one float32 number."""

Count = Dim | None
"""A count, exact or as an expression; None where a layer does not know."""


class Facts(NamedTuple):
    """What is true of a layer for given input shapes, wherever in a network it stands."""

    outputs: dict[str, Shape]
    parameters: dict[str, Shape]
    buffers: dict[str, Shape]
    params: Count
    buffer_count: Count
    macs: Count
    flops: Count
    activations: Count
    conditions: tuple[Condition, ...] = ()
    """What must hold of symbols for the layer to fit."""
    parts: Mapping[str, Count] = MappingProxyType({})
    """The multiply-accumulates by what they are for, where the layer has several kinds of products."""
    useful: Count = None
    """The multiply-accumulates of QKᵀ and AV whose result a mask lets through; None where there is no mask."""


class LayerReport(NamedTuple):
    """One row: a step, the shapes that enter, and the facts.

    Params and buffers are numbers of scalars; MACs and FLOPs are for the batch that `Report.costs_at` names.
    """

    step: Step
    inputs: tuple[Shape, ...]
    facts: Facts

    @property
    def path(self) -> str:
        """The layer's name in the network."""
        return self.step.path

    @property
    def type(self) -> str:
        """The layer's word."""
        return self.step.layer.type

    @property
    def outputs(self) -> dict[str, Shape]:
        """The shapes that leave, by name."""
        return self.facts.outputs

    @property
    def output(self) -> Shape:
        """The shape of the first output."""
        return next(iter(self.facts.outputs.values()))

    @property
    def params(self) -> Count:
        """Learnable scalars of its own: none where it uses another layer's weights."""
        return 0 if self.step.weights else self.facts.params

    @property
    def buffers(self) -> Count:
        """Scalars of its own that are kept but not learnt."""
        return 0 if self.step.weights else self.facts.buffer_count

    @property
    def macs(self) -> Count:
        """Multiply-accumulates."""
        return self.facts.macs

    @property
    def flops(self) -> Count:
        """2 × MACs + every other scalar operation."""
        return self.facts.flops

    @property
    def line(self) -> int | None:
        """The line of the file where the layer stands."""
        return self.step.place.word.line if self.step.place else None

    def file(self, source: Source | None) -> str | None:
        """Return the name of the included file where the layer stands; None where that is the file itself."""
        if source is None or self.step.place is None or not self.step.place.word.file:
            return None
        return source.of(self.step.place.word).name


class Sums(NamedTuple):
    """What layers come to together; None where one does not know its part."""

    params: Count = 0
    buffers: Count = 0
    macs: Count = 0
    flops: Count = 0
    activations: Count = 0
    """Numbers in all outputs."""

    def of_shared(self) -> Sums:
        """Return the same work done with weights that are counted elsewhere."""
        return self._replace(params=0, buffers=0)


class Walk(NamedTuple):
    """What the engine found of a body, or of a whole architecture, for given input shapes.

    `output` is the shape that leaves a body.
    """

    rows: tuple[LayerReport | GroupReport, ...]
    output: Shape
    sums: Sums


class GroupReport(NamedTuple):
    """One row of the tree: a body in its place, and what was found of each of its runs."""

    group: Group
    inputs: tuple[Shape, ...]
    runs: tuple[Walk, ...]

    @property
    def path(self) -> str:
        """The group's name in the network."""
        return self.group.path

    @property
    def output(self) -> Shape:
        """The shape that leaves the last run."""
        return self.runs[-1].output

    @property
    def sums(self) -> Sums:
        """What its runs come to together."""
        whole = total(run.sums for run in self.runs)
        return whole.of_shared() if self.group.weights else whole


def sums_of(row: LayerReport | GroupReport) -> Sums:
    """Return what a row of the tree comes to."""
    if isinstance(row, GroupReport):
        return row.sums
    return Sums(row.params, row.buffers, row.macs, row.flops, row.facts.activations)


def total(parts: Iterable[Sums]) -> Sums:
    """Return the sum of sums, exact for numbers and expressions; unknown where a part is unknown."""
    columns = zip(*parts, strict=True)
    return Sums(*map(sum_of, columns))


def sum_of(counts: Iterable[Count]) -> Count:
    """Return the sum of counts; unknown where one is."""
    whole: Dim = 0
    for count in counts:
        if count is None:
            return None
        whole = whole + count
    return whole


MASKED = ("QKᵀ", "AV")
"""The products of attention that a mask hides some of."""


class Products(NamedTuple):
    """Multiply-accumulates by what they are for, of all layers that have several kinds of products.

    `masked` are those of QKᵀ and AV in layers with a mask, `useful` what of these the masks let through.
    """

    parts: Mapping[str, Count]
    masked: Count
    useful: Count


class Totals(NamedTuple):
    """Sums over all layers; None where a layer does not know its part. Memory is in bytes at float32.

    `activation_bytes` adds up every layer's output, as a forward pass that keeps them all for training would.
    """

    params: Count
    buffers: Count
    macs: Count
    flops: Count
    parameter_bytes: Count
    activation_bytes: Count


@dataclass(frozen=True)
class Report:
    """An architecture's shapes and costs.

    `tree` has blocks and repeats as they stand, `layers` every layer written out.
    `bindings` holds what the file's `sizes` and the caller bound, `costs_at` what was put in for symbols that were
    still free when costs were evaluated.
    """

    architecture: Architecture
    inputs: tuple[Input, ...]
    bindings: Mapping[str, int]
    costs_at: Mapping[str, int]
    tree: tuple[LayerReport | GroupReport, ...]
    outputs: Mapping[str, Shape]
    totals: Totals
    params_as: str = "pytorch"
    """Whose count of parameters, of `shapecalc.layers.base.PARAMS_AS`; tensors are PyTorch's."""

    @cached_property
    def layers(self) -> tuple[LayerReport, ...]:
        """A row per layer under its full path, in the order of computation."""
        if not any(isinstance(row, GroupReport) for row in self.tree):
            return tuple(row for row in self.tree if isinstance(row, LayerReport))
        return tuple(
            [row._replace(step=step) for row, step in zip(leaves(self.tree), self.architecture.layers, strict=True)]
        )

    @cached_property
    def symbols(self) -> tuple[str, ...]:
        """The symbols of its input shapes that are not bound, sorted."""
        return input_symbols(self.inputs)

    @cached_property
    def constraints(self) -> tuple[Constraint, ...]:
        """Each condition that layers require of symbols, once, with the first layer that requires it."""
        found: dict[Condition, Constraint] = {}
        for constraint in _constraints(self.tree, "", set()):
            found.setdefault(constraint.condition, constraint)
        return tuple(found.values())

    @cached_property
    def valid_sizes(self) -> ValidSizes:
        """The sizes of its symbols that meet the constraints."""
        return valid_sizes(self.constraints, self.symbols)

    @cached_property
    def products(self) -> Products | None:
        """What the multiply-accumulates are for, None where no layer has several kinds of them."""
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
        """Return the documented JSON, `schema_version` 1: an int where a value is known, else the expression."""
        return {
            "schema_version": SCHEMA_VERSION,
            "name": self.architecture.name,
            **({"parameters": dict(self.architecture.parameters)} if self.architecture.parameters else {}),
            "bindings": dict(self.bindings),
            "costs_at": dict(self.costs_at),
            "params_as": self.params_as,
            "inputs": {
                entry.name: {"shape": [*map(as_json, entry.shape)], "dtype": entry.dtype} for entry in self.inputs
            },
            "layers": [_row(row, self.architecture.file) for row in self.layers],
            "outputs": {name: [*map(as_json, shape)] for name, shape in self.outputs.items()},
            "totals": {
                "params": as_json(self.totals.params),
                "buffers": as_json(self.totals.buffers),
                "macs": as_json(self.totals.macs),
                "flops": as_json(self.totals.flops),
                "parameter_bytes": as_json(self.totals.parameter_bytes),
                "activation_bytes": as_json(self.totals.activation_bytes),
                **self._products(),
            },
        }

    def _products(self) -> dict[str, Any]:
        if self.products is None:
            return {}
        found = {"macs_parts": {name: as_json(count) for name, count in self.products.parts.items()}}
        return (
            found
            if self.products.masked == 0
            else {**found, "masked_macs": as_json(self.products.masked), "useful_macs": as_json(self.products.useful)}
        )


def leaves(rows: Iterable[LayerReport | GroupReport]) -> Iterator[LayerReport]:
    """Yield the layers of rows in the order of computation, under the paths that they have in their bodies."""
    for row in rows:
        if isinstance(row, LayerReport):
            yield row
        else:
            for run in row.runs:
                yield from leaves(run.rows)


def _constraints(rows: Iterable[LayerReport | GroupReport], prefix: str, seen: set[int]) -> Iterator[Constraint]:
    """Yield the constraints of the layers of a tree; those of a body at the same shapes, which is one object, once."""
    for row in rows:
        if isinstance(row, LayerReport):
            for condition in row.facts.conditions:
                yield Constraint(condition, joined(prefix, row.path), row.step.place)
            continue
        for name, walk in zip(row.group.runs, row.runs, strict=True):
            if id(walk) not in seen:
                seen.add(id(walk))
                yield from _constraints(walk.rows, joined(prefix, name), seen)


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
        "buffers": as_json(row.buffers),
        "macs": as_json(row.macs),
        "flops": as_json(row.flops),
        **(
            {"macs_parts": {name: as_json(count) for name, count in row.facts.parts.items()}} if row.facts.parts else {}
        ),
        **({"useful_macs": as_json(row.facts.useful)} if row.facts.useful is not None else {}),
        **({"shares": row.step.weights} if row.step.weights else {}),
        **({"conditions": [str(condition) for condition in row.facts.conditions]} if row.facts.conditions else {}),
    }
