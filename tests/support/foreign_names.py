"""What the layers of other tools are here, reviewed by hand: the same (EXACT), or roughly the same (ROUGH).

Every other name of oracle/foreign_names.json has no counterpart.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

from shapecalc.diagnostics.suggestions import fold
from shapecalc.layers import layer_types

if TYPE_CHECKING:
    from collections.abc import Iterator

EXACT = {
    "conv": (
        "Conv1d Conv2d Conv3d LazyConv1d LazyConv2d LazyConv3d Convolution1D Convolution2D Convolution3D Conv "
        "Convolution"
    ),
    "conv_transpose": (
        "ConvTranspose1d ConvTranspose2d ConvTranspose3d LazyConvTranspose1d LazyConvTranspose2d "
        "LazyConvTranspose3d Conv1DTranspose Conv2DTranspose Conv3DTranspose Convolution1DTranspose "
        "Convolution2DTranspose Convolution3DTranspose ConvTranspose Deconvolution"
    ),
    "linear": "LazyLinear Linear Dense",
    "lp_pool": "LPPool1d LPPool2d LPPool3d",
    "max_unpool": "MaxUnpool1d MaxUnpool2d MaxUnpool3d MaxUnpool",
    "rnn_cell": "RNNCell",
    "lstm_cell": "LSTMCell",
    "gru_cell": "GRUCell",
    "embedding_bag": "EmbeddingBag",
    "affine_grid": "AffineGrid",
    "grid_sample": "GridSample",
    "separable_conv": "SeparableConv1D SeparableConv2D SeparableConvolution1D SeparableConvolution2D",
    "max_pool": "MaxPool1d MaxPool2d MaxPool3d MaxPooling1D MaxPooling2D MaxPooling3D MaxPool",
    "avg_pool": "AvgPool1d AvgPool2d AvgPool3d AveragePooling1D AveragePooling2D AveragePooling3D avgpool",
    "adaptive_avg_pool": (
        "AdaptiveAvgPool1d AdaptiveAvgPool2d AdaptiveAvgPool3d AdaptiveAveragePooling1D AdaptiveAveragePooling2D "
        "AdaptiveAveragePooling3D"
    ),
    "adaptive_max_pool": (
        "AdaptiveMaxPool1d AdaptiveMaxPool2d AdaptiveMaxPool3d AdaptiveMaxPooling1D AdaptiveMaxPooling2D "
        "AdaptiveMaxPooling3D"
    ),
    "global_avg_pool": "GlobalAveragePool",
    "global_max_pool": "GlobalMaxPool",
    "identity": "Identity",
    "flatten": "Flatten",
    "squeeze": "Squeeze",
    "unsqueeze": "Unsqueeze",
    "relu": "ReLU",
    "relu6": "ReLU6",
    "leaky_relu": "LeakyReLU",
    "elu": "ELU",
    "gelu": "GELU",
    "silu": "SiLU Swish",
    "hardswish": "Hardswish",
    "sigmoid": "Sigmoid logistic",
    "tanh": "Tanh",
    "softplus": "Softplus",
    "softmax": "Softmax",
    "log_softmax": "LogSoftmax",
    "dropout": "Dropout",
    "stochastic_depth": "DropPath",
    "batch_norm": (
        "BatchNorm1d BatchNorm2d BatchNorm3d LazyBatchNorm1d LazyBatchNorm2d LazyBatchNorm3d BatchNormalization "
        "BatchNorm"
    ),
    "instance_norm": (
        "InstanceNorm1d InstanceNorm2d InstanceNorm3d LazyInstanceNorm1d LazyInstanceNorm2d LazyInstanceNorm3d"
    ),
    "layer_norm": "LayerNorm LayerNormalization",
    "rms_norm": "RMSNorm RMSNormalization",
    "group_norm": "GroupNorm GroupNormalization",
    "local_response_norm": "LocalResponseNorm",
    "scale": "Scale",
    "add": "Add",
    "multiply": "Multiply Mul",
    "subtract": "Subtract Sub",
    "divide": "Div",
    "power": "Pow",
    "maximum": "Maximum",
    "minimum": "Minimum",
    "equal": "Equal",
    "less": "Less",
    "less_equal": "LessOrEqual",
    "greater": "Greater",
    "greater_equal": "GreaterOrEqual",
    "logical_not": "Not",
    "logical_and": "And",
    "logical_or": "Or",
    "cast": "Cast",
    "cumsum": "CumSum",
    "where": "Where",
    "gather": "GatherElements",
    "topk": "TopK",
    "einsum": "Einsum",
    "unfold": "Unfold Im2col",
    "fold": "Fold Col2Im",
    "sqrt": "Sqrt",
    "exp": "Exp",
    "log": "Log",
    "abs": "Abs AbsVal",
    "negative": "Neg",
    "reciprocal": "Reciprocal",
    "erf": "Erf",
    "sin": "Sin",
    "cos": "Cos",
    "sign": "Sign",
    "floor": "Floor",
    "ceil": "Ceil",
    "round": "Round",
    "clamp": "Clip",
    "normalize": "l2norm",
    "selu": "SELU",
    "celu": "CELU",
    "hardtanh": "Hardtanh",
    "threshold": "Threshold",
    "hard_shrink": "Hardshrink",
    "soft_shrink": "Softshrink",
    "tanhshrink": "Tanhshrink",
    "softsign": "Softsign",
    "logsigmoid": "LogSigmoid",
    "mish": "Mish",
    "quick_gelu": "QuickGELU",
    "glu": "GLU",
    "concat": "Concat",
    "matmul": "MatMul",
    "pad": "ConstantPad1d ConstantPad2d ConstantPad3d ZeroPad1d ZeroPad2d ZeroPad3d Pad",
    "center_crop": "CenterCrop",
    "upsample": "Upsample UpsamplingNearest2d upsample_nearest UpSampling1D UpSampling2D UpSampling3D",
    "channel_shuffle": "ChannelShuffle native_channel_shuffle",
    "pixel_shuffle": "PixelShuffle",
    "pixel_unshuffle": "PixelUnshuffle",
    "rnn": "RNN",
    "lstm": "LSTM",
    "gru": "GRU",
    "embedding": "Embedding",
    "one_hot": "OneHot",
    "cosine_similarity": "CosineSimilarity",
    "multihead_attention": "MultiheadAttention",
    "rotary_embedding": "RotaryEmbedding",
    "parameter": "Parameter",
    "buffer": "Buffer",
    "constant": "Constant",
}
ROUGH = {
    "deform_conv": "DeformConv",
    "relative_position_bias": "RelPosBias",
    "expand": "Expand",
    "tile": "Tile RepeatVector",
    "slice": "Slice",
    "conv_lstm": "ConvLSTM1D ConvLSTM2D ConvLSTM3D",
    "rnn_cell": "SimpleRNNCell",
    "lstm_cell": "OptimizedLSTMCell",
    "conv": (
        "convolutional Conv2dSame ConvolutionDepthwise DepthwiseConv1D DepthwiseConv2D DepthwiseConvolution DWConv "
        "ScaledStdConv2d StdConv2d"
    ),
    "conv_transpose": "deconvolutional",
    "linear": "Gemm InnerProduct connected",
    "max_pool": "max_pool1d_with_indices max_pool2d_with_indices max_pool3d_with_indices",
    "avg_pool": "AveragePool",
    "adaptive_avg_pool": "FastAdaptiveAvgPool",
    "adaptive_max_pool": (
        "adaptive_max_pool1d_with_indices adaptive_max_pool2d_with_indices adaptive_max_pool3d_with_indices"
    ),
    "global_avg_pool": (
        "GlobalAveragePooling1D GlobalAveragePooling2D GlobalAveragePooling3D GlobalAvgPool1D GlobalAvgPool2D "
        "GlobalAvgPool3D"
    ),
    "global_max_pool": (
        "GlobalMaxPool1D GlobalMaxPool2D GlobalMaxPool3D GlobalMaxPooling1D GlobalMaxPooling2D GlobalMaxPooling3D"
    ),
    "reshape": "Unflatten Reshape",
    "permute": "Permute Transpose",
    "hardsigmoid": "Hardsigmoid",
    "softmax": "Softmax2d",
    "dropout": (
        "AlphaDropout Dropout1d Dropout2d Dropout3d FeatureAlphaDropout SpatialDropout1D SpatialDropout2D "
        "SpatialDropout3D"
    ),
    "batch_norm": "SyncBatchNorm",
    "instance_norm": "InstanceNormalization",
    "local_response_norm": "CrossMapLRN2d LRN",
    "scale": "LayerScale LayerScale2d",
    "add": "shortcut",
    "power": "Power",
    "concat": "Concatenate route",
    "split": "Split",
    "pad": (
        "CircularPad1d CircularPad2d CircularPad3d ReflectionPad1d ReflectionPad2d ReflectionPad3d "
        "ReplicationPad1d ReplicationPad2d ReplicationPad3d ZeroPadding1D ZeroPadding2D ZeroPadding3D"
    ),
    "upsample": "UpsamplingBilinear2d interpolate upsample_bilinear Resizing Resize Interp",
    "min": "Min ReduceMin",
    "prod": "ReduceProd",
    "logsumexp": "ReduceLogSumExp",
    "lp_pool": "LpPool",
    "norm": "ReduceL1 ReduceL2 GlobalLpPool",
    "normalize": "LpNormalization UnitNormalization Normalize",
    "prelu": "PReLU",
    "threshold": "ThresholdedRelu",
    "mean": "Mean ReduceMean",
    "max": "Max ReduceMax",
    "sum": "ReduceSum Sum ReduceLogSum ReduceSumSquare",
    "rnn": "SimpleRNN",
    "embedding": "Embed",
    "gather": "Gather",
    "argmax": "ArgMax",
    "tril": "Trilu",
    "fft": "DFT",
    "one_hot": "CategoryEncoding",
    "scaled_dot_product_attention": "Attention",
    "multihead_attention": "multi_head_attention_forward GroupQueryAttention",
}

_ORACLE = json.loads((Path(__file__).parents[1] / "oracle" / "foreign_names.json").read_text(encoding="utf-8"))
TOOLS: dict[str, dict[str, list[str]]] = {tool: names for tool, names in _ORACLE.items() if tool != "versions"}
"""The names of each tool, with their fields."""

PREFIXES = {
    "torch.nn": ("nn.", "torch.nn."),
    "torch.nn.functional": ("F.", "torch.nn.functional.", "nn.functional."),
    "keras.layers": ("layers.", "keras.layers.", "tf.keras.layers."),
    "onnx": ("onnx.",),
    "timm": ("timm.layers.",),
}


def reviewed(name: str) -> tuple[str | None, bool]:
    """The layer type that a name means, None if there is none, and whether it means just the same."""
    for table in (EXACT, ROUGH):
        for word, names in table.items():
            if fold(name) in map(fold, names.split()):
                return word, table is EXACT
    return (name, True) if name in layer_types() else (None, False)


def snake(name: str) -> str:
    """A name with underscores.

    >>> snake("AdaptiveAvgPool2d"), snake("BatchNorm2d"), snake("ONNXName")
    ('adaptive_avg_pool_2d', 'batch_norm_2d', 'onnx_name')
    """
    apart = re.sub(
        r"(?<=[a-z])(?=[A-Z])|(?<=[0-9])(?=[A-Z][a-z])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=[A-Za-z])(?=[0-9][dD]\Z)", "_", name
    )
    return apart.lower()


def spellings(tool: str, name: str) -> Iterator[str]:
    """The usual spellings of a name."""
    apart = snake(name)
    for written in (name, name.lower(), apart, re.sub(r"_(?=[0-9]d\Z)", "", apart), apart.replace("_", "-")):
        yield written
        yield from (prefix + written for prefix in PREFIXES.get(tool, ()))
