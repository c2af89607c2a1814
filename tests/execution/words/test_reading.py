"""Files of word vectors: every form that is read, and the position of every mistake."""

from __future__ import annotations

import io
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, strategies as st

from shapecalc import ShapecalcError
from shapecalc.execution.words import bounds, reading
from shapecalc.execution.words.reading import read_vectors

if TYPE_CHECKING:
    from pathlib import Path

READ = {
    "GloVe": ("man 1 2.5\nwoman 3 -4e-1\n", ["man", "woman"], ("1", "2")),
    "word2vec": ("2 2\nman 1 2.5 \nwoman 3 -0.4 \n", ["man", "woman"], ("1", "2")),
    "tabs, blank lines, no last line break": ("\nman\t1\t2.5\r\n\r\nwoman\t3\t-.4", ["man", "woman"], ("1", "2")),
    "named features": ("word gender royal\nman 1 2.5\nwoman 3 -0.4\n", ["man", "woman"], ("gender", "royal")),
    "CSV": ("word,gender,royal\nman,1,2.5\nwoman,3,-0.4\n", ["man", "woman"], ("gender", "royal")),
    "CSV without a heading": ("man,1,2.5\nwoman, 3, -0.4\n", ["man", "woman"], ("1", "2")),
    "CSV with quotes": ('word,"a, b",c\n"man ""x""",1,2.5\n"wo,man",3,-.4\n', ['man "x"', "wo,man"], ("a, b", "c")),
    "a mark before the text": ("\ufeffman 1 2.5\n女人 3 -0.4\n", ["man", "女人"], ("1", "2")),
    "a comma as a word": (", 1 2.5\n. . . 3 -0.4\n", [",", ". . ."], ("1", "2")),
    "a number as a word": ("7 1 2.5\n_8_ 3 -0.4\n", ["7", "_8_"], ("1", "2")),
    "a space that is no separator": ("a\u00a0b 1 2.5\nc\u0085 3 -0.4\n", ["a\u00a0b", "c\u0085"], ("1", "2")),
}


def written(folder: Path, text: str | bytes) -> str:
    path = folder / "words.txt"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(path)


def test_every_form_of_text_is_read(tmp_path: Path) -> None:
    for name, (text, words, features) in READ.items():
        table = read_vectors(written(tmp_path, text))
        assert (table.words, table.features) == (words, features), name
        assert table.vectors.tolist() == [[1, 2.5], [3, -0.4]], name
        assert [table.row(word) for word in words] == [0, 1], name


MILLION = "`words.txt` has 1,000,000 words with 300"
MANY = "more than the 40,000,000 numbers or 3,000,000 words that are read"
LONG = "expects a word of 1 to 1,000 characters, receives one of"
BINARY = b"2 2\nman \x00\x00\x80\x3f\x00"
REFUSED = {
    "a number too few": ("man 1 2\nwoman 1\n", "SC901", (2, 1), "expects 2 numbers after `woman`, receives 1"),
    "a number too many": ("man 1 2\nwoman 1 2 3\n", "SC901", (2, 1), "expects 2 numbers after `woman`, receives 3"),
    "ragged CSV": ("w,a,b\nman,1,2\nwoman,1\n", "SC901", (3, 1), "expects 2 numbers after `woman`, receives 1"),
    "a word alone": ("man\nwoman\n", "SC901", (1, 1), "expects numbers after `man`, receives 0"),
    "a word for a number": ("man 1 2\nwoman 1 x\n", "SC901", (2, 9), "expects numbers after `woman`, receives `x`"),
    "in the first line": ("man 1 x\nwoman 1 2\n", "SC901", (1, 7), "expects numbers after `man`, receives `x`"),
    "digits with _": ("man 1 2\nwoman 1 2_0\n", "SC901", (2, 9), "expects numbers after `woman`, receives `2_0`"),
    "NaN": ("man 1 2\nwoman 1 NaN\n", "SC901", (2, 1), "the vector of `woman` has a number that is not finite"),
    "infinity": ("man 1 -inf\n", "SC901", (1, 1), "the vector of `man` has a number that is not finite"),
    "overflow": ("man 1 1e999\n", "SC901", (1, 1), "the vector of `man` has a number that is not finite"),
    "large": ("man 1 1e200\n", "SC901", (1, 1), "the vector of `man` has numbers above 1e+100"),
    "small": ("man 0 1e-200\n", "SC901", (1, 1), "the vector of `man` is shorter than 1e-100, and its square vanishes"),
    "a word twice": ("man 1 2\n\nman 3 4\n", "SC901", (3, 1), "`man` has a vector on line 1 already"),
    "nothing": ("", "SC901", None, "`words.txt` has no vectors: it is empty"),
    "blank lines": ("\n \n", "SC901", None, "`words.txt` has no vectors: it is empty"),
    "only a heading": ("word,a,b\n", "SC901", (1, 1), "`words.txt` has no vectors below its heading"),
    "only a header": ("2 3\n", "SC901", (1, 1), "`words.txt` has no vectors below its heading"),
    "a feature twice": ("word,ab,ab\nman,1,2\n", "SC901", (1, 6), "the heading has the feature `ab` twice"),
    "no name": ("word,a,\nman,1,2\n", "SC901", (1, 1), "the heading has a feature without a name"),
    "fewer words": ("3 1\nman 1\nwoman 1\n", "SC901", (3, 1), "the first line states 3 words, and the file has 2"),
    "more words": ("1 1\nman 1\nwoman 1\n", "SC901", (3, 1), "the first line states 1 words, and the file has 2"),
    "no words": ("0 3\nman 1\n", "SC901", (1, 1), "expects the number of words and of features"),
    "a quote": ('man,"1\nwoman,2\n', "SC901", (2, 1), "expects CSV: unexpected end of data"),
    "no letters": (",1,2\n", "SC901", (1, 1), f"{LONG} 0"),
    "a long word": ("x" * 1001 + " 1\n", "SC901", (1, 1), f"{LONG} 1,001"),
    "prose": ("This is no table\nat all\n", "SC901", (2, 1), "expects 3 numbers after `at`, receives 1"),
    "UTF-16": ("man 1\n".encode("utf-16"), "SC002", None, "`words.txt` is UTF-16, expects UTF-8"),
    "Latin 1": (b"caf\xe9 1\n", "SC002", (1, 4), "`words.txt` is not UTF-8: byte 0xe9 at position 3"),
    "later": (b"cafe 1\ncaf\xe9 2\n", "SC002", (2, 1), "expects UTF-8, receives the byte 0xe9"),
    "a binary of word2vec": (BINARY, "SC002", (2, 1), "expects UTF-8, receives the byte 0x80"),
    "a million words": ("1000000 300\nman 1\n", "SC010", None, f"{MILLION} features, {MANY}"),
    "a long line": ("man " + "1 " * 600_000, "SC010", (1, 1), "expects lines of at most 1,048,576 bytes"),
    "a number of words": ("9" * 50 + " 1\n", "SC901", (1, 1), "expects the number of words and of features"),
}  # fmt: skip


