"""Trained weights as files: `.npz`, or safetensors, with the names that PyTorch gives them."""

from __future__ import annotations

import json
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np

from shapecalc.files.atomic import write_whole

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from shapecalc.reference.base import Array

ENDINGS = (".npz", ".safetensors")

DTYPES = {"float32": "F32", "float64": "F64", "int64": "I64"}


def export(parameters: Mapping[str, Array], path: Path) -> None:
    """Write parameters by name, `c1.weight`, whole or not at all; the ending of `path` says as what.

    The same parameters give the same bytes.
    Raises `ValueError` for another ending, `OSError` where it cannot be written.
    """
    if path.suffix == ".safetensors":
        data = safetensors(parameters)
    elif path.suffix == ".npz":
        archive = BytesIO()
        named: dict[str, Any] = dict(parameters)  # every name has a dot: none is an argument of `savez`
        np.savez(archive, **named)
        data = archive.getvalue()
    else:
        raise ValueError(f"expects a name that ends in {' or '.join(ENDINGS)}, receives {path.name}")
    write_whole(path, data)


def safetensors(parameters: Mapping[str, Array]) -> bytes:
    """Return the bytes of a safetensors file: the header's length, the header as JSON, the numbers one after another.

    Source: github.com/huggingface/safetensors, "Format".

    >>> safetensors({"w": np.zeros(2, np.float32)})[8:].partition(b"}}")[0]
    b'{"__metadata__":{"format":"pt"},"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]'
    """
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    bodies = []
    place = 0
    for name, array in parameters.items():
        body = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<")).tobytes()
        offsets = [place, place + len(body)]
        header[name] = {"dtype": DTYPES[array.dtype.name], "shape": list(array.shape), "data_offsets": offsets}
        bodies.append(body)
        place += len(body)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # the numbers begin at a multiple of 8 bytes
    return len(text).to_bytes(8, "little") + text + b"".join(bodies)
