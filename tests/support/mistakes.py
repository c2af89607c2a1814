"""Architecture files with one slip each, and where it is: made from the tree of a good file, edit by edit."""

from __future__ import annotations

import string
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from shapecalc.checking.expect import unmet
from shapecalc.diagnostics import Diagnostic, ShapecalcError, Source, Span
from shapecalc.files.load import loads_source
from shapecalc.layers import layer_type
from shapecalc.layers.base import fields_of
from shapecalc.parser.positions import offsets_of, span_between
from shapecalc.parser.reader import read_text
from shapecalc.parser.step_keys import STEP_KEYS
from shapecalc.parser.tree import Mapping, Node, Scalar, Sequence
from shapecalc.shape_inference.engine import inspect

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Iterator

    from shapecalc.layers import Layer

    Maker = Callable[["Anatomy"], Iterator["Slip"]]


class Slip(NamedTuple):
    """`new` in place of a stretch of the text; `token` is what is wrong then, and stands `at` characters into `new`."""

    kind: str
    start: int
    end: int
    new: str
    token: str
    code: str
    at: int = 0
    meant: str = ""
    """The word that was there, where the slip is one letter."""


class Mutant(NamedTuple):
    """A text with slips in it, and the span of each one's token."""

    text: str
    slips: tuple[Slip, ...]
    spans: tuple[Span, ...]


def mutant(text: str, *slips: Slip) -> Mutant:
    """Return the text with slips that do not overlap, in the order of the text."""
    slips = tuple(sorted(slips, key=lambda slip: slip.start))
    parts, position, places, length = [], 0, [], 0
    for slip in slips:
        parts += [text[position : slip.start], slip.new]
        length += slip.start - position
        places.append((length + slip.at, length + slip.at + len(slip.token)))
        length += len(slip.new)
        position = slip.end
    whole = "".join([*parts, text[position:]])
    return Mutant(whole, slips, tuple(span_between(whole, *place) for place in places))


def findings(text: str) -> tuple[Diagnostic, ...]:
    """Return the errors that `check` reports of a text."""
    try:
        report = inspect(loads_source(Source("net.yaml", text), unused=True))
    except ShapecalcError as error:
        return error.diagnostics
    return unmet(report)


class Place(NamedTuple):
    """One step: its word, the layer that this is (None for a block), what stands under it, and its own keys."""

    node: Node
    word: Scalar
    layer: type[Layer] | None
    value: Node | None
    own: dict[str, Node]
    body: int
    """Which list of steps it stands in."""

    @property
    def fields(self) -> tuple[tuple[Scalar, Node], ...]:
        """The fields or arguments that it gives by name."""
        entries = self.value.entries if isinstance(self.value, Mapping) else ()
        if self.layer is None:
            return entries
        return tuple(entry for entry in entries if entry[0].text in fields_of(self.layer))


