"""The result of shape inference: a row per layer and the totals, as plain values and as the documented JSON."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.architecture import input_symbols, joined
from shapecalc.diagnostics.presentation import Presented
from shapecalc.dims import Condition, Dim, as_json, product, show
from shapecalc.shape_inference.constraints import Constraint, ValidSizes, solve_constraints
from shapecalc.shape_inference.dtypes import USUAL_DTYPE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from shapecalc.architecture import Architecture, Group, Input, Step
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

Count = Dim | None
"""A count, exact or as an expression; None if it is unknown for a layer."""


def batch_symbol(architecture: Architecture) -> str | None:
    """Return the symbol of the batch, None if the file fixes it."""
    return next((name for name in BATCH_SYMBOLS if name in architecture.symbols), None)


class Facts(NamedTuple):
    """The shapes and counts of a layer for given input shapes, independent of its position in a network."""

    outputs: dict[str, Shape]
    parameters: dict[str, Shape]
    buffers: dict[str, Shape]
    params: Count
    buffer_count: Count
    macs: Count
    flops: Count
    activations: Count
    conditions: tuple[Condition, ...] = ()
    """The conditions on symbols under which the layer is valid."""
    parts: Mapping[str, Count] = MappingProxyType({})
    """The multiply-accumulates by purpose, if the layer has several kinds of products."""
    useful: Count = None
    """The multiply-accumulates of QKᵀ and AV whose result is not masked; None without a mask."""
    non_trainable: Count = 0
    """The scalars of `params` that are not trained, in a convention that counts some of the buffers as parameters."""
    active: Mapping[str, Count] = MappingProxyType({})
    """The trainable scalars of each tensor that one token uses, if those are not all."""
    constants: Mapping[str, Shape] = MappingProxyType({})
    """The shapes of tensors that are stored, and count as neither parameters nor buffers."""

    @property
    def tensors(self) -> dict[str, Shape]:
        """The shapes of all tensors that a run reads in addition to the inputs, by name."""
        return {**self.parameters, **self.buffers, **self.constants}


class LayerReport(NamedTuple):
    """One row: a step, its input shapes, and its facts.

    Params and buffers count scalars; MACs and FLOPs are for the batch size in `Report.costs_at`.
    """

    step: Step
    inputs: tuple[Shape, ...]
    facts: Facts
    dtypes: Mapping[str, str] = MappingProxyType({})
    """The dtypes of its outputs that are not float32, by name."""

    @property
    def path(self) -> str:
        """The layer's name in the network."""
        return self.step.path

    @property
    def type(self) -> str:
        """The layer's type."""
        return self.step.layer.type

    @property
    def outputs(self) -> dict[str, Shape]:
        """The output shapes by name."""
        return self.facts.outputs

    @property
    def output(self) -> Shape:
        """The shape of the first output."""
        return next(iter(self.facts.outputs.values()))

    @property
    def params(self) -> Count:
        """Its own trainable scalars, and `non_trainable` ones; 0 if it uses another layer's weights."""
        return self._own(self.facts.parameters) if self.step.weights or self.step.apart else self.facts.params

    @property
    def active_params(self) -> Count:
        """The scalars of `params` that the computation of one token uses: all of them, except in a mixture."""
        if not self.facts.active:
            return self.params
        return sum_of(count for name, count in self.facts.active.items() if self.step.owns(name))

    @property
    def non_trainable(self) -> Count:
        """The scalars of `params` that are not trained, 0 if the layer uses another layer's weights."""
        return 0 if self.step.weights else self.facts.non_trainable

    @property
    def trainable_params(self) -> Count:
        """The scalars of `params` that are trained."""
        if self.params is None or self.non_trainable is None:
            return None
        return self.params - self.non_trainable

    @property
    def buffers(self) -> Count:
        """Scalars of buffers that are its own: 0 if it uses another layer's."""
        return self._own(self.facts.buffers) if self.step.weights or self.step.apart else self.facts.buffer_count

    def _own(self, tensors: Mapping[str, Shape]) -> Count:
        return sum_of(product(shape) for name, shape in tensors.items() if self.step.owns(name))

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
        """The line of the layer in its file."""
        return self.step.spans.type.line if self.step.spans else None

    def file(self, source: Source | None) -> str | None:
        """Return the name of the included file that contains the layer; None if it is in the file itself."""
        if source is None or self.step.spans is None or not self.step.spans.type.file:
            return None
        return source.of(self.step.spans.type).name


