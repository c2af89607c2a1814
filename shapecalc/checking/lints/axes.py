"""The roles of the axes of every tensor in a network, as far as the layers before it show them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shapecalc.architecture import input_slot, joined
from shapecalc.diagnostics import Label
from shapecalc.dims import free_symbols, show, symbol
from shapecalc.layers.roles import Role, unknown
from shapecalc.shape_inference.report import BATCH_SYMBOLS
from shapecalc.shape_inference.rows import LayerReport

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shapecalc.architecture import Input
    from shapecalc.checking.lints.graphs import Rows
    from shapecalc.diagnostics import Span
    from shapecalc.dims import Dim, Shape
    from shapecalc.layers.roles import Roles
    from shapecalc.shape_inference.report import Report
    from shapecalc.shape_inference.rows import GroupReport, Walk

TIME_SYMBOLS = ("T", "L", "time", "length", "steps")
"""Names of the number of steps of a sequence."""


class Tensor(NamedTuple):
    """The roles of a tensor's axes and where they come from."""

    roles: Roles
    span: Span | None = None
    """The last layer that changed the axes, or the input."""
    shape: Shape | None = None
    """The shape that this layer gave; None for an input."""
    layer: LayerReport | None = None
    """The layer of `span`; None for an input."""
    entry: Input | None = None
    """The input of the network as the file states it, if no layer changed its axes but for their sizes."""
    map: bool = False
    """Whether it is [N, C, *spatial] as a convolution or a pool gave it, with no axis moved or joined since."""
    channels_first: bool = False
    """Whether it is such a map, or one whose other axes are joined."""

    @property
    def origin(self) -> Label | None:
        """The last layer that changed the axes, with the shape that it gave, or the input."""
        if self.span is None:
            return None
        return Label(self.span, "the input" if self.shape is None else f"gives {show(self.shape)}")


class LayerAxes(NamedTuple):
    """A layer and the tensors that it reads."""

    row: LayerReport
    inputs: tuple[Tensor, ...]


def layer_axes(report: Report) -> tuple[LayerAxes, ...]:
    """Return every layer that reads, with its inputs; those of a body once for each set of roles and shapes."""
    values = {
        entry.name: Tensor(stated_roles(entry.shape), entry.span, entry=entry) for entry in report.architecture.inputs
    }
    walker = _Walker()
    walker.walk(report.tree, values)
    return tuple(walker.layers)


def stated_roles(shape: Shape) -> Roles:
    """Return the roles that the symbols of an input name."""
    return tuple(map(_stated_role, shape))


def _stated_role(dim: Dim) -> Role:
    names = free_symbols(dim)
    if len(names) != 1 or dim != symbol(names[0]):
        return Role.UNKNOWN
    if names[0] in BATCH_SYMBOLS:
        return Role.BATCH
    return Role.TIME if names[0] in TIME_SYMBOLS else Role.UNKNOWN


def _has_channels(roles: Roles) -> bool:
    return roles[1:2] == (Role.CHANNELS,)


class _Walker:
    """The walk over the rows of a report; the walk of a body for the same shapes is one object."""

    __slots__ = ("_outputs", "layers")

    def __init__(self) -> None:
        self.layers: list[LayerAxes] = []
        self._outputs: dict[tuple[object, ...], Mapping[str, Tensor]] = {}

    def walk(self, rows: Rows, values: dict[str, Tensor]) -> None:
        """Add the layers of rows to `layers`, and the tensors that they give to `values`."""
        for row in rows:
            if isinstance(row, LayerReport):
                values.update(self._layer(row, values))
            else:
                values.update(self._group(row, values))

    def _layer(self, row: LayerReport, values: Mapping[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
        inputs = tuple(values[slot] for slot in row.step.inputs)
        if not inputs:
            yield row.path, Tensor(unknown(len(row.output)), row.step.spans and row.step.spans.type, row.output, row)
            return
        self.layers.append(LayerAxes(row, inputs))
        layer = row.step.layer
        roles = layer.output_roles(tuple(each.roles for each in inputs), row.inputs, row.outputs)
        in_order = layer.keeps_axes or layer.merges
        for number, (name, shape) in enumerate(row.outputs.items()):
            if in_order and shape == row.inputs[0]:
                same = roles[name] == inputs[0].roles
                tensor = inputs[0] if same else inputs[0]._replace(roles=roles[name])
            else:
                is_map = layer.reads_map or (in_order and all(each.map for each in inputs))
                entry = inputs[0].entry if in_order and all(each.entry for each in inputs) else None
                joined = inputs[0].channels_first and _has_channels(inputs[0].roles) and _has_channels(roles[name])
                span = row.step.spans and row.step.spans.type
                tensor = Tensor(roles[name], span, shape, row, entry, is_map, is_map or joined)
            if not number:
                yield row.path, tensor
            yield row.step.slot(name), tensor

    def _group(self, row: GroupReport, values: Mapping[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
        inputs = [values[slot] for slot in row.group.inputs]
        for run, body, walk in zip(row.group.runs, row.group.bodies, row.runs, strict=True):
            given = self._body(walk, tuple(inputs))
            for name, slot in body.extra_outputs.items():
                yield joined(run, name), given[slot]
            for position, slot in body.feedback:
                inputs[position] = given[slot]
            output = given[body.output]
        yield row.path, output

    def _body(self, walk: Walk, inputs: tuple[Tensor, ...]) -> Mapping[str, Tensor]:
        # Reports of layers are compared by identity: they hold dictionaries.
        key = (id(walk), tuple((each.roles, each.span, each.shape, id(each.layer), each.map) for each in inputs))
        if key not in self._outputs:
            inside = {input_slot(position): tensor for position, tensor in enumerate(inputs)}
            self.walk(walk.rows, inside)
            self._outputs[key] = {slot: inside[slot] for slot in walk.outputs}
        return self._outputs[key]
