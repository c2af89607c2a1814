"""Files of word vectors: the text of word2vec and GloVe, CSV with named features, and `.npz`.

A text is read line by line within bounds, as files of millions of words are common.
"""

from __future__ import annotations

import codecs
import csv
import sys
from array import array
from io import BytesIO
from itertools import chain
from typing import IO, TYPE_CHECKING, NoReturn

import numpy as np

from shapecalc.diagnostics import Diagnostic, ShapecalcError, Source, Span, misuse
from shapecalc.execution.arrays import LARGEST_FILE
from shapecalc.execution.words.archive import read_archive
from shapecalc.execution.words.bounds import LONGEST_LINE, MOST_NUMBERS, MOST_WORDS, check_bounds, too_many
from shapecalc.execution.words.table import WordTable, feature_names, shortened, small_table, table_of, unusable
from shapecalc.parser.files import decode, open_binary

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

HEADER = 2
"""Numbers in the first line of word2vec's text: of words, and of features."""

LONGEST_WORD = 1_000
"""Characters of a word."""

LONGEST_SHOWN = 10_000
"""Bytes of a line that a diagnostic has."""

ARCHIVE = b"PK\x03\x04"
"""The first bytes of an `.npz` file."""


def load_vectors(vectors: str | Mapping[str, Sequence[float]] | None, first: int | None = None) -> WordTable:
    """Return the table of a file or of a mapping of words to vectors, or the small one that ships.

    Raises `ShapecalcError` as `read_vectors` and `table_of` do, and SC205 if `first` is given without a file.
    """
    if isinstance(vectors, str):
        return read_vectors(vectors, first)
    if first is not None:
        message = f"the first {first:,} words are those of a file, and no file of vectors is given"
        raise misuse("SC205", message, "`--vectors FILE` reads one")
    return small_table() if vectors is None else table_of(vectors)


def read_vectors(path: str, first: int | None = None) -> WordTable:
    """Return the vectors of a file, or of standard input for `-`; of a large file only its first words.

    Raises `ShapecalcError` SC001 if it cannot be opened, SC002 if it is not UTF-8, SC010 if it is too large, and SC901
    with the line for rows of several lengths, words for numbers, numbers that are not finite, or a word twice.
    """
    if path != "-":
        with open_binary(path) as file:
            return _read(file, path, first)
    if sys.stdin is None:
        raise misuse("SC001", "`<stdin>` is closed")
    return _read(sys.stdin.buffer, "<stdin>", first)


def _read(file: IO[bytes], name: str, first: int | None) -> WordTable:
    start = file.readline(LONGEST_LINE + 1)
    if not start.startswith(ARCHIVE):
        return _TextReader(name, file, first).read(start)
    if file.seekable():
        file.seek(0)
        return read_archive(file, name, first)
    return read_archive(BytesIO(start + file.read(LARGEST_FILE)), name, first)


