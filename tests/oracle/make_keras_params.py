"""Write keras_params.json: the parameters that Keras 3.15.1 counts, trainable and not, for each layer that both have.

Run it in the environment of make_keras_recurrent.py: KERAS_BACKEND=torch python tests/oracle/make_keras_params.py.
"""

from __future__ import annotations

import json
import os
import sys
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

os.environ.setdefault("KERAS_BACKEND", "torch")

import keras
from keras import layers

if TYPE_CHECKING:
    from collections.abc import Iterator

KERAS = "3.15.1"
HERE = Path(__file__).parent
ABOUT = (
    "Parameters that Keras 3.15.1 counts: in total and trainable. `layer`, `fields` and `inputs` are the same layer in "
    "the words of this project, channels first; `keras` is the layer that was built, channels last. Written by "
    "make_keras_params.py."
)
Fields = dict[str, Any]
CONVS = {1: layers.Conv1D, 2: layers.Conv2D, 3: layers.Conv3D}
TRANSPOSED = {1: layers.Conv1DTranspose, 2: layers.Conv2DTranspose, 3: layers.Conv3DTranspose}
CELLS = {"rnn_cell": layers.SimpleRNNCell, "lstm_cell": layers.LSTMCell, "gru_cell": layers.GRUCell}
RECURRENT = {"rnn": layers.SimpleRNN, "lstm": layers.LSTM, "gru": layers.GRU}


