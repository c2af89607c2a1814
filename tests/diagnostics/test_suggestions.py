from __future__ import annotations

import random
import string
import subprocess
import sys

import pytest
from hypothesis import example, given, strategies as st

from shapecalc.diagnostics.suggestions import Near, closest, distance, fold, nearest
from shapecalc.layers import layer_type, layer_types
from shapecalc.layers.base import fields_of
from shapecalc.layers.foreign_names import foreign_fields, foreign_types
from tests.support.volume import NIGHTLY, volume

WORDS = tuple(layer_types())
LAYERS, INEXACT_LAYERS = foreign_types()
FIELDS = {word: foreign_fields(cls).meanings for word, cls in layer_types().items()}
EVERY = 7 if NIGHTLY else 35
"""Of the typos of a word in alphabetical order."""


def fields(word: str) -> tuple[str, ...]:
    return tuple(fields_of(layer_type(word)))


def typos(word: str) -> set[str]:
    """Every word one edit away: a letter too few, too many, another one, or two neighbours swapped."""
    letters = string.ascii_lowercase + "_"
    found = set()
    for i in range(len(word) + 1):
        before, after = word[:i], word[i:]
        found |= {before + letter + after for letter in letters}
        if after:
            found |= {before + after[1:]} | {before + letter + after[1:] for letter in letters}
        if len(after) > 1:
            found.add(before + after[1] + after[0] + after[2:])
    return found - {word, ""}


def top_1(groups: list[tuple[tuple[str, ...], dict[str, str | None]]]) -> float:
    """Share of typos (some; none that spells another right word) for which the word meant comes first."""
    hits = [
        closest(typo, words, aliases) == word
        for words, aliases in groups
        for word in words
        for typo in sorted(typos(word))[::EVERY]
        if typo not in words
    ]
    return sum(hits) / len(hits)


@volume
def test_layer_types_with_one_typo_are_found():
    assert top_1([(WORDS, LAYERS)]) >= 0.989


