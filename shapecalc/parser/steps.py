"""The list under `layers:` → steps: one layer each, with a name of its own and what it reads."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.architecture import Step
from shapecalc.diagnostics import Fix, Label, Span
from shapecalc.layers import layer_type
from shapecalc.layers.base import fields_of
from shapecalc.layers.fields import said
from shapecalc.parser.expectations import read_expectations
from shapecalc.parser.fields import Entry, LayerReader, example
from shapecalc.parser.findings import head
from shapecalc.parser.scalars import shorten
from shapecalc.parser.shapes import plain
from shapecalc.parser.tree import Mapping, Node, Scalar, Sequence

if TYPE_CHECKING:
    from collections.abc import Container

    from shapecalc.layers import Layer
    from shapecalc.parser.findings import Findings

STEP_KEYS = ("name", "from", "expect")
LATER_STEP_KEYS = ("repeat", "share")
LATER_WORDS = ("add", "multiply", "concat")
"""Words of the format that this version does not read yet."""

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.\-/]{0,127}")
_NOT_OF_A_NAME = re.compile(r"[^A-Za-z0-9_.\-/]+")


class _Found(NamedTuple):
    """A step taken apart: its layer, what stands under it, its fields that stand beside it, its own keys."""

    cls: type[Layer]
    word: Scalar
    node: Node | None
    strays: tuple[Entry, ...]
    own: dict[str, Node]
    certain: bool
    """Whether the layer is all there is to the step: not with a word that this version does not read."""


def read_steps(node: Node, findings: Findings, blocks: Container[str] = ()) -> tuple[Step, ...]:
    """Return the stack up to the first step that cannot be made out: nothing is known of what follows it.

    Every step is looked at for mistakes. `blocks` are names that stand for layers and cannot be read yet.
    """
    items = _items(node, findings)
    reader = _StepReader(findings, blocks, _named(items))
    steps: list[Step] = []
    reads = "input"
    broken = False
    for position, item in enumerate(items):
        step = reader.read(item, position, reads)
        if step is None:
            broken = True
        elif not broken:
            steps.append(step)
            reads = step.path
    return tuple(steps)


def _items(node: Node, findings: Findings) -> tuple[Node, ...]:
    if isinstance(node, Sequence) and node.items:
        return node.items
    nothing = isinstance(node, Sequence) or plain(node) is None
    message = "`layers` expects at least one step, has none"
    if not nothing:
        message = f"`layers` expects a list of steps, receives {said(plain(node))}"
    findings.refuse("SC107", message, head(node), help="begin each step with `- `")
    # Keys without their dashes are looked at as the steps that they were meant to be.
    return tuple(Mapping((entry,), entry[0].span) for entry in node.entries) if isinstance(node, Mapping) else ()


def _named(items: tuple[Node, ...]) -> dict[str, Span]:
    """Return where each name is given, so that a reference to what comes later is told from one to nothing."""
    names = (item.get("name") for item in items if isinstance(item, Mapping))
    return {name.text: name.span for name in names if isinstance(name, Scalar)}


class _StepReader:
    __slots__ = ("_blocks", "_findings", "_given", "_layers", "_lost", "_names", "_slots", "_words")

    def __init__(self, findings: Findings, blocks: Container[str], given: dict[str, Span]) -> None:
        self._findings = findings
        self._blocks = blocks
        self._given = given
        self._layers = LayerReader(findings)
        self._names: dict[str, Span] = {}
        self._slots = {"input": "input"}
        self._words: dict[str, type[Layer]] = {}
        self._lost: list[tuple[Node, int]] = []

    def read(self, node: Node, position: int, reads: str) -> Step | None:
        found = self._take_apart(node)
        if found is None:
            self._lost.append((node, position))
            return None
        path = self._path(found, position)
        expect = read_expectations(found.own["expect"], self._findings) if "expect" in found.own else ()
        inputs = self._references(found.own["from"], path) if "from" in found.own else (reads,)
        self._words[path] = found.cls
        self._slots |= {path: path, **self._outputs(found.cls, path)}
        layer, place = self._layers.read(found.cls, found.word, found.node, found.strays)
        if layer is None or inputs is None or not found.certain:
            return None
        if "from" in found.own:
            place = place._replace(reads=head(found.own["from"]))
        return Step(path, layer, inputs, place, expect)

    def _outputs(self, cls: type[Layer], path: str) -> dict[str, str]:
        """Return the slots of a step's outputs under the names that `from:` gives them."""
        return {f"{path}.output": path, **{f"{path}.{name}": f"{path}.{name}" for name in cls.further}}

    def _references(self, node: Node, path: str) -> tuple[str, ...] | None:
        """Return the slots that `from:` names: an earlier step, a further output of one (`lstm.h_n`), or `input`."""
        items = node.items if isinstance(node, Sequence) else (node,)
        slots = []
        for item in items:
            name = item.value if isinstance(item, Scalar) else None
            if not isinstance(name, str):
                message = f"`from` expects the name of an earlier step, or a list of them, receives {said(plain(item))}"
                self._findings.refuse("SC202", message, head(item))
            elif name not in self._slots:
                self._refuse_reference(name, item, path)
            else:
                slots.append(self._slots[name])
        if not items:
            self._findings.refuse(
                "SC202", "`from` expects the name of an earlier step, receives an empty list", head(node)
            )
        return tuple(slots) if slots and len(slots) == len(items) else None

    def _refuse_reference(self, name: str, node: Node, path: str) -> None:
        if self._is_lost(name):
            return  # its step cannot be made out: one cause, one error
        from shapecalc.diagnostics.suggestions import closest  # noqa: PLC0415 - only a mistake needs it

        step, _, output = name.rpartition(".")
        cls = self._words.get(step)
        names = [slot for slot in self._slots if not slot.endswith(".output")]
        near = closest(name, names)
        labels: tuple[Label, ...] = ()
        if cls is not None:
            names = [slot for slot in names if slot == step or slot.startswith(f"{step}.")]
            near = closest(name, names)
            message = f"`from` names `{shorten(output)}` of `{step}`, which a `{cls.word}` does not give"
            otherwise = f"it gives {' and '.join(f'`{slot}`' for slot in names)}"
        elif name == path:
            message, near, otherwise = f"`from` names `{name}`, the step itself", None, "name a step above it"
        elif name in self._given and name not in self._names:
            message, near, otherwise = f"`from` names `{shorten(name)}`, which comes later", None, "move that step up"
            labels = (Label(self._given[name], "it is here"),)
        else:
            message = f"`from` names `{shorten(name)}`, which no earlier step is called"
            otherwise = f"what stands before it: {', '.join(f'`{slot}`' for slot in names[-8:])}"
        help_text = f"write `{near}`" if near else otherwise
        fix = Fix(node.span, near) if near else None
        self._findings.refuse("SC104", message, head(node), labels=labels, help=help_text, fix=fix)

    def _is_lost(self, name: str) -> bool:
        """Return whether a name may be that of a step that could not be made out."""
        for node, position in self._lost:
            own = node.get("name") if isinstance(node, Mapping) else None
            given = own.text if isinstance(own, Scalar) else None
            if name == given or name.startswith(f"{given}.") or name.partition(".")[0].endswith(f"_{position}"):
                return True
        return False

    def _take_apart(self, node: Node) -> _Found | None:
        if isinstance(node, Scalar) and isinstance(node.value, str):
            cls = self._layer_type(node)
            return None if cls is None else _Found(cls, node, None, (), {}, certain=True)
        if not isinstance(node, Mapping) or not node.entries:
            message = f"a step expects a layer such as `relu` or `conv: {{…}}`, receives {said(plain(node))}"
            if not self._findings.noted_within(node.span):
                self._findings.refuse("SC107", message, head(node))
            return None
        own = {key.text: value for key, value in node.entries if key.text in STEP_KEYS}
        later = [key for key, _ in node.entries if key.text in LATER_STEP_KEYS]
        for key in later:
            self._findings.later(key)
        words = [entry for entry in node.entries if entry[0].text not in own and entry[0] not in later]
        entry = self._layer_entry(words, node)
        if entry is None:
            return None
        word, value = entry
        cls = self._layer_type(word)
        if cls is None:
            return None
        strays = self._strays(cls, entry, [other for other in words if other is not entry], own)
        return _Found(cls, word, value, strays, own, certain=not later)

    def _layer_entry(self, words: list[Entry], step: Mapping) -> Entry | None:
        """Return the one key of a step that is its layer."""
        known = [entry for entry in words if layer_type(entry[0].text) is not None]
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

    def _layer_type(self, word: Scalar) -> type[Layer] | None:
        """Return a word's class; refuse an unknown word and return the class that was likely meant."""
        cls = layer_type(word.text)
        if cls is not None or word.text in self._blocks:
            return cls
        if word.text in LATER_WORDS:
            self._findings.later(word)
            return None
        from shapecalc.parser.words import called_layer, closest_layer, lookalikes  # noqa: PLC0415 - for mistakes

        message = f"unknown layer type `{shorten(word.text)}`"
        called = layer_type(called_layer(word.text) or "")
        if called is not None:
            written = example(called)
            fix = None if "…" in written else Fix(word.span, written)
            self._findings.refuse("SC101", message, head(word), help=f"write `{written}`", fix=fix)
            return None
        near = closest_layer(word.text)
        notes = tuple(f"it holds {letter}" for letter in lookalikes(word.text)) if near else ()
        if near is not None:
            fix = Fix(word.span, near)
            self._findings.refuse("SC101", message, word.span, help=f"write `{near}`", fix=fix, notes=notes[:3])
            return layer_type(near)
        self._findings.refuse("SC101", message, head(word), help="`shapecalc layers` lists every layer type")
        return None

    def _strays(self, cls: type[Layer], entry: Entry, others: list[Entry], own: dict[str, Node]) -> tuple[Entry, ...]:
        """Refuse what stands beside a layer, and return what of it are fields of the layer, indented too little."""
        if not others:
            return ()
        from shapecalc.diagnostics.suggestions import closest  # noqa: PLC0415 - only a mistake needs it

        strays = tuple(other for other in others if other[0].text in fields_of(cls))
        for key, value in others:
            if key.text not in fields_of(cls):
                keys = f"unknown key `{shorten(key.text)}` beside `{cls.word}`"
                near = closest(key.text, STEP_KEYS)
                if near is None and layer_type(key.text) is None and self._misspelt_field(cls, key):
                    continue
                if self._findings.unknown(key, STEP_KEYS, keys) is not None and near is not None:
                    own.setdefault(near, value)
        if strays:
            names = " and ".join(f"`{key.text}`" for key, _ in strays)
            verb = "stands" if len(strays) == 1 else "stand"
            key = strays[0][0]
            inside = ", ".join(f"{key.text}: …" for key, _ in strays)
            written = "" if isinstance(entry[1], Mapping) else f", or write `{cls.word}: {{{inside}}}`"
            self._findings.refuse(
                "SC102",
                f"{names} {verb} beside `{cls.word}`, not in it",
                key.span,
                labels=tuple(Label(other.span, "") for other, _ in strays[1:]),
                help=f"indent below `{cls.word}:`{written}",
                fix=self._indented(entry, strays),
            )
        return strays

    def _misspelt_field(self, cls: type[Layer], key: Scalar) -> bool:
        from shapecalc.parser.words import closest_field  # noqa: PLC0415 - only a mistake needs the tables

        near = closest_field(cls.word, key.text, tuple(fields_of(cls)))
        if near is None:
            return False
        message = f"unknown key `{shorten(key.text)}` beside `{cls.word}`"
        help_text = f"write `{near}`, below `{cls.word}:`"
        self._findings.refuse("SC102", message, key.span, help=help_text, fix=Fix(key.span, near))
        return True

    def _indented(self, entry: Entry, strays: tuple[Entry, ...]) -> Fix | None:
        """Return the lines of stray fields moved to the right, where they stand on lines of their own."""
        word, node = entry
        lines = self._findings.source.text.split("\n")
        first, last = strays[0][0].span, strays[-1][1].span
        if isinstance(node, Mapping):
            above, by = node.span.end_line, node.span.column - first.column
        else:
            above, by = word.span.end_line, 2
        alone = all(not lines[key.span.line - 1][: key.span.column - 1].strip() for key, _ in strays)
        if not alone or by < 1 or first.line <= above or last.end_line - first.line >= len(strays):
            return None
        span = Span(first.line, 1, last.end_line, last.end_column)
        text = [*lines[first.line - 1 : last.end_line - 1], lines[last.end_line - 1][: last.end_column - 1]]
        return Fix(span, "\n".join(" " * by + line for line in text))

    def _refuse_name(self, node: Node) -> None:
        message = "`name` expects a letter, then letters, digits, `_`, `.`, `-` or `/`, 128 at most"
        near = _NOT_OF_A_NAME.sub("_", node.text)[:128] if isinstance(node, Scalar) else ""
        near = near if NAME.fullmatch(near) else f"_{near}"[:128]
        likely = bool(near.strip("_"))
        self._findings.refuse(
            "SC110",
            f"{message}, receives {said(plain(node))}",
            head(node),
            help=f"write `{near}`" if likely else None,
            fix=Fix(node.span, near) if likely else None,
        )

    def _path(self, found: _Found, position: int) -> str:
        path, span = f"{found.cls.word}_{position}", found.word.span
        node = found.own.get("name")
        if node is not None:
            span = node.span
            if isinstance(node, Scalar) and isinstance(node.value, str) and NAME.fullmatch(node.value):
                path = node.value
            else:
                self._refuse_name(node)
        if path == "input":
            self._findings.refuse("SC103", "`name` expects a name of its own: `input` is what enters", span)
        elif path in self._slots and path not in self._names:
            step, _, output = path.rpartition(".")
            message = f"`name` expects a name of its own: `{path}` is the output {output} of `{step}`"
            self._findings.refuse("SC103", message, span, labels=(Label(self._names[step], "named here"),))
        elif taken := [name for name in self._outputs(found.cls, path) if name in self._names]:
            message = f"`name` expects a name of its own: `{taken[0]}` would be an output of it"
            self._findings.refuse("SC103", message, span, labels=(Label(self._names[taken[0]], "named here"),))
        elif path in self._names:
            self._findings.refuse(
                "SC103",
                f"the name `{path}` is used twice",
                span,
                labels=(Label(self._names[path], "first used here"),),
                help="give one another `name`",
            )
        self._names.setdefault(path, span)
        return path
