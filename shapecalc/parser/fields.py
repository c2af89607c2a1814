"""A layer type and its fields → a layer, with every field checked."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from shapecalc.diagnostics import Fix, LayerError
from shapecalc.diagnostics.step_spans import StepSpans
from shapecalc.layers.base import fields_of
from shapecalc.layers.fields import Several
from shapecalc.layers.nested_values import Values
from shapecalc.layers.refusals import said
from shapecalc.parser.scalars import infinite, resolve, shorten
from shapecalc.parser.sizes import read_sizes
from shapecalc.parser.tree import Mapping, Node, Scalar, Sequence, head, plain

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

    from shapecalc.diagnostics import Source, Span
    from shapecalc.layers import Layer
    from shapecalc.layers.base import Field
    from shapecalc.parser.diagnostics import Diagnostics
    from shapecalc.parser.did_you_mean import Likely
    from shapecalc.parser.visible_parameters import VisibleParameters

Entry = tuple[Scalar, Node]
_WITHOUT_EFFECT = "inplace"
_STEP = re.compile(r"( *(?:- +)+)\w+(: *)")


class LayerReader:
    """Reads the layers of one text; layers with equal fields are one object, since stacks repeat them."""

    __slots__ = ("_diagnostics", "_layers", "_visible")

    def __init__(self, diagnostics: Diagnostics, visible: VisibleParameters) -> None:
        self._diagnostics = diagnostics
        self._visible = visible
        self._layers: dict[tuple[str, str], Layer] = {}

    def read(
        self, cls: type[Layer], type_node: Scalar, node: Node | None, misplaced: Iterable[Entry] = ()
    ) -> tuple[Layer | None, StepSpans]:
        """Return the layer, None if its fields are refused, and its spans.

        A single value is the main field's. `misplaced` are fields written next to the layer type instead of below it.
        """
        before = len(self._diagnostics.recorded)
        nodes = self._nodes(cls, node, misplaced)
        lost = self._with_symbols(cls, nodes) if nodes and cls.size_fields else ()
        field_spans = _field_spans(nodes)
        origins = self._diagnostics.origins_of(field_spans.values())
        operands = self._diagnostics.operands_of(origins)
        spans = StepSpans(type_node.span, field_spans, origins=origins, operands=operands)
        if nodes is None:
            return None, spans
        refused = len(self._diagnostics.recorded)
        values = {name: self._value(fields_of(cls)[name], value) for name, value in nodes.items()}
        before -= refused - len(self._diagnostics.recorded)
        missing = [
            name
            for name, field in fields_of(cls).items()
            if field.required
            and name not in values
            and name not in lost
            and not values.get(cls.spared_by.get(name, ""))
        ]
        if missing:
            self._check_each(cls, values, spans)
            if len(self._diagnostics.recorded) == before and not (node and self._diagnostics.refused_within(node.span)):
                names = " and ".join(f"`{name}`" for name in missing)
                written = ", ".join(f"{name}: …" for name in [*values, *missing])
                message = f"`{cls.type}` expects {names}, receives none"
                self._diagnostics.refuse("SC106", message, type_node.span, help=f"write `{cls.type}: {{{written}}}`")
            return None, spans
        if lost:
            self._check_each(cls, values, spans)
            return None, spans
        # As text, because 1, 1.0 and `true` are equal in Python and differ here.
        key = (cls.type, repr(values))
        layer = self._layers.get(key)
        if layer is None:
            layer = self._made(cls, values, spans)
            if layer is None:
                return None, spans
            self._layers[key] = layer
        return layer, spans

    def _with_symbols(self, cls: type[Layer], nodes: dict[str, Node]) -> tuple[str, ...]:
        """Replace symbols of the inputs by expressions; take out the fields with a refused one, and return these."""
        names = (name for name in cls.size_fields if name in nodes)
        sized = {name: nodes[name] for name in names if _may_be(cls.fields[name], nodes[name])}
        read = {name: read_sizes(name, node, self._visible.values, self._diagnostics) for name, node in sized.items()}
        nodes |= {name: node for name, node in read.items() if node is not None}
        lost = tuple(name for name, node in read.items() if node is None)
        for name in lost:
            del nodes[name]
        return lost

    def _value(self, field: Field, node: Node) -> Any:
        """Return the value of a field, with infinities, which the reader refused, if the field accepts them."""
        if getattr(field.kind, "infinite", False):
            if isinstance(field.kind, Values) and isinstance(node, Sequence):
                return tuple(self._value(field, item) for item in node.items)
            number = infinite(node.text) if isinstance(node, Scalar) and not node.quoted else None
            if number is not None:
                self._diagnostics.accept(node.span)
                return number
        return plain(node)

    def _made(self, cls: type[Layer], values: dict[str, Any], spans: StepSpans) -> Layer | None:
        """Return the layer; if the only mistakes are quotes around numbers, the layer without them; else None."""
        try:
            return cls(**values)
        except LayerError as error:
            likely, wrong = self._check_each(cls, values, spans)
            if not wrong:
                self._diagnostics.add(spans.diagnose(error, cls.type))
            if not wrong or likely is None:
                return None
        try:
            return cls(**likely)
        except LayerError:
            return None

    def _nodes(self, cls: type[Layer], node: Node | None, misplaced: Iterable[Entry]) -> dict[str, Node] | None:
        """Return the value of each field; None if the fields are not given by name, which is refused."""
        own: tuple[Entry, ...] = ()
        if self._diagnostics.is_placeholder(node):
            return None
        if isinstance(node, Mapping):
            own = node.entries
        elif node is not None and not (isinstance(node, Scalar) and node.value is None):
            if cls.main is not None:
                return {cls.main: node}
            message = f"`{cls.type}` expects its fields by name, receives {said(plain(node))}"
            help_text = f"write `{example(cls)}`"
            if not fields_of(cls):
                message = f"`{cls.type}` has no field, receives {said(plain(node))}"
                help_text = f"`{cls.type}` stands alone"
            self._diagnostics.refuse("SC202", message, head(node), help=help_text)
            return None
        nodes = {key.text: value for key, value in own if key.text in fields_of(cls)}
        for key, value in misplaced:
            nodes.setdefault(key.text, value)
        unknown = [
            (self._unknown_field(cls, node, entry, nodes), entry[1])
            for entry in own
            if entry[0].text not in fields_of(cls)
        ]
        for likely, value in unknown:
            if likely is not None and likely.word is not None:
                nodes.setdefault(likely.word, value)
        # What follows is checked as it was certainly meant; not if that is a guess.
        return nodes if all(likely is None or likely.known or likely.sure for likely, _ in unknown) else None

    def _unknown_field(
        self, cls: type[Layer], around: Node | None, entry: Entry, given: Container[str]
    ) -> Likely | None:
        """Refuse an unknown field, and return what was likely intended; `given` are the other fields."""
        from shapecalc.diagnostics.suggestions import fold  # noqa: PLC0415 - only a mistake needs it
        from shapecalc.parser.did_you_mean import nearest_field  # noqa: PLC0415 - only a mistake needs the tables

        known = tuple(fields_of(cls))
        key, value = entry
        likely = nearest_field(cls, key.text, plain(value))
        help_text = f"fields: {', '.join(known)}" if known else f"`{cls.type}` has no field"
        fix = None
        if likely is not None and likely.word is not None:
            help_text = f"write `{likely.word}`"
            fix = Fix(key.span, likely.word, safe=likely.sure and likely.word not in given)
        if likely is not None and likely.note:
            help_text = likely.note
            if fold(key.text) == _WITHOUT_EFFECT and isinstance(around, Mapping):
                fix = removal(around, entry, self._diagnostics.source)
        message = f"unknown field `{shorten(key.text)}` for `{cls.type}`"
        self._diagnostics.refuse("SC102", message, key.span, help=help_text, fix=fix)
        return likely

    def _check_each(
        self, cls: type[Layer], values: dict[str, Any], spans: StepSpans
    ) -> tuple[dict[str, Any] | None, bool]:
        """Refuse every field whose value is wrong on its own.

        Return the values likely intended, None if one of them is unknown, and whether any is wrong.
        """
        wrong = False
        likely: dict[str, Any] | None = dict(values)
        for name, value in values.items():
            field = fields_of(cls)[name]
            if value is None and field.nullable:
                continue
            try:
                field.kind.check(name, value)
            except LayerError as error:
                wrong = True
                known, meant = _meant(field, value, error)
                self._diagnostics.add(spans.diagnose(error, cls.type))
                likely = {**likely, name: meant} if likely is not None and known else None
        return likely, wrong


def example(cls: type[Layer]) -> str:
    """Return a layer as text with the fields that are required.

    >>> from shapecalc.layers import layer_type
    >>> example(layer_type("conv"))
    'conv: {out_channels: …, kernel_size: …}'
    """
    required = [f"{name}: …" for name, field in fields_of(cls).items() if field.required]
    if len(required) == 1 and cls.main is not None:
        return f"{cls.type}: …"
    return f"{cls.type}: {{{', '.join(required)}}}" if required else cls.type


def removal(around: Mapping, entry: Entry, source: Source) -> Fix | None:
    """Return the fix that removes an entry from a mapping in braces on one line; None for another mapping.

    If it is the only entry, the braces are removed too.
    """
    span, (key, value) = around.span, entry
    line, *below = source.of(span).text.split("\n")[span.line - 1 :]
    if span.line != span.end_line or line[span.column - 1] != "{":
        return None
    at = around.entries.index(entry)
    if len(around.entries) == 1:
        # `- relu: {inplace: true}` becomes `- relu`, unless other keys of the step follow below.
        step = _STEP.fullmatch(line[: span.column - 1])
        others = step is not None and any(re.match(rf" {{{len(step[1])}}}\w", after) for after in below[:1])
        start = span.column if step is None or others else step.start(2) + 1
        return Fix(span._replace(column=start), "", safe=True)
    if at:
        before = around.entries[at - 1][1].span
        cut = before._replace(column=before.end_column, end_column=max(value.span.end_column, key.span.end_column + 1))
    else:
        cut = key.span._replace(end_column=around.entries[1][0].span.column)
    return Fix(cut, "", safe=True)


def _meant(field: Field, value: Any, error: LayerError) -> tuple[bool, Any]:
    """Return whether the value that was meant is known, and that value; add its help and fix to the error.

    It is for a number in quotes, unless in an inner list, and for a value in another notation.
    """
    from shapecalc.parser.foreign_values import fits, foreign_entry, foreign_value, is_known  # noqa: PLC0415 - only a mistake needs it

    at = value
    for index in error.index:
        at = at[index]
    if error.code == "SC203" and is_known(at):
        error.help = error.replacement = None  # in `nonlinearity: gelu` nothing is misspelt
    foreign = foreign_entry(at, field) if error.index else foreign_value(at, field)
    if foreign is not None and error.replacement is None:
        error.help, error.replacement = foreign.help, foreign.replacement
        error.safe = foreign.replacement is not None and not error.index
        return error.safe, foreign.value
    position, *inner = error.index or (None,)
    if not error.safe or inner:
        error.safe = False
        return False, None
    entry = resolve(error.replacement or "")
    meant = entry if position is None else (*value[:position], entry, *value[position + 1 :])
    error.safe = fits(field, meant)
    return True, meant


def _field_spans(nodes: dict[str, Node] | None) -> dict[tuple[str | int, ...], Span]:
    field_spans: dict[tuple[str | int, ...], Span] = {}
    for name, node in (nodes or {}).items():
        field_spans[name,] = node.span
        if isinstance(node, Sequence):
            for position, item in enumerate(node.items):
                field_spans[name, position] = item.span
                if isinstance(item, Sequence):
                    field_spans |= {(name, position, side): entry.span for side, entry in enumerate(item.items)}
    return field_spans


def _may_be(field: Field, node: Node) -> bool:
    """Return whether a node may be the value of a field, which a word may not be where only a list is expected."""
    return not (isinstance(field.kind, Several) and not field.kind.single and isinstance(node, Scalar))
