"""Normalisation over a batch, a layer, groups of channels, single channels or neighbouring ones; and a plain scale."""

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from shapecalc.diagnostics.errors import LayerError
from shapecalc.dims import Dim, Shape, product, show
from shapecalc.layers.axes import axis_index
from shapecalc.layers.base import Layer, layer
from shapecalc.layers.constraints import REFUSING, Constraints
from shapecalc.layers.fields import Axis, Bool, Count, Integer, Number, OptionalCount, Several
from shapecalc.layers.initial import Initial
from shapecalc.layers.roles import Roles, map_roles
from shapecalc.layers.saved import Saved, saved_input

Epsilon = Annotated[float, Number(minimum=0)]
Momentum = Annotated[float | None, Number(minimum=0, maximum=1)]
STATISTICS = 5
"""Operations per element of a normalisation by its own statistics: mean, subtract, square, variance, divide."""
PER_GROUP = 2
"""Operations per group of elements: add eps, square root."""


class Normalizing(Layer):
    """Base class of layers with a scale and a shift for each channel, and possibly its running statistics."""

    __slots__ = ()
    keeps_axes = True

    def initial(self, name: str, *inputs: Shape) -> Initial:
        """Return 1 for a weight, 0 for a bias."""
        return Initial("constant")


class Channelwise(Normalizing):
    """A layer with a scale and a shift for each channel."""

    __slots__ = ()
    foreign_fields: ClassVar[tuple[str, ...]] = (
        "eps: epsilon varianceepsilon",
        "affine: ~scale | use `affine: false` if there is neither scale nor centre",
        "affine: useaffine elementwiseaffine",
        "bias: center usebias",
        "nothing: axis | the channels are axis 1 here",
    )
    reads_channels = True
    affine: Any
    bias: Any

    def axis_roles(self, roles: tuple[Roles, ...], *shapes: Shape) -> Roles:
        """Return the roles of the input, the first two batch and channels: the others may be features too."""
        return (*map_roles(roles[0])[:2], *roles[0][2:])

    @property
    def has_bias(self) -> bool:
        """Whether it has a bias."""
        return bool(self.affine and self.bias)

    def parameters(self, x: Shape) -> dict[str, Shape]:
        """Return the weight and, with `bias`, the bias, both only with `affine`.

        >>> GroupNorm(num_groups=2, bias=False).parameters((1, 6, 4, 4))
        {'weight': (6,)}
        """
        if not self.affine:
            return {}
        return {"weight": (x[1],), "bias": (x[1],)} if self.bias else {"weight": (x[1],)}


_MOMENTUM = "use `momentum`, the weight of the new batch: 1 minus that of Keras, ONNX and Caffe"
_LAST_AXES = "use `normalized_shape`, the sizes of the last axes; by default the last axis alone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Running(Channelwise):
    """A layer that normalises each channel, of the batch or `per_sample`; it can keep running statistics."""

    foreign_fields = (
        *Channelwise.foreign_fields,
        f"momentum: ~decay ~batchnormmomentum ~movingaveragefraction | {_MOMENTUM}",
        "nothing: renorm renormclipping renormmomentum synchronized processgroup useglobalstats trainingmode scalebias",
        "num_features: features numchannels channels numfilters ~c",
        "track_running_stats: userunningstats trackstats",
    )
    per_sample: ClassVar[bool]
    eps: Epsilon = 1e-5
    momentum: Momentum = 0.1
    affine: Bool = True
    bias: Bool = True
    track_running_stats: Bool = True
    num_features: OptionalCount = None

    def output_shape(self, x: Shape, *, constraints: Constraints = REFUSING) -> Shape:
        """Return the input's shape."""
        if len(x) < 2 + self.per_sample:
            order = "[N, C, *spatial]" if self.per_sample else "[N, C, *]"
            raise LayerError("SC305", expects=order, receives=show(x), label=f"receives rank {len(x)}")
        constraints.require_stated(self.num_features, x[1], "num_features", "channels", x=x)
        if not self.track_running_stats:
            batch, what = ((), "channel of a sample") if self.per_sample else (x[:1], "channel")
            _require_several(x, (*batch, *x[2:]), what, constraints)
        return x

    def normalized_together(self, x: Shape) -> Dim | None:
        """Return the number of positions of a sample, or of all samples."""
        return product(x[2:]) if self.per_sample else x[0] * product(x[2:])

    def buffers(self, x: Shape) -> dict[str, Shape]:
        """Return the running mean and variance with `track_running_stats`."""
        return {"running_mean": (x[1],), "running_var": (x[1],)} if self.track_running_stats else {}

    def operations(self, x: Shape, y: Shape) -> Dim:
        """Return scale and shift, or the statistics' own cost."""
        if self.track_running_stats:
            return 2 * product(x)
        groups = x[0] * x[1] if self.per_sample else x[1]
        return _statistics(product(x), groups=groups, affine=len(self.parameters(x)))