@volume
def test_fields_with_one_typo_are_found():
    groups = [(fields(word), FIELDS.get(word, {})) for word in WORDS if fields(word)]
    assert top_1(groups) >= 0.985
    # Where the layer is not known, among all fields at once.
    assert top_1([(tuple(sorted({field for names, _ in groups for field in names})), {})]) >= 0.989


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        *((name, "conv") for name in ("Conv1D", "Conv2D", "Conv3D", "Conv2d", "conv2d", "Convolution2D", "LazyConv2d")),
        *(
            (name, "conv_transpose")
            for name in ("Conv2DTranspose", "ConvTranspose2d", "Deconvolution", "ConvTranspose")
        ),
        *((name, "linear") for name in ("Dense", "Linear", "FullyConnected", "fc", "InnerProduct", "Gemm")),
        *((name, "max_pool") for name in ("MaxPooling2D", "MaxPool2d", "MaxPool", "maxpool", "max_pooling")),
        *((name, "avg_pool") for name in ("AveragePooling2D", "AvgPool2d", "AveragePool")),
        *((name, "global_avg_pool") for name in ("GlobalAveragePooling2D", "GlobalAveragePool")),
        ("GlobalMaxPooling2D", "global_max_pool"),
        ("AdaptiveAvgPool2d", "adaptive_avg_pool"),
        ("AdaptiveMaxPool1d", "adaptive_max_pool"),
        *((name, "batch_norm") for name in ("BatchNormalization", "BatchNorm2d", "BatchNorm1d", "SyncBatchNorm", "bn")),
        *((name, "layer_norm") for name in ("LayerNormalization", "LayerNorm")),
        *((name, "group_norm") for name in ("GroupNormalization", "GroupNorm")),
        *((name, "instance_norm") for name in ("InstanceNorm2d", "InstanceNormalization")),
        *((name, "local_response_norm") for name in ("LRN", "LocalResponseNorm", "LocalResponseNormalization")),
        *((name, "dropout") for name in ("Dropout", "Dropout2d", "SpatialDropout2D")),
        *((name, "leaky_relu") for name in ("LeakyReLU", "leakyrelu", "lrelu")),
        *((name, "silu") for name in ("SiLU", "swish", "Swish")),
        *((name, "pad") for name in ("ZeroPadding2D", "ZeroPad2d", "ReflectionPad2d", "ConstantPad3d")),
        *((name, "upsample") for name in ("UpSampling2D", "Upsample", "Resize", "interpolate")),
        ("Flatten", "flatten"),
        ("ReLU", "relu"),
        ("GELU", "gelu"),
        ("ELU", "elu"),
        ("Softmax", "softmax"),
        ("LogSoftmax", "log_softmax"),
        ("Hardswish", "hardswish"),
        ("hard_sigmoid", "hardsigmoid"),
        ("Reshape", "reshape"),
        ("view", "reshape"),
        ("Permute", "permute"),
        ("Transpose", "permute"),
        ("Identity", "identity"),
        ("Squeeze", "squeeze"),
        *((name, "unsqueeze") for name in ("Unsqueeze", "expand_dims", "ExpandDims")),
        *((name, "channel_shuffle") for name in ("ChannelShuffle", "shuffle_channels")),
        ("PixelShuffle", "pixel_shuffle"),
        ("PixelUnshuffle", "pixel_unshuffle"),
        *((name, "center_crop") for name in ("CenterCrop", "central_crop")),
        *((name, "stochastic_depth") for name in ("StochasticDepth", "DropPath")),
        *((name, "scale") for name in ("Scale", "LayerScale")),
        *((name, "rnn") for name in ("RNN", "SimpleRNN")),
        *((name, "lstm") for name in ("LSTM", "CuDNNLSTM", "BiLSTM", "long_short_term_memory")),
        *((name, "gru") for name in ("GRU", "CuDNNGRU", "gated_recurrent_unit")),
        *((name, "embedding") for name in ("Embedding", "embed", "LookupTable")),
        *((name, "one_hot") for name in ("OneHot", "one-hot", "CategoryEncoding")),
        *((name, "rbf") for name in ("RBF", "RBFLayer", "radial_basis_function")),
        *((name, "cosine_similarity") for name in ("CosineSimilarity", "cosine")),
        ("ReduceMean", "mean"),
        ("ReduceMax", "max"),
        ("ReduceSum", "sum"),
        *((name, "add") for name in ("Add", "torch.add", "Eltwise", "residual")),
        *((name, "multiply") for name in ("Multiply", "mul", "Mul", "torch.mul")),
        *((name, "concat") for name in ("Concatenate", "Concat", "cat", "torch.cat")),
        *((name, "matmul") for name in ("MatMul", "bmm", "torch.bmm", "BatchMatMul")),
        *((name, "split") for name in ("Split", "torch.split")),
        ("Chunk", "chunk"),
        ("index_select", "select_channels"),
    ],
)
def test_other_frameworks_layers_lead_to_ours(theirs: str, ours: str):
    assert closest(theirs, WORDS, LAYERS) == ours


