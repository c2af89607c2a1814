"""Write keras_models.json: networks in Keras words, and what Keras 3.15.1 makes of the very same words.

Each text is read as Keras would read it: a word is a class of `keras.layers`, its fields are the arguments. So the
shapes and the counts are Keras's own, with all its defaults. Run it in the environment of make_keras_params.py:
KERAS_BACKEND=torch python tests/oracle/make_keras_models.py.
"""

from __future__ import annotations

import json
import os
import random
import sys
from pathlib import Path
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "torch")

import keras
import numpy as np
import yaml
from keras import layers

KERAS = "3.15.1"
LARGEST = 200_000
"""The most parameters of a network that is executed."""
HERE = Path(__file__).parent
ABOUT = (
    "Networks in Keras words: `text` as a user writes it, and of Keras 3.15.1 the number of parameters, in total and "
    "trainable, and the shape of the output without the batch. Small ones are executed: `executed` in "
    "make_keras_models.py, which wrote this, says how. `drawn` are random stacks."
)
OURS = {"relu": "relu", "sigmoid": "sigmoid", "tanh": "tanh", "softmax": "softmax", "gelu": "gelu"}
KEYS = ("name", "from")


def built(text: str) -> dict[str, Any]:
    """Return the counts and the output shape of the model that a text describes."""
    keras.utils.clear_session()
    root = yaml.safe_load(text)
    written = root.get("inputs") or {"input": root["input"]}
    tensors = {}
    for name, entry in written.items():
        shape = entry["shape"] if isinstance(entry, dict) else entry
        dtype = entry.get("dtype", "float32") if isinstance(entry, dict) else "float32"
        tensors[name] = keras.Input([each if isinstance(each, int) else None for each in shape[1:]], dtype=dtype)
    inputs = list(tensors.values())
    end = run(root["layers"], inputs[0], tensors)
    model = keras.Model(inputs, end)
    trainable = sum(int(keras.ops.size(weight)) for weight in model.trainable_weights)
    counts = {"params": model.count_params(), "trainable": trainable, "output": list(end.shape[1:])}
    if None in [*inputs[0].shape[1:], *end.shape[1:]] or len(inputs) > 1 or model.count_params() > LARGEST:
        return counts
    return {**counts, **executed(model, inputs[0])}


def executed(model: keras.Model, entry: Any) -> dict[str, Any]:
    """Return the shapes of the weights of each layer, and two numbers for the output with weights by a formula.

    Weight w of the network, from 0, has sin(0.7 i + w) / 3 as its element i, a variance its square + 1/2. Element i of
    the input is cos(i), of tokens 7i modulo 97, for a batch of 2. The numbers are the sum of output i times cos(3i),
    and the norm.
    """
    rows, at = [], 0
    for layer in model.layers:
        arrays = []
        for weight in layer.weights:
            values = np.sin(0.7 * np.arange(np.prod(weight.shape)) + at) / 3
            arrays.append((values**2 + 0.5 if "variance" in weight.path else values).reshape(weight.shape))
            at += 1
        if arrays:
            layer.set_weights(arrays)
            rows.append([type(layer).__name__, [list(array.shape) for array in arrays]])
    shape = (2, *entry.shape[1:])
    index = np.arange(np.prod(shape))
    x = (7 * index % 97 if entry.dtype == "int64" else np.cos(index).astype("float32")).reshape(shape)
    y = np.asarray(keras.ops.convert_to_numpy(model(x, training=False)), dtype=float).ravel()
    return {"weights": rows, "sum": float(y @ np.cos(3.0 * np.arange(y.size))), "norm": float(np.linalg.norm(y))}


def run(steps: list[Any], flow: Any, tensors: dict[str, Any]) -> Any:
    """Return what leaves the last of some steps."""
    for step in steps:
        flow = one(step, flow, tensors)
    return flow


