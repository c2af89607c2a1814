"""Word vectors in `.npz`: the arrays `words` and `vectors`."""

from __future__ import annotations

import zipfile
from math import prod
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from shapecalc.diagnostics import Diagnostic, ShapecalcError
from shapecalc.execution.arrays import BROKEN, LARGEST_FILE
from shapecalc.execution.words.bounds import check_bounds
from shapecalc.execution.words.table import WordTable, feature_names, shortened, unusable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import IO

    from shapecalc.reference.base import Array

NAMES = ("words", "vectors")
MATRIX = 2
"""Axes of `vectors`: words, features."""


def read_archive(file: IO[bytes], name: str, first: int | None) -> WordTable:
    """Return the vectors of an `.npz` file; nothing in it is executed, and the sizes are checked before it is unpacked.

    Raises `ShapecalcError` SC901 if it does not hold `words`, texts, and `vectors`, finite numbers in a row per word,
    and SC010 if it is too large.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            entries = {entry.filename.removesuffix(".npy"): entry for entry in archive.infolist()}
            if not all(each in entries for each in NAMES):
                received = ", ".join(f"`{shortened(each)}`" for each in [*entries][:5]) or "none"
                _refuse(name, f"expects the arrays `words` and `vectors`, receives {received}")
            _, (shape, dtype) = (_header(archive, entries[each], name) for each in NAMES)
            if len(shape) != MATRIX or dtype.kind not in "iuf" or not all(shape):
                _refuse(name, f"expects `vectors` with a row of numbers per word, receives {dtype} {list(shape)}")
            check_bounds(name, shape[0], shape[1], first)
            words, vectors = (_array(archive, entries[each]) for each in NAMES)
    except BROKEN as error:
        _refuse(name, f"is no `.npz` file that can be read: {[*str(error).splitlines(), ''][0]}")
    if words.shape != vectors.shape[:1] or words.dtype.kind not in "US":
        _refuse(name, f"expects {len(vectors)} texts in `words`, receives {words.dtype} {list(words.shape)}")
    texts = [*_texts(words[:first], name)]
    table = np.array(vectors[:first], dtype=np.float64)
    places: dict[str, int] = {}
    for row, word in enumerate(texts):
        reason = unusable(float(np.abs(table[row]).sum()))
        if reason is not None:
            _refuse(name, f"the vector of `{shortened(word)}` {reason}")
        if places.setdefault(word, row) != row:
            _refuse(name, f"has two vectors of `{shortened(word)}`, in rows {places[word]} and {row}")
    return WordTable(name, places, feature_names(table.shape[1]), table)


def _header(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, name: str) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """Return the shape and the type of an array from its first bytes, if it is as large as they say."""
    with archive.open(entry) as file:
        version = np.lib.format.read_magic(file)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, _, dtype = read(file)
    size = max(entry.file_size, prod(shape) * dtype.itemsize)
    if size > LARGEST_FILE:
        _refuse(name, f"has an array of {size:,} bytes, more than the {LARGEST_FILE:,} that are read", "SC010")
    return shape, dtype


def _array(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Any:
    with archive.open(entry) as file:
        return np.lib.format.read_array(file, allow_pickle=False)


def _texts(words: Array, name: str) -> Iterator[str]:
    for word in words.tolist():
        try:
            text = word if isinstance(word, str) else word.decode()
        except UnicodeDecodeError:
            _refuse(name, f"has a word that is not UTF-8: {word!r:.40}", "SC002")
        if not text:
            _refuse(name, "has a word without a letter")
        yield text


def _refuse(name: str, message: str, code: str = "SC901") -> NoReturn:
    raise ShapecalcError((Diagnostic(code, f"`{name}` {message}" if not message.startswith("the ") else message),))