@pytest.mark.parametrize(
    ("layer", "theirs", "ours"),
    [
        ("conv", "filters", "out_channels"),
        ("conv", "num_filters", "out_channels"),
        ("conv", "strides", "stride"),
        ("conv", "dilation_rate", "dilation"),
        ("conv", "use_bias", "bias"),
        ("conv", "kernel_shape", "kernel_size"),
        ("conv", "kernel", "kernel_size"),
        ("conv", "pads", "padding"),
        ("conv", "group", "groups"),
        ("max_pool", "pool_size", "kernel_size"),
        ("max_pool", "ksize", "kernel_size"),
        ("linear", "units", "out_features"),
        ("linear", "out_channels", "out_features"),
        ("linear", "input_dim", "in_features"),
        ("dropout", "rate", "p"),
        ("batch_norm", "epsilon", "eps"),
        ("group_norm", "groups", "num_groups"),
        ("leaky_relu", "alpha", "negative_slope"),
        ("softmax", "axis", "dim"),
        ("local_response_norm", "n", "size"),
        ("reshape", "target_shape", "shape"),
        ("permute", "perm", "dims"),
        ("upsample", "interpolation", "mode"),
        ("global_avg_pool", "keepdims", "keepdim"),
        ("adaptive_avg_pool", "size", "output_size"),
        *((word, "units", "hidden_size") for word in ("rnn", "lstm", "gru")),
        *((word, "use_bias", "bias") for word in ("rnn", "lstm", "gru")),
        ("rnn", "activation", "nonlinearity"),
        ("lstm", "input_dim", "input_size"),
        ("lstm", "num_proj", "proj_size"),
        ("embedding", "input_dim", "num_embeddings"),
        ("embedding", "output_dim", "embedding_dim"),
        ("embedding", "vocab_size", "num_embeddings"),
        ("embedding", "pad_token_id", "padding_idx"),
        ("one_hot", "depth", "num_classes"),
        ("select", "axis", "dim"),
        ("mean", "keepdims", "keepdim"),
        *((word, "axis", "dim") for word in ("squeeze", "unsqueeze", "scale")),
        ("channel_shuffle", "num_groups", "groups"),
        ("pixel_shuffle", "block_size", "upscale_factor"),
        ("pixel_unshuffle", "scale_factor", "downscale_factor"),
        ("center_crop", "output_size", "size"),
        ("stochastic_depth", "drop_prob", "p"),
        ("max", "axes", "dim"),
        ("concat", "axis", "dim"),
        ("matmul", "transB", "transpose_b"),
        ("split", "split_size_or_sections", "split_size"),
        ("chunk", "num_chunks", "chunks"),
        ("select_channels", "indices", "channels"),
    ],
)
def test_other_frameworks_fields_lead_to_ours(layer: str, theirs: str, ours: str):
    assert closest(theirs, fields(layer), FIELDS[layer]) == ours


@pytest.mark.parametrize("word", ["DepthToSpace", "SpaceToDepth", "RandomCrop", "Cropping2D", "Rescaling", "DropBlock"])
def test_what_moves_numbers_in_another_way_suggests_nothing(word: str):
    assert closest(word, WORDS, LAYERS) is None


@pytest.mark.parametrize(
    "word", ["selu", "PReLU", "hardtanh", "celu", "mish", "DepthwiseConv2D", "Sequential", "CNN", "Slice", "stack"]
)
def test_a_layer_that_means_something_else_suggests_nothing(word: str):
    assert closest(word, WORDS, LAYERS) is None


@pytest.mark.parametrize("word", ["LSTMCell", "EmbeddingBag", "ConvLSTM2D", "Bidirectional", "Average", "Minimum"])
def test_what_merely_sounds_like_a_sequence_suggests_nothing(word: str):
    assert closest(word, WORDS, LAYERS) is None


@pytest.mark.parametrize("layer", ["banana", "x", "", "q", "transformer", "über", "1", "conv" * 1000])
def test_nothing_is_suggested_where_nothing_is_near(layer: str):
    assert closest(layer, WORDS, LAYERS) is None


@pytest.mark.parametrize(
    ("layer", "field"),
    [
        ("dropout", "keep_prob"),
        ("stochastic_depth", "survival_prob"),
        ("scale", "init_values"),
        ("local_response_norm", "depth_radius"),
        ("lstm", "return_sequences"),
        ("lstm", "time_major"),
        ("lstm", "activation"),
        ("gru", "reset_after"),
        ("embedding", "mask_zero"),
        ("split", "num_splits"),
        ("matmul", "transpose_a"),
    ],
)
def test_a_field_that_means_another_quantity_suggests_nothing(layer: str, field: str):
    assert closest(field, fields(layer), FIELDS[layer]) is None


