"""Examples of every layer: what the harness runs. Each row says why it is there."""

from __future__ import annotations

from tests.support.examples.activations import ACTIVATIONS
from tests.support.examples.arithmetic import ARITHMETIC
from tests.support.examples.attention import ATTENTION
from tests.support.examples.experts import EXPERTS
from tests.support.examples.functions import FUNCTIONS
from tests.support.examples.indexing import INDEXING
from tests.support.examples.merging import MERGING
from tests.support.examples.recurrent import EMBEDDING, FURTHER, RECURRENT, SELECTING
from tests.support.examples.reducing import REDUCING
from tests.support.examples.reshaping import MOVING
from tests.support.examples.scan import SCAN
from tests.support.examples.slicing import SLICING
from tests.support.examples.table import BLOCK, MAP, ROW, TABLE, TOKENS, VECTOR, example
from tests.support.examples.tensors import TENSORS
from tests.support.examples.windows import WINDOWS

CONV = [
    example("conv", "one spatial axis: the rank is the input's", ROW, out_channels=5, kernel_size=3),
    example(
        "conv",
        "each axis its own window, stride, padding and dilation",
        MAP,
        out_channels=2,
        kernel_size=(3, 2),
        stride=(2, 1),
        padding=(1, 0),
        dilation=(1, 3),
    ),
    example("conv", "three spatial axes", BLOCK, out_channels=2, kernel_size=(2, 3, 1), stride=(1, 2, 3)),
    example("conv", "a window as long as the map fits once", ("N", "C", 8, 9), out_channels=4, kernel_size=(8, 9)),
    example("conv", "a window of one cell mixes channels alone", MAP, out_channels=5, kernel_size=1, bias=False),
    example(
        "conv",
        "`same` with an even window: the odd cell goes after",
        MAP,
        out_channels=2,
        kernel_size=(4, 2),
        padding="same",
    ),
    example(
        "conv", "`same` with a stride, as in Keras", MAP, out_channels=2, kernel_size=3, stride=(2, 3), padding="same"
    ),
    example("conv", "`same` with a dilated window", ROW, out_channels=2, kernel_size=3, padding="same", dilation=2),
    example(
        "conv",
        "`same` with a stride above the window adds nothing",
        ROW,
        out_channels=2,
        kernel_size=1,
        stride=3,
        padding="same",
    ),
    example("conv", "`valid` is no padding", ROW, out_channels=2, kernel_size=4, padding="valid"),
    example("conv", "different padding before and after", MAP, out_channels=2, kernel_size=3, padding=((0, 1), (2, 3))),
    example("conv", "padding longer than the window", ROW, out_channels=2, kernel_size=2, padding=5, stride=4),
    example("conv", "a stride above the window leaves cells unread", ROW, out_channels=2, kernel_size=2, stride=5),
    example("conv", "groups see their own channels", ("N", 6, "H", "W"), out_channels=9, kernel_size=2, groups=3),
    example(
        "conv",
        "as many groups as channels, two outputs each",
        ("N", 4, "L"),
        out_channels=8,
        kernel_size=3,
        groups=4,
        bias=False,
    ),
    example("conv", "reflected padding", MAP, out_channels=2, kernel_size=3, padding=2, padding_mode="reflect"),
    example(
        "conv",
        "circular padding, uneven",
        MAP,
        out_channels=2,
        kernel_size=2,
        padding=((3, 0), (0, 5)),
        padding_mode="circular",
    ),
    example(
        "conv",
        "replicated padding under `same`",
        ROW,
        out_channels=2,
        kernel_size=4,
        padding="same",
        padding_mode="replicate",
    ),
    example("conv", "causal", ROW, out_channels=5, kernel_size=3, dilation=2, padding="causal"),
    example(
        "conv",
        "causal with a stride, the first element copied",
        ROW,
        out_channels=2,
        kernel_size=4,
        stride=3,
        padding="causal",
        padding_mode="replicate",
    ),
    example("conv", "channels that the file states", ("N", 4, "L"), out_channels=5, kernel_size=3, in_channels=4),
    example("conv_transpose", "one spatial axis", ROW, out_channels=5, kernel_size=3),
    example("conv_transpose", "twice the size, as in DCGAN", MAP, out_channels=2, kernel_size=4, stride=2, padding=1),
    example(
        "conv_transpose",
        "three spatial axes without bias",
        BLOCK,
        out_channels=2,
        kernel_size=(1, 2, 1),
        stride=(2, 1, 1),
        bias=False,
    ),
    example(
        "conv_transpose",
        "output padding up to stride − 1",
        MAP,
        out_channels=2,
        kernel_size=2,
        stride=(2, 3),
        output_padding=(1, 2),
    ),
    example(
        "conv_transpose",
        "output padding below the dilation",
        ROW,
        out_channels=2,
        kernel_size=3,
        dilation=2,
        output_padding=1,
    ),
    example("conv_transpose", "groups", ("N", 6, "H", "W"), out_channels=4, kernel_size=2, groups=2),
    example(
        "conv_transpose", "different padding at both ends", MAP, out_channels=2, kernel_size=3, padding=((0, 1), (2, 0))
    ),
    example("conv_transpose", "`same` as in Keras", MAP, out_channels=2, kernel_size=(5, 2), stride=2, padding="same"),
    example(
        "conv_transpose",
        "`same` with a window below the stride",
        ROW,
        out_channels=2,
        kernel_size=2,
        stride=5,
        padding="same",
    ),
    example(
        "conv_transpose",
        "`same` with output padding",
        MAP,
        out_channels=2,
        kernel_size=3,
        stride=3,
        dilation=(2, 1),
        padding="same",
        output_padding=(0, 1),
    ),
    example(
        "conv_transpose",
        "`valid` as in Keras",
        ROW,
        out_channels=2,
        kernel_size=2,
        stride=3,
        padding="valid",
        bias=False,
    ),
    example("conv_transpose", "a stride above the window leaves gaps", ROW, out_channels=2, kernel_size=2, stride=4),
    example(
        "conv_transpose", "channels that the file states", ("N", 4, "L"), out_channels=3, kernel_size=2, in_channels=4
    ),
]