class Sums(NamedTuple):
    """Sums over layers; None if a layer's part is unknown."""

    params: Count = 0
    buffers: Count = 0
    macs: Count = 0
    flops: Count = 0
    activations: Count = 0
    """Elements of all outputs."""
    active_params: Count = 0
    """The params that one token uses."""

    def of_shared(self) -> Sums:
        """Return the sums for layers whose weights are counted elsewhere."""
        return self._replace(params=0, buffers=0, active_params=0)


class Walk(NamedTuple):
    """The rows and sums of a body for given input shapes, its output shape, and those of all its outputs by slot."""

    rows: tuple[LayerReport | GroupReport, ...]
    output: Shape
    sums: Sums
    outputs: Mapping[str, Shape] = MappingProxyType({})


class GroupReport(NamedTuple):
    """One row of the tree: a group of steps, and a walk for each of its runs."""

    group: Group
    inputs: tuple[Shape, ...]
    runs: tuple[Walk, ...]

    @property
    def path(self) -> str:
        """The group's name in the network."""
        return self.group.path

    @property
    def output(self) -> Shape:
        """The output shape of the last run."""
        return self.runs[-1].output

    @property
    def outputs(self) -> dict[str, Shape]:
        """The output shapes by slot: the first one, and the others of each run."""
        shapes = {self.path: self.output}
        if not self.group.subgraph.outputs:
            return shapes
        for run, body, walk in zip(self.group.runs, self.group.bodies, self.runs, strict=True):
            shapes |= {joined(run, name): walk.outputs[slot] for name, slot in body.extra_outputs.items()}
        return shapes

    @property
    def sums(self) -> Sums:
        """The sums over all runs."""
        sums = total(run.sums for run in self.runs)
        return sums.of_shared() if self.group.weights else sums


def sums_of(row: LayerReport | GroupReport) -> Sums:
    """Return the sums of a row of the tree."""
    if isinstance(row, GroupReport):
        return row.sums
    params = row.params
    active = row.active_params if row.facts.active else params
    return Sums(params, row.buffers, row.macs, row.flops, row.facts.activations, active)


def total(parts: Iterable[Sums]) -> Sums:
    """Return the total of sums, exact for numbers and expressions; None if a part is unknown."""
    columns = zip(*parts, strict=True)
    return Sums(*map(sum_of, columns))


def sum_of(counts: Iterable[Count]) -> Count:
    """Return the sum of counts; None if one is unknown."""
    result: Dim = 0
    for count in counts:
        if count is None:
            return None
        result = result + count
    return result


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
            [_with_path(row, step) for row, step in zip(leaves(self.tree), self.architecture.layers, strict=True)]
        )

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
        }

    def _products(self) -> dict[str, Any]:
        if self.products is None:
            return {}
        parts = {"macs_parts": {name: as_json(count) for name, count in self.products.parts.items()}}
        if self.products.masked == 0:
            return parts
        return {**parts, "masked_macs": as_json(self.products.masked), "useful_macs": as_json(self.products.useful)}


def _with_path(row: LayerReport, step: Step) -> LayerReport:
    """Return a row with the step under its full path; its layer has sizes in place of symbols."""
    return row._replace(step=step._replace(layer=row.step.layer) if step.layer.size_fields else step)


def leaves(rows: Iterable[LayerReport | GroupReport]) -> Iterator[LayerReport]:
    """Yield the layers of rows in the order of computation, with their paths within their bodies."""
    for row in rows:
        if isinstance(row, LayerReport):
            yield row
        else:
            for run in row.runs:
                yield from leaves(run.rows)


def constraints_of(rows: Iterable[LayerReport | GroupReport]) -> tuple[Constraint, ...]:
    """Return each condition on symbols once, with the first layer that requires it."""
    first: dict[Condition, Constraint] = {}
    for constraint in _constraints(rows, "", set()):
        first.setdefault(constraint.condition, constraint)
    return tuple(first.values())


def _constraints(rows: Iterable[LayerReport | GroupReport], prefix: str, seen: set[int]) -> Iterator[Constraint]:
    """Yield the constraints of the layers of a tree, once for each body at the same shapes, which is one object."""
    for row in rows:
        if isinstance(row, LayerReport):
            for condition in row.facts.conditions:
                yield Constraint(condition, joined(prefix, row.path), row.step.spans)
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
