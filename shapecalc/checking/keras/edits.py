"""Edits of a text step by step, that leave its layout and its comments as they are."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.checking.keras.refusal import NotConvertedError
from shapecalc.layers import layer_type
from shapecalc.layers.keras import RENAMED, KerasStep
from shapecalc.parser.positions import offsets_of
from shapecalc.parser.tree import Mapping, Node, Scalar, Sequence, plain

if TYPE_CHECKING:
    from shapecalc.checking.keras.steps import WrittenStep
    from shapecalc.diagnostics import Span

_DASH = re.compile(r"(?P<indent>[ ]*)-[ ]+\Z")
_REST = re.compile(r"[^\r\n]*")


class ChangedText(NamedTuple):
    """One part of a converted text: its span, and the text before and after."""

    span: Span
    before: str
    after: str


class TextEdits:
    """The edits of one text, applied together."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._edits: list[tuple[int, int, str]] = []
        self._break = "\r\n" if "\r\n" in text else "\n"

    def applied(self) -> str:
        """Return the text with all edits made."""
        text = self.text
        numbered = sorted(enumerate(self._edits), key=lambda edit: (edit[1][0], edit[1][1], edit[0]), reverse=True)
        for _, (start, end, new) in numbered:
            text = text[:start] + new + text[end:]
        return text

    def replace(self, node: Node, new: str) -> None:
        """Write something else in place of a value."""
        self._edits.append((*offsets_of(self.text, node.span), new))

    def line_before(self, node: Scalar, new: str) -> None:
        """Write a line above the line of a key, with its indentation."""
        start = offsets_of(self.text, node.span)[0]
        self._edits.append((start, start, new + self._break + " " * (node.span.column - 1)))

    def step_before(self, item: Node, items: Sequence, new: str) -> None:
        """Write a step before an item of a list."""
        start, _ = offsets_of(self.text, item.span)
        if self._in_brackets(items):
            self._edits.append((start, start, f"{new}, "))
            return
        line, indent = self._dash(item)
        self._edits.append((line, line, f"{indent}- {new}{self._break}"))

    def step_after(self, item: Node, items: Sequence, new: str) -> None:
        """Write a step after an item of a list, below the comment that ends its line."""
        _, end = offsets_of(self.text, item.span)
        if self._in_brackets(items):
            self._edits.append((end, end, f", {new}"))
            return
        _, indent = self._dash(item)
        end = self._line_end(end)
        self._edits.append((end, end, f"{self._break}{indent}- {new}"))

    def without_step(self, item: Node, items: Sequence) -> None:
        """Remove the first item of a list."""
        start, end = offsets_of(self.text, item.span)
        if len(items.items) == 1:
            raise NotConvertedError(item.span, "there is no step after the input")
        following, _ = offsets_of(self.text, items.items[1].span)
        if not self._in_brackets(items):
            start, end = self._dash(item)[0], self._line_end(end)
            following = self._dash(items.items[1])[0]
            if "#" in self.text[start:following]:
                raise NotConvertedError(item.span, "a comment belongs to a step that goes", "remove the comment")
        self._edits.append((start, following, ""))

    def step(self, written: WrittenStep, items: Sequence, new: KerasStep, *, name: str = "", keeps_from: bool) -> None:
        """Write a step in place of another: its word, its fields, and the keys next to it.

        `name` is a name that it has not yet.
        """
        if isinstance(written.node, Scalar):
            self.replace(written.node, step_text(new))
            return
        self.replace(written.word, new.type)
        self._value(written, new)
        if not keeps_from and "from" in written.keys:
            self._without(written.node, written.keys["from"][0])
        if name:
            self._with_name(written, items, name)

    def without_name(self, written: WrittenStep) -> None:
        """Remove the key `name` next to a word."""
        if "name" in written.keys:
            self._without(written.node, written.keys["name"][0])

    def _value(self, written: WrittenStep, new: KerasStep) -> None:
        value = written.value
        if value is None:
            if new.fields:
                end = offsets_of(self.text, written.word.span)[1] + 1
                self._edits.append((end, end, f" {_fields_text(new.fields)}"))
        elif written.branches:
            self._fields_of_merge(written, new)
        elif isinstance(value, Mapping) and not self._starts_with(value, "{"):
            self._lines(value, new)
        else:
            self._refuse_comment(value)
            main = None if isinstance(value, Mapping) else _main_text(new)
            if not new.fields and isinstance(written.node, Mapping) and self._stands_alone(written.node):
                start, end = offsets_of(self.text, written.word.span)[1], offsets_of(self.text, value.span)[1]
                self._edits.append((start, end, ""))
            else:
                self.replace(value, self._fields(value, new) if main is None else main)

    def _stands_alone(self, node: Mapping) -> bool:
        """Return whether a step has nothing but its word, and no braces around it."""
        return len(node.entries) == 1 and not self._starts_with(node, "{")

    def _fields(self, value: Node, new: KerasStep) -> str:
        """Return fields in braces; a value that stays is written as it was."""
        old = {}
        for key, node in value.entries if isinstance(value, Mapping) else ():
            start, end = offsets_of(self.text, node.span)
            old[RENAMED.get(key.text, key.text)] = (plain(node), self.text[start:end])
        texts = []
        for name, each in new.fields.items():
            before, text = old.get(name, (None, ""))
            texts.append(f"{name}: {text if text and before == each else _value_text(each)}")
        return "{" + ", ".join(texts) + "}"

    def _fields_of_merge(self, written: WrittenStep, new: KerasStep) -> None:
        """Write the fields of a merge, whose branches have their own edits."""
        fields = dict(new.fields)
        for key, value in written.fields:
            field = RENAMED.get(key.text, key.text)
            self.replace(key, field)
            self.replace(value, _value_text(fields.pop(field, 1)))  # a join is along axis 1 by default
        if fields:
            first = written.branches[0][0]
            text = ", ".join(f"{field}: {_value_text(value)}" for field, value in fields.items())
            assert written.value is not None  # it has branches
            if self._starts_with(written.value, "{"):
                start = offsets_of(self.text, first.span)[0]
                self._edits.append((start, start, f"{text}, "))
            else:
                self.line_before(first, text)

    def _lines(self, value: Mapping, new: KerasStep) -> None:
        """Write fields that have a line each: an old line keeps its comment, a new one is last."""
        fields = dict(new.fields)
        for key, old in value.entries:
            field = RENAMED.get(key.text, key.text)
            field = field if field in fields else next((own for own in _ALSO.get(key.text, ()) if own in fields), field)
            if field not in fields:
                self._without(value, key)
                continue
            wanted = fields.pop(field)
            self.replace(key, field)
            if plain(old) != wanted:
                self._refuse_comment(old)
                self.replace(old, _value_text(wanted))
        end = self._line_end(offsets_of(self.text, value.span)[1])
        indent = " " * (value.span.column - 1)
        for field, wanted in fields.items():
            self._edits.append((end, end, f"{self._break}{indent}{field}: {_value_text(wanted)}"))

    def _without(self, mapping: Node, key: Scalar) -> None:
        """Remove an entry: its line if nothing else is on it, or in braces the comma too."""
        assert isinstance(mapping, Mapping)  # it has keys
        place = next(at for at, (own, _) in enumerate(mapping.entries) if own is key)
        start, end = offsets_of(self.text, key.span)[0], offsets_of(self.text, mapping.entries[place][1].span)[1]
        if self._starts_with(mapping, "{"):
            if place:
                start = offsets_of(self.text, mapping.entries[place - 1][1].span)[1]
            elif len(mapping.entries) > 1:
                end = offsets_of(self.text, mapping.entries[1][0].span)[0]
            self._edits.append((start, end, ""))
            return
        line = self.text.rfind("\n", 0, start) + 1
        rest = _REST.match(self.text, end)
        assert rest is not None  # it may be empty
        if self.text[line:start].strip() or rest[0].strip():
            if self.text[line:start].strip():
                raise NotConvertedError(key.span, "its lines cannot be edited one by one", "write the step on one line")
            comment = end + len(rest[0]) - len(rest[0].lstrip())
            self._edits.append((start, comment, ""))
            return
        # The line and the break before it.
        before = line - (2 if self.text[line - 2 : line] == "\r\n" else 1)
        self._edits.append((before, rest.end(), ""))

    def _with_name(self, written: WrittenStep, items: Sequence, name: str) -> None:
        start, end = offsets_of(self.text, written.node.span)
        if self._starts_with(written.node, "{"):
            self._edits.append((end - 1, end - 1, f", name: {name}"))
        elif self._in_brackets(items):
            self._edits.append((start, start, "{"))
            self._edits.append((end, end, f", name: {name}}}"))
        else:
            end = self._line_end(end)
            self._edits.append((end, end, f"{self._break}{' ' * (written.word.span.column - 1)}name: {name}"))

    def _in_brackets(self, items: Sequence) -> bool:
        return self._starts_with(items, "[")

    def _starts_with(self, node: Node, sign: str) -> bool:
        return self.text[offsets_of(self.text, node.span)[0]] == sign

    def _line_end(self, offset: int) -> int:
        rest = _REST.match(self.text, offset)
        assert rest is not None  # it may be empty
        return rest.end()

    def _dash(self, item: Node) -> tuple[int, str]:
        """Return the start of an item's line, and the indentation of its dash."""
        start, _ = offsets_of(self.text, item.span)
        line = max(self.text.rfind("\n", 0, start), self.text.rfind("\r", 0, start)) + 1
        match = _DASH.match(self.text[line:start])
        if match is None:
            raise NotConvertedError(item.span, "a step is not on the line of its dash", "begin the step with `- `")
        return line, match["indent"]

    def _refuse_comment(self, node: Node) -> None:
        start, end = offsets_of(self.text, node.span)
        if "#" in self.text[start:end] and node.span.line != node.span.end_line:
            raise NotConvertedError(node.span, "a comment is within its braces", "put the comment above the step")


