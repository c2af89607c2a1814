"""`--params-as`: whose count of parameters."""

from __future__ import annotations

import pytest

from shapecalc.cli.options.params_as import ParamsAs
from shapecalc.layers.base import PARAMS_AS
from tests.support.recurrent_commands import SMALL, answer, document


@pytest.mark.parametrize(
    ("word", "whose", "params"),
    [
        ("lstm", "pytorch", 25_088),
        ("lstm", "keras", 24_832),
        ("gru", "pytorch", 18_816),
        ("gru", "keras", 18_816),
        ("gru", "textbook", 18_624),
        ("rnn", "pytorch", 6_272),
        ("rnn", "keras", 6_208),
    ],
)
def test_parameters_are_counted_as_asked_and_the_document_says_whose(word: str, whose: str, params: int) -> None:
    found = document(f"{word} --input-size 32 --hidden-size 64 --params-as {whose}")
    assert (found["params_as"], found["params"]) == (whose, params)
    assert sum(tensor["count"] for tensor in found["parameters"]) == params


def test_the_words_of_params_as_are_those_of_the_layers() -> None:
    assert tuple(word.value for word in ParamsAs) == PARAMS_AS


def test_what_differs_is_said_in_a_line() -> None:
    shown = answer(f"lstm {SMALL} --params-as keras")
    assert "Keras has one bias vector: 80 fewer than PyTorch, which has two\n" in shown
    assert "bias_l0       [80]      80             b_i, b_f, b_g, b_o\n" in shown


def test_an_inspection_says_whose_parameters_it_counts_where_they_are_not_pytorchs(tmp_path) -> None:
    path = tmp_path / "net.yaml"
    path.write_text("input: [T, N, 32]\nlayers:\n  - lstm: 64\nexpect: {params: 25088}\n", encoding="utf-8")
    usual, keras = (answer(f"inspect {path}{more}") for more in ("", " --params-as keras"))
    assert "25,088" in usual
    assert "params as" not in usual
    assert "24,832" in keras
    assert keras.endswith("; params as Keras counts them\n")


def test_a_batch_norm_counts_as_in_keras_and_the_label_says_what_is_trained(tmp_path) -> None:
    path = tmp_path / "net.yaml"
    layers = "[linear: 512, relu, batch_norm, dropout: 0.5, linear: 80, sigmoid]"
    path.write_text(f"input: [N, 4096]\nlayers: {layers}\n", encoding="utf-8")
    shown = answer(f"inspect {path} --params-as keras")
    assert "batch_norm_2  batch_norm  [N, 512]      2,048" in shown
    assert "params   2,140,752 " in shown
    assert "buffers          0 " in shown
    assert "trainable params 2,139,728, non-trainable 1,024\n" in shown
    assert "not in Keras" not in shown


def test_the_label_names_what_keras_does_not_have(tmp_path) -> None:
    path = tmp_path / "net.yaml"
    path.write_text("input: [N, 5, 8]\nlayers: [scale, batch_norm, class_token]\n", encoding="utf-8")
    shown = answer(f"inspect {path} --params-as keras")
    assert "not in Keras, and counted as PyTorch counts: scale, class_token\n" in shown
