"""The format: a tree of values → an architecture, and a diagnostic for whatever in it is not of the format."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from shapecalc.architecture import Architecture, Expectation, Input, Place, Step
from shapecalc.diagnostics import Diagnostic, Fix, Label, LayerError, Span
from shapecalc.diagnostics.suggestions import closest
from shapecalc.dims import Dim, Expr, free_symbols, symbol
from shapecalc.layers import layer_type, layer_types
from shapecalc.layers.base import fields_of
from shapecalc.layers.fields import LARGEST_DIM, said
from shapecalc.parser.reader import Mapping, Node, Scalar, Sequence, read_tree

if TYPE_CHECKING:
    from collections.abc import Iterable

    from shapecalc.diagnostics import Source
    from shapecalc.layers import Layer, Shape
    from shapecalc.parser.limits import Limits

FILE_KEYS = ("name", "source", "input", "sizes", "layers", "expect")
STEP_KEYS = ("name", "expect")
EXPECT_KEYS = ("output", "params", "buffers", "macs", "flops")
LATER_FILE_KEYS = ("inputs", "outputs", "blocks", "parameters", "include", "where", "decode")
LATER_STEP_KEYS = ("from", "repeat", "share")
"""Words of the format that this version does not read yet."""

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.\-/]{0,127}")
SYMBOL = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,31}")


def parse(source: Source, limits: Limits | None = None) -> tuple[Architecture | None, tuple[Diagnostic, ...]]:
    """Return the architecture that a text describes, and every mistake found.

    Beside mistakes, the architecture is as much as could be made out, None where that is nothing: the caller can look
    for more mistakes in it, and must not take it for what the author meant.
    Raises `ShapecalcError` where the text is no tree of values at all.
    """
    root, findings = read_tree(source, limits)
    grammar = _Grammar(source, list(findings))
    architecture = grammar.architecture(root)
    return architecture, tuple(grammar.findings)


class _Grammar:
    """One pass over one tree; `findings` grows, what could be read is returned."""

    def __init__(self, source: Source, findings: list[Diagnostic]) -> None:
        self.source = source
        self.findings = findings
        self.layers: dict[tuple[str, tuple[tuple[str, Any], ...]], Layer] = {}

    def architecture(self, root: Node) -> Architecture | None:
        if not isinstance(root, Mapping):
            self.refuse(
                "SC005", f"a file expects keys such as `input:` and `layers:`, receives {_kind(root)}", root.span
            )
            return None
        entries = self.keys(root, FILE_KEYS, LATER_FILE_KEYS, "a file")
        for required in ("input", "layers"):
            if required not in entries:
                where = Span(root.span.line, root.span.column, root.span.line, root.span.column + 1)
                example = {"input": "`input: [N, 3, 224, 224]`", "layers": "`layers:` with a list of steps"}[required]
                self.refuse("SC108", f"a file expects `{required}:`, has none", where, help=f"add {example}")
        shape = self.shape(entries.get("input"), "input")
        sizes = self.sizes(entries.get("sizes"), shape)
        steps = self.steps(entries.get("layers"))
        if shape is None or not steps:
            return None
        return Architecture(
            name=self.text(entries.get("name"), "name") or self.source.name,
            inputs=(Input("input", shape, span=entries["input"].span),),
            steps=steps,
            outputs={"output": steps[-1].path},
            sizes=sizes,
            expect=self.expectations(entries.get("expect")),
            cites=self.text(entries.get("source"), "source") or "",
            file=self.source,
        )

    # -- the file's own keys ------------------------------------------------------------------------------------------

    def keys(
        self, node: Mapping, known: Iterable[str], later: Iterable[str], subject: str, *, others: bool = False
    ) -> dict[str, Node]:
        """Return the known keys of a mapping; refuse the others, unless the caller looks at those itself."""
        found = {}
        for key, value in node.entries:
            if key.text in known:
                found[key.text] = value
            elif key.text in later:
                self.refuse(
                    "SC111", f"`{key.text}` is a word of the format that this version does not read yet", key.span
                )
            elif not others:
                self.unknown(key, known, f"unknown key `{key.text}` in {subject}", f"keys: {', '.join(known)}")
        return found

    def unknown(self, key: Scalar, known: Iterable[str], message: str, otherwise: str) -> str | None:
        """Refuse a key and return the word that was likely meant."""
        near = closest(key.text, tuple(known))
        help_text = f"write `{near}`" if near else otherwise
        self.refuse("SC102", message, key.span, help=help_text, fix=Fix(key.span, near) if near else None)
        return near

    def text(self, node: Node | None, key: str) -> str | None:
        if node is None:
            return None
        if isinstance(node, Scalar) and isinstance(node.value, str | int | float) and not isinstance(node.value, bool):
            return node.text
        self.refuse("SC202", f"`{key}` expects a text, receives {said(_plain(node))}", node.span)
        return None

    def shape(self, node: Node | None, key: str) -> Shape | None:
        """Read `[N, 3, H, W]`: numbers and names of symbols."""
        if node is None:
            return None
        if not isinstance(node, Sequence) or not node.items:
            message = f"`{key}` expects a shape such as [N, 3, 224, 224], receives {said(_plain(node))}"
            self.refuse("SC109", message, node.span)
            return None
        dims = [self.dim(item, key) for item in node.items]
        return None if None in dims else tuple(dim for dim in dims if dim is not None)

    def dim(self, node: Node, key: str) -> Dim | None:
        value = node.value if isinstance(node, Scalar) else None
        if type(value) is int:
            if 1 <= value <= LARGEST_DIM:
                return value
            self.refuse(
                "SC201", f"`{key}` expects sizes from 1 to {LARGEST_DIM} (2^31 - 1), receives {value}", node.span
            )
        elif isinstance(value, str) and SYMBOL.fullmatch(value):
            return symbol(value)
        else:
            wanted = "a size or the name of a symbol"
            self.refuse("SC109", f"`{key}` expects {wanted} for each axis, receives {said(_plain(node))}", node.span)
        return None

    def sizes(self, node: Node | None, shape: Shape | None) -> dict[str, int]:
        """Read `{H: 224, W: 224}`: the usual values of the input's symbols."""
        if node is None:
            return {}
        if not isinstance(node, Mapping):
            self.refuse("SC202", f"`sizes` expects symbols with numbers, receives {said(_plain(node))}", node.span)
            return {}
        symbols = {name for dim in shape or () for name in free_symbols(dim)}
        sizes: dict[str, int] = {}
        for key, value in node.entries:
            if shape is not None and key.text not in symbols:
                message = f"`sizes` gives `{key.text}` a value, which is no symbol of `input`"
                self.unknown(key, sorted(symbols), message, f"symbols: {', '.join(sorted(symbols)) or 'none'}")
                continue
            size = self.dim(value, f"sizes.{key.text}")
            if isinstance(size, Expr):
                self.refuse("SC202", f"`sizes.{key.text}` expects a number, receives {said(_plain(value))}", value.span)
            elif size is not None:
                sizes[key.text] = size
        return sizes

    def expectations(self, node: Node | None) -> tuple[Expectation, ...]:
        if node is None:
            return ()
        if not isinstance(node, Mapping):
            self.refuse(
                "SC202", f"`expect` expects figures such as `params: 61706`, receives {said(_plain(node))}", node.span
            )
            return ()
        lines = []
        for key, value in self.keys(node, EXPECT_KEYS, (), "`expect`").items():
            wanted: int | Shape | None
            if key == "output":
                wanted = self.shape(value, "expect.output")
            else:
                wanted = value.value if isinstance(value, Scalar) and type(value.value) is int else None
                if wanted is None:
                    message = f"`expect.{key}` expects a whole number, receives {said(_plain(value))}"
                    self.refuse("SC202", message, value.span)
            if wanted is not None:
                lines.append(Expectation(key, wanted, value.span))
        return tuple(lines)

    # -- steps --------------------------------------------------------------------------------------------------------

    def steps(self, node: Node | None) -> tuple[Step, ...]:
        """Read the stack; stop where a step cannot be made out, as nothing is known of what follows it."""
        if node is None:
            return ()
        if not isinstance(node, Sequence) or not node.items:
            self.refuse("SC107", f"`layers` expects a list of steps, receives {said(_plain(node))}", node.span)
            return ()
        steps: list[Step] = []
        names: dict[str, Span] = {}
        reads = "input"
        broken = False
        for position, item in enumerate(node.items):
            step = self.step(item, position, reads, names)
            if step is None:
                broken = True
            elif not broken:
                steps.append(step)
                reads = step.path
        return tuple(steps)

    def step(self, node: Node, position: int, reads: str, names: dict[str, Span]) -> Step | None:
        found = self.layer_key(node)
        if found is None:
            return None
        word, value = found
        extras = self.keys(node, STEP_KEYS, LATER_STEP_KEYS, "a step", others=True) if isinstance(node, Mapping) else {}
        path = self.path(extras.get("name"), word, position, names)
        expect = self.expectations(extras.get("expect"))
        layer, place = self.layer(word, value)
        return None if layer is None else Step(path, layer, (reads,), place, expect)

    def layer_key(self, node: Node) -> tuple[Scalar, Node | None] | None:
        """Find the one layer word of a step, and what stands beside it."""
        if isinstance(node, Scalar) and isinstance(node.value, str):
            return (node, None) if self.is_layer(node) else None
        if not isinstance(node, Mapping) or not node.entries:
            message = f"a step expects a layer such as `relu` or `conv: {{…}}`, receives {said(_plain(node))}"
            self.refuse("SC107", message, node.span)
            return None
        words = [(key, value) for key, value in node.entries if key.text not in (*STEP_KEYS, *LATER_STEP_KEYS)]
        if not words:
            self.refuse("SC107", "a step expects a layer, has none", node.entries[0][0].span)
            return None
        known = [(key, value) for key, value in words if layer_type(key.text) is not None]
        if len(known) > 1:
            (first, _), (second, _) = known[:2]
            labels = (Label(first.span, "the first"),)
            message = f"a step expects one layer, has `{first.text}` and `{second.text}`"
            help_text = "begin each step with `- `"
            self.refuse("SC107", message, second.span, label="the second", labels=labels, help=help_text)
            return None
        if not known:
            return words[0] if self.is_layer(words[0][0]) else None
        for key, _ in words:
            if key is not known[0][0]:
                self.stray_key(key, known[0][0].text)
        return known[0]

    def stray_key(self, key: Scalar, word: str) -> None:
        """Refuse a key beside a layer; where it is one of the layer's fields, it is likely indented too little."""
        cls = layer_type(word)
        assert cls is not None
        if key.text in fields_of(cls):
            help_text = f"indent it below `{word}:`, or write `{word}: {{{key.text}: …}}`"
            self.refuse("SC102", f"`{key.text}` stands beside `{word}`, not in it", key.span, help=help_text)
        else:
            keys = f"keys of a step: its layer, {', '.join(STEP_KEYS)}"
            self.unknown(key, STEP_KEYS, f"unknown key `{key.text}` beside `{word}`", keys)

    def is_layer(self, word: Scalar) -> bool:
        if layer_type(word.text) is not None:
            return True
        near = closest_layer(word.text)
        help_text = f"write `{near}`" if near else "`shapecalc layers` lists every layer type"
        message = f"unknown layer type `{word.text}`"
        self.refuse("SC101", message, word.span, help=help_text, fix=Fix(word.span, near) if near else None)
        return False

    def path(self, node: Node | None, word: Scalar, position: int, names: dict[str, Span]) -> str:
        path = f"{word.text}_{position}"
        span = word.span
        if node is not None:
            span = node.span
            if isinstance(node, Scalar) and isinstance(node.value, str) and NAME.fullmatch(node.value):
                path = node.value
            else:
                wanted = "`name` expects a letter, then letters, digits, `_`, `.`, `-` or `/`, 128 at most"
                self.refuse("SC110", f"{wanted}, receives {said(_plain(node))}", span)
        if path == "input":
            self.refuse("SC103", "`name` expects a name of its own: `input` is what enters", span)
        elif path in names:
            labels = (Label(names[path], "first used here"),)
            self.refuse(
                "SC103", f"the name `{path}` is used twice", span, labels=labels, help="give one another `name`"
            )
        names.setdefault(path, span)
        return path

    def layer(self, word: Scalar, node: Node | None) -> tuple[Layer | None, Place]:
        """Read a layer's fields and make it; a lone value fills its main field."""
        cls = layer_type(word.text)
        assert cls is not None
        before = len(self.findings)
        values, nodes = self.fields(cls, word, node)
        place = Place(word.span, _spans(nodes))
        missing = [name for name, field in fields_of(cls).items() if field.required and name not in values]
        if missing:
            if len(self.findings) == before:
                names = " and ".join(f"`{name}`" for name in missing)
                help_text = f"write `{cls.word}: {{{', '.join(f'{name}: …' for name in missing)}}}`"
                self.refuse("SC106", f"`{cls.word}` expects {names}, receives none", word.span, help=help_text)
            return None, place
        key = (cls.word, tuple(values.items()))
        if key not in self.layers:
            try:
                self.layers[key] = cls(**values)
            except LayerError as error:
                fields = place.fields
                span = fields.get((error.field or "", *error.index)) or fields.get((error.field or "",)) or word.span
                message = f"`{cls.word}` {error.message}"
                self.refuse(error.code, message, span, label=error.label, help=error.help or _near_word(error, values))
                return None, place
        return self.layers[key], place

    def fields(self, cls: type[Layer], word: Scalar, node: Node | None) -> tuple[dict[str, Any], dict[str, Node]]:
        if node is None or (isinstance(node, Scalar) and node.value is None):
            return {}, {}
        if not isinstance(node, Mapping):
            if cls.main is not None:
                return {cls.main: _plain(node)}, {cls.main: node}
            named = f"`{cls.word}: {{{next(iter(fields_of(cls)))}: …}}`" if fields_of(cls) else f"`{cls.word}` alone"
            message = f"`{cls.word}` expects its fields by name, receives {said(_plain(node))}"
            self.refuse("SC202", message, node.span, help=f"write {named}")
            return {}, {}
        values: dict[str, Any] = {}
        nodes: dict[str, Node] = {}
        known = tuple(fields_of(cls))
        for key, value in node.entries:
            name = key.text
            if name not in known:
                near = closest_field(cls.word, name, known)
                help_text = f"write `{near}`" if near else f"fields: {', '.join(known) or 'none'}"
                fix = Fix(key.span, near) if near else None
                self.refuse("SC102", f"unknown field `{name}` for `{cls.word}`", key.span, help=help_text, fix=fix)
                if near is None or node.get(near) is not None:
                    continue
                name = near  # go on with what was likely meant, so that what follows is checked as well
            values[name], nodes[name] = _plain(value), value
        return values, nodes

    def refuse(self, code: str, message: str, span: Span, **rest: Any) -> None:
        self.findings.append(Diagnostic(code=code, message=message, span=span, **rest))