POOLING = [
    example(
        "max_pool", "a window longer than the map", ("N", "C", 6, 4), kernel_size=(9, 2), stride=(9, 1), ceil_mode=True
    ),
    example(
        "max_pool",
        "a dilated window longer than the padded map",
        ("N", "C", 8),
        kernel_size=4,
        stride=20,
        padding=1,
        dilation=5,
        ceil_mode=True,
    ),
    example("avg_pool", "a window longer than the map", ("N", "C", 6, 4), kernel_size=11, ceil_mode=True),
    example(
        "avg_pool",
        "a window longer than the padded map, padding not counted",
        ("N", "C", 4),
        kernel_size=9,
        padding=2,
        ceil_mode=True,
        count_include_pad=False,
    ),
    example("max_pool", "a long window on a short map", ("N", "C", "L"), kernel_size=40, ceil_mode=True),
    example("avg_pool", "a long window on a short map", MAP, kernel_size=(16, 3), stride=20, ceil_mode=True),
    example("avg_pool", "a window longer than the map, with padding", ("N", "C", 4), kernel_size=8, padding=4),
    example("max_pool", "the stride is the window unless given", MAP, kernel_size=2),
    example("max_pool", "windows that overlap, as in AlexNet", MAP, kernel_size=3, stride=2),
    example("max_pool", "one spatial axis, padding before and after", ROW, kernel_size=3, padding=((1, 0),)),
    example(
        "max_pool",
        "three spatial axes, each its own",
        BLOCK,
        kernel_size=(2, 3, 2),
        stride=(1, 2, 3),
        padding=(1, 0, 1),
    ),
    example("max_pool", "`ceil_mode`: a last window hangs over", MAP, kernel_size=2, ceil_mode=True),
    example(
        "max_pool",
        "`ceil_mode`: a window that starts in the right padding is dropped",
        MAP,
        kernel_size=2,
        stride=(2, 3),
        padding=1,
        ceil_mode=True,
    ),
    example(
        "max_pool",
        "`ceil_mode` with windows that overlap, as in GoogLeNet",
        MAP,
        kernel_size=3,
        stride=2,
        ceil_mode=True,
    ),
    example("max_pool", "a dilated window", MAP, kernel_size=(2, 3), stride=1, dilation=(3, 2)),
    example("max_pool", "`same` with a stride", MAP, kernel_size=3, stride=2, padding="same"),
    example("avg_pool", "the stride is the window unless given", MAP, kernel_size=2),
    example("avg_pool", "one spatial axis, `valid`", ROW, kernel_size=4, stride=3, padding="valid"),
    example("avg_pool", "three spatial axes", BLOCK, kernel_size=(2, 1, 3), stride=(1, 2, 2)),
    example(
        "avg_pool", "padding that does not count", MAP, kernel_size=3, stride=2, padding=1, count_include_pad=False
    ),
    example("avg_pool", "`ceil_mode` with padding", MAP, kernel_size=3, stride=2, padding=1, ceil_mode=True),
    example(
        "avg_pool",
        "`ceil_mode` with a window that reaches over several strides",
        ROW,
        kernel_size=5,
        stride=2,
        ceil_mode=True,
    ),
    example("avg_pool", "a divisor of one's own", ROW, kernel_size=3, divisor_override=2),
    example("adaptive_avg_pool", "the same size for every axis", MAP, output_size=5),
    example("adaptive_avg_pool", "null keeps an axis", MAP, output_size=(None, 3)),
    example("adaptive_avg_pool", "more places than cells: some are read twice", ROW, output_size=29),
    example("adaptive_avg_pool", "sizes that share a factor: fewer windows share a cell", MAP, output_size=(14, 22)),
    example("adaptive_avg_pool", "three spatial axes", BLOCK, output_size=(1, 2, 3)),
    example("adaptive_max_pool", "the same size for every axis", MAP, output_size=6),
    example("adaptive_max_pool", "null keeps an axis", MAP, output_size=(4, None)),
    example("adaptive_max_pool", "one spatial axis, one place", ROW, output_size=1),
    example("adaptive_max_pool", "a size that shares a factor, fewer places than cells", ("N", "C", 12), output_size=8),
    example("adaptive_max_pool", "three spatial axes", BLOCK, output_size=(3, 1, 4)),
    example("global_avg_pool", "axes of 1 stay", MAP),
    example("global_avg_pool", "axes go", ROW, keepdim=False),
    example("global_avg_pool", "three spatial axes", BLOCK),
    example("global_max_pool", "axes of 1 stay", ROW),
    example("global_max_pool", "axes go", MAP, keepdim=False),
    example("global_max_pool", "three spatial axes", BLOCK),
]

