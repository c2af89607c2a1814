"""Where a number of a formula comes from: a field of the file, or the layers before it, back to the input."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.calculators.layer_formulas import FIELD, INPUT, OUTPUT, Formula, LayerTrace
from shapecalc.calculators.traced_sizes import TracedSize
from shapecalc.costs.liveness import output_slots
from shapecalc.dims import as_json, free_symbols, show, symbol
from shapecalc.layers.roles import Role
from shapecalc.parser.positions import LINE_BREAK
from shapecalc.shape_inference.report import BATCH_SYMBOLS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from shapecalc.calculators.traced_sizes import Leaf
    from shapecalc.diagnostics import Span
    from shapecalc.diagnostics.step_spans import StepSpans
    from shapecalc.dims import Dim, Shape
    from shapecalc.layers import Layer
    from shapecalc.layers.roles import Roles
    from shapecalc.shape_inference.report import Report
    from shapecalc.shape_inference.rows import LayerReport

MOST_ORIGINS = 500
"""The most numbers whose origin is followed in one explanation."""
MOST_LEVELS = 100
"""The most layers that change an axis, one after the other, that are followed."""
STAND_INS = (210, 1009, 64, 12, 1)
"""Sizes of unbound symbols, or the next valid ones, at which rules are traced."""


class WrittenAt(NamedTuple):
    """A place of a file, and the text there."""

    text: str
    line: int
    file: str = ""
    """The name of an included file."""


class NumberOrigin(NamedTuple):
    """Where numbers of one value come from.

    `kind` is `field`, `parameter` (of an expression in a field), `default`, `input` (of the network), `layer` (the
    output of an earlier one), `output` (of the layer that is explained) or `seen` (explained above). `path` is the
    layer or the input that gives the number.
    `passes` is the number of layers after it that pass it on unchanged, `through` the first and the last of them.
    """

    names: tuple[str, ...]
    value: Dim | float
    kind: str
    path: str = ""
    type: str = ""
    written: tuple[WrittenAt, ...] = ()
    through: tuple[str, ...] = ()
    passes: int = 0
    formula: Formula | None = None
    origins: tuple[NumberOrigin, ...] = ()
    note: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the origin as JSON's values."""
        return {
            "names": list(self.names),
            "value": self.value if isinstance(self.value, float) else as_json(self.value),
            "kind": self.kind,
            **({"path": self.path} if self.path else {}),
            **({"type": self.type} if self.type else {}),
            **({"written": [_written_dict(each) for each in self.written]} if self.written else {}),
            **({"through": list(self.through), "passes": self.passes} if self.through else {}),
            **(self.formula.to_dict() if self.formula is not None else {}),
            **({"note": self.note} if self.note else {}),
            **({"from": [each.to_dict() for each in self.origins]} if self.origins else {}),
        }


def _written_dict(each: WrittenAt) -> dict[str, Any]:
    return {"text": each.text, "line": each.line, **({"file": each.file} if each.file else {})}


class Passed(NamedTuple):
    """The last change of an axis before a slot: its slot and axis there, and the layers between that pass it on."""

    slot: str
    axis: int
    first: str = ""
    passes: int = 0


