"""Examples of tensors as steps."""

from __future__ import annotations

from typing import Any

from tests.support.examples.table import Example


def tensor(word: str, reason: str, **fields: Any) -> Example:
    return Example(word, reason, (), fields)


TENSORS = [
    tensor("parameter", "the positions of a vision transformer", shape=(1, 7, 11)),
    tensor("parameter", "a single number, as the temperature of CLIP", shape=()),
    tensor("buffer", "a fixed filter", shape=(5, 1, 3, 2)),
    tensor("buffer", "indices", shape=(7, 3), dtype="int64"),
    tensor("buffer", "flags", shape=(2,), dtype="bool"),
    tensor("constant", "a number has no axis", values=0.5),
    tensor("constant", "an integer", values=-3, dtype="int64"),
    tensor("constant", "lists nested by axis", values=((1, 2.5, -3), (4, 5, 6))),
    tensor("constant", "flags", values=(True, False, True), dtype="bool"),
    tensor("constant", "too many numbers to list", shape=(3, 4)),
]
