"""Weights in a file, `.npz` or `.safetensors`: arrays by the paths that a PyTorch `state_dict` has, `c1.weight`.

Nothing in a file is executed, and its sizes are checked before an array is made.
"""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from shapecalc.architecture import joined
from shapecalc.diagnostics import Diagnostic, ShapecalcError
from shapecalc.diagnostics.numbers import byte_size
from shapecalc.execution.arrays import BROKEN, LARGEST_FILE, MOST_AXES
from shapecalc.parser.scalars import shorten

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from shapecalc.reference.base import Array
    from shapecalc.shape_inference.report import Report
    from shapecalc.shape_inference.rows import LayerReport

ENDINGS = (".npz", ".safetensors")
LARGEST_HEADER = 2**24
"""Bytes of the header of a safetensors file."""
MOST_TENSORS = 100_000
LENGTH_BYTES = 8
"""Bytes of the number at the start of a safetensors file, the length of its header."""

DTYPES = {
    "F64": "<f8",
    "F32": "<f4",
    "F16": "<f2",
    "I64": "<i8",
    "I32": "<i4",
    "I16": "<i2",
    "I8": "i1",
    "U8": "u1",
    "BOOL": "u1",
    "BF16": "<u2",
}
"""NumPy's types of those of safetensors; NumPy has no bfloat16, whose bits are the upper half of a float32."""
COUNTER = "num_batches_tracked"
"""The counter of a batch norm in PyTorch, which is stored and not used in evaluation."""


class StoredWeights(dict[str, Any]):
    """The arrays of a file by name, and the name of the file."""

    def __init__(self, arrays: Mapping[str, Array], file: str) -> None:
        super().__init__(arrays)
        self.file = file

    def fitted(self, report: Report) -> dict[str, Array]:
        """Return the arrays by the paths of the network's tensors.

        Counters of batch norms are left out. A tensor that several layers share may stand under the names of all, with
        the same values. Raises `ShapecalcError` SC702 if the values differ.
        """
        paths = {row.step.tensor(name) for row in report.layers for name in row.facts.tensors}
        given = {path: array for path, array in self.items() if path in paths or not _is_counter(path, report)}
        for alias, path, transposed in _aliases(report):
            if alias not in given or alias in paths:
                continue
            array = given.pop(alias)
            used = array.T if transposed else array
            owned = given.setdefault(path, used)
            if owned.shape == used.shape and not np.array_equal(owned, used):
                message = f"`{self.file}` has `{alias}` and `{path}`, one tensor in the network, with different values"
                raise ShapecalcError((Diagnostic(code="SC702", message=message),), exit_code=2)
        return given


def _is_counter(path: str, report: Report) -> bool:
    owner, _, name = path.rpartition(".")
    return name == COUNTER and any(row.path == owner and row.facts.buffers for row in report.layers)


def _aliases(report: Report) -> Iterator[tuple[str, str, bool]]:
    """Yield the names that tensors of other layers have in the layers that share them, and whether transposed."""
    rows: Iterator[LayerReport] = (row for row in report.layers if row.step.shares)
    for row in rows:
        for name in row.facts.tensors:
            if not row.step.owns(name):
                yield joined(row.path, name), row.step.tensor(name), row.step.transposes(name)


def is_weights_file(text: str) -> bool:
    """Return whether a text is the name of a file of weights.

    >>> is_weights_file("net.safetensors"), is_weights_file("ones")
    (True, False)
    """
    return Path(text).suffix.lower() in ENDINGS


def read_weights(path: str) -> StoredWeights:
    """Return the arrays of a file; float16 and bfloat16 become float32.

    Raises `ShapecalcError` SC001 if it cannot be read, SC010 if it is too large, SC002 if it is broken, SC025 if an
    array has a NaN, SC305 for more than 8 axes.
    """
    try:
        size = Path(path).stat().st_size
        if size > LARGEST_FILE:
            _refuse(path, f"has {byte_size(size)}, expects at most {byte_size(LARGEST_FILE)}", "SC010")
        arrays = _of_safetensors(path) if path.lower().endswith(".safetensors") else _of_archive(path)
        return StoredWeights({name: _checked(path, name, array) for name, array in arrays}, path)
    except OSError as error:
        _refuse(path, f"cannot be read: {error.strerror or error}", "SC001")


def _refuse(path: str, message: str, code: str = "SC002", help_text: str | None = None) -> NoReturn:
    raise ShapecalcError((Diagnostic(code=code, message=f"`{path}` {message}", help=help_text),), exit_code=2)


def _checked(path: str, name: str, array: Array) -> Array:
    if array.dtype.kind not in "iufb":
        _refuse(path, f"has `{shorten(name)}` of {array.dtype}, expects real numbers", "SC202")
    if array.ndim > MOST_AXES:
        _refuse(path, f"has `{shorten(name)}` of {array.ndim} axes, expects at most {MOST_AXES}", "SC305")
    if array.dtype.kind == "f" and np.isnan(array).any():
        _refuse(path, f"has a NaN in `{shorten(name)}`", "SC025")
    return array.astype(np.float32) if array.dtype == np.float16 else array


