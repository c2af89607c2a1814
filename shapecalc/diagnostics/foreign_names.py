"""Names of layers in other tools that have no counterpart here, so that no similar name is suggested for them."""

WITHOUT_COUNTERPART = (
    "depthwiseconv# separableconv# fractionalmaxpool# lppool# maxunpool# cropping# convlstm# "
    "prelu rrelu selu celu crelu srelu frelu glu geglu swiglu mish maxout softsign softmin softshrink hardshrink "
    "hardtanh tanhshrink logsigmoid threshold activation unitnormalization "
    "embeddingbag rnncell lstmcell grucell simplernncell bidirectional timedistributed "
    # These order channels differently from PixelUnshuffle, crop at other positions, scale by a constant.
    "spacetodepth depthtospace randomcrop rescaling dropblock "
    "sequential cnn dnn average maximum minimum min sub subtract gather stack slice tensorsplit dot einsum"
)
"""Folded names of layers; `#` is "", 1d, 2d or 3d. Names of layer types take precedence."""