class Anatomy:
    """A good file taken apart."""

    def __init__(self, text: str, rng: random.Random) -> None:
        self.text = text
        self.rng = rng
        self.root = read_text(Source("net.yaml", text))
        assert isinstance(self.root, Mapping)
        self._bodies = 0
        self.steps: list[Place] = []
        self.keys = [key for key, _ in self.root.entries]
        blocks = self.root.get("blocks")
        for _, block in blocks.entries if isinstance(blocks, Mapping) else ():
            assert isinstance(block, Mapping)
            self.keys += [key for key, _ in block.entries]
            self._list(block.get("layers"))
        self._list(self.root.get("layers"))
        expect = self.root.get("expect")
        self.expected = expect.entries if isinstance(expect, Mapping) else ()
        self.keys += [key for key, _ in self.expected]

    def _list(self, node: Node | None) -> None:
        assert isinstance(node, Sequence)
        self._bodies += 1
        body = self._bodies
        for item in node.items:
            self._step(item, body)

    def _step(self, node: Node, body: int) -> None:
        if isinstance(node, Scalar):
            self.steps.append(Place(node, node, layer_type(node.text), None, {}, body))
            return
        assert isinstance(node, Mapping)
        own = {key.text: value for key, value in node.entries if key.text in STEP_KEYS}
        # Without `repeat` the names that it binds are unknown: of lists it is more than one mistake.
        self.keys += [
            key
            for key, value in node.entries
            if key.text in STEP_KEYS and not (key.text == "repeat" and isinstance(value, Mapping))
        ]
        ((word, value),) = [(key, value) for key, value in node.entries if key.text not in STEP_KEYS]
        layer = layer_type(word.text)
        self.steps.append(Place(node, word, layer, value, own, body))
        if layer is not None and layer.merges and isinstance(value, Mapping):
            for key, branch in value.entries:
                if key.text not in fields_of(layer):
                    self._list(branch.get("layers") if isinstance(branch, Mapping) else branch)

    def at(self, node: Node) -> tuple[int, int]:
        return offsets_of(self.text, node.span)

    def layers(self, *words: str) -> list[Place]:
        return [step for step in self.steps if step.layer is not None and (not words or step.word.text in words)]

    def numbers(self) -> Iterator[tuple[str, Scalar]]:
        """Yield every whole number that a layer's field is given, with the field's name."""
        for step in self.layers():
            assert step.layer is not None
            given = [(key.text, value) for key, value in step.fields]
            if isinstance(step.value, Scalar) and step.layer.main is not None:
                given = [(step.layer.main, step.value)]
            for name, value in given:
                if isinstance(value, Scalar) and type(value.value) is int:
                    yield name, value

    def braces(self, *words: str) -> list[tuple[Place, int]]:
        """Return the layers whose fields stand in braces, with the offset behind the opening one."""
        found = []
        for step in self.layers(*words):
            if step.fields and isinstance(step.value, Mapping):
                start = self.at(step.value)[0]
                if self.text[start] == "{":
                    found.append((step, start + 1))
        return found


# One letter.


def one_letter(rng: random.Random, old: str) -> str:
    """Return a word with a letter too few, too many, another one, or two swapped; never what is a word as it is."""
    while True:
        at = rng.randrange(len(old) - 1)
        letter = rng.choice(string.ascii_lowercase)
        new = rng.choice(
            [
                old[:at] + old[at + 1 :],
                old[:at] + letter + old[at:],
                old[:at] + letter + old[at + 1 :],
                old[:at] + old[at + 1] + old[at] + old[at + 2 :],
            ]
        )
        if new != old and layer_type(new) is None:
            return new


def misspelt(file: Anatomy, word: Scalar, kind: str, code: str) -> Slip:
    """Return a slip of one letter in a word."""
    new = one_letter(file.rng, word.text)
    return Slip(kind, *file.at(word), new, new, code, meant=word.text)


def _misspelt(kind: str, code: str, words: Callable[[Anatomy], list[Scalar]]) -> Maker:
    # In a shorter word every letter makes another one: `add` and `and`.
    return lambda file: (misspelt(file, word, kind, code) for word in words(file) if len(word.text) > 3)


# Values.


def _values(kind: str, code: str, write: Callable[[Scalar], str], *names: str) -> Maker:
    def make(file: Anatomy) -> Iterator[Slip]:
        for name, value in file.numbers():
            if not names or name in names:
                new = write(value)
                words = code == "SC202" and name == "padding" and new.isalpha()  # `same` is one
                yield Slip(kind, *file.at(value), new, new, "SC203" if words else code)

    return make


def _zero_in_front(file: Anatomy) -> Iterator[Slip]:
    for _, value in file.numbers():
        if value.value >= 8:  # `07` is 7 in both
            new = f"0{value.text}"
            yield Slip("a number that YAML reads in two ways", *file.at(value), new, new, "SC024")


def _large_window(file: Anatomy) -> Iterator[Slip]:
    sizes = file.root.get("sizes")
    if isinstance(sizes, Mapping) and any(
        isinstance(value, Scalar) and int(value.text) > 4999 for _, value in sizes.entries
    ):
        return  # it fits
    for step in file.layers("conv", "max_pool", "avg_pool"):
        fields = {key.text: value for key, value in step.fields}
        size, padding = fields.get("kernel_size", step.value), fields.get("padding")
        fits = isinstance(padding, Scalar) and isinstance(padding.value, str)  # `same` and `causal` add what it needs
        if isinstance(size, Scalar) and type(size.value) is int and not fits:
            yield Slip("a window that is too large", *file.at(size), "4999", "4999", "SC302")


