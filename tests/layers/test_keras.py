"""The layers of Keras as a whole: their names, and that each is written in layers that exist."""

from __future__ import annotations

import pytest

from shapecalc.layers.keras import KERAS_FIELDS, SAME_VALUE, is_keras_name, keras_layer_of


@pytest.mark.parametrize(
    "word", ["Conv2D", "conv2d", "Convolution2D", "keras.layers.Conv2D", "tf.keras.layers.Conv2D", "Conv_2D"]
)
def test_a_layer_is_found_in_any_spelling(word: str) -> None:
    layer = keras_layer_of(word)
    assert layer is not None
    assert (layer.rank, next(iter(layer.fields))) == (4, "filters")


@pytest.mark.parametrize("word", ["Conv2d", "MaxPool2d", "nn.Conv2d", "torch.nn.Dropout", "nn.ReLU", "Snake", "Gemm"])
def test_names_of_other_tools_are_not_those_of_keras(word: str) -> None:
    assert keras_layer_of(word) is None
    assert not is_keras_name(word)


@pytest.mark.parametrize("word", ["LSTM", "GRU", "Embedding", "ReLU", "Softmax", "Flatten", "Dropout", "Linear", "Add"])
def test_a_name_that_others_have_too_shows_nothing(word: str) -> None:
    assert not is_keras_name(word)


def test_fields_that_mean_the_same_do_not_need_the_whole() -> None:
    assert {"filters", "units", "strides", "rate", "epsilon"} <= SAME_VALUE & KERAS_FIELDS
    assert not {"key_dim", "return_sequences", "data_format", "activation", "size"} & SAME_VALUE
