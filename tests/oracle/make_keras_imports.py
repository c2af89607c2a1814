"""Write keras_imports/: networks of Keras 3.15.1 as `.keras` and as JSON of Keras 2, and what Keras computes.

Run it in an environment with keras 3.15.1, torch and h5py: `KERAS_BACKEND=torch python
tests/oracle/make_keras_imports.py`. With `--applications` it writes keras_imports.tsv instead, which has what Keras
and shapecalc say of the networks of `keras.applications`; that takes minutes.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "torch")

import keras
import keras2_models
import numpy as np
from keras_networks import NETWORKS

HERE = Path(__file__).parent
FOLDER = HERE / "keras_imports"
BATCH = 2
INDICES = 7
"""Tokens are below it."""


def fill(model: keras.Model) -> None:
    """Give each weight numbers of its own; variances are positive."""
    for number, weight in enumerate(model.weights):
        if weight.dtype.startswith(("int", "uint")):
            continue
        values = np.random.default_rng(number).normal(0, 0.4, weight.shape)
        weight.assign(np.abs(values) + 0.5 if "variance" in weight.path else values)


def arrays_for(model: keras.Model) -> list[np.ndarray]:
    """Return an array for each input, by its shape and dtype."""
    arrays = []
    for number, each in enumerate(model.inputs):
        rng = np.random.default_rng(100 + number)
        shape = tuple(
            BATCH if axis == 0 and size is None else size or 7 + number for axis, size in enumerate(each.shape)
        )
        if each.dtype.startswith("int"):
            arrays.append(rng.integers(1, INDICES, shape).astype(np.int64))
        elif each.dtype == "bool":
            arrays.append(rng.integers(0, 2, shape).astype(bool) | np.eye(*shape[-2:], dtype=bool))
        else:
            arrays.append(rng.normal(0, 1, shape).astype(np.float32))
    return arrays


def write(name: str, expected: dict[str, Any], arrays: dict[str, np.ndarray]) -> None:
    """Write the file of a network, and add what Keras says of it."""
    keras.utils.clear_session()
    model = NETWORKS[name]()
    fill(model)
    path = FOLDER / f"{name}.keras"
    with tempfile.TemporaryDirectory() as folder:
        saved = Path(folder) / "model.keras"
        model.save(saved)
        with zipfile.ZipFile(saved) as archive, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
            for member in ("config.json", "metadata.json", "model.weights.h5"):
                data = archive.read(member)
                if member == "metadata.json":
                    data = json.dumps({"keras_version": keras.__version__}).encode()
                info = zipfile.ZipInfo(member, (1980, 1, 1, 0, 0, 0))
                packed.writestr(info, data, zipfile.ZIP_DEFLATED)
    if name in keras2_models.NAMES:
        written = keras2_models.text(model)
        keras2_models.checked(model, written)
        (FOLDER / f"{name}.keras2.json").write_text(written + "\n", encoding="utf-8")
    inputs = arrays_for(model)
    given = {each.name: value for each, value in zip(model.inputs, inputs, strict=True)}
    result = model(given if isinstance(getattr(model, "_inputs_struct", None), dict) else inputs, training=False)
    outputs = [keras.ops.convert_to_numpy(each) for each in keras.tree.flatten(result)]
    for each, value in zip(model.inputs, inputs, strict=True):
        arrays[f"{name}/{each.name}"] = value
    for number, value in enumerate(outputs):
        arrays[f"{name}/out{number}"] = value.astype(np.float32)
    trainable = sum(int(np.prod(each.shape)) for each in model.trainable_weights)
    expected[name] = {
        "params": model.count_params(),
        "trainable": trainable,
        "inputs": {each.name: list(value.shape) for each, value in zip(model.inputs, inputs, strict=True)},
        "outputs": [list(value.shape) for value in outputs],
    }


def main() -> None:
    """Write all files, or those of the names that are given."""
    if "--applications" in sys.argv:
        from keras_applications import write_table

        write_table(HERE / "keras_imports.tsv")
        return
    names = sys.argv[1:] or list(NETWORKS)
    FOLDER.mkdir(exist_ok=True)
    expected: dict[str, Any] = {}
    arrays: dict[str, np.ndarray] = {}
    for name in names:
        write(name, expected, arrays)
    (FOLDER / "expected.json").write_text(json.dumps(expected, indent=1) + "\n", encoding="utf-8")
    np.savez_compressed(FOLDER / "expected.npz", **arrays)


if __name__ == "__main__":
    main()
