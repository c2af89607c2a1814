"""Dense, embedding, recurrent layers, attention and normalisations of Keras."""

from __future__ import annotations

from typing import Any

import pytest

from shapecalc.layers import layer_type
from shapecalc.layers.keras import KerasCall, KerasRefusal, KerasStep, keras_layer_of
from tests.support.rows import for_each


def written(word: str, *shapes: tuple[int, ...], moved: bool = True, **fields: Any) -> tuple[KerasStep, ...]:
    layer = keras_layer_of(word)
    assert layer is not None
    steps = layer.write(KerasCall(word, {**layer.fields, **fields}, shapes, moved, "named"))
    for each in steps:
        cls = layer_type(each.type)
        assert cls is not None
        cls(**each.fields)
    return steps


def texts(steps: tuple[KerasStep, ...]) -> list[str]:
    return [" ".join((each.type, *(f"{name}={value}" for name, value in each.fields.items()))) for each in steps]


STEPS = (2, 7, 8)


@for_each(
    "word, fields, steps",
    [
        ("Dense", {"units": 5}, ["linear out_features=5"]),
        ("Dense", {"units": 5, "use_bias": False, "activation": "softmax"},
         ["linear out_features=5 bias=False", "softmax"]),
        ("Embedding", {"input_dim": 50, "output_dim": 8}, ["embedding num_embeddings=50 embedding_dim=8"]),
        ("LSTM", {"units": 5}, ["lstm hidden_size=5 batch_first=True", "select dim=1 index=-1"]),
        ("GRU", {"units": 5, "return_sequences": True}, ["gru hidden_size=5 batch_first=True"]),
        ("SimpleRNN", {"units": 5, "activation": "relu", "use_bias": False, "return_sequences": True},
         ["rnn hidden_size=5 bias=False batch_first=True nonlinearity=relu"]),
        ("LSTM", {"units": 5, "bidirectional": True},
         ["lstm hidden_size=5 batch_first=True bidirectional=True", "permute dims=(1, 0, 2)", "flatten"]),
        ("MultiHeadAttention", {"num_heads": 2, "key_dim": 4, "dropout": 0.1},
         ["multihead_attention num_heads=2 batch_first=True dropout=0.1"]),
        ("MultiHeadAttention", {"num_heads": 2, "key_dim": 8},
         ["multihead_attention num_heads=2 head_dim=8 batch_first=True"]),
        ("LayerNormalization", {}, ["layer_norm eps=0.001"]),
        ("LayerNormalization", {"center": False, "epsilon": 0.1}, ["layer_norm eps=0.1 bias=False"]),
        ("LayerNormalization", {"center": False, "scale": False}, ["layer_norm eps=0.001 elementwise_affine=False"]),
        ("RMSNormalization", {}, ["rms_norm eps=1e-06"]),
    ],
)  # fmt: skip
def test_a_layer_over_the_last_axis(word: str, fields: dict[str, Any], steps: list[str]) -> None:
    assert texts(written(word, STEPS, moved=False, **fields)) == steps


@pytest.mark.parametrize(
    ("word", "fields", "steps"),
    [
        ("BatchNormalization", {}, ["batch_norm eps=0.001 momentum=0.01"]),
        ("BatchNormalization", {"momentum": 0.9, "center": False, "scale": False},
         ["batch_norm eps=0.001 momentum=0.1 affine=False"]),
        ("BatchNormalization", {"axis": 3}, ["batch_norm eps=0.001 momentum=0.01"]),
        ("GroupNormalization", {"groups": 3}, ["group_norm num_groups=3 eps=0.001"]),
        ("GroupNormalization", {"groups": -1}, ["instance_norm eps=0.001 affine=True"]),
    ],
)  # fmt: skip
def test_a_normalisation_of_channels(word: str, fields: dict[str, Any], steps: list[str]) -> None:
    assert texts(written(word, (2, 6, 8, 9), **fields)) == steps


@for_each(
    "word, fields, reason",
    [
        ("LSTM", {"units": 5, "dropout": 0.2}, "drops the same features at all steps"),
        ("LSTM", {"units": 5, "activation": "relu"}, "`activation: relu`"),
        ("LSTM", {"units": 5, "return_state": True}, "`return_state: true`"),
        ("SimpleRNN", {"units": 5, "activation": "sigmoid"}, "`activation: sigmoid`"),
        ("Embedding", {"input_dim": 50, "output_dim": 8, "mask_zero": True}, "`mask_zero: true`"),
        (
            "MultiHeadAttention",
            {"num_heads": 2, "key_dim": 4, "value_dim": 5},
            "values, 5, .* 322 parameters",
        ),
        ("LayerNormalization", {"axis": 1}, "is not the last axis"),
        ("LayerNormalization", {"scale": False}, "only one of `center` and `scale`"),
        ("BatchNormalization", {"axis": 1}, "is not the axis of the channels"),
        ("BatchNormalization", {"scale": False}, "only one of `center` and `scale`"),
    ],
)
def test_what_has_no_exact_counterpart_is_refused(word: str, fields: dict[str, Any], reason: str) -> None:
    with pytest.raises(KerasRefusal, match=reason):
        written(word, STEPS, moved="Batch" in word, **fields)
