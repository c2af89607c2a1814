"""Tensors of an ONNX file: read when their numbers are needed, in our dtypes, also from files next to it."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from shapecalc.importers.graph import Stored
from shapecalc.importers.unreadable import Unreadable

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from shapecalc.importers.onnx.wire import ByteRange

    Array = NDArray[Any]

LARGEST = 2**40
"""The most elements that a shape may state."""
DTYPES: dict[int, str] = {
    TensorProto.FLOAT: "float32",
    TensorProto.FLOAT16: "float32",
    TensorProto.BFLOAT16: "float32",
    TensorProto.DOUBLE: "float32",
    TensorProto.BOOL: "bool",
    **dict.fromkeys(
        (
            TensorProto.INT8,
            TensorProto.INT16,
            TensorProto.INT32,
            TensorProto.INT64,
            TensorProto.UINT8,
            TensorProto.UINT16,
            TensorProto.UINT32,
            TensorProto.UINT64,
        ),
        "int64",
    ),
}
"""The dtype that we have for each of ONNX."""


def dtype_of(number: int) -> str:
    """Return our dtype for one of ONNX by its number."""
    if number not in DTYPES:
        raise Unreadable(f"the dtype {_dtype_name(number)} is not supported")
    return DTYPES[number]


def _dtype_name(number: int) -> str:
    try:
        return str(TensorProto.DataType.Name(number)).lower()
    except ValueError:
        return f"number {number}"


def plain(array: Any) -> Array:
    """Return an array in one of our dtypes: integers as int64, floats as float32, unless they are Python objects."""
    made: Array = np.asarray(array)
    kind = made.dtype.kind
    if kind not in "bO":
        made = made.astype(np.int64 if kind in "iu" else np.float32, copy=False)
    return made


@dataclass(frozen=True, slots=True)
class Move:
    """How a tensor of the file becomes ours: a tag that is equal for equal conversions, and the conversion."""

    how: str
    convert: Callable[[Array], Array]
    perm: tuple[int, ...] | None = None
    """The permutation of axes, if it is one."""


@dataclass(frozen=True, slots=True)
class Weight:
    """A tensor of the file that is not computed with while reading, and the moves that made it of the file's.

    `load` reads the numbers, `name` is that in the file.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    load: Callable[[], Array]
    trainable: bool = True
    moves: tuple[Move, ...] = ()

    def array(self) -> Array:
        """Return the numbers."""
        array = self.load()
        for move in self.moves:
            array = move.convert(array)
        return array

    def moved(self, shape: tuple[int, ...], move: Move) -> Weight:
        """Return it after another conversion, of which the shape is the result."""
        return replace(self, shape=shape, moves=(*self.moves, move))

    def permuted(self, perm: tuple[int, ...]) -> Weight:
        """Return it with permuted axes; a permutation and its inverse cancel."""
        moves = self.moves
        if moves and moves[-1].perm is not None:
            last = moves[-1].perm
            perm_of_file = tuple(last[axis] for axis in perm)
            moves = moves[:-1]
        else:
            perm_of_file = perm
        shape = tuple(self.shape[axis] for axis in perm)
        if perm_of_file == tuple(range(len(perm))):
            return replace(self, shape=shape, moves=moves)
        move = Move(f"permute{list(perm_of_file)}", lambda array: array.transpose(perm_of_file), perm_of_file)
        return replace(self, shape=shape, moves=(*moves, move))

    def transposed(self) -> Weight:
        """Return a matrix with its axes swapped."""
        return self.permuted((1, 0))

    def reshaped(self, shape: tuple[int, ...]) -> Weight:
        """Return it with another shape of as many elements."""
        if shape == self.shape:
            return self
        return self.moved(shape, Move(f"reshape{list(shape)}", lambda array: array.reshape(shape)))

    def stored(self, shape: tuple[int, ...] | None = None, move: Move | None = None) -> Stored:
        """Return it as a tensor of a step, after a last conversion if one is given."""
        moved = self if move is None else self.moved(shape or self.shape, move)
        moves = moved.moves

        def convert(array: Array) -> Array:
            for each in moves:
                array = each.convert(array)
            return np.ascontiguousarray(array) if array.ndim else array

        how = ", ".join(each.how for each in moves)
        return Stored(self.name, moved.shape, self.dtype, self.trainable, how, convert if moves else None)


