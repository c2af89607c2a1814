"""The file of ONNX's single-node tests, its operators by group, and the comparison of outputs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.oracle.onnx_nodes.network import Array

FILE = Path(__file__).parents[1] / "onnx_nodes"
ABOUT = (
    "ONNX's tests of single nodes, written as networks: `agrees` if every output has the predicted shape and the "
    "expected numbers, within `tolerance` (by default 1e-5) or, if they are integers or flags, exactly; else a "
    "`reason`. Networks whose arrays have at most 200 elements are here, with inputs, weights and expected outputs: "
    "shape and dtype of each, and in the .npz their elements, flat, one after another by dtype. Written by "
    "make_onnx_nodes.py."
)
KINDS = ("float32", "float64", "int64", "bool")
CORE = (
    "Attention AveragePool BatchNormalization Celu CenterCropPad Clip Concat Conv ConvTranspose DepthToSpace Dropout "
    "Einsum Elu Erf Expand Flatten GRU Gather Gelu Gemm GlobalAveragePool GlobalMaxPool GroupNormalization "
    "HardSigmoid HardSwish Hardmax Identity InstanceNormalization LRN LSTM LayerNormalization LeakyRelu LogSoftmax "
    "LpNormalization LpPool MatMul MaxPool MeanVarianceNormalization Mish OneHot PRelu Pad RMSNormalization RNN "
    "ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum "
    "ReduceSumSquare Relu Reshape Resize RotaryEmbedding Selu Shrink Sigmoid Slice Softmax Softplus Softsign "
    "SpaceToDepth Split Squeeze SwiGLU Swish Tanh ThresholdedRelu Tile Transpose Unsqueeze Upsample"
)
ARITHMETIC = "Abs Add Cos Div Exp Log Max Mean Min Mul Neg Pow Reciprocal Sin Sqrt Sub Sum Where"
MORE = (
    "AffineGrid ArgMax ArgMin CausalConvWithState Col2Im CumSum DeformConv FlexAttention GatherElements GatherND "
    "GridSample LinearAttention MaxUnpool RoiAlign Scatter ScatterElements ScatterND TensorScatter TopK Trilu"
)
GROUPS = {"core": CORE.split(), "arithmetic": ARITHMETIC.split(), "more": MORE.split()}


def difference(expected: Mapping[str, Array], predicted: Any, result: Mapping[str, Array], tolerance: float) -> str:
    """Return in which output shapes, dtypes or numbers differ, or an empty text."""
    for name, array in expected.items():
        if name not in result:
            return f"no output {name}"
        ours = result[name]
        if not array.shape == ours.shape == tuple(predicted[name]):
            return f"{name}: expects {array.shape}, predicted {predicted[name]}, computed {ours.shape}"
        if array.dtype.kind != ours.dtype.kind:
            return f"{name}: expects {array.dtype}, computed {ours.dtype}"
        near = tolerance if array.dtype.kind == "f" else 0
        if not np.allclose(ours, array, rtol=near, atol=near, equal_nan=True):
            return f"{name}: numbers differ by up to {np.nanmax(np.abs(np.subtract(ours, array, dtype=float))):.3g}"
    return ""