@layer("batch_norm")
@dataclass(frozen=True, slots=True, kw_only=True)
class BatchNorm(Running):
    """Normalises each channel by running statistics, as in evaluation; then scales and shifts it.

    Fields:
        eps: Number added to the variance, so that nothing is divided by 0.
        momentum: Weight of each new batch in the running statistics; null averages over all batches instead.
        affine: Whether each channel has a trainable scale and shift.
        bias: Whether the shift is one of them; without it, `affine` gives a scale alone.
        track_running_stats: Whether running statistics are stored and used in evaluation; otherwise each batch's own
            are used.
        num_features: Number of channels. By default it follows from the input; a given value is checked against it.

    Input: [N, C, *]
    Output: [N, C, *]
    Parameters: weight [C] with `affine`, bias [C] with `affine` and `bias`
    Buffers: running_mean [C], running_var [C] with `track_running_stats` (PyTorch's batch counter is not counted)
    Costs: MACs 0; FLOPs = 2 per element: scale and shift, folded once per channel. Without running statistics the
        batch's own are computed: 5 per element + 2 per channel, + 1 per element for each of weight and bias
    Source: torch.nn.BatchNorm2d; Ioffe and Szegedy 2015
    """

    foreign_names = "batchnorm# lazybatchnorm# batchnormalization ~syncbatchnorm ~convertsyncbatchnorm bn"
    foreign_notes = ("syncbatchnorm | use `batch_norm`: its statistics are those of one process",)
    foreign_caveats = (f"batchnormalization: momentum | {_MOMENTUM}",)
    per_sample = False
    normalizes_batch = True

    @property
    def in_keras(self) -> bool:
        """Whether it has running statistics: Keras's always has a moving mean and a moving variance."""
        return self.track_running_stats

    def non_trainable_as(self, convention: str, *inputs: Shape) -> Dim:
        """Return 2C for the moving mean and variance, which Keras counts as parameters.

        Source: keras.layers.BatchNormalization, 4C parameters of which 2C are not trainable.

        >>> BatchNorm().params_as("keras", (1, 512)), BatchNorm().non_trainable_as("keras", (1, 512))
        (1024, 1024)
        """
        return sum(map(product, self.buffers(*inputs).values())) if convention == "keras" else 0

    @property
    def unsupported_in_training(self) -> tuple[str, str] | None:
        """Statistics of all batches so far."""
        return ("averages statistics over all batches", "momentum: 0.1") if self.momentum is None else None

    def saved(self, x: Shape, y: Shape) -> tuple[Saved, ...]:
        """Return the input, and the batch's mean and 1/σ of each channel."""
        return _saved_statistics(x, x[1])


