"""Names in other tools that have no counterpart here: nothing that merely looks alike is suggested for them."""

WITHOUT_COUNTERPART = (
    "depthwiseconv# separableconv# fractionalmaxpool# lppool# maxunpool# cropping# convlstm# "
    "prelu rrelu selu celu crelu srelu frelu glu geglu swiglu mish maxout softsign softmin softshrink hardshrink "
    "hardtanh tanhshrink logsigmoid threshold activation unitnormalization "
    "embeddingbag rnncell lstmcell grucell simplernncell bidirectional timedistributed "
    # These leave channels in another order than PixelUnshuffle, crop elsewhere, scale by a constant.
    "spacetodepth depthtospace randomcrop rescaling dropblock "
    "sequential cnn dnn average maximum minimum min sub subtract gather stack slice tensorsplit dot einsum"
)
"""Folded names of layers, `#` is "", 1d, 2d or 3d. A name that a layer type has wins over this list."""
