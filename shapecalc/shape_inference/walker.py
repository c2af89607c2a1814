"""The walk over the steps of an architecture, which infers each layer and body once for each set of input shapes."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.architecture import Step, input_slot, joined
from shapecalc.diagnostics import MOST_DIAGNOSTICS, Diagnostic, LayerError
from shapecalc.diagnostics.progress import tracked
from shapecalc.dims import DimLimitError, show
from shapecalc.layers.constraints import Constraints
from shapecalc.layers.ranks import bridge
from shapecalc.layers.sizes import with_sizes
from shapecalc.shape_inference.facts import bind, derive_facts
from shapecalc.shape_inference.layouts import with_layout
from shapecalc.shape_inference.provenance import Frame, locate, missing_inputs, missing_outputs
from shapecalc.shape_inference.rows import Facts, GroupReport, LayerReport, Walk, leaves, sums_of, total
from shapecalc.shape_inference.shared_tensors import tensor_mismatch, weights_mismatch

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping

    from shapecalc.architecture import Architecture, Group, Input, Subgraph
    from shapecalc.diagnostics import Span
    from shapecalc.diagnostics.limits import Limits
    from shapecalc.dims import Shape
    from shapecalc.layers import Layer
    from shapecalc.shape_inference.provenance import Maker

FLOAT = "float32"
INDICES = "int64"
FLAGS = "bool"


class Walker:
    """One inference: the diagnostics so far, and the results of layers and bodies by their input shapes."""

    __slots__ = ("_bindings", "_costs_at", "_layers", "_limits", "_reported", "_walks", "diagnostics")

    def __init__(self, costs_at: Mapping[str, int], bindings: Mapping[str, int], limits: Limits) -> None:
        self.diagnostics: list[Diagnostic] = []
        self._costs_at = costs_at
        self._bindings = bindings
        self._limits = limits
        self._layers: dict[tuple[Layer, tuple[Shape, ...]], Facts] = {}
        self._reported: set[tuple[str, Span]] = set()
        self._walks: dict[_BodyKey, tuple[Walk, Mapping[str, str]] | None] = {}

    def walk(
        self, steps: tuple[Step | Group, ...], values: dict[str, Shape], dtypes: dict[str, str], frame: Frame
    ) -> tuple[LayerReport | GroupReport, ...]:
        """Return a row per step, and store the shapes and dtypes of its outputs in `values` and `dtypes`."""
        rows: list[LayerReport | GroupReport] = []
        for step in tracked(steps, "shapes", len(steps)):
            try:
                shapes = tuple([values[slot] for slot in step.inputs])
            except KeyError:
                # It reads the output of a layer that failed (one cause, one error), or a piece that does not exist.
                self.diagnostics += missing_inputs(step, values, frame)
                continue
            row: LayerReport | GroupReport | None
            if isinstance(step, Step):
                row = self._layer(step, shapes, dtypes, frame)
                if row is not None and step.apart:
                    self._check_tensors(row, frame)
            else:
                row = self._group(step, shapes, dtypes, frame)
            if row is None:
                continue
            if step.weights and step.weights in frame.makers:
                self._check_weights(step, row, frame)
            rows.append(row)
            _store(row, values, frame.makers)
        return tuple(rows)

    def _layer(self, step: Step, shapes: tuple[Shape, ...], dtypes: dict[str, str], frame: Frame) -> LayerReport | None:
        if step.layer.size_fields and self._bindings:
            try:
                layer = with_sizes(step.layer, self._bindings)
            except LayerError as error:
                self._report(error, step, shapes, frame)
                return None
            step = step if layer is step.layer else step._replace(layer=layer)
        key = (step.layer, shapes)
        facts = self._layers.get(key)
        if facts is None:
            try:
                facts = self._layers[key] = derive_facts(step.layer, shapes, self._costs_at, self._limits)
            except LayerError as error:
                in_order = self._report(error, step, shapes, frame)
                # What follows from axes in another order is a consequence of this mistake.
                facts = self._without_stated(step.layer, error, shapes) if in_order else None
                if facts is None:
                    return None
        if step.layer.gives_floats_of_floats and not (dtypes and any(slot in dtypes for slot in step.inputs)):
            return LayerReport(step, shapes, facts)
        try:
            made = _pass_dtype(step, facts.outputs, dtypes, frame.inputs)
        except LayerError as error:
            self.diagnostics.append(locate(error, step, self._bindings, frame))
            return LayerReport(step, shapes, facts)
        return LayerReport(step, shapes, facts, made) if made else LayerReport(step, shapes, facts)

    def _without_stated(self, layer: Layer, error: LayerError, shapes: tuple[Shape, ...]) -> Facts | None:
        """Return the facts without a wrongly stated size, so that later steps are still checked."""
        if error.code != "SC301" or error.field is None:
            return None
        try:
            unstated = dataclasses.replace(layer, **{error.field: None})  # type: ignore[type-var]
            return derive_facts(unstated, shapes, self._costs_at, self._limits)
        except LayerError:
            return None

    def _report(self, error: LayerError, step: Step, shapes: tuple[Shape, ...], frame: Frame) -> bool:
        """Report a mistake, and return whether the axes of the inputs are in the order that the layer reads.

        A mistake in a value that a body itself states is reported once for all calls of the body.
        """
        if len(self.diagnostics) >= MOST_DIAGNOSTICS:
            return True  # the origin of each is with_origins through all layers before it
        located = locate(error, step, self._bindings, frame)
        mistake = with_layout(located, error, step, shapes[0], frame) if shapes else located
        in_order = mistake is located
        if in_order and mistake.help is None and shapes:
            mistake = mistake._replace(help=_bridge(error, step.layer, shapes[0], frame.makers.get(step.inputs[0])))
        if frame.group is not None and error.field is not None and step.spans is not None and mistake.span is not None:
            key = (mistake.code, mistake.span)
            if key in self._reported:
                return in_order
            if mistake.span not in step.spans.origins:
                self._reported.add(key)
        self.diagnostics.append(mistake)
        return in_order

    def _group(
        self, group: Group, shapes: tuple[Shape, ...], dtypes: dict[str, str], frame: Frame
    ) -> GroupReport | None:
        runs: list[Walk] = []
        shapes_in, dtypes_in = list(shapes), [dtypes.get(slot, FLOAT) for slot in group.inputs]
        for run, (path, body) in enumerate(zip(group.runs, group.bodies, strict=True)):
            key = _BodyKey(body, tuple(shapes_in), tuple(dtypes_in))
            result = self._body(key, Frame({}, {}, frame, group, run))
            if result is None:
                return None
            walk, given = result
            runs.append(walk)
            for position, slot in body.feedback:
                shapes_in[position], dtypes_in[position] = walk.outputs[slot], given[slot]
            for name, slot in body.extra_outputs.items() if body.outputs else ():
                if given[slot] != FLOAT:
                    dtypes[joined(path, name)] = given[slot]
        if given[body.output] != FLOAT:
            dtypes[group.path] = given[body.output]
        return GroupReport(group, shapes, tuple(runs))

    def _body(self, key: _BodyKey, frame: Frame) -> tuple[Walk, Mapping[str, str]] | None:
        """Return the walk of a body for these shapes, and its output dtypes; None if a mistake prevents it."""
        if key in self._walks:
            return self._walks[key]
        slots = [input_slot(position) for position in range(len(key.shapes))]
        values = dict(zip(slots, key.shapes, strict=True))
        dtypes = {slot: dtype for slot, dtype in zip(slots, key.dtypes, strict=True) if dtype != FLOAT}
        rows = self.walk(key.body.steps, values, dtypes, frame)
        result = None
        given = (key.body.output, *key.body.extra_outputs.values())
        if all(slot in values for slot in given):
            shapes = {slot: values[slot] for slot in given}
            walk = Walk(rows, values[key.body.output], total(map(sums_of, rows)), shapes)
            result = walk, {slot: dtypes.get(slot, FLOAT) for slot in given}
        self._walks[key] = result
        return result

    def _check_weights(self, step: Step | Group, row: LayerReport | GroupReport, frame: Frame) -> None:
        """Report weights of another layer that have other names or shapes than this one's."""
        owner = frame.makers[step.weights]
        wanted, given = (tuple(entry.facts.tensors for entry in leaves((entry,))) for entry in (row, owner))
        if isinstance(step, Step) and isinstance(owner, LayerReport):
            wanted = ({name: shape for name, shape in wanted[0].items() if name not in step.apart},)
            if not step.layer.has_bias or step.apart:
                # The weight is shared, the owner's bias is not.
                given = ({name: shape for name, shape in given[0].items() if name != "bias"},)
        if wanted != given:
            self.diagnostics.append(weights_mismatch(step, wanted, given, frame))

    def _check_tensors(self, row: LayerReport, frame: Frame) -> None:
        """Report single tensors of other layers that are missing there, or have another shape or dtype."""
        for name, of in row.step.apart.items():
            owner = frame.makers.get(of.owner)
            if of.owner != row.path and isinstance(owner, LayerReport):
                mistake = tensor_mismatch(row, name, owner, frame)
                self.diagnostics += () if mistake is None else (mistake,)


