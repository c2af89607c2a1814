"""A layer type and its fields → a layer, with every field checked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shapecalc.architecture import Place
from shapecalc.diagnostics import Fix, LayerError
from shapecalc.layers.base import fields_of
from shapecalc.layers.fields import said
from shapecalc.parser.findings import head
from shapecalc.parser.scalars import resolve, shorten
from shapecalc.parser.shapes import plain
from shapecalc.parser.tree import Mapping, Node, Scalar, Sequence

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

    from shapecalc.diagnostics import Span
    from shapecalc.layers import Layer
    from shapecalc.layers.base import Field
    from shapecalc.parser.findings import Findings

Entry = tuple[Scalar, Node]


class LayerReader:
    """Reads the layers of one text; layers with equal fields are one object, since stacks repeat them."""

    __slots__ = ("_findings", "_layers")

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._layers: dict[tuple[str, str], Layer] = {}

    def read(
        self, cls: type[Layer], word: Scalar, node: Node | None, strays: Iterable[Entry] = ()
    ) -> tuple[Layer | None, Place]:
        """Return the layer, None if its fields are refused, and its spans.

        A single value is the main field's. `strays` are fields written next to the layer type instead of below it.
        """
        before = len(self._findings.found)
        nodes = self._nodes(cls, node, strays)
        spans = _spans(nodes)
        place = Place(word.span, spans, given=self._findings.given_to(spans.values()))
        if nodes is None:
            return None, place
        values = {name: plain(value) for name, value in nodes.items()}
        missing = [name for name, field in fields_of(cls).items() if field.required and name not in values]
        if missing:
            self._check_each(cls, values, place)
            if len(self._findings.found) == before and not (node and self._findings.noted_within(node.span)):
                names = " and ".join(f"`{name}`" for name in missing)
                written = ", ".join(f"{name}: …" for name in [*values, *missing])
                message = f"`{cls.type}` expects {names}, receives none"
                self._findings.refuse("SC106", message, word.span, help=f"write `{cls.type}: {{{written}}}`")
            return None, place
        # As text, because 1, 1.0 and `true` are equal in Python and differ here.
        key = (cls.type, repr(values))
        layer = self._layers.get(key)
        if layer is None:
            layer = self._made(cls, values, place)
            if layer is None:
                return None, place
            self._layers[key] = layer
        return layer, place

    def _made(self, cls: type[Layer], values: dict[str, Any], place: Place) -> Layer | None:
        """Return the layer; if the only mistakes are quotes around numbers, the layer without them; else None."""
        try:
            return cls(**values)
        except LayerError as error:
            likely, wrong = self._check_each(cls, values, place)
            if not wrong:
                self._findings.add(place.diagnose(error, cls.type))
            if not wrong or likely is None:
                return None
        try:
            return cls(**likely)
        except LayerError:
            return None

    def _nodes(self, cls: type[Layer], node: Node | None, strays: Iterable[Entry]) -> dict[str, Node] | None:
        """Return the value of each field; None if the fields are not given by name, which is refused."""
        own: tuple[Entry, ...] = ()
        if self._findings.is_hole(node):
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
            self._findings.refuse("SC202", message, head(node), help=help_text)
            return None
        nodes = {key.text: value for key, value in own if key.text in fields_of(cls)}
        for key, value in strays:
            nodes.setdefault(key.text, value)
        for key, value in own:
            if key.text not in fields_of(cls):
                near = self._unknown_field(cls, key, nodes)
                # What follows is checked as it was likely meant.
                if near is not None:
                    nodes.setdefault(near, value)
        return nodes

    def _unknown_field(self, cls: type[Layer], key: Scalar, given: Container[str]) -> str | None:
        """Refuse an unknown field, and return the one likely intended; `given` are the other fields."""
        from shapecalc.parser.did_you_mean import nearest_field  # noqa: PLC0415 - only a mistake needs the tables

        known = tuple(fields_of(cls))
        near = nearest_field(cls, key.text)
        otherwise = f"fields: {', '.join(known)}" if known else f"`{cls.type}` has no field"
        self._findings.refuse(
            "SC102",
            f"unknown field `{shorten(key.text)}` for `{cls.type}`",
            key.span,
            help=f"write `{near.word}`" if near else otherwise,
            fix=Fix(key.span, near.word, safe=near.sure and near.word not in given) if near else None,
        )
        return near.word if near else None

    def _check_each(self, cls: type[Layer], values: dict[str, Any], place: Place) -> tuple[dict[str, Any] | None, bool]:
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
                meant = _unquoted(value, error) if error.safe else None
                error.safe = meant is not None and _fits(field, meant)
                self._findings.add(place.diagnose(error, cls.type))
                likely = None if likely is None or meant is None else {**likely, name: meant}
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


def _fits(field: Field, value: Any) -> bool:
    try:
        field.kind.check(field.name, value)
    except LayerError:
        return False
    return True


def _unquoted(value: Any, error: LayerError) -> Any:
    """Return a field's value without the quotes around its number; None if the number is in an inner list."""
    if not error.index:
        return resolve(error.replacement or "")
    position, *inner = error.index
    return None if inner else (*value[:position], resolve(error.replacement or ""), *value[position + 1 :])


def _spans(nodes: dict[str, Node] | None) -> dict[tuple[str | int, ...], Span]:
    spans: dict[tuple[str | int, ...], Span] = {}
    for name, node in (nodes or {}).items():
        spans[name,] = node.span
        if isinstance(node, Sequence):
            for position, item in enumerate(node.items):
                spans[name, position] = item.span
                if isinstance(item, Sequence):
                    spans |= {(name, position, side): entry.span for side, entry in enumerate(item.items)}
    return spans