@layer("instance_norm")
@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceNorm(Running):
    """Normalises each channel of each sample by its own mean and variance.

    Fields:
        eps: Number added to the variance, so that nothing is divided by 0.
        momentum: Weight of each new batch in the running statistics; null averages over all batches instead.
        affine: Whether each channel has a trainable scale and shift.
        bias: Whether the shift is one of them; without it, `affine` gives a scale alone.
        track_running_stats: Whether running statistics are stored and used in evaluation; otherwise each sample's own
            are used.
        num_features: Number of channels. By default it follows from the input; a given value is checked against it.

    Input: [N, C, *spatial]
    Output: [N, C, *spatial]
    Parameters: weight [C] with `affine`, bias [C] with `affine` and `bias`
    Buffers: running_mean [C], running_var [C] with `track_running_stats`
    Costs: MACs 0; FLOPs = 5 per element + 2 per sample and channel, + 1 per element for each of weight and bias; with
        running statistics 2 per element, as batch_norm
    Source: torch.nn.InstanceNorm2d
    """

    foreign_names = "instancenorm# lazyinstancenorm# ~instancenormalization"
    foreign_notes = ("instancenormalization | use `instance_norm: {affine: true}`: ONNX's has a scale and a bias",)
    per_sample = True
    affine: Bool = False
    track_running_stats: Bool = False

    @property
    def in_keras(self) -> bool:
        """Whether it has no running statistics, as a GroupNormalization with a group for each channel."""
        return not self.track_running_stats

    @property
    def unsupported_in_training(self) -> tuple[str, str] | None:
        """Running statistics."""
        return ("keeps running statistics", "track_running_stats: false") if self.track_running_stats else None

    def saved(self, x: Shape, y: Shape) -> tuple[Saved, ...]:
        """Return the input, mean and 1/σ, and what is repeated for each sample: weight, running statistics."""
        groups = x[0] * x[1]
        copies = (1 if self.affine else 0) + (2 if self.track_running_stats else 0)
        return (
            *_saved_statistics(x, groups),
            *((Saved("repeated", copies * groups, dtype="float32"),) if copies else ()),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class OverLastAxes(Normalizing):
    """Base class of layer norm and RMS norm, which normalise over the last axes.

    Fields:
        normalized_shape: Sizes of the last axes, which are normalised together; by default the last axis alone.
    """

    reads_features = True
    normalized_shape: Annotated[int | tuple[int, ...] | None, Several(Integer())] = None

    def output_shape(self, x: Shape, *, constraints: Constraints = REFUSING) -> Shape:
        """Return the input's shape."""
        normalized = self._normalized(x)
        last = x[-len(normalized) :]
        error = LayerError(
            "SC301",
            expects=f"{show(normalized)} as its last axes",
            receives=show(x),
            field="normalized_shape",
            label=f"expected {show(last)}",
            help="leave `normalized_shape` out to normalise the last axis",
        )
        constraints.require_equal(last, normalized, error)
        return x

    def _normalized(self, x: Shape) -> Shape:
        if self.normalized_shape is None:
            return x[-1:]
        return self.normalized_shape if isinstance(self.normalized_shape, tuple) else (self.normalized_shape,)


@layer("layer_norm", main="normalized_shape")
@dataclass(frozen=True, slots=True, kw_only=True)
class LayerNorm(OverLastAxes):
    """Normalises over the last axes, by default over the last one.

    Fields:
        eps: Number added to the variance, so that nothing is divided by 0.
        elementwise_affine: Whether each element of the normalised axes has a trainable weight.
        bias: Whether it also has a trainable bias, which requires `elementwise_affine`.

    Input: [*, *normalized_shape]
    Output: [*, *normalized_shape]
    Parameters: weight [*normalized_shape], bias [*normalized_shape] (`elementwise_affine`, `bias`)
    Costs: MACs 0; FLOPs = 5 per element + 2 per normalised group, + 1 per element for each of weight and bias
    Source: torch.nn.LayerNorm; Ba, Kiros, Hinton 2016
    """

    foreign_names = "layernormalization ln"
    foreign_fields = (
        "eps: epsilon",
        "normalized_shape: shape ~size ~dim normalizedsize hiddensize numfeatures ~features",
        "elementwise_affine: affine ~scale",
        "bias: center usebias",
        f"nothing: axis beginnormaxis rmsscaling | {_LAST_AXES}",
    )
    eps: Epsilon = 1e-5
    elementwise_affine: Bool = True
    bias: Bool = True

    @property
    def has_bias(self) -> bool:
        """Whether it has a bias."""
        return self.elementwise_affine and self.bias

    def parameters(self, x: Shape) -> dict[str, Shape]:
        """Return the weight and the bias, each with the shape of the normalised axes."""
        if not self.elementwise_affine:
            return {}
        normalized = self._normalized(x)
        return {"weight": normalized, "bias": normalized} if self.bias else {"weight": normalized}

    def operations(self, x: Shape, y: Shape) -> Dim:
        """Return the operations of the statistics, the weight and the bias."""
        groups = product(x[: len(x) - len(self._normalized(x))])
        return _statistics(product(x), groups=groups, affine=len(self.parameters(x)))

    def saved(self, x: Shape, y: Shape) -> tuple[Saved, ...]:
        """Return the input, and mean and 1/σ of each group."""
        return _saved_statistics(x, product(x[: len(x) - len(self._normalized(x))]))


@layer("rms_norm", main="normalized_shape")
@dataclass(frozen=True, slots=True, kw_only=True)
class RmsNorm(OverLastAxes):
    """Divides by the root of the mean of squares over the last axes, x/√(Σx²/n + eps), without subtracting the mean.

    Fields:
        eps: Number added to the mean of squares, so that nothing is divided by 0; by default the float32 machine
            epsilon.
        elementwise_affine: Whether each element of the normalised axes has a trainable weight.

    Input: [*, *normalized_shape]
    Output: as the input
    Parameters: weight with the shape of the last axes (`elementwise_affine`)
    Costs: MACs 0; FLOPs = 3 per element (square, add, divide) + 2 per group (divide, add eps; n
        squares need n − 1 additions, the root counts as the n-th), + 1 per element with `elementwise_affine`
    Source: torch.nn.RMSNorm; Zhang and Sennrich 2019, equation 4
    """

    foreign_names = "rmsnorm rmsnormalization simplifiedlayernormalization t5layernorm"
    foreign_fields = (
        "normalized_shape: shape dim hiddensize",
        "eps: epsilon varianceepsilon rmsnormeps",
        "elementwise_affine: affine ~scale",
        f"nothing: axis | {_LAST_AXES}",
    )
    eps: Epsilon = 1.1920928955078125e-07
    elementwise_affine: Bool = True

    def parameters(self, x: Shape) -> dict[str, Shape]:
        """Return the weight with the shape of the last axes."""
        return {"weight": self._normalized(x)} if self.elementwise_affine else {}

    def operations(self, x: Shape, y: Shape) -> Dim:
        """Return the operations of the squares, their mean and root, the division and the weight."""
        rows = product(x[: len(x) - len(self._normalized(x))])
        return (4 if self.elementwise_affine else 3) * product(x) + 2 * rows

    def saved(self, x: Shape, y: Shape) -> tuple[Saved, ...]:
        """Return the input, the root of each group, and the normalised elements if a weight multiplies them."""
        rows = product(x[: len(x) - len(self._normalized(x))])
        normalised = (Saved("normalised", product(x)),) if self.elementwise_affine else ()
        return (saved_input((x,)), Saved("1/root", rows, dtype="float32"), *normalised)


@layer("group_norm", main="num_groups")
@dataclass(frozen=True, slots=True, kw_only=True)
class GroupNorm(Channelwise):
    """Normalises each sample over groups of its channels.

    Fields:
        num_groups: Number of groups that the channels are divided into; it must divide their number.
        eps: Number added to the variance, so that nothing is divided by 0.
        affine: Whether each channel has a trainable scale and shift.
        bias: Whether the shift is one of them; without it, `affine` gives a scale alone.
        num_channels: Number of channels. By default it follows from the input; a given value is checked against it.

    Input: [N, C, *]
    Output: [N, C, *]
    Parameters: weight [C] with `affine`, bias [C] with `affine` and `bias`
    Costs: MACs 0; FLOPs = 5 per element + 2 per sample and group, + 1 per element for each of weight and bias
    Source: torch.nn.GroupNorm; Wu and He 2018
    """

    foreign_names = "groupnormalization gn"
    foreign_fields = (
        *Channelwise.foreign_fields,
        "num_groups: groups ngroups group ~g",
        "num_channels: channels numfeatures features numfilters ~c",
    )
    num_groups: Count
    eps: Epsilon = 1e-5
    affine: Bool = True
    bias: Bool = True
    num_channels: OptionalCount = None

    def output_shape(self, x: Shape, *, constraints: Constraints = REFUSING) -> Shape:
        """Return the input's shape."""
        if len(x) < 2:
            raise LayerError("SC305", expects="[N, C, *]", receives=show(x), label=f"receives rank {len(x)}")
        constraints.require_stated(self.num_channels, x[1], "num_channels", "channels", x=x)
        constraints.require_divides("num_groups", self.num_groups, x[1], "channels", offered=1, x=x)
        # PyTorch counts the elements of the whole batch: a single element per group is an error only with one sample.
        _require_several(x, (x[0], x[1] // self.num_groups, *x[2:]), "group", constraints)
        return x

    def operations(self, x: Shape, y: Shape) -> Dim:
        """Return the operations of the statistics, and of scale and shift."""
        return _statistics(product(x), groups=x[0] * self.num_groups, affine=len(self.parameters(x)))

    def saved(self, x: Shape, y: Shape) -> tuple[Saved, ...]:
        """Return the input, and mean and 1/σ of each group."""
        return _saved_statistics(x, x[0] * self.num_groups)


@layer("local_response_norm", main="size")
@dataclass(frozen=True, slots=True, kw_only=True)
class LocalResponseNorm(Layer):
    """Divides each element by a power of the squares of `size` neighbouring channels, x/(k + α/size · Σx²)^β.

    Fields:
        size: Number of neighbouring channels whose squares are summed, the channel itself included.
        alpha: Factor α of the mean of squares.
        beta: Exponent β of the divisor.
        k: Constant added to the mean of squares before it is raised to the power β.

    Input: [N, C, *]
    Output: [N, C, *]
    Parameters: none
    Costs: MACs 0; FLOPs = size + 4 per element (square; size − 1 additions; scale, add k, power, divide); channels
        beyond the first and last count as zeros
    Source: torch.nn.LocalResponseNorm; Krizhevsky, Sutskever, Hinton 2012, section 3.3 (there α is not divided)
    """

    foreign_names = "~lrn ~localresponsenormalization ~crossmaplrn#"
    foreign_notes = (
        (
            "lrn localresponsenormalization | use `local_response_norm`: `size` counts channels, and `alpha` is "
            "divided by it"
        ),
    )
    foreign_fields = (
        "size: localsize ~n nsize windowsize ~depth",
        "k: ~bias",
        "nothing: depthradius | use `size`, which is 2 × depth_radius + 1",
        "nothing: normregion",
    )
    reads_map = True
    size: Count
    alpha: Annotated[float, Number()] = 1e-4
    beta: Annotated[float, Number()] = 0.75
    k: Annotated[float, Number()] = 1.0

    def output_shape(self, x: Shape, *, constraints: Constraints = REFUSING) -> Shape:
        """Return the input's shape."""
        if len(x) < 3:
            raise LayerError("SC305", expects="[N, C, *spatial]", receives=show(x), label=f"receives rank {len(x)}")
        return x

    def operations(self, x: Shape, y: Shape) -> Dim:
        """Return size + 4 operations per element."""
        return (self.size + 4) * product(x)

    def saved(self, x: Shape, y: Shape) -> tuple[Saved, ...]:
        """Return the input, its squares padded with channels of zeros, the base of the power β, and the divisor."""
        squares = Saved("squares", x[0] * (x[1] + self.size - 1) * product(x[2:]))
        return (saved_input((x,)), squares, Saved("sums", product(x)), Saved("divisor", product(x)))


@layer("scale")
@dataclass(frozen=True, slots=True, kw_only=True)
class Scale(Normalizing):
    """Multiplies each channel by a trainable factor and, with `bias`, adds a trainable bias.

    The factor alone is the layer scale of ConvNeXt; factor and bias are the trainable coefficient and bias of LeNet-5's
    sub-sampling maps.

    Fields:
        dim: Axis with one factor for each index; a negative index counts from the last axis.
        bias: Whether a trainable bias is added as well, one for each index of `dim`.
        num_features: Size of axis `dim`. By default it follows from the input; a given value is checked against it.

    Input: [N, C, *], or any shape that has axis `dim`
    Output: as the input
    Parameters: weight [C], bias [C] (`bias`)
    Costs: MACs 0; FLOPs = 1 per element, 2 with `bias`
    Source: Liu et al. 2022 (ConvNeXt), layer scale; LeCun, Bottou, Bengio, Haffner 1998, section II.B
    """

    foreign_names = "~layerscale# ~learnablescale ~scaleshift"
    foreign_fields = (
        "dim: axis",
        "bias: usebias biasterm hasbias withbias center",
        "num_features: features numchannels channels c",
        "nothing: initvalues initvalue gamma scale",
    )
    dim: Axis = 1
    bias: Bool = False
    num_features: OptionalCount = None

    @property
    def in_keras(self) -> bool:
        """False: its Rescaling has a constant factor."""
        return False

    def output_shape(self, x: Shape, *, constraints: Constraints = REFUSING) -> Shape:
        """Return the input's shape."""
        channels = x[axis_index(self.dim, len(x), "dim", x)]
        constraints.require_stated(self.num_features, channels, "num_features", "channels", x=x)
        return x

    @property
    def has_bias(self) -> bool:
        """Whether it has a bias."""
        return self.bias

    def parameters(self, x: Shape) -> dict[str, Shape]:
        """Return the weight and, with `bias`, the bias.

        >>> Scale(dim=-1).parameters((1, 56, 56, 96))    # ConvNeXt-T, first stage
        {'weight': (96,)}
        """
        channels = (x[self.dim],)
        return {"weight": channels, "bias": channels} if self.bias else {"weight": channels}

    def operations(self, x: Shape, y: Shape) -> Dim:
        """Return one multiplication per element, and one addition with `bias`."""
        return (2 if self.bias else 1) * product(x)

    def saved(self, x: Shape, y: Shape) -> tuple[Saved, ...]:
        """Return the input, from which the factor's gradient is computed."""
        return (saved_input((x,)),)


def _require_several(x: Shape, axes: Shape, what: str, constraints: Constraints) -> None:
    """Raise `LayerError` SC302 for statistics over a single element, as PyTorch does: its deviation is always 0."""
    if all(dim == 1 for dim in axes):
        expects = f"more than one number per {what} to take statistics over"
        raise LayerError("SC302", expects=expects, receives=show(x))
    constraints.require_nonnegative(product(axes) - 2)


def _saved_statistics(x: Shape, groups: Dim) -> tuple[Saved, ...]:
    """Return the records of the input and of the statistics of each group, which are float32 in any run."""
    return (saved_input((x,)), Saved("mean", groups, dtype="float32"), Saved("1/σ", groups, dtype="float32"))


def _statistics(elements: Dim, *, groups: Dim, affine: int) -> Dim:
    return (STATISTICS + affine) * elements + PER_GROUP * groups