def _wrong_flag(file: Anatomy) -> Iterator[Slip]:
    for step in file.layers():
        for _, value in step.fields:
            if isinstance(value, Scalar) and type(value.value) is bool:
                yield Slip("a number for a flag", *file.at(value), "7", "7", "SC202")


def _inserted(kind: str, code: str, field: str, value: str, *words: str) -> Maker:
    """State a field in front of the others."""

    def make(file: Anatomy) -> Iterator[Slip]:
        for step, start in file.braces(*words):
            if field not in {key.text for key, _ in step.fields}:
                at = len(field) + 2
                yield Slip(kind, start, start, f"{field}: {value}, ", value, code, at=at)

    return make


def _removed(file: Anatomy) -> Iterator[Slip]:
    for step, start in file.braces():
        assert step.layer is not None
        key, _ = step.fields[0]
        if fields_of(step.layer)[key.text].required and len(step.fields) > 1:
            # The layer's word is what lacks a field: it is written anew, and the field is left out.
            begin, end = file.at(step.word)[0], file.at(step.fields[1][0])[0]
            new = file.text[begin:start]
            yield Slip("a field left out", begin, end, new, step.word.text, "SC106")


# Names.


def _missing_reference(file: Anatomy) -> Iterator[Slip]:
    for step in file.steps:
        reads = step.own.get("from")
        for name in reads.items if isinstance(reads, Sequence) else [reads] if reads is not None else []:
            yield Slip("a step that is not there", *file.at(name), "elsewhere", "elsewhere", "SC104")
        if step.node is step.word:
            new = f"{{{step.word.text}: {{}}, from: elsewhere}}"
            at = new.index("elsewhere")
            yield Slip("a step that is not there", *file.at(step.word), new, "elsewhere", "SC104", at=at)


def _name_twice(file: Anatomy) -> Iterator[Slip]:
    named = [(step.body, step.own["name"]) for step in file.steps if "name" in step.own]
    for (body, first), (other, second) in pairwise(named):
        if body == other:
            name = first.text  # type: ignore[union-attr]
            yield Slip("a name given twice", *file.at(second), name, name, "SC103")


def _unknown_word(file: Anatomy) -> Iterator[Slip]:
    for step in file.steps:
        yield Slip("a layer that is none", *file.at(step.word), "wobbulate", "wobbulate", "SC101")


def _unknown_parameter(file: Anatomy) -> Iterator[Slip]:
    for step in file.steps:
        for _, value in step.fields:
            if isinstance(value, Scalar) and value.text.startswith("$") and not value.quoted:
                yield Slip("a parameter that is none", *file.at(value), "$quux", "$quux", "SC105")


def _key_twice(file: Anatomy) -> Iterator[Slip]:
    for step, _ in file.braces():
        key, value = step.fields[-1]
        begin, end = file.at(key)[0], file.at(value)[1]
        written = file.text[begin:end]
        yield Slip("a field given twice", end, end, f", {written}", key.text, "SC020", at=2)


def _wrong_expectation(file: Anatomy) -> Iterator[Slip]:
    for _, value in file.expected:
        if isinstance(value, Scalar) and isinstance(value.value, int):
            new = str(value.value + 1)
            yield Slip("an expectation that is wrong", *file.at(value), new, new, "SC501")


# Layout.


def _tab(file: Anatomy) -> Iterator[Slip]:
    for step in file.steps:
        start = file.at(step.node)[0]
        begin = file.text.rindex("\n", 0, start) + 1
        if file.text[begin:start] == " " * (start - begin - 2) + "- ":
            yield Slip("a tab before a step", begin, start - 2, "\t", "\t", "SC003")


def _no_space(file: Anatomy) -> Iterator[Slip]:
    for step, _ in file.braces():
        for key, value in step.fields:
            (begin, _), (_, end) = file.at(key), file.at(value)
            new = file.text[begin:end].replace(": ", ":", 1)
            if isinstance(value, Scalar) and not value.quoted:
                yield Slip("no space after a colon", begin, end, new, new, "SC003")


