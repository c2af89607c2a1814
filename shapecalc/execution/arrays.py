"""Arrays as users write them, in an option or in a file, alone or by name.

A list is nested as in Python, `[[1, 2], [3, 4]]`, or flat, `1,2,3`, with `;` between rows. A number may be a fraction,
`1/3`. Files: `.npy`, `.npz`, `.json`, `.yaml`, and rows of numbers in `.csv`, `.tsv` and `.txt`. Arrays are float64;
exact ones hold a `Fraction` for each number as it is written, in a NumPy file as Python writes it: 0.1 is 1/10.
"""

from __future__ import annotations

import re
import struct
import tokenize
import zipfile
import zlib
from fractions import Fraction
from io import BytesIO
from itertools import islice
from math import isfinite, prod
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from shapecalc.diagnostics import LayerError
from shapecalc.diagnostics.numbers import byte_size

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shapecalc.reference.base import Array

FILES = (".npy", ".npz", ".json", ".yaml", ".yml", ".csv", ".tsv", ".txt")
"""The endings by which a text is the name of a file."""

MOST_WRITTEN = 10_000
"""Numbers in an option; more come from a file."""
MOST_READ = 10_000_000
"""Numbers in a file of text."""
LARGEST_FILE = 2**30
"""Bytes of a file, and of an array in it."""
MOST_AXES = 8
LONGEST_WORD = 40
"""Characters of a word that a message quotes."""
MOST_DIGITS = 400
"""Digits of a number, and of an exponent's power of ten."""

BROKEN = (
    *(zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error, struct.error, tokenize.TokenError),
    *(ArithmeticError, EOFError, LookupError, MemoryError, RuntimeError, SyntaxError, TypeError, ValueError),
)
"""What NumPy and `zipfile` raise for files that are broken, encrypted or made by hand."""

_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?")

_NOTHING = re.compile(r"(?:^|,)\s*,")

_TOO_DEEP = re.compile(rf"(?:[\[{{]\s*){{{MOST_AXES + 1},}}")


class _Context(NamedTuple):
    """What messages name, and how numbers are kept."""

    field: str
    exact: bool
    place: str
    most: int

    def error(self, code: str, expects: str, receives: str, help_text: str | None = None) -> LayerError:
        return LayerError(code, expects=expects, receives=receives + self.place, field=self.field, help=help_text)


def read_array(text: str, field: str, *, exact: bool = False) -> Array:
    """Return the array that a text lists, or that the file has which it names.

    Raises `LayerError` of the field: SC202 for words, SC204 for rows of several lengths, SC025 for numbers that are not
    finite, SC012 for too many, SC305 for more than 8 axes, SC001 or SC002 for a file that cannot be read.

    >>> read_array("1,1,1,0", "x")
    array([1., 1., 1., 0.])
    >>> read_array("[[1/3, 0.1]]", "x", exact=True).tolist()
    [[Fraction(1, 3), Fraction(1, 10)]]
    """
    arrays = read_arrays(text, field, exact=exact)
    if list(arrays) != [""]:
        if len(arrays) != 1:
            context = _Context(field, exact, "", MOST_WRITTEN)
            raise context.error("SC202", "one array", f"{len(arrays)} by name")
        (arrays,) = ({"": array} for array in arrays.values())
    return arrays[""]


def read_arrays(text: str, field: str, *, exact: bool = False) -> Mapping[str, Array]:
    """Return arrays by name, of `{x: [1, 2], y: [[3]]}` or a file of such; a single array has the name `""`.

    Raises `LayerError` as `read_array` does.

    >>> read_arrays("{x: [1, 2], y: 3}", "input")
    {'x': array([1., 2.]), 'y': array(3.)}
    """
    written = text.strip()
    ending = Path(written).suffix.lower() if len(written) < 2**12 and not written.startswith(("[", "{")) else ""
    if ending not in FILES:
        return _of_text(written, _Context(field, exact, "", MOST_WRITTEN))
    context = _Context(field, exact, f" in {written}", MOST_READ)
    try:
        size = Path(written).stat().st_size
        if size > LARGEST_FILE:
            raise context.error("SC010", f"at most {byte_size(LARGEST_FILE)}", byte_size(size))
        if ending in (".npy", ".npz"):
            return {name: _checked(array, context) for name, array in _of_numpy(written, ending, context)}
        content = Path(written).read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise context.error("SC002", "UTF-8 text", "other bytes") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise LayerError("SC001", f"names a file that cannot be read: {reason}", field=field) from None
    if ending in (".json", ".yaml", ".yml"):
        return _of_text(content.strip(), context)
    return {"": _of_rows([line for line in content.splitlines() if line.strip()], context)}


def _of_numpy(path: str, ending: str, context: _Context) -> Iterator[tuple[str, Array]]:
    try:
        if ending == ".npy":
            yield "", np.array(np.load(path, mmap_mode="r", allow_pickle=False))
            return
        with zipfile.ZipFile(path) as archive:
            for entry in archive.infolist():
                if entry.file_size > LARGEST_FILE:
                    raise context.error("SC010", f"at most {byte_size(LARGEST_FILE)}", byte_size(entry.file_size))
                content = BytesIO(archive.read(entry))
                yield entry.filename.removesuffix(".npy"), np.lib.format.read_array(content, allow_pickle=False)
    except BROKEN as error:
        reason = next(iter(str(error).splitlines()), "a part of them")
        raise context.error("SC002", "arrays as NumPy saves them", reason) from None


