"""Small networks of Keras layers by name, each a function that returns the model, for make_keras_imports.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
from keras import (
    layers as L,  # noqa: N812 - each network is a list of them
    ops,
)

if TYPE_CHECKING:
    from collections.abc import Callable

NETWORKS: dict[str, Callable[[], keras.Model]] = {}


def network(build: Callable[[], keras.Model]) -> Callable[[], keras.Model]:
    """Register a network by the name of its function."""
    NETWORKS[build.__name__] = build
    return build


def sequential(shape: tuple[int | None, ...], *layers: Any, dtype: str = "float32") -> keras.Model:
    return keras.Sequential([keras.Input(shape, dtype=dtype), *layers])


@network
def mlp() -> keras.Model:
    return sequential((7,), L.Dense(5, activation="relu"), L.Dropout(0.5), L.Dense(3, activation="softmax"))


@network
def lenet() -> keras.Model:
    return sequential(
        (20, 22, 2),
        L.Conv2D(4, 5, activation="tanh"),
        L.AveragePooling2D(2),
        L.Conv2D(6, 3, padding="same", use_bias=False),
        L.BatchNormalization(),
        L.ReLU(),
        L.MaxPooling2D((2, 3), strides=2, padding="same"),
        L.Flatten(),
        L.Dense(10),
        L.Softmax(),
    )


@network
def mnist_without_convolution() -> keras.Model:
    return sequential((9, 11, 2), L.Rescaling(1 / 255), L.Flatten(), L.Dense(4, activation="gelu"))


@network
def strided_same_convolutions() -> keras.Model:
    return sequential(
        (13, 18, 3),
        L.Conv2D(4, (3, 2), strides=(2, 3), padding="same"),
        L.DepthwiseConv2D(3, strides=2, padding="same", depth_multiplier=2, activation="relu6"),
        L.SeparableConv2D(5, 3, padding="same", depth_multiplier=3),
        L.Conv2D(6, 3, dilation_rate=2, padding="same", groups=1),
        L.GlobalMaxPooling2D(),
    )


@network
def grouped_convolution() -> keras.Model:
    return sequential((7, 9, 6), L.Conv2D(9, 3, groups=3, activation="silu"), L.GlobalAveragePooling2D(keepdims=True))


@network
def transposed_convolutions() -> keras.Model:
    return sequential(
        (5, 4, 3),
        L.Conv2DTranspose(4, 3, strides=2, padding="same"),
        L.Conv2DTranspose(3, 2, strides=3),
        L.Conv2DTranspose(2, 3, strides=2, padding="same", output_padding=1),
        L.Conv2DTranspose(2, 4, strides=1, padding="valid", use_bias=False),
    )


@network
def convolutions_in_one_dimension() -> keras.Model:
    return sequential(
        (17, 3),
        L.Conv1D(4, 3, padding="causal", dilation_rate=2, activation="relu"),
        L.DepthwiseConv1D(3, padding="same"),
        L.SeparableConv1D(5, 2),
        L.MaxPooling1D(2, padding="same"),
        L.Conv1DTranspose(4, 3, strides=2),
        L.ZeroPadding1D((1, 2)),
        L.Cropping1D((2, 1)),
        L.UpSampling1D(2),
        L.GlobalAveragePooling1D(),
        L.Dense(2),
    )


@network
def convolutions_in_three_dimensions() -> keras.Model:
    return sequential(
        (5, 6, 7, 2),
        L.Conv3D(3, (2, 3, 3), padding="same", activation="elu"),
        L.MaxPooling3D((1, 2, 2)),
        L.ZeroPadding3D(((0, 1), (1, 1), (2, 0))),
        L.Cropping3D(((1, 0), (0, 1), (1, 1))),
        L.Conv3DTranspose(2, 3, strides=(1, 2, 1), padding="same"),
        L.UpSampling3D((1, 2, 1)),
        L.AveragePooling3D(2, strides=1, padding="same"),
        L.GlobalAveragePooling3D(),
    )


@network
def channels_first() -> keras.Model:
    """Only `Flatten` and pools: Keras on PyTorch computes them on a map of channels first too."""
    return sequential(
        (3, 8, 9),
        L.Conv2D(4, 3, data_format="channels_first", padding="same"),
        L.BatchNormalization(axis=1),
        L.MaxPooling2D(data_format="channels_first"),
        L.Flatten(data_format="channels_first"),
        L.Dense(3),
    )


@network
def residual_network() -> keras.Model:
    x = inputs = keras.Input((12, 10, 3), name="image")
    x = L.ZeroPadding2D(((1, 0), (2, 1)))(x)
    x = L.Conv2D(4, 3, strides=2, name="stem_conv")(x)
    for width, stride in ((4, 1), (6, 2)):
        y = L.Conv2D(width, 3, strides=stride, padding="same")(x)
        y = L.BatchNormalization(epsilon=1e-5)(y)
        y = L.Activation("relu")(y)
        y = L.Conv2D(width, 3, padding="same")(y)
        y = L.BatchNormalization()(y)
        if width != x.shape[-1]:
            x = L.Conv2D(width, 1, strides=stride, padding="same")(x)
        x = L.ReLU()(L.Add()([x, y]))
    x = L.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, L.Dense(5, activation="softmax")(x), name="residual")


@network
def squeeze_and_excitation() -> keras.Model:
    inputs = keras.Input((8, 7, 6))
    x = L.Conv2D(6, 3, padding="same", activation="swish")(inputs)
    y = L.GlobalAveragePooling2D()(x)
    y = L.Reshape((1, 1, 6))(y)
    y = L.Conv2D(2, 1, activation="swish")(y)
    y = L.Conv2D(6, 1, activation="sigmoid")(y)
    x = L.Multiply()([x, y])
    return keras.Model(inputs, L.GlobalMaxPooling2D()(x))


@network
def unet() -> keras.Model:
    inputs = keras.Input((16, 12, 2), name="image")
    first = L.Conv2D(3, 3, padding="same", activation="relu")(inputs)
    x = L.MaxPooling2D()(first)
    x = L.Conv2D(5, 3, padding="same", activation="relu")(x)
    x = L.SpatialDropout2D(0.1)(x)
    x = L.Concatenate()([L.UpSampling2D(interpolation="bilinear")(x), first])
    x = L.Concatenate(axis=-1)([x, L.Conv2DTranspose(2, 2, strides=2)(L.AveragePooling2D(2)(first))])
    return keras.Model(inputs, L.Conv2D(2, 1, activation="softmax", name="mask")(x))


@network
def convnext_block() -> keras.Model:
    inputs = keras.Input((9, 8, 3))
    x = L.Conv2D(4, 4, strides=4)(inputs)
    y = L.DepthwiseConv2D(7, padding="same")(x)
    y = L.LayerNormalization(epsilon=1e-6)(y)
    y = L.Dense(16, activation="gelu")(y)
    y = L.Dense(4)(y)
    x = L.Add()([x, y])
    x = L.LayerNormalization()(L.GlobalAveragePooling2D()(x))
    return keras.Model(inputs, L.Dense(3)(x))


@network
def normalizations() -> keras.Model:
    return sequential(
        (6, 5, 8),
        L.Conv2D(8, 1),
        L.GroupNormalization(4),
        L.BatchNormalization(scale=False),
        L.BatchNormalization(center=False),
        L.GroupNormalization(-1, scale=False),
        L.LayerNormalization(center=False),
        L.LayerNormalization(axis=[1, 2, 3]),
        L.LayerNormalization(scale=False),
        L.RMSNormalization(),
        L.UnitNormalization(),
    )


@network
def normalization_with_statistics() -> keras.Model:
    return sequential((6, 5, 3), L.Normalization(mean=[0.1, 0.2, 0.3], variance=[1.0, 2.0, 4.0]), L.Conv2D(2, 3))


@network
def adapted_normalization() -> keras.Model:
    return sequential((6, 5, 3), L.Normalization(), L.Conv2D(2, 3))


@network
def activations() -> keras.Model:
    inputs = keras.Input((5, 6))
    names = (
        *("relu", "leaky_relu", "relu6", "elu", "selu", "celu", "gelu", "silu", "softplus", "softsign", "sigmoid"),
        *("tanh", "exponential", "hard_sigmoid", "hard_silu", "hard_tanh", "hard_shrink", "soft_shrink", "mish"),
        *("log_sigmoid", "log_softmax", "softmax", "tanh_shrink", "squareplus", "sparse_sigmoid", "linear", "glu"),
    )
    return keras.Model(inputs, [L.Activation(name, name=f"the_{name}")(inputs) for name in names])


@network
def rectifiers() -> keras.Model:
    return sequential(
        (4, 5, 6),
        L.Conv2D(6, 1),
        L.LeakyReLU(negative_slope=0.1),
        L.ELU(0.7),
        L.ReLU(max_value=3.0, negative_slope=0.2),
        L.PReLU(shared_axes=[1, 2]),
        L.ReLU(threshold=0.1),
        L.PReLU(),
        L.Softmax(axis=1),
    )


@network
def embedded_lstm() -> keras.Model:
    return sequential((None,), L.Embedding(11, 5), L.LSTM(4), L.Dense(1, activation="sigmoid"), dtype="int32")


@network
def stacked_grus() -> keras.Model:
    return sequential(
        (9, 3), L.GRU(4, return_sequences=True), L.GRU(5, reset_after=False, go_backwards=True), L.Dense(2)
    )


@network
def simple_rnns() -> keras.Model:
    return sequential((9, 3), L.SimpleRNN(4, return_sequences=True, use_bias=False), L.SimpleRNN(5, activation="relu"))


@network
def bidirectional_layers() -> keras.Model:
    return sequential(
        (8, 3),
        L.Bidirectional(L.LSTM(4, return_sequences=True)),
        L.Bidirectional(L.GRU(3, return_sequences=True), merge_mode="sum"),
        L.Bidirectional(L.SimpleRNN(3, return_sequences=True), merge_mode="ave"),
        L.Bidirectional(L.LSTM(2), merge_mode="concat"),
        L.Dense(2),
    )


@network
def encoder_and_decoder() -> keras.Model:
    source, target = (
        keras.Input((None,), dtype="int32", name="source"),
        keras.Input((None,), dtype="int32", name="target"),
    )
    _, h, c = L.LSTM(5, return_state=True)(L.Embedding(13, 4)(source))
    x = L.LSTM(5, return_sequences=True)(L.Embedding(17, 4)(target), initial_state=[h, c])
    return keras.Model([source, target], [L.Dense(17, activation="softmax", name="tokens")(x), h])


@network
def bidirectional_states() -> keras.Model:
    inputs = keras.Input((6, 3))
    y, *states = L.Bidirectional(L.LSTM(2, return_sequences=True, return_state=True))(inputs)
    z = L.Bidirectional(L.GRU(2), merge_mode="mul")(y)
    left, right = L.Bidirectional(L.GRU(2), merge_mode=None)(inputs)
    return keras.Model(inputs, [y, *states, z, left, right])


@network
def rnn_of_a_cell() -> keras.Model:
    return sequential((6, 3), L.RNN(L.LSTMCell(4), return_sequences=True), L.RNN(L.GRUCell(3)))


@network
def conv_lstms() -> keras.Model:
    return sequential(
        (4, 7, 6, 2),
        L.ConvLSTM2D(3, 3, padding="same", return_sequences=True),
        L.ConvLSTM2D(2, (3, 2), strides=2),
        L.Flatten(),
        L.Dense(2),
    )


@network
def frames_with_time_distributed() -> keras.Model:
    frame = keras.Sequential([keras.Input((8, 7, 2)), L.Conv2D(3, 3), L.MaxPooling2D(), L.Flatten(), L.Dense(4)])
    return sequential(
        (5, 8, 7, 2), L.TimeDistributed(L.Conv2D(2, 3, padding="same")), L.TimeDistributed(frame), L.LSTM(3)
    )


@network
def time_distributed_dense() -> keras.Model:
    return sequential((5, 3), L.TimeDistributed(L.Dense(4)), L.TimeDistributed(L.BatchNormalization()), L.Flatten())


@network
def transformer_encoder() -> keras.Model:
    inputs = keras.Input((7,), dtype="int32", name="tokens")
    x = L.Embedding(19, 8, name="token_embedding")(inputs)
    y = L.MultiHeadAttention(2, 4, name="attention")(x, x)
    x = L.LayerNormalization(epsilon=1e-6)(x + y)
    y = L.Dense(12, activation="relu")(x)
    y = L.Dense(8)(L.Dropout(0.1)(y))
    x = L.LayerNormalization()(L.Add()([x, y]))
    return keras.Model(inputs, L.Dense(2, activation="softmax")(L.GlobalAveragePooling1D()(x)))


@network
def attention_layers() -> keras.Model:
    query, value = keras.Input((6, 8), name="query"), keras.Input((5, 10), name="value")
    a = L.MultiHeadAttention(2, 3)(query, value)
    b = L.MultiHeadAttention(4, 2, value_dim=3, use_bias=False)(query, value)
    c = L.MultiHeadAttention(2, 4, output_shape=6)(query, query, use_causal_mask=True)
    d, scores = L.MultiHeadAttention(2, 4)(query, query, return_attention_scores=True)
    e = L.GroupQueryAttention(4, 4, 2)(query, query)
    return keras.Model([query, value], [a, b, c, d, scores, e])


@network
def masked_attention() -> keras.Model:
    query, mask = keras.Input((6, 8), name="query"), keras.Input((6, 6), dtype="bool", name="mask")
    return keras.Model([query, mask], L.MultiHeadAttention(2, 4)(query, query, attention_mask=mask))


@network
def attention_without_projections() -> keras.Model:
    query, value = keras.Input((6, 4), name="query"), keras.Input((5, 4), name="value")
    return keras.Model(
        [query, value],
        [
            L.Attention()([query, value]),
            L.Attention(use_scale=True)([query, value]),
            L.AdditiveAttention()([query, value]),
            L.Dot(axes=2)([query, value]),
            L.Dot(axes=(2, 2), normalize=True)([query, value]),
        ],
    )


@network
def dense_of_axes() -> keras.Model:
    return sequential(
        (6, 8),
        L.EinsumDense("abc,cd->abd", output_shape=(6, 5), bias_axes="d", activation="relu"),
        L.EinsumDense("...x,xyz->...yz", output_shape=(2, 3), bias_axes="yz"),
        L.EinsumDense("abcd,cde->abe", output_shape=(6, 4)),
        L.Permute((2, 1)),
        L.Dense(3),
    )


@network
def merging_layers() -> keras.Model:
    a, b = keras.Input((5, 4, 3), name="a"), keras.Input((5, 4, 3), name="b")
    x, y = L.Conv2D(3, 1)(a), L.Conv2D(3, 1)(b)
    merged = [layer()([x, y]) for layer in (L.Add, L.Subtract, L.Multiply, L.Average, L.Maximum, L.Minimum)]
    return keras.Model([a, b], L.Concatenate(axis=1)([*merged, L.Concatenate(axis=2)([x, y])[:, :, :4]]))


@network
def reshaping_layers() -> keras.Model:
    return sequential(
        (6, 4, 2),
        L.Conv2D(3, 1),
        L.Permute((2, 1, 3)),
        L.Reshape((12, 6)),
        L.LSTM(3),
        L.RepeatVector(4),
        L.Reshape((-1, 2)),
        L.Flatten(),
    )


@network
def shared_layers() -> keras.Model:
    a, b = keras.Input((6, 5, 2), name="a"), keras.Input((6, 5, 2), name="b")
    conv = L.Conv2D(3, 2)
    tower = keras.Sequential([L.MaxPooling2D(), L.Flatten(), L.Dense(4)], name="tower")
    return keras.Model([a, b], L.Dense(1)(L.Subtract()([tower(conv(a)), tower(conv(b))])))


@network
def models_in_models() -> keras.Model:
    inner_input = keras.Input((8, 8, 3))
    inner = keras.Model(inner_input, L.BatchNormalization()(L.Conv2D(4, 3)(inner_input)), name="backbone")
    middle = keras.Sequential([keras.Input((8, 8, 3)), inner, L.Conv2D(2, 1)], name="middle")
    outer = keras.Input((8, 8, 3))
    return keras.Model(outer, [L.GlobalAveragePooling2D()(middle(outer)), L.Conv2D(2, 3)(middle(outer))])


@network
def operations() -> keras.Model:
    inputs = keras.Input((5, 6))
    x = ops.sqrt(ops.abs(inputs)) + 1
    y = 1 - x * 2
    z = ops.matmul(x, ops.transpose(y, (0, 2, 1)))
    w = ops.mean(z, axis=-1, keepdims=True) + ops.max(z, axis=-1, keepdims=True)
    v = ops.concatenate([x, y], axis=-1)[:, 1:4, ::2]
    u = ops.einsum("abc,adc->abd", x, y)
    s = ops.softmax(ops.reshape(v, (-1, 3, 2, 3)), axis=1)
    return keras.Model(inputs, [w, v, u, s, ops.stack([x, y], axis=1), 2.0 / x, ops.where(x > 1.5, x, y)])


@network
def operations_on_maps() -> keras.Model:
    inputs = keras.Input((6, 4, 3))
    x = L.Conv2D(5, 3, padding="same")(inputs)
    y = ops.mean(x, axis=[1, 2])
    z = ops.mean(x, axis=1)
    w = x * ops.sigmoid(ops.mean(x, axis=-1, keepdims=True)) / 6.0
    return keras.Model(inputs, [y, z, ops.relu(w), ops.squeeze(ops.max(x, axis=(2,), keepdims=True), axis=2)])


@network
def preprocessing_layers() -> keras.Model:
    return sequential(
        (10, 8, 3),
        L.Rescaling([0.5, 1.0, 2.0], offset=[0.0, -1.0, 1.0]),
        L.RandomFlip("horizontal"),
        L.Resizing(7, 9),
        L.CenterCrop(5, 5),
        L.Conv2D(2, 3),
    )


@network
def noise_layers() -> keras.Model:
    return sequential(
        (6, 4),
        L.GaussianNoise(0.3),
        L.GaussianDropout(0.2),
        L.AlphaDropout(0.1),
        L.SpatialDropout1D(0.2),
        L.ActivityRegularization(0.1),
        L.Identity(),
        L.Dense(3),
    )


@network
def upsampling_layers() -> keras.Model:
    return sequential((4, 5, 2), L.Conv2D(3, 1), L.UpSampling2D((2, 3)), L.UpSampling2D(interpolation="bilinear"))


@network
def pools_on_odd_sizes() -> keras.Model:
    return sequential(
        (11, 9, 2),
        L.MaxPooling2D(3, strides=2, padding="same"),
        L.AveragePooling2D(3, strides=1, padding="same"),
        L.AveragePooling2D((2, 1), strides=(1, 1)),
        L.GlobalMaxPooling2D(keepdims=True),
    )


@network
def a_batch_of_a_fixed_size() -> keras.Model:
    inputs = keras.Input(batch_shape=(2, 6, 3))
    return keras.Model(inputs, L.Dense(2)(L.Conv1D(4, 3)(inputs)))


@network
def a_layer_as_an_activation() -> keras.Model:
    return sequential((6, 3), L.Dense(4, activation=L.LeakyReLU(negative_slope=0.4)), L.Dense(2, activation="mish"))


@network
def inputs_of_different_kinds() -> keras.Model:
    image = keras.Input((8, 6, 3), name="image")
    text = keras.Input((None,), dtype="int32", name="text")
    numbers = keras.Input((4,), name="numbers")
    a = L.GlobalAveragePooling2D()(L.Conv2D(3, 3, activation="relu")(image))
    b = L.GlobalMaxPooling1D()(L.Conv1D(5, 3)(L.Embedding(9, 4)(text)))
    x = L.Concatenate()([a, b, numbers])
    return keras.Model({"image": image, "text": text, "numbers": numbers}, {"class": L.Dense(2, name="class")(x)})


@network
def two_dense_over_a_map() -> keras.Model:
    return sequential(
        (5, 4, 3), L.Conv2D(6, 3), L.Dense(4, activation="softmax"), L.Conv2D(2, 1), L.Flatten(), L.Dense(2)
    )


@network
def mixed_orders_of_axes() -> keras.Model:
    """Sums and concatenations of maps whose channels are first here and last there."""
    inputs = keras.Input((6, 5, 4))
    x = L.Conv2D(4, 3, padding="same")(inputs)
    y = L.Dense(4)(inputs)
    z = L.Add()([x, y, inputs])
    z = L.Concatenate()([z, L.LayerNormalization()(x), y])
    z = L.Multiply()([z, L.GlobalAveragePooling2D(keepdims=True)(z)])
    z = L.Concatenate(axis=2)([z, z])
    return keras.Model(inputs, [L.Flatten()(z), L.Softmax(axis=2)(z)])


@network
def normalizations_of_other_axes() -> keras.Model:
    inputs = keras.Input((6, 5))
    x = L.BatchNormalization()(inputs)
    x = L.BatchNormalization(axis=1)(x)
    x = L.GroupNormalization(2, axis=1)(x)
    x = L.UnitNormalization(axis=1)(x)
    x = L.LayerNormalization(axis=[1, 2])(x)
    return keras.Model(inputs, L.BatchNormalization()(L.Flatten()(x)))


@network
def more_channels_first() -> keras.Model:
    first = {"data_format": "channels_first"}
    return sequential(
        (3, 9, 8),
        L.ZeroPadding2D(((1, 0), (2, 1)), **first),
        L.Conv2D(4, 3, strides=2, padding="same", **first),
        L.SeparableConv2D(6, 3, **first),
        L.BatchNormalization(axis=1),
        L.UpSampling2D((2, 1), **first),
        L.Conv2DTranspose(2, 3, strides=2, padding="same", **first),
        L.Cropping2D(((1, 0), (0, 2)), **first),
        L.AveragePooling2D(2, **first),
        L.GlobalAveragePooling2D(**first),
    )


@network
def recurrent_layers_after_convolutions() -> keras.Model:
    inputs = keras.Input((12, 4))
    x = L.Conv1D(6, 3, padding="same", activation="relu")(inputs)
    x = L.MaxPooling1D(2)(x)
    x = L.Bidirectional(L.LSTM(3, return_sequences=True))(x)
    x = L.Conv1D(5, 2)(x)
    y = L.GRU(4, return_sequences=True, go_backwards=True)(x)
    z, h = L.GRU(4, return_state=True, use_bias=False)(x)
    return keras.Model(inputs, [L.Dense(2)(L.Flatten()(y)), z, h])


@network
def an_image_as_a_sequence() -> keras.Model:
    inputs = keras.Input((8, 6, 2))
    x = L.Conv2D(3, 3, padding="same")(inputs)
    x = L.Reshape((8, 18))(x)
    x = L.LSTM(5, return_sequences=True)(x)
    x = L.Reshape((8, 5, 1))(x)
    x = L.Conv2D(2, 3)(x)
    return keras.Model(inputs, L.Permute((3, 1, 2))(x))


@network
def patches_of_a_vision_transformer() -> keras.Model:
    inputs = keras.Input((8, 12, 3))
    x = L.Conv2D(8, 4, strides=4)(inputs)
    x = L.Reshape((6, 8))(x)
    y = L.MultiHeadAttention(4, 2)(x, x)
    x = L.LayerNormalization()(L.Add()([x, y]))
    x = x + L.Dense(8)(L.Dense(16, activation="gelu")(x))
    return keras.Model(inputs, L.Dense(3)(L.GlobalAveragePooling1D()(x)))


@network
def a_model_of_several_inputs_and_outputs_in_another() -> keras.Model:
    a, b = keras.Input((5, 4, 3)), keras.Input((7,))
    x = L.Conv2D(2, 2)(a)
    y = L.Dense(2)(b)
    inner = keras.Model([a, b], [L.Add()([L.GlobalMaxPooling2D()(x), y]), x], name="inner")
    image, vector = keras.Input((5, 4, 3), name="image"), keras.Input((7,), name="vector")
    sums, maps = inner([image, vector])
    return keras.Model([image, vector], [L.Dense(3)(sums), L.Conv2D(1, 2)(maps)])


@network
def masked_steps() -> keras.Model:
    """Of data that has no step to mask."""
    inputs = keras.Input((6, 3))
    x = L.Masking(0.0)(inputs)
    return keras.Model(inputs, [x, L.LSTM(4)(x), L.GlobalAveragePooling1D()(x)])


@network
def categories() -> keras.Model:
    inputs = keras.Input((5,), dtype="int32")
    x = L.CategoryEncoding(8, output_mode="multi_hot")(inputs)
    return keras.Model(inputs, [x, L.Dense(2)(x)])


@network
def products_of_sequences() -> keras.Model:
    a, b, c = keras.Input((5, 4), name="a"), keras.Input((4, 3), name="b"), keras.Input((4,), name="c")
    return keras.Model(
        [a, b, c], [L.Dot(axes=(2, 1))([a, b]), L.Dot(axes=(2, 1))([a, c]), L.Dot(axes=1)([c, L.Dense(4)(c)])]
    )


@network
def frames_of_channels_first_and_a_gap() -> keras.Model:
    inputs = keras.Input((3, 6, 5, 2))
    x, h, c = L.ConvLSTM2D(3, 3, padding="same", return_sequences=True, return_state=True)(inputs)
    y = L.TimeDistributed(L.GlobalAveragePooling2D())(x)
    z = L.Conv3D(2, (2, 1, 1))(x)
    return keras.Model(inputs, [y, h, c, z])


@network
def more_operations() -> keras.Model:
    inputs = keras.Input((4, 6))
    x = L.Dense(6)(inputs)
    a, b, c = ops.split(x, 3, axis=-1)
    d = ops.clip(ops.tanh(a) * ops.exp(-b), -0.5, 0.5) + c**2
    e = ops.minimum(ops.var(x, axis=1), ops.std(x, axis=1)) - ops.sum(x, axis=1) / 7
    f = ops.pad(x, [[0, 0], [1, 2], [0, 1]])
    g = ops.repeat(ops.expand_dims(x, 1), 2, axis=1)
    h = ops.swapaxes(ops.flip(x, axis=1), 1, 2)
    i = ops.normalize(x, axis=-1) + ops.gelu(x) + ops.leaky_relu(x) + ops.relu6(x)
    j = ops.where(ops.less(x, 0.0), x * 0.1, ops.log1p(ops.abs(x)))
    k = ops.take(x, [0, 2, 1], axis=2)
    return keras.Model(inputs, [d, e, f, g, h, i, j, k, x[:, -1], x[:, ::2, 1:-1], ops.cumsum(x, axis=1)])


@network
def separable_and_depthwise_sequences() -> keras.Model:
    return sequential(
        (15, 4),
        L.SeparableConv1D(6, 3, padding="same", depth_multiplier=2),
        L.DepthwiseConv1D(3, strides=2, padding="same", depth_multiplier=2),
        L.Conv1D(5, 3, dilation_rate=2, groups=1, padding="same"),
        L.AveragePooling1D(3, strides=1, padding="same"),
        L.GlobalMaxPooling1D(keepdims=True),
    )


@network
def adaptive_pools() -> keras.Model:
    inputs = keras.Input((9, 8, 2))
    x = L.Conv2D(3, 1)(inputs)
    return keras.Model(inputs, [L.AdaptiveAveragePooling2D((3, 2))(x), L.AdaptiveMaxPooling2D(4)(x)])