def one(step: Any, flow: Any, tensors: dict[str, Any]) -> Any:
    """Return what leaves a step."""
    step = {step: None} if isinstance(step, str) else step
    word, value = next((key, each) for key, each in step.items() if key not in KEYS)
    read = flow
    if "from" in step:
        names = step["from"]
        read = [tensors[name] for name in names] if isinstance(names, list) else tensors[names]
    branches = [each for each in value.values() if is_steps(each)] if isinstance(value, dict) else []
    if branches:
        value = {key: each for key, each in value.items() if not is_steps(each)}
        read = [run(branch, read, tensors) for branch in branches]
    layer = made(word, value)
    result = layer(read, read) if isinstance(layer, layers.MultiHeadAttention) else layer(read)
    name = (
        step.get("name") or (value or {}).get("name") if isinstance(value, dict) or value is None else step.get("name")
    )
    if name:
        tensors[name] = result
    return result


def is_steps(value: Any) -> bool:
    """Return whether a value is a list of steps."""
    return isinstance(value, list) and all(isinstance(each, (dict, str)) for each in value)


def made(word: str, value: Any) -> keras.layers.Layer:
    """Return the layer of a word."""
    if word in OURS:
        return layers.Activation(OURS[word])
    cls = getattr(layers, word)
    if word in ("Bidirectional", "TimeDistributed"):
        inner = dict(value)
        layer = inner.pop("layer", None)
        if layer is None:
            name = next(key for key in inner if hasattr(layers, key))
            layer = {name: inner.pop(name)}
        ((name, fields),) = layer.items()
        return cls(made(name, fields), **inner)
    if value is None:
        return cls()
    if isinstance(value, dict):
        return cls(**{key: tuple(map(tupled, each)) if isinstance(each, list) else each for key, each in value.items()})
    return cls(tupled(value))


def tupled(value: Any) -> Any:
    """Return lists as tuples."""
    return tuple(map(tupled, value)) if isinstance(value, list) else value