@pytest.mark.parametrize(
    ("word", "ours"), [("tahn", "tanh"), ("taxi", None), ("softmix", "softmax"), ("saftmix", "softmax")]
)
def test_one_edit_is_forgiven_for_every_three_letters(word: str, ours: str | None):
    assert closest(word, WORDS, LAYERS) == ours


def test_a_foreign_name_whose_word_is_no_candidate_is_spelled_out():
    assert closest("reluu", ("relu",), {"reluu": "leaky_relu"}) == "relu"


def test_foreign_names_are_folded():
    assert all(fold(name) == name for table in (LAYERS, *FIELDS.values()) for name in table)


def test_no_foreign_name_hides_a_word_of_ours():
    for word in WORDS:
        assert closest(word, WORDS, LAYERS) == word
        for field in fields(word):
            assert closest(field, fields(word), FIELDS.get(word)) == field


@pytest.mark.parametrize(
    ("word", "ours", "sure"),
    [
        ("Conv2D", "conv", True),  # a foreign name that says just what ours says
        ("MaxPool-2d", "max_pool", True),
        ("Flatten", "flatten", True),  # capitals alone
        ("lienar", "linear", True),  # one word alone is so near
        ("bilstm", "lstm", False),  # it says more
        ("pooling", "max_pool", False),  # it says less
        ("relul", "relu", False),  # `relu6` is as near
        ("selus", "elu", False),  # SELU, which is none of ours, is nearer
    ],
)
def test_a_word_is_sure_where_nothing_else_can_be_meant(word: str, ours: str, sure: bool):
    assert nearest(word, WORDS, LAYERS, INEXACT_LAYERS) == Near(ours, sure)


def test_every_inexact_name_is_a_foreign_one_that_leads_to_a_word():
    assert {name for name in INEXACT_LAYERS if LAYERS.get(name) is None} == set()
    for names in map(foreign_fields, layer_types().values()):
        assert {name for name in names.inexact if names.meanings[name] is None} == set()


letters = st.text("abc", max_size=7)


def slow_distance(word: str, other: str) -> int:
    """Optimal string alignment by its definition."""
    if not word or not other:
        return len(word) + len(other)
    ways = [
        slow_distance(word[1:], other) + 1,
        slow_distance(word, other[1:]) + 1,
        slow_distance(word[1:], other[1:]) + (word[0] != other[0]),
    ]
    if len(word) > 1 and len(other) > 1 and word[0] == other[1] and word[1] == other[0]:
        ways.append(slow_distance(word[2:], other[2:]) + 1)
    return min(ways)


@given(letters, letters, st.integers(0, 7))
@example("ab", "ba", 1)
def test_the_distance_is_that_of_the_definition_up_to_its_limit(word: str, other: str, most: int):
    expected = slow_distance(word, other)
    assert distance(word, other, most) == expected if expected <= most else distance(word, other, most) > most


def test_ties_go_to_the_longest_shared_runs():
    assert closest("ab", ("xb", "abx"), None) == "abx"


def test_two_words_change_one_letter_at_a_time_in_any_order():
    words = list(WORDS)
    random.Random(3).shuffle(words)
    assert closest("avg_pol", words, LAYERS) == "avg_pool"


def test_importing_diagnostics_costs_neither_yaml_nor_difflib_nor_rich():
    code = (
        "import sys, shapecalc.diagnostics, shapecalc.diagnostics.suggestions, shapecalc.diagnostics.foreign_names\n"
        "print(sorted({'yaml', 'difflib', 'rich', 'numpy', 'typer'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "[]\n"
    # The same question finds what is there.
    code = code.replace("import sys,", "import sys, yaml, difflib,")
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "['difflib', 'yaml']\n"


def test_of_thousands_of_words_only_one_that_is_spelt_alike_is_found() -> None:
    words = [f"step{number}" for number in range(2001)]
    assert closest("step_7", words) == "step7"
    assert closest("stepp7", words) is None
    assert closest("stepp7", words[:2000]) == "step7"
