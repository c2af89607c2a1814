"""ONNX's operators by group."""

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
