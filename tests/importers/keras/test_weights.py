"""Values of the file of weights: only those that are expected are read, and no other file is opened."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import h5py
import numpy as np
import pytest

from shapecalc.diagnostics import ShapecalcError
from shapecalc.diagnostics.limits import LIMITS
from shapecalc.importers.imported import import_file
from shapecalc.importers.keras import weights

if TYPE_CHECKING:
    from collections.abc import Callable

MLP = Path(__file__).parents[2] / "oracle" / "keras_imports" / "mlp.keras"
KERNEL = "layers/dense/vars/0"


def changed(folder: Path, change: Callable[[h5py.File], None]) -> str:
    """The multilayer perceptron with another file of weights."""
    path = folder / "net.keras"
    with zipfile.ZipFile(MLP) as archive, zipfile.ZipFile(path, "w") as written:
        data = io.BytesIO(archive.read("model.weights.h5"))
        with h5py.File(data, "r+") as file:
            change(file)
        for name in ("config.json", "metadata.json"):
            written.writestr(name, archive.read(name))
        written.writestr("model.weights.h5", data.getvalue())
    return str(path)


def refusal(path: str) -> str:
    with pytest.raises(ShapecalcError) as caught:
        import_file("keras", path, LIMITS).arrays()
    assert [each.code for each in caught.value.diagnostics] == ["SC032"]
    assert caught.value.exit_code == 2
    return caught.value.diagnostics[0].message


def test_a_kernel_is_transposed_to_our_layout() -> None:
    arrays = import_file("keras", str(MLP), LIMITS).arrays()
    with zipfile.ZipFile(MLP) as archive, h5py.File(io.BytesIO(archive.read("model.weights.h5"))) as file:
        assert np.array_equal(arrays["dense.weight"], file[KERNEL][()].T)
    assert {name: array.shape for name, array in arrays.items()} == {
        "dense.weight": (5, 7),
        "dense.bias": (5,),
        "dense_1.weight": (3, 5),
        "dense_1.bias": (3,),
    }


def test_a_link_to_another_file_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "other.h5"
    with h5py.File(other, "w") as file:
        file["secret"] = np.zeros((7, 5))

    def link(file: h5py.File) -> None:
        del file[KERNEL]
        file[KERNEL] = h5py.ExternalLink(str(other), "/secret")

    assert f"has no `{KERNEL}`" in refusal(changed(tmp_path, link))


def test_a_soft_link_is_refused(tmp_path: Path) -> None:
    def link(file: h5py.File) -> None:
        del file[KERNEL]
        file[KERNEL] = h5py.SoftLink(f"/{KERNEL}")

    assert f"has no `{KERNEL}`" in refusal(changed(tmp_path, link))


def test_elements_in_another_file_are_refused(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    raw.write_bytes(bytes(4 * 35))

    def outside(file: h5py.File) -> None:
        del file[KERNEL]
        file.create_dataset(KERNEL, (7, 5), "f4", external=[(str(raw), 0, 140)])

    assert f"no numbers in `{KERNEL}`" in refusal(changed(tmp_path, outside))


def test_another_shape_is_refused_before_elements_are_read(tmp_path: Path) -> None:
    def huge(file: h5py.File) -> None:
        del file[KERNEL]
        file.create_dataset(KERNEL, (2**20, 2**20), "f4", chunks=(64, 64))

    assert "of shape [1048576, 1048576], expects [7, 5]" in refusal(changed(tmp_path, huge))


def test_texts_are_refused(tmp_path: Path) -> None:
    def texts(file: h5py.File) -> None:
        del file[KERNEL]
        file[KERNEL] = np.full((7, 5), b"a")

    assert f"no numbers in `{KERNEL}`" in refusal(changed(tmp_path, texts))


def test_a_file_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "net.keras"
    with zipfile.ZipFile(MLP) as archive, zipfile.ZipFile(path, "w") as written:
        for name in ("config.json", "metadata.json"):
            written.writestr(name, archive.read(name))
        written.writestr("model.weights.h5", archive.read("model.weights.h5")[:1000])
    assert "broken `model.weights.h5`" in refusal(str(path))


def test_more_bytes_than_the_network_has_weights_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "SPARE_BYTES", 10)
    assert "bytes of weights, expects at most" in refusal(str(MLP))