class _TextReader:
    """Reads the lines of one file of text."""

    def __init__(self, name: str, file: IO[bytes], first: int | None) -> None:
        self.name = name
        self.file = file
        self.first = first
        self.number = 0
        """The line that is being read, from 1, and its bytes."""
        self.text = b""
        self.lines: dict[str, int] = {}
        """The line of each word."""
        self.values = array("d")
        self.features: tuple[str, ...] = ()

    def read(self, start: bytes) -> WordTable:
        """Return the vectors of a file whose first line is `start`."""
        if len(start) <= LONGEST_LINE:
            decode(self.name, start)  # raises for UTF-16 and binary files
        lines = self._lines(start.removeprefix(b"\xef\xbb\xbf"))
        line = next(lines, None)
        if line is None:
            raise ShapecalcError((Diagnostic("SC901", f"`{self.name}` has no vectors: it is empty"),))
        fields = line.split()
        stated = None
        if len(fields) == HEADER and all(field.isdigit() for field in fields):
            stated = self._header(fields)
            rows = self._spaced(lines)
        else:
            commas = b"," in line and not all(map(_is_number, fields[1:] or [line]))
            rows = (self._separated if commas else self._spaced)(chain([line], lines))
        for row in rows:
            self._row(row)
        if not self.lines:
            self._refuse(f"`{self.name}` has no vectors below its heading")
        if stated not in (None, len(self.lines)) and not self._enough:
            self._refuse(f"the first line states {stated:,} words, and the file has {len(self.lines):,}")
        vectors = np.frombuffer(self.values).reshape(len(self.lines), len(self.features))
        return WordTable(self.name, dict(zip(self.lines, range(len(vectors)), strict=True)), self.features, vectors)

    @property
    def _enough(self) -> bool:
        return self.first is not None and len(self.lines) >= self.first

    def _lines(self, text: bytes) -> Iterator[bytes]:
        """Yield the lines that are not blank, without line breaks, until there are enough words."""
        while text:
            self.number, self.text = self.number + 1, text[:LONGEST_SHOWN]
            if len(text) > LONGEST_LINE:
                self._refuse(f"expects lines of at most {LONGEST_LINE:,} bytes", code="SC010")
            text = text.rstrip(b"\r\n")
            if text.strip():
                yield text
            if self._enough:
                return
            text = self.file.readline(LONGEST_LINE + 1)

    def _header(self, fields: Sequence[bytes]) -> int:
        """Return the number of words that the first line of word2vec's text states."""
        if max(map(len, fields)) > len(str(MOST_NUMBERS)) or not all(map(int, fields)):
            self._refuse("expects the number of words and of features")
        words, features = map(int, fields)
        check_bounds(self.name, words, features, self.first)
        self.features = feature_names(features)
        return words

    def _spaced(self, lines: Iterable[bytes]) -> Iterator[list[bytes]]:
        """Yield the fields of lines between spaces; a word may have spaces in it, as some of GloVe have."""
        for line in lines:
            fields = line.split()
            extra = len(fields) - 1 - len(self.features)
            if self.features and extra > 0 and not any(map(_is_number, fields[1 : 1 + extra])):
                fields[: 1 + extra] = [b" ".join(fields[: 1 + extra])]
            yield fields

    def _separated(self, lines: Iterable[bytes]) -> Iterator[list[bytes]]:
        """Yield the fields of lines of CSV."""
        try:
            for row in csv.reader(map(self._decoded, lines), strict=True):
                yield [cell.strip().encode() for cell in row]
        except csv.Error as error:
            self._refuse(f"expects CSV: {error}")

    def _row(self, fields: Sequence[bytes]) -> None:
        """Add the vector of a row; the first row may have the names of the features instead."""
        named = not self.features and len(fields) > 1 and not any(map(_is_number, fields[1:]))
        if not self.features:
            names = [self._decoded(name) for name in fields[1:]]
            self.features = self._distinct(names) if named else feature_names(len(names))
            self._check_count()
        if not named:
            self._add(self._decoded(fields[0]), fields[1:])

    def _distinct(self, names: Sequence[str]) -> tuple[str, ...]:
        for place, name in enumerate(names):
            if not name or name in names[:place]:
                what = f"the feature `{shortened(name)}` twice" if name else "a feature without a name"
                self._refuse(f"the heading has {what}", name)
        return tuple(names)

    def _check_count(self) -> None:
        """Count the lines of a large file, so that one above the bounds is refused before it is read."""
        if self.first is not None or not self.file.seekable():
            return
        here = self.file.tell()
        size = self.file.seek(0, 2) - here
        self.file.seek(here)
        if size > 2 * MOST_NUMBERS:  # fewer bytes have fewer numbers: each takes two or more, with its space
            count = 1 + sum(chunk.count(b"\n") for chunk in iter(lambda: self.file.read(2**20), b""))
            self.file.seek(here)
            check_bounds(self.name, count, len(self.features), None)

    def _add(self, word: str, numbers: Sequence[bytes]) -> None:
        width = len(self.features)
        if not 1 <= len(word) <= LONGEST_WORD:
            self._refuse(f"expects a word of 1 to {LONGEST_WORD:,} characters, receives one of {len(word):,}")
        if len(numbers) != width or not width:
            expects = "numbers" if not width else "1 number" if width == 1 else f"{width:,} numbers"
            self._refuse(f"expects {expects} after `{shortened(word)}`, receives {len(numbers):,}")
        if word in self.lines:
            self._refuse(f"`{shortened(word)}` has a vector on line {self.lines[word]:,} already", word)
        try:
            vector = array("d", map(float, numbers))
        except ValueError:
            vector = array("d")
        if not vector or b"_" in self.text:  # Python reads 1_000 as a number
            wrong = next((number for number in numbers if not _is_number(number)), b"").decode("utf-8", "replace")
            if wrong or not vector:
                self._refuse(f"expects numbers after `{shortened(word)}`, receives `{shortened(wrong)}`", wrong)
        reason = unusable(sum(map(abs, vector)))
        if reason is not None:
            self._refuse(f"the vector of `{shortened(word)}` {reason}")
        self.values.extend(vector)
        self.lines[word] = self.number
        if len(self.values) > MOST_NUMBERS or len(self.lines) > MOST_WORDS:
            raise too_many(self.name, f"more than {len(self.lines) - 1:,} words with {width:,} features", width)

    def _decoded(self, text: bytes) -> str:
        try:
            return codecs.utf_8_decode(text, "strict", len(text) < LONGEST_SHOWN)[0]  # a longer one may be cut
        except UnicodeDecodeError as error:
            hint = "word2vec's binary format is not read: save it as text, with `binary=False`"
            self._refuse(f"expects UTF-8, receives the byte 0x{text[error.start]:02x}", code="SC002", help_text=hint)

    def _refuse(self, message: str, token: str = "", *, code: str = "SC901", help_text: str | None = None) -> NoReturn:
        """Raise the diagnostic of the line that is being read, under `token` or the whole line."""
        if code == "SC901":
            self._decoded(self.text)  # a line of a binary file has no other mistake
        text = self.text.decode("utf-8", "replace").rstrip("\r\n")
        at = max(text.find(token), 0)
        span = Span(self.number, at + 1, self.number, at + 1 + len(token or text))
        source = Source(self.name, "\n" * (self.number - 1) + text)
        raise ShapecalcError((Diagnostic(code, message, span=span, help=help_text),), source)


def _is_number(text: bytes) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return b"_" not in text