def _of_archive(path: str) -> Iterator[tuple[str, Array]]:
    """Yield the arrays of an `.npz` file."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
            unpacked = sum(entry.file_size for entry in entries)
            if unpacked > LARGEST_FILE or len(entries) > MOST_TENSORS:
                _refuse(path, f"unpacks to {byte_size(unpacked)}, expects at most {byte_size(LARGEST_FILE)}", "SC010")
            for entry in entries:
                with archive.open(entry) as file:
                    yield entry.filename.removesuffix(".npy"), np.lib.format.read_array(file, allow_pickle=False)
    except BROKEN as error:
        reason = next(iter(str(error).splitlines()), "a part of them")
        _refuse(path, f"expects arrays as NumPy saves them, receives {reason}")


def _of_safetensors(path: str) -> Iterator[tuple[str, Array]]:
    """Yield the arrays of a safetensors file, whose data its header describes without a gap or an overlap.

    Source: github.com/huggingface/safetensors, "Format".
    """
    with Path(path).open("rb") as file:
        start = file.read(LENGTH_BYTES)
        length = int.from_bytes(start, "little")
        total = Path(path).stat().st_size - LENGTH_BYTES
        if len(start) < LENGTH_BYTES or length > total:
            _refuse(path, "is cut off: its header is longer than the file")
        if length > LARGEST_HEADER:
            _refuse(path, f"has a header of {byte_size(length)}, expects {byte_size(LARGEST_HEADER)}", "SC010")
        header = _header(path, file.read(length))
        data = file.read()
    at = 0
    for name, dtype, shape, begin, end in sorted((_entry(path, *item) for item in header.items()), key=_place):
        if begin != at:
            _refuse(path, f"has {'an overlap' if begin < at else 'a gap'} before `{shorten(name)}`, at byte {begin}")
        at = end
        if end > len(data):
            _refuse(path, f"is cut off: `{shorten(name)}` ends at byte {end}, the data at {len(data)}")
        array = np.frombuffer(memoryview(data)[begin:end], DTYPES[dtype])
        if dtype == "BF16":
            array = (array.astype(np.uint32) << 16).view(np.float32)
        elif dtype == "BOOL":
            if (array > 1).any():
                _refuse(path, f"has a byte in `{shorten(name)}` that is neither true nor false")
            array = array.astype(bool)
        yield name, array.reshape(shape)
    if at != len(data):
        _refuse(path, f"has {len(data) - at} bytes that belong to no tensor")


def _place(entry: tuple[str, str, tuple[int, ...], int, int]) -> tuple[int, int]:
    return entry[3], entry[4]


def _header(path: str, text: bytes) -> dict[str, Any]:
    """Return the entries of the header by name, without `__metadata__`."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        entries = dict(pairs)
        if len(entries) != len(pairs):
            raise ValueError("a key is given twice")
        return entries

    try:
        header = json.loads(text.decode("utf-8"), object_pairs_hook=unique)
    except (ValueError, RecursionError) as error:
        _refuse(path, f"expects a header in JSON, receives {next(iter(str(error).splitlines()), 'other text')}")
    if not isinstance(header, dict):
        _refuse(path, "expects a header with tensors by name")
    header.pop("__metadata__", None)
    if len(header) > MOST_TENSORS:
        _refuse(path, f"has {len(header):,} tensors, expects at most {MOST_TENSORS:,}", "SC010")
    return header


def _entry(path: str, name: str, entry: Any) -> tuple[str, str, tuple[int, ...], int, int]:
    """Return the name, type, shape, start and end of a tensor, if they agree with each other."""
    if not isinstance(entry, dict) or entry.keys() != {"dtype", "shape", "data_offsets"}:
        _refuse(path, f"expects `dtype`, `shape` and `data_offsets` of `{shorten(name)}`")
    dtype, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(dtype, str) or dtype not in DTYPES:
        _refuse(path, f"has `{shorten(name)}` of {dtype!r:.20}, expects one of {', '.join(DTYPES)}")
    numbers = [shape, offsets]
    if not all(isinstance(each, list) and all(type(size) is int and size >= 0 for size in each) for each in numbers):
        _refuse(path, f"expects integers of at least 0 in the shape and the offsets of `{shorten(name)}`")
    if len(offsets) != 2 or len(shape) > MOST_AXES:  # noqa: PLR2004 - start and end
        _refuse(path, f"expects at most {MOST_AXES} axes and 2 offsets of `{shorten(name)}`")
    size = np.dtype(DTYPES[dtype]).itemsize
    for length in shape:
        size *= length
    begin, end = offsets
    if end - begin != size:
        _refuse(path, f"has {end - begin} bytes of `{shorten(name)}`, expects {size} for {shape} of {dtype}")
    return name, dtype, tuple(shape), begin, end