LINEAR = [
    example("linear", "a row per sample", TABLE, out_features=5),
    example("linear", "leading axes are rows", TOKENS, out_features=7, bias=False),
    example("linear", "a single vector", VECTOR, out_features=5),
    example("linear", "features that the file states", ("N", 6), out_features=5, in_features=6),
    example("rbf", "a distance per sample and centre", TABLE, out_features=5),
    example("rbf", "leading axes are rows", TOKENS, out_features=7),
    example("rbf", "a single vector", VECTOR, out_features=3),
]

NORMALIZATION = [
    example("batch_norm", "running statistics, scaled and shifted", MAP),
    example("batch_norm", "without weight and bias", ROW, affine=False, momentum=None),
    example("batch_norm", "by the batch's own statistics", MAP, track_running_stats=False, eps=1e-3),
    example("batch_norm", "features alone", ("N", 6), num_features=6),
    example("batch_norm", "a weight without a bias", MAP, bias=False),
    example("batch_norm", "by the batch's own statistics, without a bias", MAP, track_running_stats=False, bias=False),
    example(
        "batch_norm",
        "three spatial axes, own statistics, nothing learnt",
        BLOCK,
        track_running_stats=False,
        affine=False,
    ),
    example("instance_norm", "nothing learnt unless asked for", MAP, eps=1e-3),
    example("instance_norm", "affine", ROW, affine=True),
    example("instance_norm", "a weight without a bias", ROW, affine=True, bias=False),
    example("instance_norm", "running statistics", BLOCK, track_running_stats=True, momentum=0.5),
    example("instance_norm", "channels that the file states", ("N", 4, "L"), num_features=4),
    example("layer_norm", "the last axis unless given", TOKENS),
    example("layer_norm", "two axes", ("N", "C", 8, 9), normalized_shape=(8, 9), eps=1e-3),
    example("layer_norm", "a lone number is one axis", ("N", "L", 6), normalized_shape=6, bias=False),
    example("layer_norm", "nothing learnt", MAP, elementwise_affine=False),
    example("layer_norm", "every axis", (4, 6), normalized_shape=(4, 6)),
    example("group_norm", "groups of three channels", ("N", 6, "H", "W"), num_groups=2),
    example("group_norm", "a weight without a bias", ("N", 6, "H", "W"), num_groups=2, bias=False),
    example("group_norm", "one group is any number of channels", ROW, num_groups=1, affine=False),
    example("group_norm", "features alone", ("N", 6), num_groups=3, num_channels=6, eps=1e-3),
    example("local_response_norm", "as in AlexNet", MAP, size=5, alpha=1e-3, beta=0.5, k=2.0),
    example("local_response_norm", "an even size reaches further down", ROW, size=2),
    example("local_response_norm", "more neighbours than channels", BLOCK, size=16),
]

