"""The bytes of an ONNX file without the numbers of its large tensors, which stay in the file until they are needed."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    Bytes = memoryview

GRAPH, INITIALIZER, RAW_DATA = 7, 5, 9
"""Numbers of fields: of the graph in a model, of a tensor in a graph, of the numbers in a tensor (onnx.proto3)."""
LEAST = 1024
"""The fewest bytes of numbers that are left in the file."""
VARINT, FIXED64, LENGTH, FIXED32 = 0, 1, 2, 5


class ByteRange(NamedTuple):
    """A part of the file, from its first byte to before its last."""

    start: int
    end: int


class Skipped(NamedTuple):
    """A message without the numbers of large tensors, and where in the file they are, by the tensor's index."""

    message: bytes
    spans: dict[int, ByteRange]


class WireError(ValueError):
    """Raised if bytes are no message of protobuf, or one of an unusual form."""


def without_numbers(data: Bytes) -> Skipped:
    r"""Return a model without the numbers of its large tensors; raise `WireError` if it is not of the usual form.

    >>> tensor = bytes([RAW_DATA << 3 | LENGTH, 0x80, 0x10]) + bytes(2048)
    >>> graph = bytes([INITIALIZER << 3 | LENGTH, 0x83, 0x10]) + tensor
    >>> model = bytes([GRAPH << 3 | LENGTH, 0x86, 0x10]) + graph
    >>> without_numbers(memoryview(model))
    Skipped(message=b':\x02*\x00', spans={0: ByteRange(start=9, end=2057)})
    """
    pieces: list[bytes] = []
    spans: dict[int, ByteRange] = {}
    graphs = 0
    for number, field, inner in _fields(data, 0, len(data)):
        if number == GRAPH and inner is not None:
            graphs += 1
            graph = _graph(data, inner, spans)
            pieces += [_tag(GRAPH), _length(len(graph)), graph]
        else:
            pieces.append(bytes(data[field.start : field.end]))
    if graphs != 1:
        raise WireError(f"{graphs} graphs")
    return Skipped(b"".join(pieces), spans)


def _graph(data: Bytes, span: ByteRange, spans: dict[int, ByteRange]) -> bytes:
    pieces: list[bytes] = []
    start = span.start
    index = 0
    for number, field, inner in _fields(data, *span):
        if number != INITIALIZER or inner is None:
            continue
        if inner.end - inner.start > LEAST:
            tensor, numbers = _tensor(data, inner)
            if numbers is not None:
                pieces += [bytes(data[start : field.start]), _tag(INITIALIZER), _length(len(tensor)), tensor]
                start, spans[index] = field.end, numbers
        index += 1
    return b"".join([*pieces, bytes(data[start : span.end])])


def _tensor(data: Bytes, span: ByteRange) -> tuple[bytes, ByteRange | None]:
    """Return a tensor without its numbers, and where they are; None if it has them in another form."""
    pieces: list[bytes] = []
    numbers: ByteRange | None = None
    for number, field, inner in _fields(data, *span):
        if number == RAW_DATA and inner is not None and inner.end - inner.start > LEAST:
            if numbers is not None:
                raise WireError("numbers twice")
            numbers = inner
        elif field.end - field.start > LEAST:
            return b"", None
        else:
            pieces.append(bytes(data[field.start : field.end]))
    return b"".join(pieces), numbers


def _fields(data: Bytes, position: int, end: int) -> Iterator[tuple[int, ByteRange, ByteRange | None]]:
    """Yield the fields of a message: number, place, and the content of one that has a length."""
    while position < end:
        start = position
        tag, position = _varint(data, position, end)
        kind, inner = tag & 7, None
        if kind == VARINT:
            _, position = _varint(data, position, end)
        elif kind == LENGTH:
            size, position = _varint(data, position, end)
            inner = ByteRange(position, position + size)
            position += size
        elif kind in (FIXED64, FIXED32):
            position += 8 if kind == FIXED64 else 4
        else:
            raise WireError(f"a field of kind {kind}")
        if position > end:
            raise WireError("a field is longer than its message")
        yield tag >> 3, ByteRange(start, position), inner


def _varint(data: Bytes, position: int, end: int) -> tuple[int, int]:
    value = shift = 0
    while position < end and shift < 70:  # noqa: PLR2004 - ten groups of seven bits
        byte = data[position]
        value |= (byte & 127) << shift
        position += 1
        if byte < 128:  # noqa: PLR2004 - the last byte of a number
            return value, position
        shift += 7
    raise WireError("a number does not end")


def _tag(number: int) -> bytes:
    return bytes([number << 3 | LENGTH])


def _length(value: int) -> bytes:
    groups = bytearray()
    while value > 127:  # noqa: PLR2004 - more than seven bits
        groups.append(value & 127 | 128)
        value >>= 7
    return bytes([*groups, value])