def _checked(array: Array, context: _Context) -> Array:
    if array.dtype.kind not in "iufb":
        raise context.error("SC202", "real numbers", f"an array of {array.dtype}")
    if array.ndim > MOST_AXES:
        raise context.error("SC305", f"at most {MOST_AXES} axes", str(array.ndim))
    if not array.size:
        raise context.error("SC204", "numbers", "an empty array")
    values = array.astype(np.float64)
    if not np.isfinite(values).all():
        raise context.error("SC025", "finite numbers", "NaN or infinity")
    if not context.exact:
        return values
    numbers = array.ravel().tolist()
    fractions = [Fraction(str(value)) if isinstance(value, float) else Fraction(value) for value in numbers]
    return np.array(fractions, dtype=object).reshape(array.shape)


def _of_text(text: str, context: _Context) -> Mapping[str, Array]:
    if not text.startswith(("[", "{")) and not context.place:
        return {"": _of_rows(text.split(";"), context)}
    if _TOO_DEEP.search(text):  # YAML takes a time quadratic in the depth
        raise context.error("SC305", f"at most {MOST_AXES} axes", "more")
    import yaml  # noqa: PLC0415 - a flat list needs none

    loader = getattr(yaml, "CBaseLoader", yaml.BaseLoader)  # every number stays a text; no tag makes an object
    try:
        value = yaml.load(text, Loader=loader)  # noqa: S506 - the base loader makes strings, lists and mappings
    except (yaml.YAMLError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f" at column {mark.column + 1}" if mark else ""
        raise context.error("SC003", "a list such as `[[1, 2], [3, 4]]`", f"text that is no list{where}") from None
    if isinstance(value, dict):
        return {str(name): _nested(each, context) for name, each in islice(value.items(), context.most)}
    return {"": _nested(value, context)}


def _of_rows(lines: list[str], context: _Context) -> Array:
    if any(_NOTHING.search(line) for line in lines):
        raise context.error("SC202", "numbers", "nothing between two commas")
    rows: Any = [[word for word in re.split(r"[,\s]+", line.strip()) if word] for line in lines]
    return _nested(rows[0] if len(rows) == 1 else rows, context)


def _nested(value: Any, context: _Context) -> Array:
    """Return nested lists of texts as an array."""
    shape: list[int] = []
    inner = value
    while isinstance(inner, list):
        if len(shape) == MOST_AXES:
            raise context.error("SC305", f"at most {MOST_AXES} axes", "more")
        shape.append(len(inner))
        inner = inner[0] if inner else None
    if prod(shape) > context.most:
        raise context.error("SC012", f"at most {context.most:,} numbers", f"{prod(shape):,}", _in_a_file(context))
    if not prod(shape):
        raise context.error("SC204", "numbers", "an empty list")
    values = [_number(word, context) for word in _flat(value, tuple(shape), context)]
    return np.array(values, dtype=object if context.exact else np.float64).reshape(shape)


def _in_a_file(context: _Context) -> str | None:
    return None if context.place else "write the numbers to a file, and its name here: `.npy`, `.npz`, `.json`, `.csv`"


def _flat(value: Any, shape: tuple[int, ...], context: _Context, index: tuple[int, ...] = ()) -> Iterator[Any]:
    if not shape:
        if isinstance(value, (list, dict)):
            raise context.error("SC204", f"a number{_at(index)}, as before it", f"a {type(value).__name__}")
        yield value
        return
    if not isinstance(value, list):
        raise context.error("SC204", f"a list of {shape[0]}{_at(index)}, as before it", f"`{_quoted(value)}`")
    if len(value) != shape[0]:
        raise context.error("SC204", f"{shape[0]} entries{_at(index)}, as in the first list", str(len(value)))
    for number, each in enumerate(value):
        yield from _flat(each, shape[1:], context, (*index, number))


def _at(index: tuple[int, ...]) -> str:
    return f" at [{', '.join(map(str, index))}]" if index else ""


def _quoted(word: object) -> str:
    text = str(word)
    return text if len(text) <= LONGEST_WORD else f"{text[:LONGEST_WORD]}…"


def _number(word: Any, context: _Context) -> float | Fraction:
    text = str(word).strip().replace("−", "-")
    above, slash, below = text.partition("/")
    parts = (above, below) if slash else (above,)
    if text.lower().lstrip("+-.") in ("nan", "inf", "infinity"):
        raise context.error("SC025", "finite numbers", f"`{_quoted(word)}`")
    if not all(_NUMBER.fullmatch(part) for part in parts):
        raise context.error("SC202", "numbers", f"`{_quoted(word)}`")
    if len(text) > MOST_DIGITS:
        raise context.error("SC014", f"numbers of at most {MOST_DIGITS} digits", f"one of {len(text)}")
    try:
        if context.exact or slash:
            exact = Fraction(above) / Fraction(below) if slash else Fraction(text)
            value = float(exact)
            if context.exact:
                return exact
        else:
            value = float(text)
    except ZeroDivisionError:
        raise context.error("SC202", "numbers", f"`{_quoted(word)}`, a division by 0") from None
    except OverflowError:
        value = float("inf")
    if not isfinite(value):
        raise context.error("SC025", "finite numbers", f"`{_quoted(word)}`, which a float64 cannot hold")
    return value