ACTIVATION = [
    *(
        example(word, f"numbers of rank {len(x)}", x)
        for word in ("relu", "relu6", "silu", "hardswish", "hardsigmoid", "sigmoid", "tanh")
        for x in (VECTOR, MAP)
    ),
    example("leaky_relu", "the usual slope", MAP),
    example("leaky_relu", "a slope of one's own", TABLE, negative_slope=0.2),
    example("elu", "the usual scale", MAP),
    example("elu", "a scale of one's own", TABLE, alpha=0.5),
    example("gelu", "by erf", MAP),
    example("gelu", "by tanh", TABLE, approximate="tanh"),
    example("softplus", "the usual threshold", MAP),
    example("softplus", "some numbers above the threshold", TABLE, beta=2.0, threshold=0.5),
    *(
        example(word, reason, x, dim=dim)
        for word in ("softmax", "log_softmax")
        for reason, x, dim in (
            ("along the last axis", TABLE, -1),
            ("along channels", MAP, 1),
            ("along the batch", ROW, 0),
            ("of a vector", VECTOR, 0),
        )
    ),
]

RESHAPING = [
    example("identity", "a map", MAP),
    example("identity", "a vector", VECTOR),
    example("flatten", "all but the batch", MAP),
    example("flatten", "space alone", BLOCK, start_dim=2),
    example("flatten", "everything", ROW, start_dim=0),
    example("flatten", "channels and rows", MAP, start_dim=-3, end_dim=-2),
    example("flatten", "one axis joined with nothing", ROW, end_dim=1),
    example("reshape", "0 keeps an axis, −1 takes what is left", MAP, shape=(0, -1)),
    example("reshape", "channels in groups", ("N", 6, "L"), shape=(0, 2, 3, -1)),
    example("reshape", "numbers that say it all", (4, 6), shape=(2, 3, 4)),
    example("reshape", "the batch taken apart", ("N", 6, "L"), shape=(-1, 3)),
    example("permute", "channels last", MAP, dims=(0, 2, 3, 1)),
    example("permute", "axes from the end", ROW, dims=(-2, -1, 0)),
]

RESAMPLING = [
    example("pad", "every spatial axis, both sides", MAP, padding=2),
    example("pad", "the last axis first, before and after", MAP, padding=(1, 2, 3, 4), value=0.5),
    example("pad", "channels too, as in ResNets of type A", ROW, padding=(0, 0, 1, 2)),
    example("pad", "reflected", BLOCK, padding=(4, 3, 2, 1, 0, 2), mode="reflect"),
    example("pad", "replicated", ROW, padding=(16, 1), mode="replicate"),
    example("pad", "circular", MAP, padding=(0, 5, 6, 0), mode="circular"),
    example("upsample", "twice, one spatial axis", ROW, scale_factor=2),
    example("upsample", "each axis its own scale", MAP, scale_factor=(2.0, 3.0)),
    example("upsample", "a scale that leaves a part of a cell", MAP, scale_factor=1.5),
    example("upsample", "a scale that float64 holds a little above 11/10", ("N", "C", 10), scale_factor=1.1),
    example("upsample", "smaller", BLOCK, scale_factor=0.5),
    example("upsample", "to a size", BLOCK, size=(3, 8, 9)),
    example("upsample", "linear between cells", ROW, scale_factor=2.5, mode="linear"),
    example("upsample", "bilinear between corners", MAP, size=(9, 8), mode="bilinear", align_corners=True),
    example("upsample", "to the size of a second input, other channels", MAP, ("N", "F", "D", "L")),
    example("upsample", "to a second input, bilinear", ("N", "C", 6, 4), ("N", "F", 8, 9), mode="bilinear"),
    example("upsample", "trilinear", BLOCK, scale_factor=(1, 2, 1), mode="trilinear"),
]

REGULARIZATION = [
    example("dropout", "everything passes", MAP),
    example("dropout", "whatever the probability", VECTOR, p=1.0),
]

EXAMPLES = (
    *WINDOWS,
    *CONV,
    *POOLING,
    *LINEAR,
    *NORMALIZATION,
    *ACTIVATION,
    *ACTIVATIONS,
    *RESHAPING,
    *RESAMPLING,
    *REGULARIZATION,
    *RECURRENT,
    *EMBEDDING,
    *SELECTING,
    *REDUCING,
    *SLICING,
    *FURTHER,
    *MOVING,
    *MERGING,
    *ATTENTION,
    *TENSORS,
    *ARITHMETIC,
    *INDEXING,
    *FUNCTIONS,
    *EXPERTS,
    *SCAN,
)