_ALSO = {"units": ("hidden_size",), "size": ("scale_factor",), "activation": ("nonlinearity",),
         "cropping": ("size",), "groups": ("groups",)}  # fmt: skip


def step_text(step: KerasStep, name: str = "", reads: str = "") -> str:
    """Return a step as an item of a list: `relu`, `linear: 10`, `{permute: [0, 2, 1], from: x}`."""
    name, reads = name or step.name, reads or step.reads
    main = _main_text(step)
    value = "" if not step.fields else _fields_text(step.fields) if main is None else main
    keys = "".join(f", {key}: {text}" for key, text in (("name", name), ("from", reads)) if text)
    if keys:
        return f"{{{step.type}: {value or '{}'}{keys}}}"
    return f"{step.type}: {value}" if value else step.type


def _main_text(step: KerasStep) -> str | None:
    """Return the value of the only field if that is the main one; None if fields need names."""
    cls = layer_type(step.type)
    assert cls is not None  # every written step is a layer
    return _value_text(step.fields[cls.main]) if cls.main is not None and set(step.fields) == {cls.main} else None


def _fields_text(fields: Any) -> str:
    return "{" + ", ".join(f"{name}: {_value_text(value)}" for name, value in fields.items()) + "}"


def _value_text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return f"[{', '.join(map(_value_text, value))}]"
    return str(value)
