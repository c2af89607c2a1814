"""The parts of one step: its layer or block, its own keys, and misplaced keys."""

from __future__ import annotations

import pytest

from shapecalc.parser.step_keys import STEP_KEYS
from tests.support.networks import HEAD, findings, found, layers, read
from tests.support.rows import for_each


def test_fields_that_stand_beside_their_layer_are_read_all_the_same() -> None:
    text = layers("conv:\n    out_channels: 6\n    kernel_size: 33\n    name: c1")
    assert found(text) == [("SC102", "out_channels"), ("SC302", "33")]


def test_a_layer_known_by_another_name_is_read_as_the_one_it_means() -> None:
    text = layers("Conv2D: {filters: 6, kernel_size: 5}", "batch_norm: {num_features: 16}")
    assert found(text) == [("SC101", "Conv2D"), ("SC102", "filters"), ("SC301", "16")]


@for_each(
    "word, meant",
    [
        ("Conv2D", "conv"),
        ("Dense", "linear"),
        ("convv", "conv"),
        ("MaxPooling2D", "max_pool"),
        ("BatchNorm2d", "batch_norm"),
        ("Convolutoin", "conv"),  # a foreign name, misspelt
        ("ReLU", "relu"),
        ("SimpleRNN", "rnn"),
        ("LSTM", "lstm"),
        ("Embeding", "embedding"),
        ("conv_gru_cell", None),
        ("banana", None),
    ],
)
def test_a_layer_of_another_framework_is_recognised(word: str, meant: str | None) -> None:
    (first, *_) = findings(layers(f"{word}: {{}}"))
    assert first.code == "SC101"
    assert (first.fix.replacement if first.fix else None) == meant


@pytest.mark.parametrize(
    ("step", "written"),
    [
        ("nn.Conv2d(3, 6, 5)", "conv: {out_channels: …, kernel_size: …}"),
        ("nn.ReLU()", "relu"),
        ("linear 10", "linear: …"),
        ("conv [3, 3]", "conv: {out_channels: …, kernel_size: …}"),
    ],
)
def test_a_step_written_as_code_is_shown_in_the_format(step: str, written: str) -> None:
    (finding,) = findings(layers(step))
    assert finding.help == f"write `{written}`"


def test_a_letter_of_another_alphabet_is_named() -> None:
    (finding,) = findings(layers("c\N{CYRILLIC SMALL LETTER O}nv: {out_channels: 6, kernel_size: 5}"))
    assert finding.notes == ("it holds U+043E CYRILLIC SMALL LETTER O",)


def test_the_keys_of_a_step_may_stand_before_its_layer() -> None:
    (step,) = read(layers("{name: r, expect: {params: 0}, relu: {}}")).steps
    assert (step.path, step.expect[0].key) == ("r", "params")


@pytest.mark.parametrize(
    ("step", "message"),
    [
        ("{relu: {}, tanh: {}}", "a step expects one layer, has `relu` and `tanh`"),
        ("{name: r}", "a step expects a layer, has none"),
        ("3", "a step expects a layer such as `relu` or `conv: {…}`, receives 3"),
        ("[relu]", "a step expects a layer such as `relu` or `conv: {…}`, receives the list [relu]"),
    ],
)
def test_a_step_is_one_layer(step: str, message: str) -> None:
    (finding,) = findings(layers(step))
    assert (finding.code, finding.message) == ("SC107", message)


@pytest.mark.parametrize(
    ("key", "meant"), [("nane", "name"), ("times", "repeat"), ("inputs", "from"), ("label", "name")]
)
def test_a_key_of_another_format_is_read_as_ours(key: str, meant: str) -> None:
    value = {"name": "r", "repeat": 2, "from": "input"}[meant]
    text = layers(f"{{relu: {{}}, {key}: {value}}}")
    (finding,) = findings(text)
    assert (finding.code, finding.message) == ("SC102", f"unknown key `{key}` beside `relu`")
    assert finding.fix is not None
    assert finding.fix.replacement == meant


def test_a_misspelt_block_is_found_among_the_files_own() -> None:
    text = HEAD + "blocks: {basic: {layers: [relu]}}\nlayers: [basci]\n"
    (finding,) = findings(text)
    assert found(text) == [("SC101", "basci")]
    assert finding.help == "write `basic`"
    assert [label.text for label in finding.labels] == ["defined here"]


def test_fields_that_are_indented_too_little_are_moved_below_their_layer() -> None:
    text = layers("linear:\n    out_features: 7\n    bias: false")
    (finding,) = findings(text)
    assert finding.message == "`out_features` and `bias` stand beside `linear`, not in it"
    assert finding.fix is not None
    assert finding.fix.replacement == "      out_features: 7\n      bias: false"


@pytest.mark.parametrize(
    ("step", "right"),
    [
        ("{type: conv, out_channels: 3}", "conv: {out_channels: …, kernel_size: …}"),
        ("{out_channels: 3, class_name: Conv2D}", "conv: {out_channels: …, kernel_size: …}"),
        ("{op: Relu}", "relu"),
        ("type: banana", "conv: {out_channels: 8, kernel_size: 3}"),
    ],
)
def test_a_layer_type_that_is_a_value_is_the_key_of_a_step(step: str, right: str) -> None:
    (finding,) = findings(layers(step))
    help_text = f"the layer type is the key of a step: `- {right}`"
    assert (finding.code, finding.help, finding.fix) == ("SC101", help_text, None)


@pytest.mark.parametrize("key", ["shape", "stride", "size", "rate"])
def test_a_field_of_another_layer_is_not_read_as_a_misspelt_key_of_the_step(key: str) -> None:
    (finding,) = findings(layers(f"{{flatten: , {key}: 2}}"))
    assert (finding.code, finding.help, finding.fix) == ("SC102", f"keys: {', '.join(STEP_KEYS)}", None)


@pytest.mark.parametrize(
    ("key", "meant"), [("form", "from"), ("nmae", "name"), ("inputs", "from"), ("times", "repeat")]
)
def test_a_misspelt_key_of_the_step_is_read_as_the_key(key: str, meant: str) -> None:
    (first, *_) = findings(layers(f"{{flatten: , {key}: input}}"))
    assert (first.code, first.help) == ("SC102", f"write `{meant}`")


@pytest.mark.parametrize(
    ("call", "help_text"),
    [
        ("nn.Conv2d(3, 6, 5)", "write `conv: {out_channels: …, kernel_size: …}`"),
        ("tf.keras.layers.Dense(10, activation=None)", "write `linear: …`"),
        ("nn.ReLU(inplace=True)", "write `relu`"),
        ("nn.Bilinear(3, 4, 5)", "there is no such layer: use `upsample` with `mode` if it interpolates"),
        ("nn.Softmax2d()", "use `softmax: 1`: over the channels"),
    ],
)
def test_a_call_in_code_says_the_step_to_write(call: str, help_text: str) -> None:
    (finding,) = findings(layers(f"'{call}'"))
    assert (finding.code, finding.help) == ("SC101", help_text)