MODELS = {
    "mnist convnet": """\
input: [N, 28, 28, 1]
layers:
  - Conv2D: {filters: 32, kernel_size: [3, 3], activation: relu}
  - MaxPooling2D: {pool_size: [2, 2]}
  - Conv2D: {filters: 64, kernel_size: [3, 3], activation: relu}
  - MaxPooling2D: {pool_size: [2, 2]}
  - Flatten
  - Dropout: 0.5
  - Dense: {units: 10, activation: softmax}
""",
    "imdb cnn": """\
input: {shape: [N, 400], dtype: int64}
layers:
  - Embedding: {input_dim: 5000, output_dim: 50}
  - Dropout: 0.2
  - Conv1D: {filters: 250, kernel_size: 3, strides: 1, padding: valid}
  - ReLU
  - GlobalMaxPooling1D
  - Dense: 250
  - Dropout: 0.2
  - ReLU
  - Dense: 1
  - sigmoid
""",
    "imdb lstm": """\
input: {shape: [N, T], dtype: int64}
layers:
  - Embedding: {input_dim: 20000, output_dim: 128}
  - LSTM: 64
  - Dense: {units: 1, activation: sigmoid}
""",
    "bidirectional lstm": """\
input: {shape: [N, 80], dtype: int64}
layers:
  - Embedding: {input_dim: 20000, output_dim: 128}
  - Bidirectional: {layer: {LSTM: {units: 64, return_sequences: true}}}
  - Bidirectional: {LSTM: 64}
  - Dense: {units: 1, activation: sigmoid}
""",
    "convolutional autoencoder": """\
input: [N, 28, 28, 1]
layers:
  - Conv2D: {filters: 32, kernel_size: 3, activation: relu, padding: same}
  - MaxPooling2D: {pool_size: 2, padding: same}
  - Conv2D: {filters: 32, kernel_size: 3, activation: relu, padding: same}
  - MaxPooling2D: {pool_size: 2, padding: same}
  - Conv2DTranspose: {filters: 32, kernel_size: 3, strides: 2, activation: relu, padding: same}
  - Conv2DTranspose: {filters: 32, kernel_size: 3, strides: 2, activation: relu, padding: same}
  - Conv2D: {filters: 1, kernel_size: 3, activation: sigmoid, padding: same}
""",
    "timeseries anomaly autoencoder": """\
input: [N, 288, 1]
layers:
  - Conv1D: {filters: 32, kernel_size: 7, padding: same, strides: 2, activation: relu}
  - Dropout: {rate: 0.2}
  - Conv1D: {filters: 16, kernel_size: 7, padding: same, strides: 2, activation: relu}
  - Conv1DTranspose: {filters: 16, kernel_size: 7, padding: same, strides: 2, activation: relu}
  - Dropout: {rate: 0.2}
  - Conv1DTranspose: {filters: 32, kernel_size: 7, padding: same, strides: 2, activation: relu}
  - Conv1DTranspose: {filters: 1, kernel_size: 7, padding: same}
""",
    "vgg-like": """\
input: [N, 64, 64, 3]
layers:
  - Conv2D: {filters: 64, kernel_size: 3, padding: same, activation: relu}
  - Conv2D: {filters: 64, kernel_size: 3, padding: same, activation: relu}
  - MaxPooling2D: {pool_size: 2, strides: 2}
  - Conv2D: {filters: 128, kernel_size: 3, padding: same, activation: relu}
  - Conv2D: {filters: 128, kernel_size: 3, padding: same, activation: relu}
  - MaxPooling2D: {pool_size: 2, strides: 2}
  - Flatten
  - Dense: {units: 256, activation: relu}
  - Dropout: 0.5
  - Dense: {units: 100, activation: softmax}
""",
    "mobilenet block": """\
input: [N, 112, 112, 32]
layers:
  - DepthwiseConv2D: {kernel_size: 3, padding: same, use_bias: false}
  - BatchNormalization
  - ReLU: {max_value: 6}
  - Conv2D: {filters: 64, kernel_size: 1, use_bias: false}
  - BatchNormalization
  - ReLU: {max_value: 6}
  - ZeroPadding2D: {padding: [[0, 1], [0, 1]]}
  - DepthwiseConv2D: {kernel_size: 3, strides: 2, padding: valid, use_bias: false, depth_multiplier: 2}
  - BatchNormalization: {momentum: 0.9, epsilon: 0.00001}
  - GlobalAveragePooling2D
  - Dense: 10
""",
    "small xception": """\
input: [N, 72, 72, 3]
layers:
  - Conv2D: {filters: 32, kernel_size: 3, strides: 2, padding: same}
  - BatchNormalization
  - Activation: relu
  - SeparableConv2D: {filters: 64, kernel_size: 3, padding: same}
  - BatchNormalization
  - Add:
      main:
        - Activation: relu
        - SeparableConv2D: {filters: 128, kernel_size: 3, padding: same}
        - BatchNormalization
        - MaxPooling2D: {pool_size: 3, strides: 2, padding: same}
      shortcut:
        - Conv2D: {filters: 128, kernel_size: 1, strides: 2, padding: same}
  - GlobalAveragePooling2D
  - Dropout: 0.25
  - Dense: {units: 5, activation: softmax}
""",
    "transformer block": """\
input: {shape: [N, 200], dtype: int64}
layers:
  - Embedding: {input_dim: 20000, output_dim: 32}
  - Add:
      main:
        - MultiHeadAttention: {num_heads: 2, key_dim: 16}
        - Dropout: 0.1
      shortcut: []
  - LayerNormalization: {epsilon: 0.000001}
  - Add:
      main:
        - Dense: {units: 32, activation: relu}
        - Dense: 32
      shortcut: []
  - LayerNormalization: {epsilon: 0.000001}
  - GlobalAveragePooling1D
  - Dropout: 0.1
  - Dense: {units: 20, activation: relu}
  - Dropout: 0.1
  - Dense: {units: 2, activation: softmax}
""",
    "transformer block with wide heads": """\
input: [N, 200, 32]
layers:
  - Add:
      main:
        - MultiHeadAttention: {num_heads: 2, key_dim: 32}
      shortcut: []
  - LayerNormalization
""",
    "text classification from scratch": """\
input: {shape: [N, 500], dtype: int64}
layers:
  - Embedding: {input_dim: 20000, output_dim: 128}
  - Dropout: 0.5
  - Conv1D: {filters: 128, kernel_size: 7, padding: valid, activation: relu, strides: 3}
  - Conv1D: {filters: 128, kernel_size: 7, padding: valid, activation: relu, strides: 3}
  - GlobalMaxPooling1D
  - Dense: {units: 128, activation: relu}
  - Dropout: 0.5
  - Dense: {units: 1, activation: sigmoid, name: predictions}
""",
    "timeseries classification": """\
input: [N, 500, 1]
layers:
  - Conv1D: {filters: 64, kernel_size: 3, padding: same}
  - BatchNormalization
  - ReLU
  - Conv1D: {filters: 64, kernel_size: 3, padding: same}
  - BatchNormalization
  - ReLU
  - GlobalAveragePooling1D
  - Dense: {units: 2, activation: softmax}
""",
    "convolutional lstm": """\
input: [N, 10, 40, 40, 1]
layers:
  - ConvLSTM2D: {filters: 40, kernel_size: 3, padding: same, return_sequences: true}
  - BatchNormalization
  - Conv3D: {filters: 1, kernel_size: 3, activation: sigmoid, padding: same}
""",
    "residual network": """\
input: [N, 32, 32, 3]
layers:
  - Conv2D: {filters: 16, kernel_size: 3, padding: same, name: stem}
  - BatchNormalization
  - Activation: relu
  - Conv2D: {filters: 16, kernel_size: 3, padding: same}
  - BatchNormalization
  - {Add: {}, from: [stem, BN2], name: sum}
  - Activation: relu
  - GlobalAveragePooling2D
  - Dense: 10
""".replace("  - BatchNormalization\n  - {Add", "  - {BatchNormalization: {}, name: BN2}\n  - {Add"),
    "u-net": """\
input: [N, 64, 64, 3]
layers:
  - {Conv2D: {filters: 16, kernel_size: 3, padding: same, activation: relu}, name: c1}
  - MaxPooling2D
  - {Conv2D: {filters: 32, kernel_size: 3, padding: same, activation: relu}, name: c2}
  - {UpSampling2D: {size: 2}, name: up}
  - {Concatenate: {}, from: [up, c1]}
  - Conv2D: {filters: 16, kernel_size: 3, padding: same, activation: relu}
  - Conv2D: {filters: 1, kernel_size: 1, activation: sigmoid}
""",
    "inception block": """\
input: [N, 28, 28, 192]
layers:
  - Concatenate:
      one: [Conv2D: {filters: 64, kernel_size: 1, activation: relu}]
      three:
        - Conv2D: {filters: 96, kernel_size: 1, activation: relu}
        - Conv2D: {filters: 128, kernel_size: 3, padding: same, activation: relu}
      pool:
        - MaxPooling2D: {pool_size: 3, strides: 1, padding: same}
        - Conv2D: {filters: 32, kernel_size: 1, activation: relu}
""",
    "gru forecast": """\
input: [N, 120, 14]
layers:
  - GRU: {units: 32, return_sequences: true}
  - GRU: {units: 16}
  - Dense: 1
""",
    "lstm autoencoder": """\
input: [N, 30, 2]
layers:
  - LSTM: {units: 64, activation: tanh}
  - RepeatVector: 30
  - LSTM: {units: 64, return_sequences: true}
  - TimeDistributed: {Dense: {units: 2}}
""",
    "dcgan generator": """\
input: [N, 128]
layers:
  - Dense: 8192
  - Reshape: {target_shape: [8, 8, 128]}
  - Conv2DTranspose: {filters: 128, kernel_size: 4, strides: 2, padding: same}
  - LeakyReLU: {negative_slope: 0.2}
  - Conv2DTranspose: {filters: 256, kernel_size: 4, strides: 2, padding: same}
  - LeakyReLU: {negative_slope: 0.2}
  - Conv2D: {filters: 3, kernel_size: 5, padding: same, activation: sigmoid}
""",
    "dcgan discriminator": """\
input: [N, 64, 64, 3]
layers:
  - Conv2D: {filters: 64, kernel_size: 4, strides: 2, padding: same}
  - LeakyReLU
  - Conv2D: {filters: 128, kernel_size: 4, strides: 2, padding: same}
  - LeakyReLU
  - Flatten
  - Dropout: 0.2
  - Dense: {units: 1, activation: sigmoid}
""",
    "causal convolutions": """\
input: [N, T, 8]
layers:
  - Conv1D: {filters: 16, kernel_size: 2, padding: causal, activation: relu}
  - Conv1D: {filters: 16, kernel_size: 2, padding: causal, dilation_rate: 2, activation: relu}
  - Conv1D: {filters: 16, kernel_size: 2, padding: causal, dilation_rate: 4, strides: 1, activation: relu}
  - Dense: 4
""",
    "multilayer perceptron": """\
input: [N, 784]
layers:
  - Dense: {units: 512, activation: relu}
  - Dropout: 0.2
  - Dense: {units: 512, activation: relu}
  - Dropout: 0.2
  - Dense: {units: 10, activation: softmax}
""",
    "convolution and lstm": """\
input: [N, 100, 12]
layers:
  - Conv1D: {filters: 64, kernel_size: 5, activation: relu}
  - MaxPooling1D: 4
  - LSTM: {units: 50, return_sequences: true}
  - BatchNormalization
  - LSTM: {units: 50}
  - Dense: {units: 6, activation: softmax}
""",
    "video classification": """\
input: [N, 16, 112, 112, 3]
layers:
  - Conv3D: {filters: 8, kernel_size: 3, activation: relu, padding: same}
  - MaxPooling3D: {pool_size: [1, 2, 2]}
  - Conv3D: {filters: 16, kernel_size: [3, 3, 3], strides: 2, groups: 4, activation: relu}
  - GlobalAveragePooling3D
  - Dense: 10
""",
    "two inputs": """\
inputs:
  image: [N, 32, 32, 3]
  extra: [N, 7]
layers:
  - {Conv2D: {filters: 8, kernel_size: 3, activation: relu}, from: image}
  - GlobalAveragePooling2D
  - {Dense: {units: 16, activation: relu}, name: seen}
  - {Dense: {units: 16, activation: relu}, from: extra, name: known}
  - {Concatenate: {}, from: [seen, known]}
  - Dense: 4
""",
    "crops and norms": """\
input: [N, 40, 40, 3]
layers:
  - Cropping2D: {cropping: 4}
  - GroupNormalization: {groups: 3}
  - Conv2D: {filters: 24, kernel_size: 3, dilation_rate: 2}
  - LayerNormalization
  - AveragePooling2D: {pool_size: 2, padding: same}
  - UpSampling2D: {size: [2, 3], interpolation: bilinear}
  - Permute: {dims: [3, 1, 2]}
  - Flatten
""",
}
"""By name; the words, fields and defaults are Keras's."""


