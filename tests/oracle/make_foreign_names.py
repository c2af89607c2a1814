"""Write foreign_names.json: the layers and operators of PyTorch, Keras and ONNX with their fields, and of others.

Run with torch 2.13, keras 3 (KERAS_BACKEND=torch) and onnx installed: `python tests/oracle/make_foreign_names.py`.
Caffe's are the types of its layer catalogue and of caffe.proto; darknet's the sections of its cfg files; those of
Ultralytics and timm the modules that their models name.
"""

from __future__ import annotations

import inspect
import json
import os
from pathlib import Path
from typing import Any

os.environ["KERAS_BACKEND"] = "torch"

import keras
import torch
from onnx import defs
from torch import nn

CAFFE = (
    "AbsVal Accuracy ArgMax BatchNorm BatchReindex Bias BNLL Clip Concat ContrastiveLoss Convolution Crop Data "
    "Deconvolution Dropout DummyData Eltwise ELU Embed EuclideanLoss Exp Filter Flatten HDF5Data HDF5Output "
    "HingeLoss Im2col ImageData InfogainLoss InnerProduct Input Log LRN LSTM MemoryData MultinomialLogisticLoss "
    "MVN Parameter Pooling Power PReLU Python Reduction ReLU Reshape RNN Scale Sigmoid SigmoidCrossEntropyLoss "
    "Silence Slice Softmax SoftmaxWithLoss Split SPP Swish TanH Threshold Tile WindowData Normalize Permute "
    "PriorBox DetectionOutput ROIPooling Proposal Upsample Interp DepthwiseConvolution ConvolutionDepthwise"
)
CAFFE_FIELDS = {
    "Convolution": "num_output bias_term pad kernel_size stride dilation pad_h pad_w kernel_h kernel_w stride_h "
    "stride_w group weight_filler bias_filler engine axis force_nd_im2col",
    "Deconvolution": "num_output bias_term pad kernel_size stride dilation group weight_filler bias_filler",
    "InnerProduct": "num_output bias_term weight_filler bias_filler axis transpose",
    "Pooling": "pool pad pad_h pad_w kernel_size kernel_h kernel_w stride stride_h stride_w engine global_pooling",
    "LRN": "local_size alpha beta norm_region k engine",
    "Dropout": "dropout_ratio",
    "BatchNorm": "use_global_stats moving_average_fraction eps",
    "Scale": "axis num_axes filler bias_term bias_filler",
    "Concat": "axis concat_dim",
    "Softmax": "engine axis",
    "Eltwise": "operation coeff stable_prod_grad",
    "Embed": "num_output input_dim bias_term weight_filler bias_filler",
    "ReLU": "negative_slope engine",
    "ELU": "alpha",
    "Flatten": "axis end_axis",
    "Reshape": "shape axis num_axes",
    "Slice": "axis slice_point slice_dim",
    "LSTM": "num_output weight_filler bias_filler debug_info expose_hidden",
    "RNN": "num_output weight_filler bias_filler debug_info expose_hidden",
}
DARKNET = (
    "convolutional deconvolutional connected maxpool avgpool shortcut route upsample yolo region detection "
    "dropout softmax local lstm gru rnn crnn cost reorg crop normalization batchnorm activation scale_channels "
    "sam logistic l2norm gaussian_yolo"
)
ULTRALYTICS = (
    "Conv Conv2 DWConv ConvTranspose Focus GhostConv GhostBottleneck Bottleneck BottleneckCSP C1 C2 C3 C3x C3TR "
    "C3Ghost C2f C3k2 C2fAttn C2PSA PSA SPP SPPF SPPELAN ADown AConv ELAN1 RepC3 RepConv RepNCSPELAN4 HGStem "
    "HGBlock SCDown C2fCIB A2C2f CBFuse CBLinear Concat Detect Segment Pose OBB Classify WorldDetect "
    "RTDETRDecoder AIFI ResNetLayer Index ImagePoolingAttn ContrastiveHead DFL Proto TransformerBlock"
)
TIMM = (
    "DropPath DropBlock2d LayerScale LayerScale2d Mlp GluMlp SwiGLU ConvMlp GlobalResponseNorm "
    "GlobalResponseNormMlp PatchEmbed SqueezeExcite SEModule EcaModule CbamModule BlurPool2d StdConv2d "
    "ScaledStdConv2d FilterResponseNorm EvoNorm2dB0 EvoNorm2dS0 BatchNormAct2d GroupNormAct LayerNorm2d "
    "LayerNormAct RmsNorm RmsNorm2d SimpleNorm SelectAdaptivePool2d FastAdaptiveAvgPool AdaptiveCatAvgMaxPool2d "
    "ConvNormAct SplitAttn SelectiveKernel HaloAttn LambdaLayer BottleneckAttn Involution RelPosBias RelPosMlp "
    "RotaryEmbedding AttentionPool2d AttentionPoolLatent MixedConv2d CondConv2d SpaceToDepth DepthToSpace Format "
    "HardMish GELUTanh QuickGELU ClassifierHead MedianPool2d AvgPool2dSame MaxPool2dSame Conv2dSame "
    "TestTimePoolHead PatchDropout NonLocalAttn GatherExcite GlobalContext"
)


def fields(cls: Any) -> list[str]:
    """The arguments of a constructor."""
    return [name for name in inspect.signature(cls.__init__).parameters if name not in ("self", "args", "kwargs")]


def classes(module: Any, base: type) -> dict[str, list[str]]:
    """The layers of a module, by their public names."""
    public = sorted(name for name in dir(module) if not name.startswith("_"))
    return {
        name: fields(cls) for name in public if inspect.isclass(cls := getattr(module, name)) and issubclass(cls, base)
    }


def functions() -> list[str]:
    """The public functions of torch.nn.functional."""
    functional = nn.functional
    return sorted(
        name
        for name, function in vars(functional).items()
        if callable(function)
        and not name.startswith("_")
        and not inspect.isclass(function)
        and "torch_function" not in name
        and name not in ("Optional", "boolean_dispatch", "assert_int_or_pair")
    )


def operators() -> dict[str, list[str]]:
    """The operators of ONNX, and of its domain for other machine learning, with their attributes."""
    return {
        schema.name: sorted(schema.attributes) for schema in defs.get_all_schemas() if "training" not in schema.domain
    }


def main() -> None:
    """Write the file."""
    recurrent = {name: fields(nn.RNNBase) for name in ("RNN", "LSTM", "GRU")}
    names = {
        "versions": {"torch": torch.__version__.partition("+")[0], "keras": keras.__version__},
        "torch.nn": {**classes(nn, nn.Module), **recurrent},
        "torch.nn.functional": {name: [] for name in functions()},
        "keras.layers": classes(keras.layers, keras.layers.Layer),
        "onnx": operators(),
        "caffe": {name: CAFFE_FIELDS.get(name, "").split() for name in CAFFE.split()},
        "darknet": {name: [] for name in DARKNET.split()},
        "ultralytics": {name: [] for name in ULTRALYTICS.split()},
        "timm": {name: [] for name in TIMM.split()},
    }
    lines = [
        f"{json.dumps(group)}: {{\n"
        + ",\n".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in sorted(entries.items()))
        + "\n}"
        for group, entries in names.items()
    ]
    Path(__file__).with_name("foreign_names.json").write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
