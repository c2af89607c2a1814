"""Normalisation over the batch, a layer, groups of channels, a sample's channel, its neighbours; a scale alone."""

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from shapecalc.diagnostics.errors import LayerError
from shapecalc.dims import Dim, Expr, Relation, Shape, exact_quotient, product, show
from shapecalc.layers.base import Layer, axis_index, demand, layer, note, stated
from shapecalc.layers.fields import Axis, Bool, Count, Integer, Number, OptionalCount, Several
from shapecalc.layers.initial import Initial
from shapecalc.layers.saved import Saved, kept_input

Epsilon = Annotated[float, Number(minimum=0)]
Momentum = Annotated[float | None, Number(minimum=0, maximum=1)]
STATISTICS = 5
"""Operations per number of a normalisation by its own statistics: mean, subtract, square, variance, divide."""
PER_GROUP = 2
"""Operations once per group of numbers: add eps, square root."""


class Normalizing(Layer):
    """A layer whose weights are 1 and biases 0 before training, so that it does nothing but normalise."""

    __slots__ = ()

    def initial(self, name: str, *inputs: Shape) -> Initial:
        """Return 1 for a weight, 0 for a bias."""
        return Initial("constant")


class Channelwise(Normalizing):
    """A layer with a scale and a shift for each channel."""

    __slots__ = ()
    foreign_fields: ClassVar[tuple[str, ...]] = (
        "eps: epsilon varianceepsilon",
        "affine: ~scale ~center useaffine elementwiseaffine",  # two flags of Keras are one of PyTorch's
        "nothing: axis",
    )
    affine: Any

    def parameters(self, x: Shape) -> dict[str, Shape]:
        """Return weight and bias, where the layer is affine."""
        return {"weight": (x[1],), "bias": (x[1],)} if self.affine else {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Running(Channelwise):
    """A layer that normalises each channel, of the batch or `per_sample`; it can keep running statistics."""

    foreign_fields = (
        *Channelwise.foreign_fields,
        "momentum: ~decay ~batchnormmomentum",  # Keras's is what remains of 1 after PyTorch's
        "num_features: features numchannels channels numfilters ~c",
        "track_running_stats: userunningstats trackstats",
    )
    per_sample: ClassVar[bool]
    eps: Epsilon = 1e-5
    momentum: Momentum = 0.1
    affine: Bool = True
    track_running_stats: Bool = True
    num_features: OptionalCount = None

    def output_shape(self, x: Shape) -> Shape:
        """Return the input's shape."""
        if len(x) < 2 + self.per_sample:
            order = "[N, C, *spatial]" if self.per_sample else "[N, C, *]"
            raise LayerError("SC305", f"expects {order}, receives {show(x)}", label=f"receives rank {len(x)}")
        stated(self.num_features, x[1], "num_features", "channels", x=x)
        if not self.track_running_stats:
            batch, what = ((), "channel of a sample") if self.per_sample else (x[:1], "channel")
            _refuse_lone_number(x, (*batch, *x[2:]), what)
        return x

    def buffers(self, x: Shape) -> dict[str, Shape]:
        """Return the running mean and variance, where they are kept."""
        return {"running_mean": (x[1],), "running_var": (x[1],)} if self.track_running_stats else {}

    def operations(self, x: Shape, y: Shape) -> Dim:
        """Return scale and shift, or the statistics' own cost."""
        if self.track_running_stats:
            return 2 * product(x)
        groups = x[0] * x[1] if self.per_sample else x[1]
        return _statistics(product(x), groups=groups, affine=2 if self.affine else 0)


@layer("batch_norm")
@dataclass(frozen=True, slots=True, kw_only=True)
class BatchNorm(Running):
    """Normalises each channel by running statistics, as in evaluation; then scales and shifts it.

    Input: [N, C, *]
    Output: [N, C, *]
    Parameters: weight [C], bias [C] with `affine`
    Buffers: running_mean [C], running_var [C] with `track_running_stats` (PyTorch's batch counter is not counted)
    Costs: MACs 0; FLOPs = 2 per number: scale and shift, folded once per channel. Without running statistics the
        batch's own are computed: 5 per number + 2 per channel, + 2 per number with `affine`
    Source: torch.nn.BatchNorm2d; Ioffe and Szegedy 2015
    """

    foreign_names = "batchnorm# lazybatchnorm# batchnormalization ~syncbatchnorm bn"
    per_sample = False
    normalizes_batch = True

    @property
    def unsupported_in_training(self) -> tuple[str, str] | None:
        """Statistics of all batches so far."""
        return ("averages statistics over all batches", "momentum: 0.1") if self.momentum is None else None

    def saved(self, x: Shape, y: Shape) -> tuple[Saved, ...]:
        """Return the input, and the batch's mean and 1/σ of each channel."""
        return _kept(x, x[1])


@layer("instance_norm")
@dataclass(frozen=True, slots=True, kw_only=True)
class InstanceNorm(Running):
    """Normalises each channel of each sample by its own mean and variance.

    Input: [N, C, *spatial]
    Output: [N, C, *spatial]
    Parameters: weight [C], bias [C] with `affine`
    Buffers: running_mean [C], running_var [C] with `track_running_stats`
    Costs: MACs 0; FLOPs = 5 per number + 2 per sample and channel, + 2 per number with `affine`; with running
        statistics 2 per number, as batch_norm
    Source: torch.nn.InstanceNorm2d
    """

    foreign_names = "instancenorm# lazyinstancenorm# instancenormalization"
    per_sample = True
    affine: Bool = False
    track_running_stats: Bool = False

    @property
    def unsupported_in_training(self) -> tuple[str, str] | None:
        """Running statistics."""
        return ("keeps running statistics", "track_running_stats: false") if self.track_running_stats else None

    def saved(self, x: Shape, y: Shape) -> tuple[Saved, ...]:
        """Return the input, mean and 1/σ, and what is written out for each sample: weight, running statistics."""
        groups = x[0] * x[1]
        copies = (1 if self.affine else 0) + (2 if self.track_running_stats else 0)
        return (*_kept(x, groups), *((Saved("repeated", copies * groups, dtype="float32"),) if copies else ()))


@dataclass(frozen=True, slots=True, kw_only=True)
class OverLastAxes(Normalizing):
    """What layer norm and RMS norm share: which axes they look at."""

    normalized_shape: Annotated[int | tuple[int, ...] | None, Several(Integer())] = None

    def output_shape(self, x: Shape) -> Shape:
        """Return the input's shape."""
        normalized = self._normalized(x)
        last = x[-len(normalized) :]
        message = f"expects {show(normalized)} as its last axes, receives {show(x)}"
        pairs = tuple(zip(normalized, last, strict=False))
        if len(last) < len(normalized) or any(isinstance(dim, int) and dim != wanted for wanted, dim in pairs):
            raise LayerError(
                "SC301",
                message,
                field="normalized_shape",
                label=f"expected {show(last)}",
                help="leave `normalized_shape` out to normalise the last axis",
            )
        for wanted, dim in pairs:
            demand(dim - wanted, Relation.ZERO, "SC301", message, field="normalized_shape")
        return x

    def _normalized(self, x: Shape) -> Shape:
        if self.normalized_shape is None:
            return x[-1:]
        return self.normalized_shape if isinstance(self.normalized_shape, tuple) else (self.normalized_shape,)


@layer("layer_norm", main="normalized_shape")
@dataclass(frozen=True, slots=True, kw_only=True)
class LayerNorm(OverLastAxes):
    """Normalises each sample over its last axes; over the last one where `normalized_shape` is left out.

    Input: [*, *normalized_shape]
    Output: [*, *normalized_shape]
    Parameters: weight [*normalized_shape], bias [*normalized_shape] (`elementwise_affine`, `bias`)
    Costs: MACs 0; FLOPs = 5 per number + 2 per normalised group, + 1 per number for each of weight and bias
    Source: torch.nn.LayerNorm; Ba, Kiros, Hinton 2016
    """

    foreign_names = "layernormalization ln"
    foreign_fields = (
        "eps: epsilon",
        "normalized_shape: shape ~size ~dim normalizedsize hiddensize numfeatures ~features",
        "elementwise_affine: affine ~scale",
        "bias: center usebias",
        "nothing: axis",
    )
    eps: Epsilon = 1e-5
    elementwise_affine: Bool = True
    bias: Bool = True

    def parameters(self, x: Shape) -> dict[str, Shape]:
        """Return weight and bias over the normalised axes, where the layer has them."""
        if not self.elementwise_affine:
            return {}
        normalized = self._normalized(x)
        return {"weight": normalized, "bias": normalized} if self.bias else {"weight": normalized}

    def operations(self, x: Shape, y: Shape) -> Dim:
        """Return the statistics' cost, and weight and bias."""
        groups = product(x[: len(x) - len(self._normalized(x))])
        return _statistics(product(x), groups=groups, affine=len(self.parameters(x)))

    def saved(self, x: Shape, y: Shape) -> tuple[Saved, ...]:
        """Return the input, and mean and 1/σ of each group."""
        return _kept(x, product(x[: len(x) - len(self._normalized(x))]))


@layer("rms_norm", main="normalized_shape")
@dataclass(frozen=True, slots=True, kw_only=True)
class RmsNorm(OverLastAxes):
    """Divides by the root of the mean of squares over the last axes, x/√(Σx²/n + eps); no mean is taken away.

    Input: [*, *normalized_shape]
    Output: as the input
    Parameters: weight with the shape of the last axes (`elementwise_affine`)
    Costs: MACs 0; FLOPs = 3 per number (square, add, divide) + 2 per group (divide, add eps; of n squares there are
        n − 1 sums, and a root), + 1 per number with `elementwise_affine`
    Source: torch.nn.RMSNorm; Zhang and Sennrich 2019, equation 4
    """

    foreign_names = "rmsnorm rmsnormalization simplifiedlayernormalization t5layernorm"
    foreign_fields = (
        "normalized_shape: shape dim hiddensize normalizedshape",
        "eps: epsilon variancepsilon rmsnormeps",
        "elementwise_affine: affine scale",
    )
    eps: Epsilon = 1.1920928955078125e-07
    elementwise_affine: Bool = True

    def parameters(self, x: Shape) -> dict[str, Shape]:
        """Return the weight with the shape of the last axes."""
        return {"weight": self._normalized(x)} if self.elementwise_affine else {}

    def operations(self, x: Shape, y: Shape) -> Dim:
        """Return squares, their mean and root, the division, and the weight's product."""
        rows = product(x[: len(x) - len(self._normalized(x))])
        return (4 if self.elementwise_affine else 3) * product(x) + 2 * rows

    def saved(self, x: Shape, y: Shape) -> tuple[Saved, ...]:
        """Return the input, the root of each group, and the normalised numbers that the weight multiplies."""
        rows = product(x[: len(x) - len(self._normalized(x))])
        normalised = (Saved("normalised", product(x)),) if self.elementwise_affine else ()
        return (kept_input((x,)), Saved("1/root", rows, dtype="float32"), *normalised)


@layer("group_norm", main="num_groups")
@dataclass(frozen=True, slots=True, kw_only=True)
class GroupNorm(Channelwise):
    """Normalises each sample over groups of its channels.

    Input: [N, C, *]
    Output: [N, C, *]
    Parameters: weight [C], bias [C] with `affine`
    Costs: MACs 0; FLOPs = 5 per number + 2 per sample and group, + 2 per number with `affine`
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
    num_channels: OptionalCount = None

    def output_shape(self, x: Shape) -> Shape:
        """Return the input's shape."""
        if len(x) < 2:
            raise LayerError("SC305", f"expects [N, C, *], receives {show(x)}", label=f"receives rank {len(x)}")
        stated(self.num_channels, x[1], "num_channels", "channels", x=x)
        if exact_quotient(x[1], self.num_groups) is None:
            if isinstance(x[1], Expr):
                message = f"expects channels that {self.num_groups} groups divide, receives {show(x)}"
                demand(x[1] % self.num_groups, Relation.ZERO, "SC304", message, field="num_groups")
            else:
                near = next(g for g in range(min(self.num_groups, x[1]), 0, -1) if x[1] % g == 0)
                raise LayerError(
                    "SC304",
                    f"expects channels that {self.num_groups} groups divide, receives {x[1]}, "
                    f"which leaves {x[1] % self.num_groups} over",
                    field="num_groups",
                    label=f"{x[1]} channels",
                    help=f"write `num_groups: {near}`",
                    replacement=str(near),
                )
        # PyTorch takes the whole batch into account: a lone number in each group is refused for one sample alone.
        _refuse_lone_number(x, (x[0], x[1] // self.num_groups, *x[2:]), "group")
        return x

    def operations(self, x: Shape, y: Shape) -> Dim:
        """Return the statistics' cost, and scale and shift."""
        return _statistics(product(x), groups=x[0] * self.num_groups, affine=2 if self.affine else 0)

    def saved(self, x: Shape, y: Shape) -> tuple[Saved, ...]:
        """Return the input, and mean and 1/σ of each group."""
        return _kept(x, x[0] * self.num_groups)


@layer("local_response_norm", main="size")
@dataclass(frozen=True, slots=True, kw_only=True)
class LocalResponseNorm(Layer):
    """Divides each number by a power of the squares of its neighbours in `size` channels, x/(k + α/size · Σx²)^β.

    Input: [N, C, *]
    Output: [N, C, *]
    Parameters: none
    Costs: MACs 0; FLOPs = size + 4 per number (square; size − 1 additions; scale, add k, power, divide); channels
        beyond the first and last count as zeros
    Source: torch.nn.LocalResponseNorm; Krizhevsky, Sutskever, Hinton 2012, section 3.3 (there α is not divided)
    """

    foreign_names = "~lrn ~localresponsenormalization"
    foreign_fields = (
        "size: localsize ~n nsize windowsize ~depth",
        "k: ~bias",
        "nothing: depthradius",  # a radius r is a size of 2r + 1
    )
    size: Count
    alpha: Annotated[float, Number()] = 1e-4
    beta: Annotated[float, Number()] = 0.75
    k: Annotated[float, Number()] = 1.0

    def output_shape(self, x: Shape) -> Shape:
        """Return the input's shape."""
        if len(x) < 3:
            raise LayerError("SC305", f"expects [N, C, *spatial], receives {show(x)}", label=f"receives rank {len(x)}")
        return x

    def operations(self, x: Shape, y: Shape) -> Dim:
        """Return size + 4 operations per number."""
        return (self.size + 4) * product(x)

    def saved(self, x: Shape, y: Shape) -> tuple[Saved, ...]:
        """Return the input, its squares with channels of zeros around them, what is raised to β, and the divisor."""
        squares = Saved("squares", x[0] * (x[1] + self.size - 1) * product(x[2:]))
        return (kept_input((x,)), squares, Saved("sums", product(x)), Saved("divisor", product(x)))


@layer("scale")
@dataclass(frozen=True, slots=True, kw_only=True)
class Scale(Normalizing):
    """Multiplies each channel by a learnt factor; with `bias` a learnt number is added too.

    `dim` is the axis that has a factor for each of its entries: −1 where channels stand last. The factor alone is the
    layer scale of ConvNeXt; factor and addend are the trainable coefficient and bias of LeNet-5's sub-sampling maps.

    Input: [N, C, *], or any shape that has axis `dim`
    Output: as the input
    Parameters: weight [C], bias [C] (`bias`)
    Costs: MACs 0; FLOPs = 1 per number, 2 with `bias`
    Source: Liu et al. 2022 (ConvNeXt), layer scale; LeCun, Bottou, Bengio, Haffner 1998, section II.B
    """

    foreign_names = "~layerscale ~learnablescale ~scaleshift"
    foreign_fields = (
        "dim: axis",
        "bias: usebias biasterm hasbias withbias center",
        "num_features: features numchannels channels c",
        "nothing: initvalues initvalue gamma scale",
    )
    dim: Axis = 1
    bias: Bool = False
    num_features: OptionalCount = None

    def output_shape(self, x: Shape) -> Shape:
        """Return the input's shape."""
        stated(self.num_features, x[axis_index(self.dim, len(x), "dim", x)], "num_features", "channels", x=x)
        return x

    def parameters(self, x: Shape) -> dict[str, Shape]:
        """Return weight and, where there is one, bias.

        >>> Scale(dim=-1).parameters((1, 56, 56, 96))    # ConvNeXt-T, first stage
        {'weight': (96,)}
        """
        channels = (x[self.dim],)
        return {"weight": channels, "bias": channels} if self.bias else {"weight": channels}

    def operations(self, x: Shape, y: Shape) -> Dim:
        """Return one multiplication per number, and one addition for the bias."""
        return (2 if self.bias else 1) * product(x)

    def saved(self, x: Shape, y: Shape) -> tuple[Saved, ...]:
        """Return the input, of which the factor's gradient is made."""
        return (kept_input((x,)),)


def _refuse_lone_number(x: Shape, axes: Shape, what: str) -> None:
    """Refuse statistics over a single number, as PyTorch does: its deviation is 0, whatever it is."""
    if all(dim == 1 for dim in axes):
        message = f"expects more than one number per {what} to take statistics over, receives {show(x)}"
        raise LayerError("SC302", message)
    note(product(axes) - 2)


def _kept(x: Shape, groups: Dim) -> tuple[Saved, ...]:
    """Return the records of the input and of the statistics of each group, which stay float32 in any run."""
    return (kept_input((x,)), Saved("mean", groups, dtype="float32"), Saved("1/σ", groups, dtype="float32"))


def _statistics(numbers: Dim, *, groups: Dim, affine: int) -> Dim:
    return (STATISTICS + affine) * numbers + PER_GROUP * groups