def _no_space_in_a_line(file: Anatomy) -> Iterator[Slip]:
    for key, value in file.expected[1:]:
        (begin, _), (_, end) = file.at(key), file.at(value)
        new = file.text[begin:end].replace(": ", ":", 1)
        yield Slip("no space after the colon of a line", begin, end, new, new, "SC003")


def _bracket(file: Anatomy) -> Iterator[Slip]:
    for step in file.steps:
        start, end = file.at(step.node)
        if file.text[start] == "{":
            new = file.text[start : end - 1]
            yield Slip("a bracket that is not closed", start, end, new, "{", "SC003")


_SIZES = (
    *("kernel_size", "stride", "out_channels", "out_features", "hidden_size", "num_layers"),
    *("num_embeddings", "embedding_dim"),
)
MAKERS: tuple[Maker, ...] = (
    _misspelt("a layer misspelt", "SC101", lambda file: [step.word for step in file.layers()]),
    _misspelt("a block misspelt", "SC101", lambda file: [step.word for step in file.steps if step.layer is None]),
    _misspelt("a field misspelt", "SC102", lambda file: [key for step in file.layers() for key, _ in step.fields]),
    _misspelt(
        "an argument misspelt",
        "SC102",
        lambda file: [key for step in file.steps if step.layer is None for key, _ in step.fields],
    ),
    _misspelt("a key misspelt", "SC102", lambda file: file.keys),
    _values("a word for a number", "SC202", lambda _: "plenty"),
    _values("a number in quotes", "SC202", lambda value: f'"{value.text}"'),
    _values("a number out of range", "SC201", lambda value: f"-{value.text}", *_SIZES),
    _zero_in_front,
    _large_window,
    _wrong_flag,
    _inserted("a stated size that is wrong", "SC301", "in_channels", "7919", "conv", "conv_transpose"),
    _inserted("a stated size that is wrong", "SC301", "input_size", "7919", "lstm", "gru", "rnn"),
    _inserted("groups that do not divide", "SC304", "groups", "7919", "conv"),
    _removed,
    _missing_reference,
    _name_twice,
    _unknown_word,
    _unknown_parameter,
    _key_twice,
    _wrong_expectation,
    _tab,
    _no_space,
    _no_space_in_a_line,
    _bracket,
)


UNREADABLE = {
    "a tab before a step",
    "no space after the colon of a line",
    "a bracket that is not closed",
}
"""Kinds after which YAML cannot be read, so that nothing else can be found."""

PLAIN = {
    *("a layer misspelt", "a block misspelt", "a field misspelt", "an argument misspelt", "a key misspelt"),
    *("a number in quotes", "a number that YAML reads in two ways", "a stated size that is wrong"),
    *("a field given twice", "a name given twice", "no space after a colon"),
}
"""Kinds after which it is plain what was meant, so that shapes are known behind them."""

OF_SHAPES = {"a window that is too large", "a stated size that is wrong", "groups that do not divide"}
"""Kinds that only a known shape shows."""


def independent(file: Anatomy, slips: tuple[Slip, ...]) -> bool:
    """Return whether each slip can be told while the others stand.

    What a network comes to is known of one alone that has no other mistake; a shape is known where no step before it
    is lost: inside a block that depends on every call, so that only what stands in the list of layers is compared.
    """
    assert isinstance(file.root, Mapping)
    layers = file.at(file.root.get("layers"))[0]  # type: ignore[arg-type]
    for slip in slips:
        others = [other for other in slips if other is not slip]
        if slip.kind in UNREADABLE or slip.code == "SC501":
            return False
        for other in others:
            known = other.kind in PLAIN or layers < slip.start < other.start
            if slip.kind in OF_SHAPES and not known:
                return False
    return True


def slips_of(file: Anatomy, most: int) -> list[Slip]:
    """Return slips of every kind that a file has a place for, each kind `most` times at most."""
    found = []
    for make in MAKERS:
        slips = list(make(file))
        found += file.rng.sample(slips, min(most, len(slips)))
    return found
