"""One step → its layer type or block, the value below that, and the step's own keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shapecalc.diagnostics import Fix, Label, Span
from shapecalc.layers import layer_type
from shapecalc.layers.base import fields_of
from shapecalc.layers.fields import said
from shapecalc.parser.fields import Entry, example
from shapecalc.parser.findings import head
from shapecalc.parser.scalars import shorten
from shapecalc.parser.shapes import plain
from shapecalc.parser.tree import Mapping, Node, Scalar

if TYPE_CHECKING:
    from collections.abc import Mapping as MappingOf

    from shapecalc.layers import Layer
    from shapecalc.parser.blocks import Block
    from shapecalc.parser.findings import Findings

STEP_KEYS = ("name", "from", "repeat", "share", "expect")
_NAMES = {
    **dict.fromkeys(("times", "n", "count", "number"), "repeat"),
    **dict.fromkeys(("inputs", "input", "inbound", "bottom"), "from"),
    **dict.fromkeys(("weights", "tie", "shared", "shareweights"), "share"),
    **dict.fromkeys(("id", "label"), "name"),
}
"""Other formats' names of these keys, folded (`suggestions.fold`)."""


class Found(NamedTuple):
    """The parts of a step.

    `kind` is a layer's class or a block; None if the step has only `share:`, and so the kind of the shared step.
    `strays` are fields written next to the layer type instead of below it.
    """

    kind: type[Layer] | Block | None
    word: Scalar
    node: Node | None
    strays: tuple[Entry, ...]
    own: dict[str, Node]


def take_apart(node: Node, blocks: MappingOf[str, Block | None], findings: Findings) -> Found | None:
    """Return the parts of a step; None if it is refused."""
    return _Anatomy(blocks, findings).of(node)