class Walked(NamedTuple):
    """The bound inputs, the rows and slots of all layers without a mistake, and the mistakes of the others."""

    inputs: tuple[Input, ...]
    rows: tuple[LayerReport | GroupReport, ...]
    values: Mapping[str, Shape]
    diagnostics: tuple[Diagnostic, ...]


def walk(architecture: Architecture, bindings: Mapping[str, int], costs_at: Mapping[str, int]) -> Walked:
    """Return the rows of an architecture with these symbols bound, also if some of its layers have mistakes.

    Raises `EmptySampleError` if an axis is empty at the sizes `costs_at`.
    """
    inputs = tuple(entry._replace(shape=bind(entry.shape, bindings)) for entry in architecture.inputs)
    walker = Walker(costs_at, bindings, architecture.limits)
    frame = Frame({entry.name: entry for entry in architecture.inputs})
    # Only slots that are not float32.
    dtypes = {entry.name: entry.dtype for entry in inputs if entry.dtype != FLOAT}
    values = {entry.name: entry.shape for entry in inputs}
    rows = walker.walk(architecture.steps, values, dtypes, frame)
    mistakes = (*walker.diagnostics, *missing_outputs(architecture.outputs, values, frame))
    # What is certain comes before what depends on a symbol.
    return Walked(inputs, rows, values, tuple(sorted(mistakes, key=lambda mistake: mistake.code == "SC311")))


