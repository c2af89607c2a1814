"""Which files are in Keras words, and where their channels are."""

from __future__ import annotations

from typing import Any

import pytest

from shapecalc.checking.keras.recognition import Order, converts_together, in_keras_words, keras_spec, order_of
from shapecalc.checking.keras.steps import read_step
from shapecalc.diagnostics import Source
from shapecalc.files import zoo
from shapecalc.parser.files import read_source
from shapecalc.parser.reader import read_text
from tests.support.rows import for_each


def root(text: str) -> Any:
    return read_text(Source("net.yaml", text))


@for_each(
    "step, keras",
    [
        ("Dense: 10", True),
        ("dense: 10", True),
        ("Conv2D: {kernel_size: 3}", True),
        ("tf.keras.layers.Flatten", True),
        ("linear: {units: 10}", True),
        ("Conv2d: {filters: 8}", True),
        ("SimpleRNN: {hidden_size: 5}", False),
        ("Conv2D: {out_channels: 8, kernel_size: 3}", False),
        ("Conv2d: {out_channels: 8}", False),
        ("nn.Dropout: 0.5", False),
        ("LSTM: {hidden_size: 8}", False),
        ("BatchNormalization", False),
        ("conv: {out_channels: 8}", False),
        ("Linear: 10", False),
    ],
)
def test_a_name_or_a_field_that_only_keras_has_shows_it(step: str, *, keras: bool) -> None:
    assert in_keras_words(root(f"input: [N, 8]\nlayers:\n  - {step}\n")) == keras


def test_an_argument_of_a_block_is_no_field_of_keras() -> None:
    text = "input: [N, 8]\nblocks: {Dense: {layers: [relu]}}\nlayers: [wide: {filters: 4}, Dense: {units: 3}]\n"
    assert not in_keras_words(root(text))


@for_each("name", zoo.names())
def test_no_network_of_the_zoo_is_in_keras_words(name: str) -> None:
    path = zoo.path(name)
    assert path is not None
    tree: Any = read_text(read_source(path))
    assert not in_keras_words(tree)


@for_each(
    "step, order, whole",
    [
        ("Dense: 10", Order.LAST, False),
        ("Dense: {units: 10, activation: relu}", Order.LAST, True),
        ("Conv2D: {filters: 8, kernel_size: 3}", Order.FIRST, False),
        ("Conv2D: {filters: 8, kernel_size: 3}", Order.LAST, True),
        ("Conv2D: {filters: 8, kernel_size: 3}", Order.UNKNOWN, True),
        ("MaxPooling2D: 2", Order.FIRST, False),
        ("MaxPooling2D", Order.FIRST, True),
        ("GlobalAveragePooling2D", Order.FIRST, True),
        ("UpSampling2D: {size: 2}", Order.FIRST, True),
        ("LSTM: {units: 8}", Order.LAST, True),
        ("lstm: {units: 8}", Order.LAST, False),
        ("lstm: {units: 8, return_sequences: true}", Order.LAST, True),
        ("multihead_attention: {num_heads: 2, key_dim: 8}", Order.LAST, True),
        ("layer_norm: {epsilon: 0.1}", Order.LAST, False),
        ("PReLU\n  - Dense: 3", Order.LAST, True),
        ("PReLU", Order.LAST, False),
    ],
)
def test_words_that_need_an_order_or_a_default_are_converted_together(step: str, order: Order, *, whole: bool) -> None:
    assert converts_together(root(f"input: [N, 8]\nlayers:\n  - {step}\n"), order) == whole


@for_each(
    "shape, order",
    [
        ("[N, 28, 28, 1]", Order.LAST),
        ("[N, 1, 28, 28]", Order.FIRST),
        ("[N, 8, 4, 4]", Order.UNKNOWN),
        ("[N, 4, 8, 8]", Order.FIRST),
        ("[N, 30, 20, 3]", Order.LAST),
        ("[N, 3, 30, 20]", Order.FIRST),
        ("[N, 3, 30, 1]", Order.UNKNOWN),
        ("[N, 500, 1]", Order.LAST),
        ("[N, 1, 500]", Order.FIRST),
        ("[N, 128, 9]", Order.LAST),
        ("[N, 9, 128]", Order.UNKNOWN),
        ("[N, T, 9]", Order.LAST),
        ("[N, 9, T]", Order.FIRST),
        ("[N, 16, 64, 64, 3]", Order.LAST),
        ("[N, 3, 16, 64, 64]", Order.FIRST),
        ("[N, 784]", Order.LAST),
    ],
)
def test_the_order_of_an_input(shape: str, order: Order) -> None:
    assert order_of(root(f"input: {shape}\nlayers: [Dense: 3]\n")) is order


def test_a_stated_order_decides() -> None:
    text = "input: [N, 8, 4, 4]\nlayers: [Conv2D: {filters: 8, kernel_size: 3, data_format: channels_%s}]\n"
    assert [order_of(root(text % word)) for word in ("first", "last")] == [Order.FIRST, Order.LAST]


def test_our_own_word_has_our_order_if_the_sizes_do_not_show_it() -> None:
    text = "input: [N, 8, 4, 4]\nlayers: [conv: {filters: 8, kernel_size: 3}]\n"
    assert order_of(root(text)) is Order.FIRST


@pytest.mark.parametrize(
    ("step", "known"), [("flatten", True), ("flatten: 2", False), ("dropout: 0.5", True), ("max_pool: 2", False)]
)
def test_our_own_word_is_read_as_keras_does_if_it_means_the_same(step: str, *, known: bool) -> None:
    written = read_step(read_text(Source("net.yaml", step)))
    assert written is not None
    assert (keras_spec(written) is not None) == known
