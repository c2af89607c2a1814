"""The rows of a report: what a layer or a group of steps computes and costs, and the sums over rows."""

from __future__ import annotations

from collections import Counter
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.architecture import joined
from shapecalc.dims import Condition, Dim, product
from shapecalc.shape_inference.constraints import Constraint

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from shapecalc.architecture import Group, Step
    from shapecalc.diagnostics import Source
    from shapecalc.dims import Shape

Count = Dim | None
"""A count, exact or as an expression; None if it is unknown for a layer."""


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


def unknown_operators(rows: Iterable[LayerReport]) -> dict[str, int]:
    """Return the operators that have no layer, so that their counts are unknown, each with its number of steps."""
    unknown = (row.step.layer for row in rows if not row.step.layer.counts_known)
    return dict(Counter(layer.operator for layer in unknown))  # type: ignore[attr-defined]  # as `opaque` has


def with_path(row: LayerReport, step: Step) -> LayerReport:
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