class NetworkTrace:
    """The layers of a report on traced shapes, each traced when it is first needed."""

    def __init__(self, report: Report, costs_at: Mapping[str, int] | None = None) -> None:
        self.report = report
        self.costs_at = report.costs_at if costs_at is None else costs_at
        self.stand_ins = _stand_ins(report)
        self.stated = {entry.name: entry for entry in report.architecture.inputs}
        self._makers: dict[str, tuple[LayerReport, str]] = {}
        self._roles: dict[str, Roles] = {name: _stated_roles(entry.shape) for name, entry in self.stated.items()}
        self._traces: dict[tuple[Layer, tuple[Shape, ...], tuple[Roles, ...]], LayerTrace] = {}
        self._passed: dict[tuple[str, int], Passed] = {}
        self._lines: dict[int, list[str]] = {}
        for row in report.layers:
            roles = tuple(self._roles[slot] for slot in row.step.inputs)
            given = row.step.layer.output_roles(roles, row.inputs, row.outputs)
            for (slot, _), name in zip(output_slots(row).items(), row.outputs, strict=True):
                self._makers[slot] = row, name
                self._roles[slot] = given[name]
            if len(row.outputs) > 1:
                first = next(iter(row.outputs))
                self._makers[row.step.slot(first)] = row, first
                self._roles[row.step.slot(first)] = given[first]

    @property
    def sizes(self) -> dict[str, int]:
        """The sizes of all symbols at which costs are traced."""
        return {**(self.stand_ins or {}), **self.costs_at}

    def trace(self, row: LayerReport) -> LayerTrace | None:
        """Return a layer on traced shapes; None if no valid sizes of unbound symbols are known."""
        if self.stand_ins is None:
            return None
        roles = tuple(self._roles[slot] for slot in row.step.inputs)
        key = row.step.layer, row.inputs, roles
        if key not in self._traces:
            sizes, at = self.stand_ins, self.costs_at
            self._traces[key] = LayerTrace(*key[:2], row.outputs, roles=roles, stand_ins=sizes, costs_at=at)
        return self._traces[key]

    def origins(self, row: LayerReport, leaves: Iterable[Leaf], levels: int | None) -> tuple[NumberOrigin, ...]:
        """Return where each number of a layer's formulas comes from, `levels` layers back; None: to the input."""
        follower = _Follower(self, MOST_LEVELS if levels is None else min(levels, MOST_LEVELS))
        return _merged(follower.origin(row, each, 0) for each in leaves)

    def passed(self, slot: str, axis: int) -> Passed:
        """Return where an axis of a slot was changed last: the layers after it pass it on."""
        way = []
        at: Passed | None = None
        while at is None:
            at = self._passed.get((slot, axis))
            source = () if at is not None or slot not in self._makers else self._source(slot, axis)
            if source[:1] == (INPUT,):
                way.append((slot, axis))
                slot, axis = self._makers[slot][0].step.inputs[source[1]], source[2]
            elif at is None:
                at = Passed(slot, axis)
        for key in reversed(way):
            path = self._makers[key[0]][0].path
            at = self._passed[key] = at._replace(first=at.first or path, passes=at.passes + 1)
        return at

    def maker(self, slot: str) -> tuple[LayerReport, str] | None:
        """Return the layer that gives a slot, and the name of the output; None for an input of the network."""
        return self._makers.get(slot)

    def _source(self, slot: str, axis: int) -> tuple[Any, ...]:
        """Return the source of the leaf that an axis is; empty if the layer computes it."""
        maker, output = self._makers[slot]
        trace = self.trace(maker)
        size = None if trace is None else trace.shapes[output][axis]
        return size.leaf.source if isinstance(size, TracedSize) and size.leaf is not None else ()

    def line(self, span: Span) -> WrittenAt:
        """Return the line of a span, without the text there."""
        source = self.report.architecture.file
        return WrittenAt("", span.line, source.of(span).name if source and span.file else "")

    def place(self, span: Span) -> WrittenAt:
        """Return the line of a span and its text without quotes, none if it is of several lines."""
        source = self.report.architecture.file
        if source is None or span.line != span.end_line:
            return self.line(span)
        if span.file not in self._lines:
            self._lines[span.file] = LINE_BREAK.split(source.of(span).text)
        text = self._lines[span.file][span.line - 1][span.column - 1 : span.end_column - 1]
        return self.line(span)._replace(text=text.strip("\"'"))