def test_every_mistake_is_named_with_its_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, (text, code, place, message) in REFUSED.items():
        written(tmp_path, text)
        with pytest.raises(ShapecalcError) as raised:
            read_vectors("words.txt")
        (diagnostic,) = raised.value.diagnostics
        span = diagnostic.span
        assert (diagnostic.code, span and (span.line, span.column), diagnostic.message) == (code, place, message), name
        if span is not None:
            assert raised.value.source is not None, name
            assert len(raised.value.source.text.splitlines() or [""]) == span.line, name


def test_a_file_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    for path in (tmp_path / "none.txt", tmp_path, "/dev/null", "a\0b"):
        with pytest.raises(ShapecalcError, match="SC001") as raised:
            read_vectors(str(path))
        assert raised.value.exit_code == 2


def test_first_reads_no_further_than_it_says(tmp_path: Path) -> None:
    path = written(tmp_path, "man 1 2\nwoman 3 4\nhere is a mistake\n")
    assert read_vectors(path, 2).words == ["man", "woman"]
    assert read_vectors(path, 1).vectors.tolist() == [[1, 2]]
    with pytest.raises(ShapecalcError, match="SC901"):
        read_vectors(path, 3)
    path = written(tmp_path, "1000000 300\n" + f"man {'1 ' * 300}\n" * 1 + "next\n")
    assert read_vectors(path, 1).vectors.shape == (1, 300)


def test_more_than_the_bounds_is_refused_before_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (bounds, reading):
        monkeypatch.setattr(module, "MOST_NUMBERS", 20)
    path = written(tmp_path, "".join(f"w{row} 1 2\n" for row in range(11)))
    read = []
    monkeypatch.setattr(reading._TextReader, "_add", lambda _self, word, _numbers: read.append(word))
    with pytest.raises(ShapecalcError, match=r"has 11 words with 2 features(.|\n)*--first 10") as raised:
        read_vectors(path)
    assert read == []
    assert raised.value.exit_code == 1
    monkeypatch.undo()
    monkeypatch.setattr(bounds, "MOST_NUMBERS", 20)
    monkeypatch.setattr(reading, "MOST_NUMBERS", 20)
    assert len(read_vectors(path, 10).rows) == 10
    with pytest.raises(ShapecalcError, match="more than 10 words with 2 features"):  # a pipe cannot be counted
        piped(monkeypatch, "".join(f"w{row} 1 2\n" for row in range(11)).encode())


def piped(monkeypatch: pytest.MonkeyPatch, data: bytes, first: int | None = None) -> list[str]:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(Pipe(data), encoding="utf-8"))
    return read_vectors("-", first).words


class Pipe(io.BytesIO):
    """Standard input from another process."""

    def seekable(self) -> bool:
        return False


def test_standard_input_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    assert piped(monkeypatch, b"man 1\nwoman 2\n") == ["man", "woman"]
    archive = io.BytesIO()
    np.savez(archive, words=np.array(["a", "b"]), vectors=np.eye(2))
    assert piped(monkeypatch, archive.getvalue()) == ["a", "b"]
    monkeypatch.setattr(sys, "stdin", None)
    with pytest.raises(ShapecalcError, match="`<stdin>` is closed"):
        read_vectors("-")


@given(st.dictionaries(st.text("abc女é.,", min_size=1, max_size=4), st.lists(st.floats(-9, 9), min_size=2, max_size=2)))
def test_what_is_written_is_read_again(vectors: dict[str, list[float]]) -> None:
    vectors = {word: [round(value, 6) for value in vector] for word, vector in vectors.items()}
    if not vectors:
        return
    text = f"{len(vectors)} 2\n" + "".join(f"{word} {a!r} {b!r}\n" for word, (a, b) in vectors.items())
    table = reading._read(io.BytesIO(text.encode()), "words.txt", None)
    assert dict(zip(table.words, table.vectors.tolist(), strict=True)) == vectors


@given(st.binary(max_size=200))
def test_no_bytes_raise_another_error(data: bytes) -> None:
    for text in (data, b"man 1 2\n" + data, b"2 2\n" + data, b"w,a\n" + data, b"PK\x03\x04" + data):
        try:
            reading._read(io.BytesIO(text), "words.txt", None)
        except ShapecalcError as error:
            assert {diagnostic.code for diagnostic in error.diagnostics} <= {"SC901", "SC002", "SC010"}  # noqa: PT017
