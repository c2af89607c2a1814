from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from shapecalc.execution.training.exporting import export, safetensors

if TYPE_CHECKING:
    from pathlib import Path

ARRAYS = {
    "c1.weight": np.arange(6, dtype=np.float32).reshape(2, 3).T,
    "c1.bias": np.array([0.5], dtype=np.float32),
    "norm.count": np.array(7, dtype=np.int64),
}
DTYPES = {"F32": "<f4", "F64": "<f8", "I64": "<i8"}


def read(data: bytes) -> dict[str, np.ndarray]:
    """A reader by the format's description, strict where it is."""
    length = int.from_bytes(data[:8], "little")
    assert (8 + length) % 8 == 0
    assert data[8:9] == b"{"
    header = json.loads(data[8 : 8 + length])
    assert header.pop("__metadata__") == {"format": "pt"}
    body, end = data[8 + length :], 0
    arrays = {}
    for name, entry in header.items():
        assert entry["data_offsets"][0] == end, "no holes"
        end = entry["data_offsets"][1]
        arrays[name] = np.frombuffer(body[entry["data_offsets"][0] : end], DTYPES[entry["dtype"]]).reshape(
            entry["shape"]
        )
    assert end == len(body)
    return arrays


def test_a_safetensors_file_gives_back_every_name_dtype_shape_and_number() -> None:
    found = read(safetensors(ARRAYS))
    assert list(found) == list(ARRAYS)
    for name, array in ARRAYS.items():
        assert found[name].dtype == array.dtype
        np.testing.assert_array_equal(found[name], array)


def test_an_archive_of_numpy_gives_the_same_and_both_the_same_bytes_again(tmp_path: Path) -> None:
    for ending in ("npz", "safetensors"):
        first, second = tmp_path / f"first.{ending}", tmp_path / f"second.{ending}"
        export(ARRAYS, first)
        export(ARRAYS, second)
        assert first.read_bytes() == second.read_bytes()
    with np.load(tmp_path / "first.npz") as archive:
        assert archive.files == list(ARRAYS)
        np.testing.assert_array_equal(archive["c1.weight"], ARRAYS["c1.weight"])


def test_another_ending_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"ends in \.npz or \.safetensors, receives w\.pt"):
        export(ARRAYS, tmp_path / "w.pt")
    assert list(tmp_path.iterdir()) == []