class _BodyKey(NamedTuple):
    """A body with its input shapes and dtypes."""

    body: Subgraph
    shapes: tuple[Shape, ...]
    dtypes: tuple[str, ...]


def _bridge(error: LayerError, layer: Layer, x: Shape, maker: Maker | None) -> str | None:
    """Return the layers that give an input the axes which a layer expects, None if the mistake is another one."""
    if error.code != "SC305":
        return None
    named = bridge(error.expects or "", x, steps=layer.carries_state, grows="output_padding" in layer.fields)
    skips = isinstance(maker, LayerReport) and maker.facts.params == 0 and maker.inputs
    if not isinstance(maker, LayerReport) or not skips or not _accepts(layer, maker.inputs[0]):
        return named
    left_out = f"leave `{maker.type}` out, which reads {show(maker.inputs[0])}"
    return f"{left_out}; or {named}" if named else left_out


def _accepts(layer: Layer, x: Shape) -> bool:
    if layer.takes[0] > 1:
        return False
    try:
        layer.output_shape(x, constraints=Constraints([]))
    except (LayerError, DimLimitError):
        return False
    return True


def _pass_dtype(step: Step, outputs: Iterable[str], dtypes: dict[str, str], inputs: Container[str]) -> dict[str, str]:
    """Check the input dtypes of a layer, and store and return the dtypes of its outputs that are not float32."""
    layer = step.layer
    arriving = tuple([dtypes.get(slot, FLOAT) for slot in step.inputs])
    made = {name: layer.output_dtype(name, arriving) for name in outputs}
    made = {name: dtype for name, dtype in made.items() if dtype != FLOAT}
    for position, name in enumerate(outputs):
        if name in made:
            dtypes |= dict.fromkeys((step.slot(name), *(() if position else (step.path,))), made[name])
    for index, (slot, dtype) in enumerate(zip(step.inputs, arriving, strict=True)):
        wanted = layer.dtypes_read(index, len(arriving))
        if wanted != "any" and dtype not in wanted.split("|"):
            raise _wrong_dtype(layer, index, dtype, len(arriving), declared=slot in inputs)
    return made


def _wrong_dtype(layer: Layer, index: int, dtype: str, count: int, *, declared: bool) -> LayerError:
    """Return the error of one of `count` inputs of another dtype; `declared` is whether it is one of the network."""
    wanted = layer.dtypes_read(index, count).split("|")
    help_text = None
    if INDICES in wanted and declared:
        help_text = "declare whole numbers: `input: {shape: [N, T], dtype: int64}`"
    elif INDICES in wanted:
        help_text = "let it read indices: `from: input`, with `input: {shape: [N, T], dtype: int64}`"
    elif dtype == INDICES and FLAGS in wanted:
        help_text = f"write `dtype: {FLAGS}` for it, or put `cast: {FLAGS}` before this"
    elif dtype == INDICES and FLOAT in wanted:
        help_text = "put `embedding` or `one_hot` before it"
    elif declared:
        help_text = f"declare its type: `{{shape: […], dtype: {wanted[0]}}}`"
    expects = " or ".join(wanted)
    if not isinstance(layer.reads, str):
        expects += f" as input {index + 1}"
    return LayerError("SC206", expects=expects, receives=dtype, help=help_text)


def _store(row: LayerReport | GroupReport, values: dict[str, Shape], makers: dict[str, Maker]) -> None:
    values[row.path] = row.output
    makers[row.path] = row
    if isinstance(row, GroupReport):
        if row.group.subgraph.outputs:
            outputs = row.outputs
            values |= outputs
            makers |= dict.fromkeys(outputs, row)
        return
    outputs = row.facts.outputs
    if len(outputs) > 1:
        for name, shape in outputs.items():
            values[row.step.slot(name)] = shape
            makers[row.step.slot(name)] = row
