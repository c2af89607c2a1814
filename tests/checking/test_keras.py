"""`check --fix` of files in Keras words, against Keras itself: a file is converted as a whole or stays as it is."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path
from typing import Any

import pytest

import shapecalc
from shapecalc.checking.check import check_source
from shapecalc.checking.fix import FixedText, fix_text
from shapecalc.checking.keras import convert, with_notes
from shapecalc.checking.keras.recognition import is_keras_step
from shapecalc.checking.keras.steps import lists_of, steps_below
from shapecalc.checking.keras.walk import FLATTEN_NOTE
from shapecalc.diagnostics import ShapecalcError, Source
from shapecalc.parser.reader import read_text
from shapecalc.render.fix import edits
from shapecalc.shape_inference.engine import infer
from tests.support.rows import for_each

ORACLE = json.loads((Path(__file__).parents[1] / "oracle" / "keras_models.json").read_text(encoding="utf-8"))
MODELS = ORACLE["models"]
# A stack of LSTM and ReLU alone may be one of PyTorch, whose classes have these names too.
DRAWN = [
    case for case in ORACLE["drawn"] if "LSTM" not in case["text"] or convert(Source("", case["text"])) is not None
]
STOPPED = {
    "convolutional lstm": "`ConvLSTM2D` has no exact counterpart here",
}

CONVERTIBLE = [case for case in (*MODELS, *DRAWN) if case.get("name") not in STOPPED]

IMDB_CNN = """\
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
"""
UPSAMPLING = """\
input: [N, 8, 4, 4]
layers:
  - Conv2D: {filters: 8, kernel_size: 3, padding: same}
  - ReLU
  - UpSampling2D: {size: 2}
  - Conv2D: {filters: 16, kernel_size: 3}
"""
KEY_DIM = """\
input: [N, 200, 32]
layers:
  - add:
      main:
        - multihead_attention: {num_heads: 2, key_dim: 32, batch_first: true}
        - dropout: {rate: 0.1}
      shortcut: []
  - layer_norm: {epsilon: 0.000001}