def drawn(rng: random.Random) -> str:
    """Return a random stack."""
    kind = rng.choice(["image", "steps", "tokens"])
    lines, rank = [], 4 if kind == "image" else 3
    if kind == "image":
        size = rng.choice([24, 28, 30, 33])
        lines = [f"input: [N, {size}, {size + rng.choice([0, 0, 3])}, {rng.choice([1, 3])}]", "layers:"]
    elif kind == "steps":
        lines = [f"input: [N, {rng.choice([40, 64, 75])}, {rng.choice([1, 6, 9])}]", "layers:"]
    else:
        lines = ["input: {shape: [N, 50], dtype: int64}", "layers:"]
        lines.append("  - Embedding: {input_dim: 99, output_dim: 12}")
    for _ in range(rng.randint(3, 8)):
        step, rank = a_step(rng, rank)
        lines.append(f"  - {step}")
        if rank == 2 and rng.random() < 0.3:
            break
    return "\n".join(lines) + "\n"


def a_step(rng: random.Random, rank: int) -> tuple[str, int]:
    """Return a random step for so many axes, and the number of axes after it."""
    activation = rng.choice(["", "", ", activation: relu", ", activation: softmax", ", activation: tanh"])
    padding = rng.choice(["", ", padding: same", ", padding: valid"])
    bias = rng.choice(["", "", ", use_bias: false"])
    anywhere = [
        ("BatchNormalization", rank),
        (
            f"BatchNormalization: {{momentum: 0.9, center: {(flag := rng.choice(['true', 'false']))}, scale: {flag}}}",
            rank,
        ),
        ("LayerNormalization", rank),
        (f"Dropout: {{rate: 0.{rng.randint(1, 5)}}}", rank),
        (f"Dense: {{units: {rng.randint(2, 20)}{activation}{bias}}}", rank),
        ("ReLU", rank),
        ("Softmax", rank),
        ("LeakyReLU", rank),
        ("Activation: gelu", rank),
    ]
    if rank == 2:
        return rng.choice([*anywhere, ("RepeatVector: 7", 3), ("Dense: 24", 2)])
    axes = rank - 2
    k, s = rng.randint(1, 4), rng.randint(1, 3)
    maps = [
        (f"Conv{axes}D: {{filters: {2 * k + 2}, kernel_size: {k}, strides: {s}{padding}{activation}{bias}}}", rank),
        (f"MaxPooling{axes}D", rank),
        (f"MaxPooling{axes}D: {{pool_size: {k}{padding}}}", rank),
        (f"AveragePooling{axes}D: {{pool_size: 2, strides: {s}{padding}}}", rank),
        (f"UpSampling{axes}D: {{size: 2}}", rank),
        (f"ZeroPadding{axes}D: 2", rank),
        (f"Conv{axes}DTranspose: {{filters: 6, kernel_size: {k + 1}, strides: {s}{padding}}}", rank),
        (f"SeparableConv{axes}D: {{filters: 8, kernel_size: {k}{padding}, depth_multiplier: {s}}}", rank),
        (f"DepthwiseConv{axes}D: {{kernel_size: {k}{padding}{bias}}}", rank),
        (f"GlobalMaxPooling{axes}D", 2),
        (f"GlobalAveragePooling{axes}D: {{keepdims: true}}", rank),
        ("Flatten", 2),
    ]  # fmt: skip
    steps = [
        ("LSTM: 6", 2),
        ("GRU: {units: 5, return_sequences: true}", 3),
        ("SimpleRNN: {units: 4, return_sequences: true}", 3),
        ("Bidirectional: {GRU: {units: 3}}", 2),
        ("TimeDistributed: {Dense: 5}", 3),
        (f"Conv1D: {{filters: 4, kernel_size: {k}, padding: causal, dilation_rate: {s}}}", 3),
        ("Permute: [2, 1]", 3),
    ]
    return rng.choice([*anywhere, *maps, *maps, *(steps * 2 if rank == 3 else ())])


def main() -> int:
    """Ask Keras for every model and write the file."""
    if keras.__version__ != KERAS:
        print(f"the fixtures come from keras {KERAS}, this is {keras.__version__}", file=sys.stderr)
        return 2
    models = [{"name": name, "text": text, **built(text)} for name, text in MODELS.items()]
    rng, rows, refused = random.Random(20), [], 0
    while len(rows) < 200:
        text = drawn(rng)
        try:
            rows.append({"text": text, **built(text)})
        except (ValueError, TypeError, RuntimeError):  # a window passes its map
            refused += 1
    parts = (",\n".join(json.dumps(each) for each in each_of) for each_of in (models, rows))
    text = json.dumps({"about": ABOUT, "keras": KERAS}, indent=1).removesuffix("\n}")
    (HERE / "keras_models.json").write_text(
        '{},\n "models": [\n{}\n],\n "drawn": [\n{}\n]}}\n'.format(text, *parts), encoding="utf-8"
    )
    print(f"{len(models)} models, {len(rows)} drawn; Keras refused {refused}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
