"""One step → its layer type or block, the value below that, and the step's own keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.diagnostics import Fix, Label, Span
from shapecalc.layers import layer_type, layer_types
from shapecalc.layers.base import fields_of
from shapecalc.layers.refusals import said
from shapecalc.parser.fields import example
from shapecalc.parser.names import is_name
from shapecalc.parser.scalars import shorten
from shapecalc.parser.step_parts import Entry, StepParts
from shapecalc.parser.tree import Mapping, Node, Scalar, head, plain

if TYPE_CHECKING:
    from collections.abc import Mapping as MappingOf

    from shapecalc.layers import Layer
    from shapecalc.parser.blocks import Block
    from shapecalc.parser.diagnostics import Diagnostics
    from shapecalc.parser.did_you_mean import Likely

STEP_KEYS = ("name", "from", "repeat", "share", "expect", "when")
_NAMES = {
    **dict.fromkeys(("times", "n", "count", "number"), "repeat"),
    **dict.fromkeys(("inputs", "input", "inbound", "bottom"), "from"),
    **dict.fromkeys(("weights", "tie", "shared", "shareweights"), "share"),
    **dict.fromkeys(("id", "label"), "name"),
    **dict.fromkeys(("if", "condition", "onlyif", "enabled"), "when"),
}
"""Other formats' names of these keys, folded (`suggestions.fold`)."""
_SHORTEST_FIELD = 4
"""The length from which fields of layers are compared with keys; shorter ones are one edit from too many words."""
_TYPE_KEYS = ("type", "class", "class_name", "kind", "layer", "layer_type", "module", "op", "op_type", "target")
"""Other formats' keys of a layer type."""


def split_step(node: Node, blocks: MappingOf[str, Block | None], diagnostics: Diagnostics) -> StepParts | None:
    """Return the parts of a step; None if it is refused."""
    return _StepSplitter(blocks, diagnostics).split(node)


