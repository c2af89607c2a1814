"""What Keras, PyTorch, ONNX and Caffe call the layers and fields of this format.

Keys are folded: lower case, without underscores (`suggestions.fold`). None marks a name that means something else than
every word of ours, so that nothing which merely looks alike is suggested: `selu` is no `elu`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def _names(**words: str) -> dict[str, str | None]:
    """Turn `ours="theirs theirs"` round; `nothing=` lists names that mean none of ours."""
    return {name: None if ours == "nothing" else ours for ours, theirs in words.items() for name in theirs.split()}


def _ranked(**words: str) -> dict[str, str | None]:
    """As `_names`, where each name also stands with the ranks that frameworks write into it: `maxpool2d`."""
    return {name + rank: ours for name, ours in _names(**words).items() for rank in ("", "1d", "2d", "3d")}


LAYERS: Mapping[str, str | None] = {
    **_ranked(
        conv="conv convolution lazyconv",
        conv_transpose="convtranspose lazyconvtranspose transposedconv deconv deconvolution upconv",
        max_pool="maxpool maxpooling pool pooling",
        avg_pool="avgpool avgpooling averagepool averagepooling meanpool",
        adaptive_avg_pool="adaptiveavgpool adaptiveaveragepool adaptiveaveragepooling",
        adaptive_max_pool="adaptivemaxpool adaptivemaxpooling",
        global_avg_pool="globalavgpool globalaveragepool globalaveragepooling gap",
        global_max_pool="globalmaxpool globalmaxpooling gmp",
        dropout="dropout spatialdropout",
        batch_norm="batchnorm lazybatchnorm",
        instance_norm="instancenorm lazyinstancenorm",
        pad="pad zeropad zeropadding constantpad reflectionpad replicationpad circularpad",
        upsample="upsampling",
        nothing="depthwiseconv separableconv fractionalmaxpool lppool maxunpool cropping convlstm",
    ),
    **_names(
        conv_transpose="conv1dtranspose conv2dtranspose conv3dtranspose",
        linear="dense fc fullyconnected innerproduct gemm lazylinear affine",
        rbf="rbflayer radialbasis radialbasisfunction radialbasisfunctions",
        dropout="alphadropout featurealphadropout",
        stochastic_depth="droppath",
        identity="noop passthrough",
        batch_norm="batchnormalization syncbatchnorm bn",
        layer_norm="layernormalization ln",
        rms_norm="rmsnorm rmsnormalization simplifiedlayernormalization t5layernorm",
        multihead_attention="multiheadattention mha selfattention multiheadselfattention groupedqueryattention gqa",
        scaled_dot_product_attention="attention sdpa dotproductattention scaleddotproduct",
        positional_encoding="positionembedding positionalembedding sinepositionencoding positionencoding posencoding",
        rotary_embedding="rope rotarypositionalembedding rotarypositionalembeddings rotary",
        class_token="clstoken cls",  # noqa: S106 - a layer, no password
        group_norm="groupnormalization gn",
        instance_norm="instancenormalization",
        local_response_norm="lrn localresponsenormalization",
        scale="layerscale learnablescale scaleshift",
        reshape="view unflatten",
        unsqueeze="expanddims expanddim newaxis",
        channel_shuffle="shufflechannels shufflechannel",
        pixel_shuffle="subpixelshuffle periodicshuffle pixelshuffler",
        pixel_unshuffle="pixelunshuffler inversepixelshuffle",
        center_crop="centralcrop cropcenter croplike",
        permute="transpose",
        pad="padding",
        upsample="upsamplingnearest2d upsamplingbilinear2d resize interpolate",
        relu="rectifier",
        leaky_relu="lrelu leaky",
        silu="swish",
        hardswish="hswish",
        hardsigmoid="hsigmoid",
        sigmoid="logistic",
        rnn="simplernn elmanrnn vanillarnn cudnnrnn",
        lstm="longshorttermmemory cudnnlstm bilstm",
        gru="gatedrecurrentunit cudnngru bigru",
        embedding="embed wordembedding tokenembedding wordembeddings lookuptable",
        one_hot="onehotencoding onehotencode categoryencoding tocategorical",
        cosine_similarity="cosine cosinesim cossim",
        mean="reducemean",
        max="reducemax amax",
        sum="reducesum",
        add="torch.add addition addn addv2 eltwise eltwisesum elementwiseadd residual residualadd shortcut skipadd",
        multiply="torch.mul mul mult multiplication times eltwiseprod elementwisemul elementwisemultiply hadamard",
        concat="torch.cat cat concatenate torch.concat torch.concatenate concatv2 concatenation depthconcat",
        matmul="torch.matmul torch.bmm bmm mm batchmatmul batchmatmulv2 matrixmultiply matrixmultiplication",
        split="torch.split splitv",
        chunk="torch.chunk",
        select_channels="indexselect torch.indexselect channelselect channelselection pickchannels",
        nothing=(
            "prelu rrelu selu celu crelu srelu frelu glu geglu swiglu mish maxout softsign softmin softshrink "
            "hardshrink hardtanh tanhshrink logsigmoid threshold activation unitnormalization "
            "embeddingbag rnncell lstmcell grucell simplernncell bidirectional timedistributed "
            # These leave channels in another order than PixelUnshuffle, crop elsewhere, scale by what is not learnt.
            "spacetodepth depthtospace randomcrop rescaling dropblock "
            "sequential cnn dnn average maximum minimum min sub subtract gather stack slice tensorsplit dot einsum"
        ),
    ),
}
"""Foreign name of a layer → layer type."""

_WINDOW = _names(
    kernel_size="kernel kernels kernelshape kernelsizes ksize filtersize windowsize windowshape window k f",
    stride="strides subsample s",
    padding="pad pads paddings autopad p",
    dilation="dilations dilationrate atrousrate rate d",
)
_POOL = {**_WINDOW, **_names(kernel_size="poolsize poolingsize size")}
_CONV = {
    **_WINDOW,
    **_names(
        out_channels=(
            "filters numfilters nfilters nbfilter filtercount channels numchannels outchannel outch cout out outplanes "
            "planes features units numoutput outputchannels outfeatures"
        ),
        in_channels="inchannel inch cin inplanes inputchannels numinput infeatures",
        groups="group numgroups ngroups featuregroupcount",
        bias="usebias biasterm hasbias withbias",
        nothing="activation dataformat kernelinitializer depthmultiplier",
    ),
}
_NORM = _names(
    eps="epsilon varianceepsilon",
    affine="scale center useaffine elementwiseaffine",
    nothing="axis",
)
_RUNNING_NORM = {
    **_NORM,
    **_names(
        momentum="decay batchnormmomentum",
        num_features="features numchannels channels numfilters c",
        track_running_stats="userunningstats trackstats",
    ),
}
_ADAPTIVE = _names(output_size="size outputshape outsize output targetoutputsize")
_GLOBAL = _names(keepdim="keepdims keepdimension")
_AXIS = _names(dim="axis dimension")
_REDUCTION = {**_GLOBAL, **_names(dim="axis axes dimension dims")}
_RECURRENT = _names(
    hidden_size=(
        "units numunits nunits hidden hiddenunits hiddendim nhidden numhidden hiddenfeatures hiddenchannels outputsize "
        "outputdim outdim outfeatures statesize"
    ),
    num_layers="layers nlayers numlayer depth",
    bias="usebias biasterm hasbias withbias",
    batch_first="batchmajor",
    dropout="dropoutrate droprate rate dropoutprob p",
    bidirectional="bidir birnn",
    input_size="inputdim indim inputfeatures infeatures numinput inputs in",
    # Keras's and ONNX's: `time_major` is the opposite of `batch_first`, `direction` says more than `bidirectional`.
    nothing=(
        "returnsequences returnstate stateful gobackwards unroll timemajor direction activation recurrentactivation "
        "recurrentdropout resetafter linearbeforereset unitforgetbias kernelinitializer"
    ),
)

FIELDS: Mapping[str, Mapping[str, str | None]] = {
    "conv": {**_CONV, **_names(padding_mode="padmode")},
    "conv_transpose": {**_CONV, **_names(output_padding="outpadding outputpad outpad adj")},
    "max_pool": {**_POOL, **_names(ceil_mode="ceil useceil")},
    "avg_pool": {
        **_POOL,
        **_names(
            ceil_mode="ceil useceil",
            count_include_pad="countincludepadding includepad countpad",
            divisor_override="divisor",
            nothing="rate dilation dilationrate dilations atrousrate d",
        ),
    },
    "adaptive_avg_pool": _ADAPTIVE,
    "adaptive_max_pool": _ADAPTIVE,
    "global_avg_pool": _GLOBAL,
    "global_max_pool": _GLOBAL,
    "linear": _names(
        out_features=(
            "units numunits nunits features out outputsize outputdim outdim outchannels hidden hiddensize hiddenunits "
            "numoutput neurons numneurons filters width"
        ),
        in_features="in inputsize inputdim indim inputfeatures inchannels numinput inputs",
        bias="usebias biasterm hasbias withbias",
        nothing="activation kernelinitializer",
    ),
    "flatten": _names(start_dim="start startaxis axis", end_dim="end endaxis"),
    "dropout": _names(
        p="rate prob probability dropoutrate droprate dropprob dropoutratio ratio dropout",
        nothing="keepprob",  # the complement of p: the name alone would turn its meaning round
    ),
    "stochastic_depth": _names(
        p="rate prob probability droprate dropprob droppath droppathrate stochasticdepthprob",
        nothing="keepprob survivalprob survivalprobability",
    ),
    "batch_norm": _RUNNING_NORM,
    "instance_norm": _RUNNING_NORM,
    "group_norm": {
        **_NORM,
        **_names(num_groups="groups ngroups group g", num_channels="channels numfeatures features numfilters c"),
    },
    "layer_norm": {
        **_names(
            eps="epsilon",
            normalized_shape="shape size dim normalizedsize hiddensize numfeatures features",
            elementwise_affine="affine scale",
            bias="center usebias",
            nothing="axis",
        ),
    },
    "local_response_norm": _names(
        size="localsize n nsize windowsize depth",
        k="bias",
        nothing="depthradius",  # a radius r is a size of 2r + 1
    ),
    "scale": _names(
        dim="axis",
        bias="usebias biasterm hasbias withbias center",
        num_features="features numchannels channels c",
        nothing="initvalues initvalue gamma scale",
    ),
    "reshape": _names(shape="targetshape newshape size dims outputshape"),
    "squeeze": _names(dim="axis axes dimension dims"),
    "unsqueeze": _names(dim="axis axes dimension dims"),
    "channel_shuffle": _names(groups="group numgroups ngroups g"),
    "pixel_shuffle": _names(upscale_factor="upscale factor scale scalefactor upsamplefactor blocksize r"),
    "pixel_unshuffle": _names(downscale_factor="downscale factor scale scalefactor downsamplefactor blocksize r"),
    "center_crop": _names(size="outputsize targetsize cropsize shape", nothing="offset"),
    "permute": _names(dims="axes perm permutation order dim"),
    "pad": _names(
        padding="pad pads paddings amount size",
        mode="padmode paddingmode",
        value="constantvalue constantvalues constant padvalue fill fillvalue",
    ),
    "upsample": _names(
        size="outputsize targetsize shape",
        scale_factor="scale scales factor scalefactors",
        mode="interpolation method interpolationmode",
        align_corners="align corners aligncorner",
    ),
    "leaky_relu": _names(negative_slope="alpha slope negslope leak"),
    "elu": _names(alpha="a"),
    "gelu": _names(approximate="approx approximation"),
    "softmax": _AXIS,
    "log_softmax": _AXIS,
    "rnn": {**_RECURRENT, **_names(nonlinearity="activation nonlin act")},
    "lstm": {**_RECURRENT, **_names(proj_size="projection projectionsize numproj projectiondim projdim")},
    "gru": _RECURRENT,
    "embedding": _names(
        num_embeddings=(
            "inputdim vocabsize vocab vocabulary vocabularysize numwords nwords ntokens numtokens num rows inputsize "
            "dictionarysize"
        ),
        embedding_dim=(
            "outputdim dim dims embeddim embedsize embeddingsize embsize embdim dmodel features outputsize hiddensize "
            "vectorsize"
        ),
        padding_idx="padidx paddingindex padindex padid padtokenid padding",
        nothing="maskzero inputlength maxnorm normtype scalegradbyfreq embeddingsinitializer",
    ),
    "one_hot": _names(
        num_classes="classes nclasses numclass depth numtokens vocabsize size", nothing="axis onvalue offvalue"
    ),
    "cosine_similarity": {**_AXIS, **_names(eps="epsilon")},
    "select": {**_AXIS, **_names(index="idx indices position pos")},
    "mean": _REDUCTION,
    "max": _REDUCTION,
    "sum": _REDUCTION,
    "rms_norm": _names(
        normalized_shape="shape dim hiddensize normalizedshape",
        eps="epsilon variancepsilon rmsnormeps",
        elementwise_affine="affine scale",
    ),
    "multihead_attention": _names(
        embed_dim="dmodel embeddim hiddensize width dim keydim",
        num_heads="heads nhead nheads numattentionheads h",
        num_kv_heads="kvheads nkvheads numkeyvalueheads numquerygroups groups",
        kdim="keysize",
        vdim="valuedim valuesize",
        bias="usebias qkvbias",
        is_causal="causal usecausalmask masked",
        need_weights="returnattentionscores returnweights",
        dropout="attndropout attentiondropout",
    ),
    "scaled_dot_product_attention": _names(is_causal="causal usecausalmask masked", enable_gqa="gqa grouped"),
    "positional_encoding": _names(
        kind="type mode",
        max_length="maxlen maxseqlen maxpositionembeddings length numembeddings",
        embed_dim="dmodel dim",
    ),
    "rotary_embedding": _names(base="theta ropetheta", interleaved="rotaryinterleaved"),
    "class_token": _names(embed_dim="dmodel dim width hiddensize"),
    "concat": _AXIS,
    "matmul": _names(
        transpose_b="transb adjb adjointb transposey transposesecond transposeright",
        nothing="transposea transa adja adjointa transposex",
    ),
    "split": {
        **_AXIS,
        # A number of pieces is no size of a piece: Keras, NumPy and ONNX mean the one, PyTorch the other.
        **_names(
            split_size="size sizes splitsizes splitsizeorsections sizesplits lengths",
            nothing="sections indicesorsections numoutputs numsplits numorsizesplits chunks num",
        ),
    },
    "chunk": {**_AXIS, **_names(chunks="num n numchunks numoutputs numsplits pieces parts sections")},
    "select_channels": _names(channels="index indices idx ids channel channelindices which"),
}
"""Layer type → foreign name of a field → field of that layer."""

INEXACT_LAYERS = frozenset(
    _ranked(
        # They say more than our word: it needs a field beside it.
        more="spatialdropout reflectionpad replicationpad circularpad constantpad zeropad zeropadding",
        # They leave open what our word says, or have their fields in another order or with other defaults.
        other="pool pooling averagepool upconv upsampling",
    )
    | _names(
        more="alphadropout featurealphadropout bilstm bigru simplernn cudnnrnn cudnnlstm cudnngru leaky padding",
        other=(
            "upsamplingnearest2d upsamplingbilinear2d resize interpolate innerproduct gemm affine rbflayer radialbasis "
            "radialbasisfunction radialbasisfunctions lrn localresponsenormalization layerscale learnablescale "
            "scaleshift view unflatten newaxis subpixelshuffle periodicshuffle inversepixelshuffle pixelunshuffler "
            "pixelshuffler croplike centralcrop transpose lookuptable categoryencoding cosine reducemean reducemax "
            "reducesum eltwise residual residualadd shortcut skipadd times splitv indexselect torch.indexselect "
            "channelselect channelselection pickchannels syncbatchnorm"
        ),
    )
)
"""Foreign names of layers that are suggested, and never put in unasked: they mean roughly what ours means."""

_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz")
_INEXACT_WINDOW = _LETTERS | frozenset(("pads", "paddings", "autopad", "rate", "window", "size"))
_INEXACT_CONV = _INEXACT_WINDOW | {"channels", "numchannels", "units", "planes", "out"}
# Two flags of Keras are one of PyTorch's, and Keras's momentum is what remains of 1 after PyTorch's.
_INEXACT_NORM = _LETTERS | frozenset(("scale", "center", "decay", "batchnormmomentum"))
_INEXACT_RECURRENT = _LETTERS | frozenset(
    ("outputsize", "outputdim", "outdim", "outfeatures", "layers", "depth", "rate", "droprate", "inputs", "in")
)

INEXACT_FIELDS: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(("conv", "conv_transpose"), _INEXACT_CONV),
    **dict.fromkeys(("max_pool", "avg_pool"), _INEXACT_WINDOW),
    **dict.fromkeys(("adaptive_avg_pool", "adaptive_max_pool"), frozenset(("output",))),
    **dict.fromkeys(("batch_norm", "instance_norm", "group_norm"), _INEXACT_NORM),
    **dict.fromkeys(("rnn", "lstm", "gru"), _INEXACT_RECURRENT),
    "linear": frozenset(("filters", "width", "in", "inputs")),
    "flatten": frozenset(("axis", "start", "end")),  # ONNX's axis is none of the two
    "layer_norm": frozenset(("scale", "dim", "features", "size")),
    "local_response_norm": _LETTERS | frozenset(("depth", "bias")),
    "reshape": frozenset(("targetshape", "outputshape", "size", "dims")),  # Keras leaves the batch out
    "pixel_shuffle": _LETTERS | frozenset(("scale",)),
    "pixel_unshuffle": _LETTERS | frozenset(("scale",)),
    "channel_shuffle": _LETTERS,
    "permute": frozenset(("dim", "axes", "order")),
    # ONNX writes all that comes before, then all that comes after; TensorFlow a pair for each axis, batch included.
    "pad": frozenset(("pad", "pads", "paddings", "amount", "size", "constant")),
    "upsample": frozenset(("scales", "scale", "shape")),  # ONNX's has the batch and the channels too
    "elu": _LETTERS,
    "embedding": frozenset(
        ("num", "rows", "inputsize", "dim", "dims", "features", "outputsize", "hiddensize", "padding")
    ),
    "one_hot": frozenset(("depth", "size")),
    "split": frozenset(("lengths",)),
    "chunk": _LETTERS | frozenset(("num", "sections", "numoutputs")),
    "select_channels": frozenset(("channel", "which")),
}
"""Layer type → foreign names of its fields that are suggested, and never put in unasked."""
