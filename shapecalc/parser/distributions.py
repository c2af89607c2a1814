"""YAML or JSON text → distributions of the next symbol: a row per step, or one after each prefix.

    [[0.6, 0.4], [0.55, 0.45]]                                    a row per step, the same after every prefix
    {"": [0.6, 0.4], "0": [0.55, 0.45], "1": [0.1, 0.9]}          after the start, after 0, after 1
    {"": {the: 0.6, a: 0.4}, "the": {cat: 1/3, dog: 2/3}, …}      symbols with names; one that is left out has 0
    {"": [0.5, 0.5], "* 0": [0.9, 0.1], "* 1": [0.2, 0.8]}        after every prefix that ends with 0, with 1

The symbols of a prefix are separated by spaces or commas. The prefix itself comes before `*`, and of several endings
the longest counts. Numbers are exact: 0.1 is 1/10.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, TypeAlias

from shapecalc.diagnostics import MOST_DIAGNOSTICS, Diagnostic, Label, ShapecalcError, Source
from shapecalc.diagnostics.limits import LIMITS
from shapecalc.diagnostics.suggestions import closest
from shapecalc.layers.refusals import said
from shapecalc.parser.diagnostics import position
from shapecalc.parser.files import read_source
from shapecalc.parser.reader import read_text
from shapecalc.parser.tree import Mapping, Scalar, Sequence, head, plain

if TYPE_CHECKING:
    from collections.abc import Mapping as MappingOf

    from shapecalc.parser.tree import Node

Row: TypeAlias = tuple[Fraction, ...]
Prefix: TypeAlias = tuple[int, ...]

ANY = "*"
"""The first word of a prefix that is only the ending of one."""

NORMAL = Fraction(1, 10**6)
"""How far a sum of probabilities may be from 1 by rounding."""

_EXAMPLE = 'write rows, `[[0.6, 0.4], …]`, or prefixes, `{"": [0.6, 0.4], "0": [0.55, 0.45], …}`'
_RATIO = re.compile(r" *[0-9]{1,18} */ *[0-9]{1,18} *")
_PLAIN = re.compile(r"[0-9.]{1,40}")


@dataclass(frozen=True)
class Distributions:
    """Distributions of the next symbol, one per step or one after each prefix of symbols (their indices)."""

    symbols: tuple[str, ...]
    rows: tuple[Row, ...] = ()
    """By step, if the prefix makes no difference."""
    prefixes: MappingOf[Prefix, Row] = field(default_factory=dict)
    endings: MappingOf[Prefix, Row] = field(default_factory=dict)

    @property
    def length(self) -> int | None:
        """The length of the sequences that they describe; None if it is any, because of endings."""
        if self.rows:
            return len(self.rows)
        return None if self.endings else max(map(len, self.prefixes)) + 1

    def after(self, prefix: Prefix) -> Row | None:
        """Return the distribution after a prefix, None if there is none.

        >>> sure, even = (Fraction(1), Fraction(0)), (Fraction(1, 2), Fraction(1, 2))
        >>> table = Distributions(("a", "b"), prefixes={(): even}, endings={(0,): sure})
        >>> table.after(()) == even, table.after((1, 0)) == sure, table.after((0, 1))
        (True, True, None)
        """
        if self.rows:
            return self.rows[len(prefix)] if len(prefix) < len(self.rows) else None
        if prefix in self.prefixes:
            return self.prefixes[prefix]
        for place in range(max(len(prefix) - self._longest_ending, 0), len(prefix) + 1):
            if prefix[place:] in self.endings:
                return self.endings[prefix[place:]]
        return None

    @cached_property
    def _longest_ending(self) -> int:
        return max(map(len, self.endings), default=0)

    def most(self, step: int, end: int | None = None) -> Fraction:
        """Return the highest probability that a symbol of this step, from 1, can have; 1 if a prefix may have no row.

        No prefix has the symbol `end`.

        >>> even = (Fraction(1, 2), Fraction(1, 2))
        >>> table = Distributions(("a", "b"), prefixes={(): even, (0,): even})
        >>> table.most(1), table.most(2), table.most(2, end=1)
        (Fraction(1, 2), Fraction(1, 1), Fraction(1, 2))
        """
        if self.rows:
            return max(self.rows[step - 1])
        going = [symbol for symbol in range(len(self.symbols)) if symbol != end]
        rows = [row for prefix, row in self.prefixes.items() if len(prefix) == step - 1 and end not in prefix]
        every = len(rows) == len(going) ** (step - 1) or () in self.endings
        every |= step > 1 and all((symbol,) in self.endings for symbol in going)
        rows += [row for prefix, row in self.endings.items() if len(prefix) < step]
        return max(map(max, rows)) if every else Fraction(1)

    def sums(self) -> dict[str, Fraction]:
        """Return the sum of each distribution that does not sum to 1, by its place: `step 1`, "after `the`"."""
        rows = {f"step {number}": row for number, row in enumerate(self.rows, 1)}
        rows |= {self.place(prefix): row for prefix, row in self.prefixes.items()}
        rows |= {self.place(end, any_=True): row for end, row in self.endings.items()}
        sums = {place: sum(row, Fraction(0)) for place, row in rows.items()}
        return {place: total for place, total in sums.items() if abs(total - 1) > NORMAL}

    def place(self, prefix: Prefix, *, any_: bool = False) -> str:
        """Return the place of a distribution for a message."""
        words = [ANY] * any_ + [self.symbols[symbol] for symbol in prefix]
        return f"after `{' '.join(words)}`" if words else "at the start"


def load_distributions(path_or_text: str) -> Distributions:
    """Return the distributions of a file, of standard input for `-`, or of a text that begins with `[` or `{`.

    Raises as `read_distributions` and `files.read_source` do, with exit code 2 for a mistake in a text.
    """
    inline = path_or_text.lstrip()[:1] in ("", "[", "{")
    try:
        source = Source("--probabilities", path_or_text) if inline else read_source(path_or_text)
        return read_distributions(source)
    except ShapecalcError as error:
        diagnostics = tuple(map(_without_options, error.diagnostics))
        raise ShapecalcError(diagnostics, error.source, exit_code=2 if inline else error.exit_code) from None


def read_distributions(source: Source) -> Distributions:
    """Return the distributions of a text.

    Raises `ShapecalcError`: SC202 for what is not a probability, SC201 for one below 0 or above 1 and for a row without
    a positive one, SC204 for rows of different lengths, SC104 for a prefix with an unknown symbol.
    """
    reader = _TableReader(source)
    result = reader.read(read_text(source))
    if reader.refused:
        raise ShapecalcError(tuple(sorted(reader.refused, key=position)[:MOST_DIAGNOSTICS]), source)
    return result


def _without_options(diagnostic: Diagnostic) -> Diagnostic:
    """Return a diagnostic without the help that names an option for files of networks."""
    help_ = diagnostic.help
    if diagnostic.code == "SC001" and any(sign in diagnostic.message for sign in ",:"):
        help_ = "a table begins with `[` or `{`, anything else is the name of a file"
    if help_ and "--limit" in help_:
        help_ = f"a table has at most {LIMITS.nodes:,} probabilities and {LIMITS.file_size:,} bytes"
    return diagnostic._replace(help=help_)


class _TableReader:
    """Reads one tree; `refused` has the diagnostics."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.refused: list[Diagnostic] = []
        self.symbols: dict[str, int] = {}
        self.first: Node | None = None
        """The first row that is a list, whose length all others have."""

    def refuse(self, code: str, message: str, node: Node, help_: str | None = None, label: Label | None = None) -> None:
        labels = () if label is None else (label,)
        self.refused.append(Diagnostic(code=code, message=message, span=head(node), help=help_, labels=labels))

    def read(self, tree: Node) -> Distributions:
        """Return the distributions of a list or a mapping, as far as they can be read."""
        if isinstance(tree, Scalar) or not (tree.items if isinstance(tree, Sequence) else tree.entries):
            what = said(plain(tree)) if isinstance(tree, Scalar) else "an empty one"
            self.refuse(
                "SC202", f"expected is a list of rows or a mapping of prefixes, receives {what}", tree, _EXAMPLE
            )
            return Distributions(())
        nodes = tree.items if isinstance(tree, Sequence) else tuple(node for _, node in tree.entries)
        if isinstance(tree, Sequence) and all(isinstance(node, Scalar) for node in nodes):
            what = said(plain(tree))
            self.refuse("SC202", f"expected is a list of rows, one per step, receives {what}", tree, _EXAMPLE)
            return Distributions(())
        self.name_symbols(nodes)
        if isinstance(tree, Sequence):
            rows = tuple(self.row(node, f"step {number}") for number, node in enumerate(nodes, 1))
            return Distributions(tuple(self.symbols), rows)
        prefixes: dict[Prefix, Row] = {}
        endings: dict[Prefix, Row] = {}
        for key, node in tree.entries:
            words = key.text.replace(",", " ").split()
            is_ending = words[:1] == [ANY]
            prefix = tuple(self.symbol(word, key) for word in words[is_ending:])
            rows_of = endings if is_ending else prefixes
            if prefix in rows_of and None not in prefix:
                self.refuse("SC020", f"the prefix `{key.text}` is given twice", key, "keep one of the two")
            rows_of[prefix] = self.row(node, f"the distribution {f'after `{key.text}`' if words else 'at the start'}")
        if not self.refused and () not in prefixes and () not in endings:
            self.refuse("SC106", 'there is no distribution at the start, the key `""`', tree, _EXAMPLE)
        return Distributions(tuple(self.symbols), (), prefixes, endings)

    def name_symbols(self, nodes: tuple[Node, ...]) -> None:
        """Name the symbols: 0, 1, … if a row is a list, else the keys of all rows in the order of the text."""
        self.first = next((node for node in nodes if isinstance(node, Sequence)), None)
        if isinstance(self.first, Sequence):
            self.symbols = {str(index): index for index in range(len(self.first.items))}
            return
        for node in nodes:
            for key, _ in node.entries if isinstance(node, Mapping) else ():
                if len(key.text.replace(",", " ").split()) != 1 or key.text == ANY:
                    expects = "a symbol expects a word without spaces, commas and a single `*`"
                    self.refuse("SC110", f"{expects}, receives `{key.text}`", key)
                self.symbols.setdefault(key.text, len(self.symbols))

    def symbol(self, word: str, node: Node) -> int:
        """Return the index of a symbol, −1 if there is none."""
        if word not in self.symbols:
            near = closest(word, self.symbols)
            help_ = f"did you mean `{near}`?" if near else 'separate symbols by spaces: `"a b"` is b after a'
            self.refuse("SC104", f"`{word}` is not a symbol of any distribution", node, help_)
        return self.symbols.get(word, -1)

    def row(self, node: Node, name: str) -> Row:
        """Return the probabilities of a row, one per symbol."""
        if isinstance(node, Sequence):
            entries = list(enumerate(node.items))
            assert isinstance(self.first, Sequence)
            if len(entries) != len(self.first.items):
                counts = f"{len(self.first.items)} probabilities, as the first one, receives {len(entries)}"
                label = Label(head(self.first), f"{len(self.first.items)} probabilities")
                self.refuse("SC204", f"{name} expects {counts}", node, label=label)
        elif isinstance(node, Mapping):
            entries = [(self.symbol(key.text, key), value) for key, value in node.entries]
        else:
            example = "write a list of probabilities, `[0.6, 0.4]`, or symbols with theirs, `{the: 0.6, a: 0.4}`"
            self.refuse("SC202", f"{name} expects a list or a mapping, receives {said(plain(node))}", node, example)
            return ()
        refused = len(self.refused)
        numbers = dict(zip(range(len(self.symbols)), [Fraction(0)] * len(self.symbols), strict=True))
        numbers |= {index: self.probability(value, name) for index, value in entries}
        if len(self.refused) == refused and not any(numbers.values()):
            self.refuse("SC201", f"{name} expects a positive probability, has {'only 0' if entries else 'none'}", node)
        return tuple(numbers[index] for index in range(len(self.symbols)))

    def probability(self, node: Node, name: str) -> Fraction:
        """Return a probability, exactly as it is written."""
        number = _number(node) if isinstance(node, Scalar) else None
        if number is None:
            self.refuse("SC202", f"{name} expects numbers from 0 to 1, receives {said(plain(node))}", node)
        elif not 0 <= number <= 1:
            assert isinstance(node, Scalar)
            self.refuse("SC201", f"{name} expects numbers from 0 to 1, receives {node.text}", node)
        return number or Fraction(0)


def _number(node: Scalar) -> Fraction | None:
    """Return the exact value of a scalar such as 0.1, 1e-3 or 1/3; None if it is not a number."""
    if isinstance(node.value, str):
        if _RATIO.fullmatch(node.value):
            over, under = node.value.split("/")
            return Fraction(int(over), int(under)) if int(under) else None
        return None
    if isinstance(node.value, bool) or node.value is None:
        return None
    # Not the text of 1e-999999999, whose exact value has as many digits.
    return Fraction(node.text) if _PLAIN.fullmatch(node.text) else Fraction(repr(node.value))