def last(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return a shape with the channels as its last axis."""
    return (shape[0], *shape[2:], shape[1])


def row(layer: str, fields: Fields, inputs: list[tuple[int, ...]], made: keras.layers.Layer) -> Fields:
    """Return a case; the layer is built already."""
    trainable = sum(int(weight.size) for weight in map(as_array, made.trainable_weights))
    return {
        "layer": layer,
        "fields": fields,
        "inputs": [list(shape) for shape in inputs],
        "keras": type(made).__name__,
        "params": made.count_params(),
        "trainable": trainable,
    }


def as_array(weight: Any) -> Any:
    """Return the values of a weight."""
    return keras.ops.convert_to_numpy(weight)


def windows() -> Iterator[Fields]:
    """Convolutions."""
    sizes = {1: (3, 6, 17), 2: (3, 6, 17, 19), 3: (3, 6, 7, 9, 11)}
    kernels: dict[int, Any] = {1: [5], 2: [3, 5], 3: [1, 2, 3]}
    for rank, bias, groups in product((1, 2, 3), (True, False), (1, 3)):
        x = sizes[rank]
        made = CONVS[rank](12, tuple(kernels[rank]), groups=groups, use_bias=bias)
        made.build(last(x))
        fields = {"out_channels": 12, "kernel_size": kernels[rank], "groups": groups, "bias": bias}
        yield row("conv", fields, [x], made)
        if groups == 1:
            made = TRANSPOSED[rank](12, tuple(kernels[rank]), use_bias=bias)
            made.build(last(x))
            yield row("conv_transpose", {k: v for k, v in fields.items() if k != "groups"}, [x], made)
    for multiplier, bias in product((1, 4), (True, False)):
        x = sizes[2]
        made = layers.DepthwiseConv2D((3, 5), depth_multiplier=multiplier, use_bias=bias)
        made.build(last(x))
        fields = {"out_channels": 6 * multiplier, "kernel_size": [3, 5], "groups": 6, "bias": bias}
        yield row("conv", fields, [x], made)
        made = layers.SeparableConv2D(12, (3, 5), depth_multiplier=multiplier, use_bias=bias)
        made.build(last(x))
        fields = {"out_channels": 12, "kernel_size": [3, 5], "depth_multiplier": multiplier, "bias": bias}
        yield row("separable_conv", fields, [x], made)


def norms() -> Iterator[Fields]:
    """Normalisations; our layers have one flag for Keras's `center` and `scale`."""
    for affine, x in product((True, False), ((4, 6), (4, 6, 5), (4, 6, 5, 7), (4, 6, 5, 7, 3))):
        made = layers.BatchNormalization(center=affine, scale=affine)
        made.build(last(x))
        yield row("batch_norm", {"affine": affine}, [x], made)
        made = layers.GroupNormalization(groups=3, center=affine, scale=affine)
        made.build(last(x))
        yield row("group_norm", {"num_groups": 3, "affine": affine}, [x], made)
        if len(x) > 2:
            made = layers.GroupNormalization(groups=-1, center=affine, scale=affine)
            made.build(last(x))
            yield row("instance_norm", {"affine": affine}, [x], made)
    for scale, center in ((True, True), (True, False), (False, False)):
        for x, normalized in (((4, 6, 10), [10]), ((4, 6, 10), [6, 10])):
            made = layers.LayerNormalization(axis=[-1] if len(normalized) == 1 else [1, 2], scale=scale, center=center)
            made.build(x)
            fields = {"normalized_shape": normalized, "elementwise_affine": scale, "bias": center}
            yield row("layer_norm", fields, [x], made)
    made = layers.RMSNormalization()
    made.build((4, 6, 10))
    yield row("rms_norm", {}, [(4, 6, 10)], made)


def dense() -> Iterator[Fields]:
    """Linear layers and embeddings."""
    for bias, x in product((True, False), ((4, 10), (4, 7, 10))):
        made = layers.Dense(13, use_bias=bias)
        made.build(x)
        yield row("linear", {"out_features": 13, "bias": bias}, [x], made)
    for mask in (True, False):
        made = layers.Embedding(1000, 13, mask_zero=mask)
        made.build((4, 7))
        fields = {"num_embeddings": 1000, "embedding_dim": 13, **({"padding_idx": 0} if mask else {})}
        yield row("embedding", fields, [(4, 7)], made)


def recurrent() -> Iterator[Fields]:
    """Recurrent layers; a GRU resets after the product."""
    for word, bias, both in product(RECURRENT, (True, False), (True, False)):
        made: keras.layers.Layer = RECURRENT[word](13, use_bias=bias)
        made = layers.Bidirectional(made) if both else made
        made.build((4, 7, 10))
        fields = {"hidden_size": 13, "bias": bias, "bidirectional": both, "batch_first": True}
        yield row(word, fields, [(4, 7, 10)], made)
    for bias in (True, False):
        for word, cell in CELLS.items():
            made = cell(13, use_bias=bias)
            made.build((4, 10))
            yield row(word, {"hidden_size": 13, "bias": bias}, [(4, 10)], made)
        made = layers.ConvLSTM2D(5, (3, 5), use_bias=bias)
        made.build((4, 7, 17, 19, 6))
        fields = {"out_channels": 5, "kernel_size": [3, 5], "bias": bias}
        yield row("conv_lstm", fields, [(4, 7, 6, 17, 19)], made)


def attention() -> Iterator[Fields]:
    """Attention whose heads share the features of the query: `key_dim` is features / heads."""
    for bias, heads, (query, value, key) in product(
        (True, False),
        (1, 2, 4),
        (((3, 5, 12), (3, 5, 12), (3, 5, 12)), ((3, 5, 12), (3, 7, 10), (3, 7, 9))),
    ):
        made: keras.layers.Layer = layers.MultiHeadAttention(heads, 12 // heads, use_bias=bias)
        made.build(query, value, key)
        fields = {"num_heads": heads, "bias": bias, "batch_first": True}
        yield row("multihead_attention", fields, [query, key, value], made)
        if heads > 1:
            made = layers.GroupQueryAttention(12 // heads, heads, heads // 2, use_bias=bias)
            made.build(query, value, key)
            yield row("multihead_attention", {**fields, "num_kv_heads": heads // 2}, [query, key, value], made)


def networks() -> Iterator[Fields]:
    """Whole networks: the text that describes one, and what Keras counts."""
    model = keras.Sequential(
        [
            keras.Input((4096,)),
            layers.Dense(512, activation="relu"),
            layers.BatchNormalization(),
            layers.Dropout(0.5),
            layers.Dense(80, activation="sigmoid"),
        ]
    )
    text = "input: [N, 4096]\nlayers: [linear: 512, relu, batch_norm, dropout: 0.5, linear: 80, sigmoid]\n"
    yield {"network": text, **counts(model)}
    model = keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            layers.Conv2D(32, 3, use_bias=False),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.DepthwiseConv2D(3, padding="same", use_bias=False),
            layers.BatchNormalization(scale=False, center=False),
            layers.GlobalAveragePooling2D(),
            layers.Dense(10),
        ]
    )
    text = (
        "input: [N, 3, 32, 32]\nlayers:\n- conv: {out_channels: 32, kernel_size: 3, bias: false}\n- batch_norm\n"
        "- relu\n- conv: {out_channels: 32, kernel_size: 3, padding: same, groups: 32, bias: false}\n"
        "- batch_norm: {affine: false}\n- global_avg_pool: {keepdim: false}\n- linear: 10\n"
    )
    yield {"network": text, **counts(model)}
    model = keras.Sequential(
        [
            keras.Input((9,)),
            layers.Embedding(500, 24),
            layers.Bidirectional(layers.LSTM(16, return_sequences=True)),
            layers.GRU(8, return_sequences=True),
            layers.LayerNormalization(),
            layers.Dense(5),
        ]
    )
    text = (
        "input: {shape: [N, 9], dtype: int64}\nlayers:\n- embedding: {num_embeddings: 500, embedding_dim: 24}\n"
        "- lstm: {hidden_size: 16, bidirectional: true, batch_first: true}\n"
        "- gru: {hidden_size: 8, batch_first: true}\n- layer_norm\n- linear: 5\n"
    )
    yield {"network": text, **counts(model)}


def counts(model: keras.Model) -> Fields:
    """Return the counts of `model.summary()`."""
    trainable = sum(int(as_array(weight).size) for weight in model.trainable_weights)
    return {"params": model.count_params(), "trainable": trainable}


def main() -> int:
    """Ask Keras for every case and write the file."""
    if keras.__version__ != KERAS:
        print(f"the fixtures come from keras {KERAS}, this is {keras.__version__}", file=sys.stderr)
        return 2
    made = [*windows(), *norms(), *dense(), *recurrent(), *attention()]
    whole = list(networks())
    lines, texts = (",\n".join(json.dumps(each) for each in rows) for rows in (made, whole))
    text = json.dumps({"about": ABOUT, "keras": KERAS}, indent=1).removesuffix("\n}")
    text = f'{text},\n "cases": [\n{lines}\n],\n "networks": [\n{texts}\n]}}\n'
    (HERE / "keras_params.json").write_text(text, encoding="utf-8")
    print(f"{len(made)} layers, {len(whole)} networks")
    return 0


if __name__ == "__main__":
    sys.exit(main())
