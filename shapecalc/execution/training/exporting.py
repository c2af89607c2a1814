"""Export of trained weights to `.npz` or safetensors files, with PyTorch's parameter names."""

from __future__ import annotations

import json
from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np

from shapecalc.files.atomic import write_atomic

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from shapecalc.reference.base import Array

ENDINGS = (".npz", ".safetensors")

DTYPES = {"float32": "F32", "float64": "F64", "int64": "I64"}


def export(parameters: Mapping[str, Array], path: Path) -> None:
    """Write parameters by name, `c1.weight`, atomically; the suffix of `path` decides the format.

    The same parameters give the same bytes.
    Raises `ValueError` for another suffix, `OSError` if the file cannot be written.
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
    write_atomic(path, data)


def safetensors(parameters: Mapping[str, Array]) -> bytes:
    """Return the bytes of a safetensors file: the header's length, the header as JSON, the elements of all tensors.

    Source: github.com/huggingface/safetensors, "Format".

    >>> safetensors({"w": np.zeros(2, np.float32)})[8:].partition(b"}}")[0]
    b'{"__metadata__":{"format":"pt"},"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]'
    """
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    chunks = []
    offset = 0
    for name, array in parameters.items():
        chunk = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<")).tobytes()
        offsets = [offset, offset + len(chunk)]
        header[name] = {"dtype": DTYPES[array.dtype.name], "shape": list(array.shape), "data_offsets": offsets}
        chunks.append(chunk)
        offset += len(chunk)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)  # the data begin at a multiple of 8 bytes
    return len(text).to_bytes(8, "little") + text + b"".join(chunks)