"""


def fixed(text: str) -> FixedText:
    return fix_text(Source("net.yaml", text))


def same_as_keras(text: str, case: dict[str, Any]) -> None:
    """The counts and the output are those of Keras; the channels of the output may be on axis 1."""
    report = shapecalc.inspect(shapecalc.loads(text), params_as="keras", symbolic=True)
    (output,) = report.outputs.values()
    sizes = [size if isinstance(size, int) else None for size in output[1:]]
    assert (report.totals.params, report.totals.trainable_params) == (case["params"], case["trainable"])
    assert sizes in (case["output"], [case["output"][-1], *case["output"][:-1]])


# Networks.


@pytest.mark.parametrize("case", MODELS, ids=lambda case: case["name"])
def test_a_model_of_keras_is_converted_to_the_counts_of_keras_or_stays(case: dict[str, Any]) -> None:
    found = fixed(case["text"])
    if case["name"] in STOPPED:
        assert (found.source.text, found.edits) == (case["text"], ())
        assert found.refusal is not None
        assert STOPPED[case["name"]] in found.refusal.message
        return
    assert (found.refusal, found.remaining) == (None, ())
    same_as_keras(found.source.text, case)
    assert fixed(found.source.text).edits == ()


@for_each("case", DRAWN, ids=[str(place) for place in range(len(DRAWN))])
def test_a_random_stack_is_converted_to_the_counts_of_keras_or_stays(case: dict[str, Any]) -> None:
    found = fixed(case["text"])
    assert (found.refusal, found.remaining) == (None, ())
    same_as_keras(found.source.text, case)


def test_the_text_cnn_has_the_parameters_that_keras_counts() -> None:
    found = fixed(IMDB_CNN)
    report = shapecalc.inspect(shapecalc.loads(found.source.text))
    assert "  - permute: [0, 2, 1]\n  - conv: {out_channels: 250, kernel_size: 3}\n" in found.source.text
    assert "  - global_max_pool: {keepdim: false}\n" in found.source.text
    assert (report.totals.params, str(report.outputs["output"][0]), report.outputs["output"][1:]) == (
        350_751,
        "N",
        (1,),
    )


def test_sizes_that_may_be_channels_first_or_last_stop_the_conversion_and_both_are_named() -> None:
    found = fixed(UPSAMPLING)
    assert found.source.text == UPSAMPLING
    assert found.refusal is not None
    assert "the last axis of [N, 8, 4, 4] as channels, `conv` here axis 1" in found.refusal.message
    assert found.refusal.help == (
        "for 4 channels write `data_format: channels_last` in this step; for 8 channels `input: [N, 4, 4, 8]`, or "
        "`data_format: channels_first`"
    )


@pytest.mark.parametrize(
    ("before", "after", "output"),
    [
        ("padding: same}", "padding: same, data_format: channels_first}", (16, 6, 6)),
        ("padding: same}", "padding: same, data_format: channels_last}", (16, 14, 6)),
        ("[N, 8, 4, 4]", "[N, 4, 4, 8]", (16, 6, 6)),
    ],
)
def test_each_reading_is_converted_once_it_is_written(before: str, after: str, output: tuple[int, ...]) -> None:
    found = fixed(UPSAMPLING.replace(before, after))
    assert "  - upsample: {scale_factor: 2}\n" in found.source.text
    assert shapecalc.inspect(shapecalc.loads(found.source.text)).outputs["output"][1:] == output


def test_the_size_of_a_head_is_head_dim_and_not_the_features_of_the_query() -> None:
    found = fixed(KEY_DIM)
    assert "- multihead_attention: {num_heads: 2, head_dim: 32, batch_first: true}\n" in found.source.text
    assert shapecalc.inspect(shapecalc.loads(found.source.text)).layers[0].params == 8_416
    assert "write `embed_dim`" not in str(
        [mistake.help for mistake in check_source(Source("net.yaml", KEY_DIM), None).findings]
    )


def test_values_in_heads_of_another_size_are_refused() -> None:
    text = KEY_DIM.replace("key_dim: 32", "key_dim: 32, value_dim: 16")
    found = fixed(text)
    assert found.source.text == text
    assert found.refusal is not None
    assert "Keras has 6,336 parameters" in found.refusal.message
    assert "`linear: 64` and `linear: 32` steps" in str(found.refusal.help)
    assert not any(mistake.fix and mistake.fix.safe for mistake in found.remaining)


def test_heads_that_share_the_features_are_the_same_in_both() -> None:
    found = fixed(KEY_DIM.replace("key_dim: 32", "key_dim: 16"))
    assert "- multihead_attention: {num_heads: 2, batch_first: true}\n" in found.source.text
    assert "- layer_norm: {eps: 0.000001}\n" in found.source.text
    assert shapecalc.inspect(shapecalc.loads(found.source.text)).layers[0].params == 4_224


# Mixtures.

SAME = [
    (r"\bDense: (\d+)\n", r"linear: \1\n"),
    (r"\bReLU\n", "relu\n"),
    (r"\bFlatten\n", "flatten\n"),
    (r"\bDropout: (0\.\d+)\n", r"dropout: \1\n"),
    (r"\bDense\b", "dense"),
    (r"\bConv(\d)D:", r"conv\1d:"),
    (r"\bMaxPooling(\d)D\b", r"max_pooling\1d"),
    (r"\bGlobalAveragePooling(\d)D\b", r"global_average_pooling\1d"),
    (r"\bBatchNormalization\b", "keras.layers.BatchNormalization"),
    (r"\bunits: ", "units:   "),
]
"""Changes of words that leave the meaning as it is."""
BROKEN = [
    (r"\bkernel_size\b", "kernel_sise"),
    (r"\bunits\b", "unts"),
    (r"\bfilters: \d+", "filters: $width"),
    (r"\bBatchNormalization\b", "BatchNormalisation"),
    (r"\bReLU\b", "Snake"),
    (r"  - Flatten\n", "  - GaussianNoise: 0.1\n  - Flatten\n"),
    (r"\bactivation: relu", "activation: selu"),
    (r"(  - Conv\dD)", r"  - conv: {out_channels: 4, kernel_size: 1}\n\1"),
    (r"(  - MaxPooling\dD)", r"  - batch_norm\n\1"),
    (r"(  - LSTM)", r"  - lstm: 4\n\1"),
]
"""Changes that mix in words of other tools, or that have no meaning in Keras."""


def keras_words(text: str) -> list[str]:
    root: Any = read_text(Source("net.yaml", text))
    return [step.word.text for each in lists_of(root) for step in steps_below(each) if is_keras_step(step)]


def changed(rng: random.Random, text: str, table: list[tuple[str, str]], most: int) -> str:
    """A text with some of the changes, each at one place."""
    for _ in range(rng.randint(1, most)):
        pattern, by = rng.choice(table)
        places = list(re.finditer(pattern, text))
        if places:
            place = rng.choice(places)
            text = text[: place.start()] + place.expand(by) + text[place.end() :]
    return text


@pytest.mark.parametrize("seed", range(150))
def test_other_spellings_and_our_own_words_change_nothing_in_the_meaning(seed: int) -> None:
    rng = random.Random(seed)
    case = rng.choice(CONVERTIBLE)
    text = changed(rng, case["text"], SAME, 4)
    found = fixed(text)
    if found.refusal is not None:  # our word between maps of Keras
        assert found.source.text == text
        assert "is a word of shapecalc" in found.refusal.message
        return
    assert found.remaining == ()
    same_as_keras(found.source.text, case)


@for_each("seed", range(150))
def test_no_mixture_is_converted_in_part(seed: int) -> None:
    rng = random.Random(seed)
    case = rng.choice((*MODELS, *DRAWN))
    text = changed(rng, changed(rng, case["text"], SAME, 2), BROKEN, 2)
    source = Source("net.yaml", text)
    conversion = convert(source)
    if conversion is None:  # each word is corrected on its own
        return
    found = fix_text(source)
    if found.source.text == text:
        assert found.refusal is not None
        assert found.edits == ()
        assert not any(mistake.fix and mistake.fix.safe for mistake in found.remaining)
        return
    assert keras_words(found.source.text) == []
    assert infer(shapecalc.loads(found.source.text), symbolic=True)[1] == ()


def test_the_mixtures_hold_both_ends() -> None:
    kinds = []
    for seed in range(150):
        rng = random.Random(seed)
        case = rng.choice((*MODELS, *DRAWN))
        conversion = convert(Source("net.yaml", changed(rng, changed(rng, case["text"], SAME, 2), BROKEN, 2)))
        kinds.append(conversion is not None and conversion.refusal is None)
    assert 20 < sum(kinds) < 130


# Single words.


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("input: [N, 784]\nlayers: [Dense: 10]\n", "input: [N, 784]\nlayers: [linear: 10]\n"),
        ("input: [N, 784]\nlayers: [linear: {units: 10}]\n", "input: [N, 784]\nlayers: [linear: {out_features: 10}]\n"),
        ("input: [N, 3, 8, 8]\nlayers: [conv: {filters: 6, kernel_size: 5}]\n",
         "input: [N, 3, 8, 8]\nlayers: [conv: {out_channels: 6, kernel_size: 5}]\n"),
        ("input: [N, 3, 8, 8]\nlayers: [Conv2D: {filters: 6, kernal_size: 5}, relu]\n",
         "input: [N, 3, 8, 8]\nlayers: [conv: {out_channels: 6, kernel_size: 5}, relu]\n"),
        ("input: [N, 64, 8, 8]\nlayers: [batch_norm, dropout: {rate: 0.1}]\n",
         "input: [N, 64, 8, 8]\nlayers: [batch_norm, dropout: {p: 0.1}]\n"),
    ],
)  # fmt: skip
def test_a_word_that_needs_no_order_and_no_default_is_corrected_on_its_own(text: str, after: str) -> None:
    assert convert(Source("net.yaml", text)) is None
    assert fixed(text).source.text == after


@for_each(
    "input_, moved",
    [
        ("[N, 28, 28, 1]", "[N, 1, 28, 28]"),
        ("[None, 28, 28, 1]", "[N, 1, 28, 28]"),
        ("[N, 14, 14, 512]", "[N, 512, 14, 14]"),
        ("[N, 3, 3, 64]", "[N, 64, 3, 3]"),
        ("[N, H, W, 64]", "[N, 64, H, W]"),
        ("[N, H, W, C]", "[N, C, H, W]"),
        ("[N, 32, 48, 3]", "[N, 3, 32, 48]"),
        ("[N, 3, 32, 32]", "[N, 3, 32, 32]"),
        ("[N, 1, 28, 28]", "[N, 1, 28, 28]"),
        ("[N, 3, 32, 48]", "[N, 3, 32, 48]"),
        ("[N, 64, H, W]", "[N, 64, H, W]"),
        ("[N, C, H, W]", "[N, C, H, W]"),
        ("[N, 7, 7, 7]", "[N, 7, 7, 7]"),
        ("[N, 512, 14, 14]", None),
        ("[N, 16, 20, 24]", None),
        ("[N, H, W, D]", None),
    ],
)
def test_the_sizes_decide_where_the_channels_are_or_the_file_stays(input_: str, moved: str | None) -> None:
    text = f"input: {input_}\nlayers:\n  - Conv2D: {{filters: 8, kernel_size: 1}}\n  - BatchNormalization\n"
    found = fixed(text)
    if moved is None:
        assert (found.source.text, found.refusal is None) == (text, False)
    else:
        assert found.source.text.splitlines()[0] == f"input: {moved}"
        assert "  - batch_norm: {eps: 0.001, momentum: 0.01}\n" in found.source.text


# Texts.

LAID_OUT = """\
# a net of Keras
input: [None, 28, 28, 1]   # pictures
layers:
  - Conv2D:
      filters: 32          # wide
      kernel_size: [3, 5]
      activation: relu     # rectified
    name: c1
  # pool
  - MaxPooling2D
  - Activation: relu       # again
  - {BatchNormalization: {}, name: bn}

  - Flatten
  - Dense: {units: 10, activation: softmax, kernel_initializer: he_normal}   # head