def weight_of(tensor: Any, folder: Path, *, trainable: bool = True) -> Weight:
    """Return a tensor of the file, without its numbers."""
    shape = tuple(tensor.dims)
    if any(size < 0 for size in shape) or prod(shape) > LARGEST:
        raise Unreadable(f"the tensor `{tensor.name}` has the shape {list(shape)}")
    dtype = dtype_of(tensor.data_type)
    return Weight(tensor.name, shape, dtype, lambda: array_of(tensor, folder), trainable)


def weight_in_file(tensor: Any, path: Path, span: ByteRange, *, trainable: bool = True) -> Weight:
    """Return a tensor of which the numbers are in a part of the model's file."""
    weight = weight_of(tensor, path.parent, trainable=trainable)
    dtype = helper.tensor_dtype_to_np_dtype(tensor.data_type).newbyteorder("<")
    size = _bytes(tensor, prod(weight.shape))
    if span.end - span.start != size:
        raise Unreadable(f"the tensor `{tensor.name}` has {span.end - span.start} bytes, its shape {size}")

    def load() -> Array:
        with path.open("rb") as file:
            file.seek(span.start)
            return plain(np.frombuffer(file.read(size), dtype).reshape(weight.shape))

    return replace(weight, load=load)


def array_of(tensor: Any, folder: Path) -> Array:
    """Return the numbers of a tensor in our dtype.

    Raises `Unreadable` if there are fewer or more than its shape says, or if they are in a file outside of the folder.
    """
    shape = tuple(tensor.dims)
    dtype_of(tensor.data_type)
    if tensor.data_location == TensorProto.EXTERNAL:
        return plain(_external(tensor, folder))
    if tensor.HasField("raw_data"):
        size = _bytes(tensor, prod(shape))
        if len(tensor.raw_data) != size:
            raise Unreadable(f"the tensor `{tensor.name}` has {len(tensor.raw_data)} bytes, its shape {size}")
    try:
        return plain(numpy_helper.to_array(tensor))
    except (ValueError, TypeError) as error:
        raise Unreadable(f"the tensor `{tensor.name}` is broken: {error}") from None


def _bytes(tensor: Any, count: int) -> int:
    return count * int(helper.tensor_dtype_to_np_dtype(tensor.data_type).itemsize)


def _external(tensor: Any, folder: Path) -> Array:
    """Return the numbers of a tensor in a file next to the model's, which must not be outside of its folder."""
    entries = {entry.key: entry.value for entry in tensor.external_data}
    location = entries.get("location", "")
    if not location or "\0" in location or os.path.isabs(location) or ".." in Path(location).parts:  # noqa: PTH117
        raise Unreadable(f"the tensor `{tensor.name}` is in the file `{location}`, outside of the model's folder")
    file = (folder / location).resolve()
    if not file.is_relative_to(folder.resolve()):
        raise Unreadable(f"the tensor `{tensor.name}` is in the file `{location}`, outside of the model's folder")
    if not file.is_file():
        raise Unreadable(f"the tensor `{tensor.name}` is in the file `{location}`, which is not there")
    shape, dtype = tuple(tensor.dims), helper.tensor_dtype_to_np_dtype(tensor.data_type)
    size = _bytes(tensor, prod(shape))
    try:
        offset, length = int(entries.get("offset", "0")), int(entries.get("length", size))
    except ValueError:
        offset, length = -1, 0
    if offset < 0 or length != size or offset + size > file.stat().st_size:
        raise Unreadable(f"the tensor `{tensor.name}` is not within the file `{location}`")
    with file.open("rb") as data:
        data.seek(offset)
        return np.frombuffer(data.read(size), dtype.newbyteorder("<")).reshape(shape)