def closest_layer(word: str) -> str | None:
    """Return the layer word that was likely meant, from other frameworks' names or by its letters."""
    from shapecalc.diagnostics.foreign_names import LAYERS  # noqa: PLC0415 - only a mistake needs the table

    return closest(word, tuple(layer_types()), LAYERS)


def closest_field(word: str, field: str, known: tuple[str, ...]) -> str | None:
    """Return the field of layer `word` that was likely meant, from other frameworks' names or by its letters."""
    from shapecalc.diagnostics.foreign_names import FIELDS  # noqa: PLC0415 - only a mistake needs the table

    return closest(field, known, FIELDS.get(word, {}))


def _near_word(error: LayerError, values: dict[str, Any]) -> str | None:
    """Return the help for a misspelt word: the first of the words in the message that is near."""
    if error.code != "SC203" or error.field is None:
        return None
    near = closest(str(values[error.field]), tuple(re.findall(r"`(\w+)`", error.message.split(" as ")[0])))
    return f"write `{error.field}: {near}`" if near else None


def _plain(node: Node) -> Any:
    """Return a node's value without its place: lists as tuples, mappings as dicts."""
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, Sequence):
        return tuple(_plain(item) for item in node.items)
    return {key.text: _plain(value) for key, value in node.entries}


def _spans(nodes: dict[str, Node]) -> dict[tuple[str | int, ...], Span]:
    spans: dict[tuple[str | int, ...], Span] = {}
    for name, node in nodes.items():
        spans[name,] = node.span
        if isinstance(node, Sequence):
            for position, item in enumerate(node.items):
                spans[name, position] = item.span
                if isinstance(item, Sequence):
                    spans |= {(name, position, side): entry.span for side, entry in enumerate(item.items)}
    return spans


def _kind(node: Node) -> str:
    return "a list" if isinstance(node, Sequence) else said(_plain(node))