class _Follower:
    """One explanation: the axes that it has followed."""

    def __init__(self, network: NetworkTrace, levels: int) -> None:
        self._network = network
        self._levels = levels
        self._seen: set[tuple[str, str, int]] = set()

    def origin(self, row: LayerReport, leaf: Leaf, level: int) -> NumberOrigin:
        """Return the origin of a leaf of a layer's formula."""
        kind, *at = leaf.source
        if kind == FIELD:
            return self._field(row, leaf)
        if kind == OUTPUT:
            return self._output(row, leaf, *at)
        number, axis = at
        return self._arriving(row, leaf, number, axis, level)

    def _field(self, row: LayerReport, leaf: Leaf) -> NumberOrigin:
        _, name, *index = leaf.source
        spans = row.step.spans
        span = None if spans is None else spans.fields.get((name, *index)) or spans.fields.get((name,))
        origin = NumberOrigin((leaf.name,), leaf.value, "default" if spans and span is None else "field", row.path)
        if spans is None or span is None:
            return origin._replace(type=row.type)
        written, operands = self._written(spans, span, set())
        return origin._replace(type=row.type, written=written, origins=operands)

    def _written(
        self, spans: StepSpans, span: Span, seen: set[Span]
    ) -> tuple[tuple[WrittenAt, ...], tuple[NumberOrigin, ...]]:
        """Return the places of a value, from its use to the number, and the parameters of an expression there."""
        written = []
        at: Span | None = span
        while at is not None and at not in seen:
            seen.add(at)
            span = at
            written.append(self._network.place(span))
            use = spans.origins.get(span)
            at = None if use is None else use.label.span
        operands = [
            NumberOrigin((each.name,), each.value, "parameter", written=places, origins=inner)
            for each in spans.operands.get(span, ())
            if isinstance(each.value, int)
            for places, inner in (self._written(spans, each.span, seen),)
        ]
        return tuple(written), tuple(operands)

    def _output(self, row: LayerReport, leaf: Leaf, name: str, axis: int) -> NumberOrigin:
        trace = self._network.trace(row)
        assert trace is not None  # the leaf is of this trace
        formula = trace.output_formulas()[name][axis]
        return NumberOrigin((leaf.name,), leaf.value, "output", row.path, row.type, formula=formula)

    def _arriving(self, row: LayerReport, leaf: Leaf, number: int, axis: int, level: int) -> NumberOrigin:
        """Return the origin of an axis of an input, at the last layer that changed it."""
        network = self._network
        slot = row.step.inputs[number]
        at = network.passed(slot, axis)
        nearest = network.maker(slot)
        more: dict[str, Any] = {}
        if at.passes and nearest is not None:
            more = {"through": tuple(dict.fromkeys((at.first, nearest[0].path))), "passes": at.passes}
        maker = network.maker(at.slot)
        if maker is None:
            return self._entry(at.slot, at.axis, leaf)._replace(**more)
        trace = network.trace(maker[0])
        size = None if trace is None else trace.shapes[maker[1]][at.axis]
        if isinstance(size, TracedSize) and size.leaf is not None:
            field = self._field(maker[0], size.leaf)
            return field._replace(names=(leaf.name,), value=leaf.value, note=size.leaf.name, **more)
        return self._given(*maker, at.axis, leaf, level)._replace(**more)

    def _given(self, maker: LayerReport, output: str, axis: int, leaf: Leaf, level: int) -> NumberOrigin:
        """Return the origin of an axis that a layer computes."""
        written = () if maker.step.spans is None else (self._network.line(maker.step.spans.type),)
        origin = NumberOrigin((leaf.name,), leaf.value, "layer", maker.path, maker.type, written)
        key = maker.path, output, axis
        if key in self._seen:
            return origin._replace(kind="seen")
        if level >= self._levels or len(self._seen) > MOST_ORIGINS:
            return origin
        self._seen.add(key)
        trace = self._network.trace(maker)
        if trace is None:
            return origin
        formula = trace.output_formulas()[output][axis]
        if not formula.holds:
            return origin
        origins = (self.origin(maker, each, level + 1) for each in formula.leaves if each.source[0] == INPUT)
        return origin._replace(formula=formula, origins=_merged(origins))

    def _entry(self, slot: str, axis: int, leaf: Leaf) -> NumberOrigin:
        """Return the origin of an axis of an input of the network."""
        network = self._network
        stated, report = network.stated[slot], network.report
        written = () if stated.span is None else (network.line(stated.span),)
        notes = [show(stated.shape)]
        for name in free_symbols(stated.shape[axis]):
            if name in report.bindings:
                usual = report.architecture.sizes.get(name) == report.bindings[name]
                notes.append("bound by `sizes`" if usual else "as it is set")
            elif name in network.costs_at and leaf.value != stated.shape[axis]:
                samples = network.costs_at[name]
                notes.append("costs are of one sample" if samples == 1 else f"costs are of {samples} samples")
        note = ", ".join(notes)
        return NumberOrigin((leaf.name,), leaf.value, "input", slot, written=written, note=note)


def _merged(origins: Iterable[NumberOrigin]) -> tuple[NumberOrigin, ...]:
    """Return origins with those of several axes that come about in the same way as one, with all names."""
    several = tuple(origins)
    if len(several) < 2:  # noqa: PLR2004 - to compare
        return several
    merged: dict[tuple[Any, ...], NumberOrigin] = {}
    for each in several:
        known = merged.setdefault(_alike(each), each)
        if known is not each:
            merged[_alike(each)] = known._replace(names=tuple(dict.fromkeys((*known.names, *each.names))))
    return tuple(merged.values())


def _alike(origin: NumberOrigin) -> tuple[Any, ...]:
    if origin.kind in ("field", "default") and not origin.note:
        return (origin.names, origin.value)
    if origin.kind == "input":
        return (origin.kind, origin.value, origin.path, origin.note)
    numbers = None if origin.formula is None else origin.formula.numbers
    inside = tuple(map(_alike, origin.origins))
    return (origin.kind, origin.value, origin.path, origin.through, numbers, origin.note, inside)


def _stand_ins(report: Report) -> dict[str, int] | None:
    """Return valid sizes of the unbound symbols, at which the rules are traced; None if none are found."""
    names = report.symbols
    if not names:
        return {}
    usual = report.architecture.sizes
    valid = report.valid_sizes.sizes
    for start in (None, *STAND_INS):
        chosen = {}
        for place, name in enumerate(names):
            least = usual.get(name, STAND_INS[0]) if start is None else start
            wanted = least + (place if start != 1 else 0)
            size = valid[name].from_(wanted) or valid[name].up_to(wanted)
            if size is None:
                return None
            chosen[name] = size
        if all(constraint.condition.at(chosen) is True for constraint in report.constraints):
            return chosen
    return None


def _stated_roles(shape: Shape) -> Roles:
    batch = tuple(map(symbol, BATCH_SYMBOLS))
    return tuple(Role.BATCH if dim in batch else Role.TIME if dim == symbol("T") else Role.UNKNOWN for dim in shape)