class _StepSplitter:
    __slots__ = ("_blocks", "_diagnostics")

    def __init__(self, blocks: MappingOf[str, Block | None], diagnostics: Diagnostics) -> None:
        self._blocks = blocks
        self._diagnostics = diagnostics

    def split(self, node: Node) -> StepParts | None:
        if isinstance(node, Scalar) and isinstance(node.value, str):
            kind = self._kind(node, None)
            return None if kind is None else StepParts(kind, node, None, (), {})
        if not isinstance(node, Mapping) or not node.entries:
            message = f"a step expects a layer such as `relu` or `conv: {{…}}`, receives {said(plain(node))}"
            if not self._diagnostics.unknown_within(node.span):
                self._diagnostics.refuse("SC107", message, head(node))
            return None
        keys = {key.text: value for key, value in node.entries if key.text in STEP_KEYS}
        candidates = [entry for entry in node.entries if entry[0].text not in keys]
        if not candidates and "share" in keys:
            key = next(key for key, _ in node.entries if key.text == "share")
            return StepParts(None, key, None, (), keys)
        entry = self._layer_entry(candidates, node)
        if entry is None:
            return None
        type_node: Scalar = entry[0]
        value: Node | None = entry[1]
        kind = self._kind(type_node, value)
        if kind is None:
            return None
        others = [other for other in candidates if other is not entry]
        misplaced = self._misplaced(kind, entry, others, keys) if isinstance(kind, type) else ()
        if not isinstance(kind, type):
            value = self._with_misplaced(kind, entry, others, keys)
        return StepParts(kind, type_node, value, misplaced, keys)

    def _is_known(self, type_node: Scalar) -> bool:
        return type_node.text in self._blocks or layer_type(type_node.text) is not None

    def _with_misplaced(self, block: Block, entry: Entry, others: list[Entry], keys: dict[str, Node]) -> Node | None:
        """Refuse unknown keys next to the call of a block, and return its arguments with those written next to it.

        A misspelt key is read as the likely one.
        """
        type_node, given = entry
        parameters = {parameter.name.text for parameter in block.parameters}
        misplaced = tuple(other for other in others if other[0].text in parameters)
        if misplaced:
            self._refuse_misplaced(entry, misplaced)
            if isinstance(given, Mapping):
                given = given._replace(entries=(*given.entries, *misplaced))
            elif given is None or plain(given) is None:
                given = Mapping(misplaced, type_node.span)
        for key, value in others:
            if key.text in parameters:
                continue
            message = f"unknown key `{shorten(key.text)}` beside `{type_node.text}`"
            near = self._diagnostics.unknown(key, STEP_KEYS, message, _step_key_names(), present=keys)
            if near is not None:
                keys.setdefault(near, value)
        return given

    def _layer_entry(self, candidates: list[Entry], step: Mapping) -> Entry | None:
        """Return the entry of a step that is its layer or block; None if that is refused."""
        known = [entry for entry in candidates if self._is_known(entry[0])]
        if len(known) > 1:
            (first, _), (second, _) = known[:2]
            self._diagnostics.refuse(
                "SC107",
                f"a step expects one layer, has `{first.text}` and `{second.text}`",
                second.span,
                label="the second",
                labels=(Label(first.span, "the first"),),
                help=f"begin a step of its own: `- {second.text}`",
            )
            return None
        if not known and self._diagnostics.has_skipped(step.span):
            within = any(self._diagnostics.has_skipped(value.span) for _, value in candidates)
            if not within:
                return None  # the key that is not known may be the layer
        if not candidates:
            key = step.entries[0][0]
            self._diagnostics.refuse("SC107", "a step expects a layer, has none", key.span, help="write one next to it")
            return None
        if known:
            return known[0]
        return next((entry for entry in candidates if states_type(*entry)), candidates[0])

    def _kind(self, type_node: Scalar, node: Node | None) -> type[Layer] | Block | None:
        """Return the layer's class or the block; None if it is unknown or refused. `node` has its fields."""
        if type_node.text in self._diagnostics.invalid_blocks:
            return None
        if type_node.text in self._blocks:
            return self._blocks[type_node.text]  # None is a refused block: one cause, one error
        return layer_type(type_node.text) or self._likely(type_node, node)

    def _likely(self, type_node: Scalar, node: Node | None) -> type[Layer] | None:
        """Refuse an unknown layer type, and return the layer that it is in other tools; None for one that is guessed.

        What follows from a guess is not checked: it may be another mistake, or none.
        """
        from shapecalc.parser.did_you_mean import called_layer, lookalikes, nearest_layer  # noqa: PLC0415 - for mistakes

        written = type_node.text
        message = f"unknown layer type `{shorten(written)}`"
        if node is not None and states_type(type_node, node):
            self._refuse_stated_type(type_node, node, message)
            return None
        called = called_layer(written)
        if called is not None:
            self._refuse_call(type_node, called, message)
            return None
        given = tuple(key.text for key, _ in node.entries) if isinstance(node, Mapping) else ()
        likely = nearest_layer(written, given)
        near = None if likely is None else likely.word
        block, alone = self._closest_block(written, likely)
        safe = alone and not self._diagnostics.blocks_missing and not self._is_parameter(written)
        if block is not None:
            fix = Fix(type_node.span, block.name.text, safe=safe)
            help_text = f"write `{block.name.text}`"
            labels = (Label(block.name.span, "defined here"),)
            notes = self._notes(written)
            self._diagnostics.refuse(
                "SC101", message, type_node.span, labels=labels, help=help_text, fix=fix, notes=notes
            )
            return None
        if likely is not None and near is not None:
            notes = (*(f"it holds {letter}" for letter in lookalikes(written)), *self._notes(written))
            help_text = likely.note or f"write `{near}`"
            cls = layer_types()[near]
            safe = safe and likely.sure and (likely.known or _has_fields(cls, given))
            fix = Fix(type_node.span, near, safe=safe)
            self._diagnostics.refuse("SC101", message, type_node.span, help=help_text, fix=fix, notes=notes[:3])
            return cls if likely.known else None
        if self._diagnostics.blocks_missing:
            return None  # it may be a block of a file that could not be read: one cause, one error
        self._diagnostics.refuse("SC101", message, head(type_node), help=self._without(likely))
        return None

    def _notes(self, written: str) -> tuple[str, ...]:
        """Return what else an unknown type of a file of blocks can be."""
        other = self._diagnostics.parameters_missing and is_name(written)
        return ("if it is a block of another file, `include:` that file in this one",) if other else ()

    def _refuse_stated_type(self, key: Scalar, node: Node, message: str) -> None:
        """Refuse a step such as `{type: conv, out_channels: 8}`, whose layer type is a value."""
        from shapecalc.parser.did_you_mean import nearest_layer  # noqa: PLC0415 - only a mistake needs the tables

        stated = str(plain(node))
        likely = nearest_layer(stated)
        cls = layer_type(stated) or layer_type(likely.word or "" if likely is not None else "")
        shown = "conv: {out_channels: 8, kernel_size: 3}" if cls is None else example(cls)
        help_text = f"the layer type is the key of a step: `- {shown}`"
        self._diagnostics.refuse("SC101", message, key.span, help=help_text)

    def _without(self, likely: Likely | None) -> str:
        """Return the help for a type that shapecalc does not have, known elsewhere or not."""
        help_text = "`shapecalc layers` lists every layer type"
        if likely is not None:
            help_text = (
                f"there is no such layer: {likely.note}" if likely.note else f"there is no such layer; {help_text}"
            )
        if self._blocks:
            help_text += f"; the file's blocks are {', '.join(f'`{name}`' for name in self._blocks)}"
        return help_text

    def _refuse_call(self, type_node: Scalar, called: Likely, message: str) -> None:
        """Refuse a step that is written like code, such as `nn.Conv2d(3, 64, 3)`."""
        cls = layer_type(called.word or "")
        written = "" if cls is None else example(cls)
        help_text = called.note or f"write `{written}`"
        fix = None if "…" in written or called.note or cls is None else Fix(type_node.span, written)
        if cls is None:
            help_text = self._without(called)
        self._diagnostics.refuse("SC101", message, head(type_node), help=help_text, fix=fix)

    def _is_parameter(self, type_name: str) -> bool:
        """Return whether a word is the name of a parameter, so that a `$` may be missing before it."""
        blocks = (block for block in self._blocks.values() if block is not None)
        return type_name in self._diagnostics.parameters or any(
            type_name == parameter.name.text for block in blocks for parameter in block.parameters
        )

    def _closest_block(self, type_name: str, likely: Likely | None) -> tuple[Block | None, bool]:
        """Return the block that was likely intended, None if a layer is closer, and whether the choice is certain.

        At equal distance a block comes before a layer.
        """
        from shapecalc.diagnostics.suggestions import distance, fold, nearest  # noqa: PLC0415 - only a mistake needs it
        from shapecalc.layers.foreign_names import foreign_types  # noqa: PLC0415

        block = nearest(type_name, tuple(self._blocks))
        if block is None:
            return None, True
        if fold(type_name) == fold(block.word):
            return self._blocks[block.word], True
        if fold(type_name) in foreign_types():
            return None, False
        near = None if likely is None else likely.word
        edits = distance(type_name, block.word, len(type_name))
        others = None if near is None else distance(type_name, near, len(type_name))
        if others is None or edits <= others:
            return self._blocks[block.word], block.sure and edits != others
        return None, True

    def _misplaced(
        self, cls: type[Layer], entry: Entry, others: list[Entry], keys: dict[str, Node]
    ) -> tuple[Entry, ...]:
        """Refuse other keys next to a layer type, and return those that are its fields, indented too little."""
        if not others:
            return ()
        from shapecalc.diagnostics.suggestions import closest  # noqa: PLC0415 - only a mistake needs it

        misplaced = tuple(other for other in others if other[0].text in fields_of(cls))
        for key, value in others:
            if key.text not in fields_of(cls):
                message = f"unknown key `{shorten(key.text)}` beside `{cls.type}`"
                near = closest(key.text, STEP_KEYS, _step_key_names())
                if near is None and layer_type(key.text) is None and self._misspelt_field(cls, key, value):
                    continue
                meant = self._diagnostics.unknown(key, STEP_KEYS, message, _step_key_names(), present=keys)
                if meant is not None and near is not None:
                    keys.setdefault(near, value)
        if misplaced:
            self._refuse_misplaced(entry, misplaced)
        return misplaced

    def _refuse_misplaced(self, entry: Entry, misplaced: tuple[Entry, ...]) -> None:
        """Refuse fields or arguments written next to a layer type or block, indented too little."""
        type_node, node = entry
        names = " and ".join(f"`{key.text}`" for key, _ in misplaced)
        verb = "stands" if len(misplaced) == 1 else "stand"
        inside = ", ".join(f"{key.text}: …" for key, _ in misplaced)
        written = "" if isinstance(node, Mapping) else f", or write `{type_node.text}: {{{inside}}}`"
        self._diagnostics.refuse(
            "SC102",
            f"{names} {verb} beside `{type_node.text}`, not in it",
            misplaced[0][0].span,
            labels=tuple(Label(other.span, "") for other, _ in misplaced[1:]),
            help=f"indent below `{type_node.text}:`{written}",
            fix=self._indented(entry, misplaced),
        )

    def _misspelt_field(self, cls: type[Layer], key: Scalar, value: Node) -> bool:
        from shapecalc.parser.did_you_mean import nearest_field  # noqa: PLC0415 - only a mistake needs the tables

        near = nearest_field(cls, key.text, plain(value))
        message = f"unknown key `{shorten(key.text)}` beside `{cls.type}`"
        if near is not None and near.note:
            self._diagnostics.refuse("SC102", message, key.span, help=near.note)
            return True
        if near is None or near.word is None:
            return False
        help_text = f"write `{near.word}`, below `{cls.type}:`"
        self._diagnostics.refuse("SC102", message, key.span, help=help_text, fix=Fix(key.span, near.word))
        return True

    def _indented(self, entry: Entry, misplaced: tuple[Entry, ...]) -> Fix | None:
        """Return a fix that indents the lines of misplaced fields; None if they share lines with others."""
        type_node, node = entry
        first, last = misplaced[0][0].span, misplaced[-1][1].span
        lines = self._diagnostics.source.of(first).text.split("\n")
        if isinstance(node, Mapping) and node.span.line == type_node.span.line:
            return None  # in braces nothing can be indented below it
        if isinstance(node, Mapping):
            above, by = node.span.end_line, node.span.column - first.column
        else:
            above, by = type_node.span.end_line, 2
        alone = all(not lines[key.span.line - 1][: key.span.column - 1].strip() for key, _ in misplaced)
        if not alone or by < 1 or first.line <= above or last.end_line - first.line >= len(misplaced):
            return None
        span = Span(first.line, 1, last.end_line, last.end_column, first.file)
        text = [*lines[first.line - 1 : last.end_line - 1], lines[last.end_line - 1][: last.end_column - 1]]
        return Fix(span, "\n".join(" " * by + line for line in text))


def _step_key_names() -> dict[str, str | None]:
    """Return other formats' names of a step's keys; None for a field of layers, which is not a misspelt key."""
    from shapecalc.layers.foreign_names import known_fields  # noqa: PLC0415 - only a mistake needs the tables

    return {**{name: None for name in known_fields() if len(name) >= _SHORTEST_FIELD}, **_NAMES}


def states_type(key: Scalar, value: Node) -> bool:
    """Return whether a key of a step states its layer type in the way of other formats: `type: conv`."""
    return isinstance(value, Scalar) and isinstance(value.value, str) and key.text.strip("_").lower() in _TYPE_KEYS


def _has_fields(cls: type[Layer], given: tuple[str, ...]) -> bool:
    """Return whether a layer has all these fields, under these names or others."""
    from shapecalc.parser.did_you_mean import nearest_field  # noqa: PLC0415 - only a mistake needs the tables

    likely = [nearest_field(cls, name) for name in given if name not in fields_of(cls)]
    return cls.merges or all(near is not None and (near.known or near.sure) for near in likely)
