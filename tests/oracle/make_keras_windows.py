"""Write keras_windows.json and .npz: what Keras 3.15.1 computes for `padding: same`, `valid` and `causal`.

Run it in the environment of make_torch_layers.py, after scratch/bin/pip install keras==3.15.1:
KERAS_BACKEND=torch scratch/bin/python tests/oracle/make_keras_windows.py. With `--compare` nothing is written: the
answers of the backend are compared with the file. KERAS_BACKEND=tensorflow (tensorflow-cpu 2.21.0) agrees in all cases
but twelve, which it does not compute: `same` with an even window and an output padding of 0.
"""

from __future__ import annotations

import json
import os
import sys
from itertools import product
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

os.environ.setdefault("KERAS_BACKEND", "torch")

import keras
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

KERAS = "3.15.1"
HERE = Path(__file__).parent
FILL = {"input": [5, 3], "weight": [7, 2], "bias": [3, 1], "gradient": [6, 5]}
ABOUT = (
    "Keras 3.15.1 on PyTorch: one layer in the words of this project, [N, C, *spatial], with filled tensors. Element i "
    "of a filled tensor is (((a*i + b) mod 17) - 8) / 8; `fill` has a and b of the input, of each parameter in the "
    "layout of this project, and of the gradient by the output. `error` is what Keras refuses. The numbers of all "
    "cases stand one after another, flat, in keras_windows.npz, key `values`: of each case the output, the gradient by "
    "the input, and those by its parameters in their order. Written by make_keras_windows.py."
)
CONV = {1: keras.layers.Conv1D, 2: keras.layers.Conv2D, 3: keras.layers.Conv3D}
TRANSPOSED = {1: keras.layers.Conv1DTranspose, 2: keras.layers.Conv2DTranspose, 3: keras.layers.Conv3DTranspose}
SHAPES = {1: [2, 3, 5], 2: [2, 3, 4, 5], 3: [1, 2, 3, 2, 4]}


def cases() -> Iterator[dict[str, Any]]:
    """Every window from 1 to 6 and stride from 1 to 4 along one axis; axes that differ; causal windows."""
    for word, k, s in product(("same", "valid"), range(1, 7), range(1, 5)):
        for extra in (None, *range(s)):
            yield transposed(SHAPES[1], padding=word, kernel_size=[k], stride=[s], output_padding=extra)
    for word, k, d in product(("same", "valid"), (2, 3, 4), (2, 3)):
        yield transposed(SHAPES[1], padding=word, kernel_size=k, dilation=d)
    for word in ("same", "valid"):
        for extra in (None, [0, 1], [1, 2]):
            yield transposed(SHAPES[2], padding=word, kernel_size=[3, 4], stride=[2, 3], output_padding=extra)
        yield transposed(SHAPES[2], padding=word, kernel_size=[5, 2], stride=[2, 4], bias=False)
        yield transposed(SHAPES[3], padding=word, kernel_size=[2, 3, 1], stride=[2, 1, 3])
        yield transposed(SHAPES[1], padding=word, kernel_size=3, stride=2, output_padding=2)
    for k, s, d in product((1, 2, 3, 5), (1, 2, 3), (1, 2, 4)):
        if s == 1 or d == 1:  # Keras has not both
            for length in (1, 7, 12):
                yield causal([2, 3, length], kernel_size=k, stride=s, dilation=d)
    yield causal([2, 4, 9], kernel_size=3, dilation=2, groups=2, bias=False)
    yield causal([2, 3, 5, 6], kernel_size=3)
    yield causal([1, 2, 3, 4, 5], kernel_size=2)


def transposed(shape: list[int], **fields: Any) -> dict[str, Any]:
    fields = {name: value for name, value in fields.items() if value is not None}
    return {"layer": "conv_transpose", "input": shape, "fields": {"out_channels": 2, **fields}}


def causal(shape: list[int], **fields: Any) -> dict[str, Any]:
    return {"layer": "conv", "input": shape, "fields": {"out_channels": 4, "padding": "causal", **fields}}


def built(case: dict[str, Any]) -> keras.layers.Layer:
    """The layer of a case; raises `ValueError` where Keras refuses it."""
    fields, rank = dict(case["fields"]), len(case["input"]) - 2
    kinds = CONV if case["layer"] == "conv" else TRANSPOSED
    words = {"out_channels": "filters", "stride": "strides", "dilation": "dilation_rate", "bias": "use_bias"}
    options = {words.get(name, name): value for name, value in fields.items()}
    options = {name: tuple(value) if isinstance(value, list) else value for name, value in options.items()}
    layer = kinds[rank](**options, data_format="channels_last")
    layer.build((case["input"][0], *case["input"][2:], case["input"][1]))
    return layer


def filled(name: str, shape: tuple[int, ...]) -> np.ndarray:
    a, b = FILL[name]
    return ((((a * np.arange(prod(shape)) + b) % 17) - 8) / 8).reshape(shape).astype(np.float32)


