"""Names that other frameworks give to layer types and fields: what each leads to, and which lead nowhere."""

from __future__ import annotations

import pytest

from shapecalc.diagnostics.suggestions import fold
from shapecalc.layers.base import Layer
from shapecalc.layers.foreign_names import Meaning, caveat, foreign_fields, names_of
from shapecalc.parser.did_you_mean import closest_layer
from tests.support.layer_names import FIELDS, LAYERS, WORDS, closest_field, fields
from tests.support.rows import for_each


class Example(Layer):
    foreign_names = "example# ~sample sample"
    foreign_notes = ("sample | a sentence",)
    foreign_caveats = ("example#: size | a size", "example1d: no width depth | neither")
    foreign_fields = ("size: width ~length | in metres", "count: width", "nothing: depth | none")


def test_a_name_is_written_once_for_every_rank_and_its_first_line_decides() -> None:
    types = names_of({"example": Example})
    ranks = ("example", "example1d", "example2d", "example3d")
    assert {name: meaning for name, meaning in types.items() if meaning.word} == {
        **dict.fromkeys(ranks, Meaning("example")),
        "sample": Meaning("example", exact=False, note="a sentence"),
    }
    assert foreign_fields(Example) == {
        "width": Meaning("size", note="in metres"),
        "length": Meaning("size", exact=False, note="in metres"),
        "depth": Meaning(None, exact=False, note="none"),
    }


@pytest.mark.parametrize(
    ("name", "given", "note"),
    [
        ("example2d", ["Size"], "a size"),
        ("example2d", [], ""),
        ("example1d", ["size", "depth"], "a size"),
        ("example1d", [], "neither"),
        ("example1d", ["depth"], ""),
        ("sample", ["size"], ""),
    ],
)
def test_a_caveat_holds_for_fields_that_are_given_or_left_out(name: str, given: list[str], note: str) -> None:
    assert caveat(Example, name, given) == note


@for_each(
    "theirs, ours",
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
        *((name, "add") for name in ("Add", "torch.add", "eltwise_sum", "residual")),
        *((name, "multiply") for name in ("Multiply", "mul", "Mul", "torch.mul")),
        *((name, "concat") for name in ("Concatenate", "Concat", "cat", "torch.cat")),
        *((name, "matmul") for name in ("MatMul", "bmm", "torch.bmm", "BatchMatMul")),
        *((name, "split") for name in ("Split", "torch.split")),
        ("Chunk", "chunk"),
        ("index_select", "take"),
    ],
)
def test_other_frameworks_layers_lead_to_ours(theirs: str, ours: str) -> None:
    assert closest_layer(theirs) == ours


@for_each(
    "layer, theirs, ours",
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
def test_other_frameworks_fields_lead_to_ours(layer: str, theirs: str, ours: str) -> None:
    assert closest_field(layer, theirs) == ours


@pytest.mark.parametrize("word", ["DepthToSpace", "SpaceToDepth", "RandomCrop", "Cropping2D", "Rescaling", "DropBlock"])
def test_what_moves_numbers_in_another_way_suggests_nothing(word: str) -> None:
    assert closest_layer(word) is None


@pytest.mark.parametrize("word", ["crelu", "maxout", "snake", "DCNv3", "Sequential", "CNN"])
def test_a_layer_that_means_something_else_suggests_nothing(word: str) -> None:
    assert closest_layer(word) is None


@pytest.mark.parametrize("word", ["ConvGRUCell", "Bidirectional", "Average"])
def test_what_merely_sounds_like_a_sequence_suggests_nothing(word: str) -> None:
    assert closest_layer(word) is None


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
        ("embedding", "mask_zero"),
        ("split", "num_splits"),
        ("matmul", "transpose_a"),
    ],
)
def test_a_field_that_means_another_quantity_suggests_nothing(layer: str, field: str) -> None:
    assert closest_field(layer, field) is None


def test_foreign_names_are_folded() -> None:
    assert all(fold(name) == name for table in (LAYERS, *FIELDS.values()) for name in table)


def test_no_foreign_name_hides_a_word_of_ours() -> None:
    for word in WORDS:
        assert closest_layer(word) == word
        for field in fields(word):
            assert closest_field(word, field) == field
