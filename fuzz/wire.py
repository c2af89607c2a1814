"""The wire format of protobuf: messages as lists of fields, of which some are replaced, left out or repeated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import random

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
MOST_NESTED = 12
LONGEST_MESSAGE = 1 << 14
"""Bytes of what is taken for a message; longer ones are the numbers of tensors."""
NUMBERS = (0, 1, 2, 3, 7, 17, 99, 2**31 - 1, 2**31, 2**40, 2**63, 2**64 - 1)
TEXTS = (b"", b"x", b"../../etc/passwd", b"\xff\xfe", b"\x1b[31m", b"a" * 300, b"Loop", b"If", b"Conv", b"w", b"y")

Field = list[Any]
"""Its number, its type on the wire, and its value: a number, bytes, or the fields of a message."""


def parsed(data: bytes, depth: int = 0) -> list[Field] | None:
    """Return the fields of a message, None if the bytes are none.

    >>> parsed(bytes([8, 150, 1, 18, 1, 65]))
    [[1, 0, 150], [2, 2, b'A']]
    """
    fields: list[Field] = []
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        number, kind = key >> 3, key & 7
        if at < 0 or not 0 < number < 1000 or kind not in (VARINT, FIXED64, BYTES, FIXED32):
            return None
        if kind == VARINT:
            value, at = _varint(data, at)
            if at < 0:
                return None
            fields.append([number, kind, value])
            continue
        size = {FIXED64: 8, FIXED32: 4}.get(kind, 0)
        if kind == BYTES:
            size, at = _varint(data, at)
        if at < 0 or at + size > len(data):
            return None
        part = data[at : at + size]
        at += size
        inner = parsed(part, depth + 1) if kind == BYTES and _may_be_message(part, depth) else None
        fields.append([number, kind, part if inner is None else inner])
    return fields


def _may_be_message(part: bytes, depth: int) -> bool:
    return depth < MOST_NESTED and 1 < len(part) < LONGEST_MESSAGE


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """Return a number and where it ends, −1 if it does not end."""
    value = shift = 0
    while at < len(data) and shift < 70:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
    return 0, -1


def written(fields: list[Field]) -> bytes:
    """Return the bytes of a message.

    >>> written([[1, 0, 150], [2, 2, b"A"]]) == bytes([8, 150, 1, 18, 1, 65])
    True
    """
    parts = []
    for number, kind, value in fields:
        parts.append(_number(number << 3 | kind))
        if kind == VARINT:
            parts.append(_number(value))
            continue
        data = written(value) if isinstance(value, list) else value
        parts.append((_number(len(data)) if kind == BYTES else b"") + data)
    return b"".join(parts)


def _number(value: int) -> bytes:
    found = bytearray()
    value &= 2**64 - 1
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])


def broken(data: bytes, rng: random.Random) -> bytes:
    """Return a message of which one to four fields are others, missing, or there several times."""
    message = parsed(data)
    if message is None:
        return data
    for _ in range(rng.randint(1, 4)):
        places = _places(message)
        if not places:
            break
        parent, at = rng.choice(places)
        change, field = rng.randrange(7), parent[at]
        if change == 0:
            del parent[at]
        elif change == 1:
            parent[at:at] = [field] * rng.choice((1, 1, 30))
        elif change == 2:
            other, there = rng.choice(places)
            parent[at] = [field[0], *parsed(written([other[there]]))[0][1:]]  # type: ignore[index]
        elif field[1] == VARINT:
            field[2] = rng.choice(NUMBERS)
        elif field[1] == BYTES and not isinstance(field[2], list):
            same = [p[k][2] for p, k in places if p[k][1] == BYTES and not isinstance(p[k][2], list)]
            field[2] = rng.choice(TEXTS if rng.random() < 0.5 else [each for each in same if len(each) < 100] or TEXTS)
        elif field[1] == BYTES:
            field[0] = rng.choice((field[0], rng.randint(1, 30)))
    return written(message)


def _places(message: list[Field]) -> list[tuple[list[Field], int]]:
    found, todo = [], [message]
    while todo:
        fields = todo.pop()
        for at, field in enumerate(fields):
            found.append((fields, at))
            if isinstance(field[2], list):
                todo.append(field[2])
    return found