def ours(kernel: np.ndarray) -> np.ndarray:
    """A kernel [*window, a, b] of Keras as [b, a, *window] of a convolution; of a transposed one a is what it gives."""
    return np.moveaxis(kernel, (-1, -2), (0, 1))


def theirs(weight: np.ndarray) -> np.ndarray:
    return np.moveaxis(weight, (0, 1), (-1, -2))


def answer(case: dict[str, Any]) -> tuple[dict[str, Any], np.ndarray]:
    """The row of a case and its numbers, flat."""
    name = f"{case['layer']}: {json.dumps(case['fields'])} on {case['input']}"
    try:
        layer = built(case)
    except ValueError as error:
        return {"name": name, **case, "error": str(error)}, np.zeros(0, np.float32)
    kernel = layer.kernel.shape
    weight = (kernel[-1], kernel[-2], *kernel[:-2])
    parameters = {"weight": weight} | ({"bias": tuple(layer.bias.shape)} if layer.use_bias else {})
    bias = [filled("bias", parameters["bias"])] if layer.use_bias else []
    layer.set_weights([theirs(filled("weight", weight)), *bias])
    x = np.moveaxis(filled("input", tuple(case["input"])), 1, -1)
    y, gradients = run(layer, x)
    by_input, by_kernel, *by_bias = gradients
    values = (np.moveaxis(y, -1, 1), np.moveaxis(by_input, -1, 1), ours(by_kernel), *by_bias)
    row = {"name": name, **case, "output": list(values[0].shape)}
    row["parameters"] = {one: list(shape) for one, shape in parameters.items()}
    return row, np.concatenate([one.ravel() for one in values])


def run(layer: keras.layers.Layer, x: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
    """What a layer gives, and the gradients by its input and its weights."""

    def gradient(shape: tuple[int, ...]) -> np.ndarray:
        channels_first = (shape[0], shape[-1], *shape[1:-1])
        return np.moveaxis(filled("gradient", channels_first), 1, -1)

    if keras.backend.backend() == "torch":
        import torch

        tensor = torch.tensor(x, requires_grad=True)
        y = layer(tensor)
        y.backward(torch.tensor(gradient(tuple(y.shape)).copy()))
        found = [tensor.grad, *(weight.value.grad for weight in layer.trainable_weights)]
        return y.detach().numpy(), [one.numpy() for one in found]
    import tensorflow as tf

    tensor = tf.constant(x)
    with tf.GradientTape() as tape:
        tape.watch(tensor)
        y = layer(tensor)
    sources = [tensor, *(weight.value for weight in layer.trainable_weights)]
    found = tape.gradient(y, sources, output_gradients=tf.constant(gradient(tuple(y.shape))))
    return y.numpy(), [one.numpy() for one in found]


def compare() -> int:
    """Return how many cases of the file the backend answers in another way, after printing them."""
    document = json.loads((HERE / "keras_windows.json").read_text(encoding="utf-8"))
    values, start, others, refused = np.load(HERE / "keras_windows.npz")["values"], 0, 0, 0
    for row in document["cases"]:
        sizes = [row["output"], row["input"], *row["parameters"].values()] if "output" in row else []
        expected = values[start : start + sum(map(prod, sizes))]
        start += len(expected)
        try:
            found = answer({key: row[key] for key in ("layer", "input", "fields")})[1]
        except Exception as error:  # noqa: BLE001 - whatever a backend raises is its refusal
            print(f"refused {row['name']}: {str(error).splitlines()[0][:90]}")
            refused += 1
            continue
        if found.shape != expected.shape or not np.allclose(found, expected, rtol=1e-5, atol=1e-5):
            print(f"differs {row['name']}: {found.shape} {expected.shape}")
            others += 1
    print(f"{len(document['cases'])} cases, {others} differ, {refused} are refused")
    return others


def main() -> int:
    """Ask Keras every case and write both files."""
    if keras.__version__ != KERAS:
        print(f"the fixture comes from Keras {KERAS}, this is {keras.__version__}", file=sys.stderr)
        return 2
    if "--compare" in sys.argv:
        return int(compare() > 0)
    rows, values = zip(*map(answer, cases()), strict=True)
    head = {"about": ABOUT, "keras": KERAS, "fill": FILL}
    lines = ",\n".join(json.dumps(row, allow_nan=False) for row in rows)
    text = json.dumps(head, indent=1).removesuffix("\n}") + f',\n "cases": [\n{lines}\n]}}\n'
    (HERE / "keras_windows.json").write_text(text, encoding="utf-8")
    np.savez_compressed(HERE / "keras_windows.npz", values=np.concatenate(values))
    print(f"{len(rows)} cases, {sum(map(len, values))} values")
    return 0


if __name__ == "__main__":
    sys.exit(main())