class _Anatomy:
    __slots__ = ("_blocks", "_findings")

    def __init__(self, blocks: MappingOf[str, Block | None], findings: Findings) -> None:
        self._blocks = blocks
        self._findings = findings

    def of(self, node: Node) -> Found | None:
        if isinstance(node, Scalar) and isinstance(node.value, str):
            kind = self._kind(node)
            return None if kind is None else Found(kind, node, None, (), {})
        if not isinstance(node, Mapping) or not node.entries:
            message = f"a step expects a layer such as `relu` or `conv: {{…}}`, receives {said(plain(node))}"
            if not self._findings.noted_within(node.span):
                self._findings.refuse("SC107", message, head(node))
            return None
        own = {key.text: value for key, value in node.entries if key.text in STEP_KEYS}
        words = [entry for entry in node.entries if entry[0].text not in own]
        if not words and "share" in own:
            key = next(key for key, _ in node.entries if key.text == "share")
            return Found(None, key, None, (), own)
        entry = self._layer_entry(words, node)
        if entry is None:
            return None
        word: Scalar = entry[0]
        value: Node | None = entry[1]
        kind = self._kind(word)
        if kind is None:
            return None
        others = [other for other in words if other is not entry]
        strays = self._strays(kind, entry, others, own) if isinstance(kind, type) else ()
        if not isinstance(kind, type):
            value = self._with_strays(kind, entry, others, own)
        return Found(kind, word, value, strays, own)

    def _is_known(self, word: Scalar) -> bool:
        return word.text in self._blocks or layer_type(word.text) is not None

    def _with_strays(self, block: Block, entry: Entry, others: list[Entry], own: dict[str, Node]) -> Node | None:
        """Refuse unknown keys next to the call of a block, and return its arguments with those written next to it.

        A misspelt key is read as the likely one.
        """
        word, given = entry
        parameters = {parameter.name.text for parameter in block.parameters}
        strays = tuple(other for other in others if other[0].text in parameters)
        if strays:
            self._refuse_strays(entry, strays)
            if isinstance(given, Mapping):
                given = given._replace(entries=(*given.entries, *strays))
            elif given is None or plain(given) is None:
                given = Mapping(strays, word.span)
        for key, value in others:
            if key.text in parameters:
                continue
            message = f"unknown key `{shorten(key.text)}` beside `{word.text}`"
            near = self._findings.unknown(key, STEP_KEYS, message, _NAMES, given=own)
            if near is not None:
                own.setdefault(near, value)
        return given

    def _layer_entry(self, words: list[Entry], step: Mapping) -> Entry | None:
        """Return the entry of a step that is its layer or block; None if that is refused."""
        known = [entry for entry in words if self._is_known(entry[0])]
        if len(known) > 1:
            (first, _), (second, _) = known[:2]
            self._findings.refuse(
                "SC107",
                f"a step expects one layer, has `{first.text}` and `{second.text}`",
                second.span,
                label="the second",
                labels=(Label(first.span, "the first"),),
                help=f"begin a step of its own: `- {second.text}`",
            )
            return None
        if not words:
            key = step.entries[0][0]
            self._findings.refuse("SC107", "a step expects a layer, has none", key.span, help="write one beside it")
            return None
        return known[0] if known else words[0]

    def _kind(self, word: Scalar) -> type[Layer] | Block | None:
        """Return the layer's class or the block; None if it is unknown or refused."""
        if word.text in self._findings.lost_blocks:
            return None
        if word.text in self._blocks:
            return self._blocks[word.text]  # None is a refused block: one cause, one error
        return layer_type(word.text) or self._likely(word)

    def _likely(self, word: Scalar) -> type[Layer] | Block | None:
        """Refuse an unknown layer type, and return what was likely intended."""
        from shapecalc.parser.did_you_mean import called_layer, lookalikes, nearest_layer  # noqa: PLC0415 - for mistakes

        message = f"unknown layer type `{shorten(word.text)}`"
        called = layer_type(called_layer(word.text) or "")
        if called is not None:
            written = example(called)
            fix = None if "…" in written else Fix(word.span, written)
            self._findings.refuse("SC101", message, head(word), help=f"write `{written}`", fix=fix)
            return None
        found = nearest_layer(word.text)
        near = None if found is None else found.word
        block, alone = self._closest_block(word.text, near)
        safe = alone and not self._findings.blocks_lost and not self._is_parameter(word.text)
        if block is not None:
            fix = Fix(word.span, block.name.text, safe=safe)
            help_text = f"write `{block.name.text}`"
            labels = (Label(block.name.span, "defined here"),)
            self._findings.refuse("SC101", message, word.span, labels=labels, help=help_text, fix=fix)
            return block
        notes = tuple(f"it holds {letter}" for letter in lookalikes(word.text)) if near else ()
        if found is not None and near is not None:
            fix = Fix(word.span, near, safe=safe and found.sure)
            self._findings.refuse("SC101", message, word.span, help=f"write `{near}`", fix=fix, notes=notes[:3])
            return layer_type(near)
        if self._findings.blocks_lost:
            return None  # it may be a block of a file that could not be read: one cause, one error
        help_text = "`shapecalc layers` lists every layer type"
        if self._blocks:
            help_text += f"; the file's blocks are {', '.join(f'`{name}`' for name in self._blocks)}"
        self._findings.refuse("SC101", message, head(word), help=help_text)
        return None

    def _is_parameter(self, word: str) -> bool:
        """Return whether a word is the name of a parameter, so that a `$` may be missing before it."""
        blocks = (block for block in self._blocks.values() if block is not None)
        return word in self._findings.parameters or any(
            word == parameter.name.text for block in blocks for parameter in block.parameters
        )

    def _closest_block(self, word: str, near: str | None) -> tuple[Block | None, bool]:
        """Return the block that was likely intended, None if a layer is closer, and whether the choice is certain.

        At equal distance a block comes before a layer.
        """
        from shapecalc.diagnostics.suggestions import distance, fold, nearest  # noqa: PLC0415 - only a mistake needs it
        from shapecalc.layers.foreign_names import foreign_types  # noqa: PLC0415

        found = nearest(word, tuple(self._blocks))
        if found is None or fold(word) in foreign_types().meanings:
            return None, found is None
        edits = distance(word, found.word, len(word))
        others = None if near is None else distance(word, near, len(word))
        if others is None or edits <= others:
            return self._blocks[found.word], found.sure and edits != others
        return None, True

    def _strays(self, cls: type[Layer], entry: Entry, others: list[Entry], own: dict[str, Node]) -> tuple[Entry, ...]:
        """Refuse other keys next to a layer type, and return those that are its fields, indented too little."""
        if not others:
            return ()
        from shapecalc.diagnostics.suggestions import closest  # noqa: PLC0415 - only a mistake needs it

        strays = tuple(other for other in others if other[0].text in fields_of(cls))
        for key, value in others:
            if key.text not in fields_of(cls):
                keys = f"unknown key `{shorten(key.text)}` beside `{cls.type}`"
                near = closest(key.text, STEP_KEYS, _NAMES)
                if near is None and layer_type(key.text) is None and self._misspelt_field(cls, key):
                    continue
                meant = self._findings.unknown(key, STEP_KEYS, keys, _NAMES, given=own)
                if meant is not None and near is not None:
                    own.setdefault(near, value)
        if strays:
            self._refuse_strays(entry, strays)
        return strays

    def _refuse_strays(self, entry: Entry, strays: tuple[Entry, ...]) -> None:
        """Refuse fields or arguments written next to a layer type or block, indented too little."""
        word, node = entry
        names = " and ".join(f"`{key.text}`" for key, _ in strays)
        verb = "stands" if len(strays) == 1 else "stand"
        inside = ", ".join(f"{key.text}: …" for key, _ in strays)
        written = "" if isinstance(node, Mapping) else f", or write `{word.text}: {{{inside}}}`"
        self._findings.refuse(
            "SC102",
            f"{names} {verb} beside `{word.text}`, not in it",
            strays[0][0].span,
            labels=tuple(Label(other.span, "") for other, _ in strays[1:]),
            help=f"indent below `{word.text}:`{written}",
            fix=self._indented(entry, strays),
        )

    def _misspelt_field(self, cls: type[Layer], key: Scalar) -> bool:
        from shapecalc.parser.did_you_mean import nearest_field  # noqa: PLC0415 - only a mistake needs the tables

        near = nearest_field(cls, key.text)
        if near is None:
            return False
        message = f"unknown key `{shorten(key.text)}` beside `{cls.type}`"
        help_text = f"write `{near.word}`, below `{cls.type}:`"
        self._findings.refuse("SC102", message, key.span, help=help_text, fix=Fix(key.span, near.word))
        return True

    def _indented(self, entry: Entry, strays: tuple[Entry, ...]) -> Fix | None:
        """Return a fix that indents the lines of misplaced fields; None if they share lines with others."""
        word, node = entry
        first, last = strays[0][0].span, strays[-1][1].span
        lines = self._findings.source.of(first).text.split("\n")
        if isinstance(node, Mapping) and node.span.line == word.span.line:
            return None  # in braces nothing can be indented below it
        if isinstance(node, Mapping):
            above, by = node.span.end_line, node.span.column - first.column
        else:
            above, by = word.span.end_line, 2
        alone = all(not lines[key.span.line - 1][: key.span.column - 1].strip() for key, _ in strays)
        if not alone or by < 1 or first.line <= above or last.end_line - first.line >= len(strays):
            return None
        span = Span(first.line, 1, last.end_line, last.end_column, first.file)
        text = [*lines[first.line - 1 : last.end_line - 1], lines[last.end_line - 1][: last.end_column - 1]]
        return Fix(span, "\n".join(" " * by + line for line in text))