expect: {output: [N, 10]}
"""
CONVERTED = """\
# a net of Keras
input: [N, 1, 28, 28]   # pictures
layers:
  - conv:
      out_channels: 32          # wide
      kernel_size: [3, 5]
      # rectified
    name: c1
  - relu
  # pool
  - max_pool: 2
  - relu       # again
  - {batch_norm: {eps: 0.001, momentum: 0.01}, name: bn}

  - flatten
  - linear: {out_features: 10}   # head
  - softmax
expect: {output: [N, 10]}
"""


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_comments_and_layout_stay(line_end: str) -> None:
    found = fixed(LAID_OUT.replace("\n", line_end))
    assert found.source.text == CONVERTED.replace("\n", line_end)


def test_a_step_in_brackets_stays_in_brackets() -> None:
    text = "input: [N, 8, 8, 3]\nlayers: [Conv2D: {filters: 4, kernel_size: 3, activation: relu, name: a}, Flatten]\n"
    assert fixed(text).source.text == (
        "input: [N, 3, 8, 8]\n"
        "layers: [{conv: {out_channels: 4, kernel_size: 3}, name: a}, relu, permute: [0, 2, 3, 1], flatten]\n"
    )


def test_a_name_that_is_read_is_that_of_the_activation() -> None:
    text = (
        "input: [N, 8, 8, 3]\nlayers:\n  - Conv2D: {filters: 4, kernel_size: 1, activation: relu}\n    name: a\n"
        "  - Conv2D: {filters: 4, kernel_size: 1}\n    name: b\n  - {Add: {}, from: [a, b]}\n"
    )
    assert fixed(text).source.text == (
        "input: [N, 3, 8, 8]\nlayers:\n  - conv: {out_channels: 4, kernel_size: 1}\n  - {relu: {}, name: a}\n"
        "  - conv: {out_channels: 4, kernel_size: 1}\n    name: b\n  - {add: {}, from: [a, b]}\n"
    )


@pytest.mark.parametrize(
    "head",
    ["layers:\n  - InputLayer: {shape: [28, 28, 1]}\n  - Conv2D: {", "layers:\n  - Conv2D: {input_shape: [28, 28, 1], ",
     "layers:\n  - Conv2D: {batch_input_shape: [null, 28, 28, 1], ",
     "input: [N, 28, 28, 1]\nlayers:\n  - Conv2D: {input_shape: [28, 28, 1], "],
)  # fmt: skip
def test_the_first_layer_may_state_the_input(head: str) -> None:
    found = fixed(head + "filters: 4, kernel_size: 3}\n")
    assert found.source.text == "input: [N, 1, 28, 28]\nlayers:\n  - conv: {out_channels: 4, kernel_size: 3}\n"


def test_a_first_layer_that_states_another_input_stops_the_conversion() -> None:
    text = "input: [N, 32, 32, 3]\nlayers:\n  - Conv2D: {input_shape: [28, 28, 1], filters: 4, kernel_size: 3}\n"
    assert fixed(text).source.text == text


def test_an_expected_output_has_its_axes_in_the_new_order() -> None:
    text = "input: [N, 8, 8, 3]\nlayers:\n  - Conv2D: {filters: 4, kernel_size: 3}\nexpect: {output: [N, 6, 6, 4]}\n"
    found = fixed(text)
    assert found.source.text.endswith("expect: {output: [N, 4, 6, 6]}\n")
    assert check_source(found.source, None).findings == ()


@for_each(
    "step, reason",
    [
        ("Lambda: {function: abs}", "`Lambda` has no exact counterpart here"),
        ("PReLU", "`PReLU` has no exact counterpart here"),
        ("Conv2D: {filters: 4, kernel_size: 3, stride: 2}", "`Conv2D` of Keras has no field `stride`"),
        ("Conv2D: {filters: 4}", "`Conv2D` expects `kernel_size`, receives none"),
        ("Conv2D: {filters: 4, kernel_size: 9}", "at least 9 cells"),
        ("Conv1D: {filters: 4, kernel_size: 3}", "`Conv1D` reads 3 axes, and receives 4"),
        ("{Conv2D: {filters: 4, kernel_size: 3}, repeat: 2}", "`repeat` next to `Conv2D` is not converted"),
        ("{Conv2D: {filters: 4, kernel_size: 3}, from: there}", "`from: there` is not the name of an earlier step"),
        ("lstm: 2", "`lstm` is a word of shapecalc"),
        ("permute: [0, 2, 3, 1]", "`permute` is a word of shapecalc"),
        ("BatchNormalization: {axis: 1}", "`axis: 1` of `BatchNormalization` is not the axis of the channels"),
        ("Conv2D: {filters: 4, kernel_size: 3, activation: selu}", "`selu` as the activation of `Conv2D`"),
        ("Conv2D: {filters: $width, kernel_size: 3}", "`filters` of `Conv2D` is the parameter `$width`"),
    ],
)
def test_one_step_stops_the_whole_conversion_and_is_named(step: str, reason: str) -> None:
    text = f"input: [N, 8, 8, 3]\nlayers:\n  - Conv2D: {{filters: 4, kernel_size: 1}}\n  - {step}\n  - Flatten\n"
    found = fixed(text)
    assert (found.source.text, found.edits) == (text, ())
    assert found.refusal is not None
    assert found.refusal.span is not None
    assert found.refusal.span.line == 4
    assert reason in found.refusal.message


@pytest.mark.parametrize(
    ("text", "after"),
    [
        ("[Conv2D: {filters: 4, kernel_size: 3}, batch_norm, relu, max_pool: 2, Flatten, Dense: 10]",
         "[conv: {out_channels: 4, kernel_size: 3}, batch_norm, relu, max_pool: 2, flatten, linear: 10]"),
        ("[conv: {filters: 4, kernel_size: 3}, max_pool: 2, flatten, linear: {units: 10}]",
         "[conv: {out_channels: 4, kernel_size: 3}, max_pool: 2, flatten, linear: {out_features: 10}]"),
    ],
)  # fmt: skip
def test_our_word_between_maps_whose_channels_have_moved_reads_what_it_says(text: str, after: str) -> None:
    found = fixed(f"input: [N, 12, 12, 3]\nlayers: {text}\n")
    assert found.source.text == f"input: [N, 3, 12, 12]\nlayers: {after}\n"


def test_our_word_on_an_input_in_the_order_of_keras_stops_the_conversion() -> None:
    text = "input: [N, 12, 12, 3]\nlayers: [batch_norm, Conv2D: {filters: 4, kernel_size: 3}]\n"
    assert fixed(text).source.text == text


def test_words_below_layers_without_dashes_are_not_converted_one_by_one() -> None:
    text = "input: [N, 32, 32, 3]\nlayers:\n  Conv2D: {filters: 8, kernel_size: 3}\n  Flatten:\n  Dense: 10\n"
    found = fixed(text)
    assert (found.source.text, found.edits) == (text, ())
    assert found.refusal is not None
    assert "the file has no list of `layers:`" in found.refusal.message


def test_a_step_that_an_alias_reads_again_stops_the_conversion() -> None:
    text = "input: [N, 64]\nlayers:\n  - &d\n    Dense: {units: 64, activation: relu}\n  - *d\n  - Dense: 10\n"
    found = fixed(text)
    assert (found.source.text, found.edits) == (text, ())
    assert found.refusal is not None
    assert "is read again by an alias" in found.refusal.message


def test_keras_words_in_a_block_stop_the_conversion() -> None:
    text = "input: [N, 8, 8, 3]\nblocks:\n  b: {layers: [Conv2D: {filters: 4, kernel_size: 1}]}\nlayers: [b, Flatten]\n"
    found = fixed(text)
    assert (found.source.text, found.edits) == (text, ())
    assert found.refusal is not None
    assert "block `b` is in Keras words" in found.refusal.message


def test_a_missing_space_is_fixed_before_the_words_are_converted() -> None:
    found = fixed("input: [N, 8, 8, 3]\nlayers:\n  - Conv2D:\n      filters: 4\n      kernel_size:3\n")
    assert found.source.text == "input: [N, 3, 8, 8]\nlayers:\n  - conv:\n      out_channels: 4\n      kernel_size: 3\n"


# What is printed.


def test_the_edits_of_a_conversion_are_one_line_a_step_with_notes_below() -> None:
    head = "{units: 10, activation: softmax, kernel_initializer: he_normal}"
    assert edits(fixed(LAID_OUT)).splitlines() == [
        "converted at net.yaml:2:8: `[None, 28, 28, 1]` → `[N, 1, 28, 28]`",
        "converted at net.yaml:4:5: `Conv2D: …` → `conv: {out_channels: 32, kernel_size: [3, 5]}; relu`",
        "converted at net.yaml:10:5: `MaxPooling2D` → `max_pool: 2`",
        "converted at net.yaml:11:5: `Activation: relu` → `relu`",
        "converted at net.yaml:12:5: `{BatchNormalization: {}, name: bn}` → `batch_norm: {eps: 0.001, momentum: 0.01}`",
        "converted at net.yaml:14:5: `Flatten` → `flatten`",
        f"converted at net.yaml:15:5: `Dense: {head}` → `linear: 10; softmax`",
        f"net.yaml: {FLATTEN_NOTE}",
        "net.yaml: the channels of `input` are on axis 1 now: [N, 1, 28, 28]",
        "net.yaml: Keras counts other parameters for some of its layers: `inspect --params-as keras` counts as it does",
    ]


def test_a_refusal_is_one_line() -> None:
    (line,) = edits(fixed(UPSAMPLING)).splitlines()
    assert line.startswith("net.yaml:3:5: not converted: `Conv2D` of Keras reads the last axis of [N, 8, 4, 4]")
    assert "; a file in Keras words is converted as a whole or not at all; help: " in line


def test_the_check_says_what_the_fix_does_and_offers_no_word_alone() -> None:
    findings = check_source(Source("net.yaml", IMDB_CNN), None).findings
    assert findings[0].notes == (
        "the file is in Keras words, with Keras's order of axes and defaults: `check --fix` converts all of it",
    )
    assert not any(finding.notes for finding in findings[1:])
    assert not any(finding.fix and finding.fix.safe for finding in findings)
    assert {finding.code for finding in findings} == {"SC101", "SC102"}


def test_the_check_says_why_the_fix_does_nothing() -> None:
    text = KEY_DIM.replace("key_dim: 32", "key_dim: 32, value_dim: 16")
    (note,) = check_source(Source("net.yaml", text), None).findings[0].notes
    assert "`check --fix` changes nothing, for line 5: `value_dim` is the size of one head of the values" in note


def test_a_file_in_our_words_has_no_note() -> None:
    source = Source("net.yaml", "input: [N, 8]\nlayers: [linaer: 4]\n")
    with pytest.raises(ShapecalcError) as caught:
        shapecalc.loads(source.text)
    assert with_notes(source, caught.value.diagnostics) == caught.value.diagnostics
