"""Normalisation of channels, over a batch, a sample or groups of channels."""

from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from shapecalc.diagnostics.errors import LayerError
from shapecalc.dims import Dim, Shape, product, show
from shapecalc.layers.base import Layer, layer
from shapecalc.layers.constraints import REFUSING, Constraints
from shapecalc.layers.fields import Bool, Count, Number, OptionalCount
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
            require_several(x, (*batch, *x[2:]), what, constraints)
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
        return statistics_operations(product(x), groups=groups, affine=len(self.parameters(x)))


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
        return saved_statistics(x, x[1])


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
            *saved_statistics(x, groups),
            *((Saved("repeated", copies * groups, dtype="float32"),) if copies else ()),
        )


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
        require_several(x, (x[0], x[1] // self.num_groups, *x[2:]), "group", constraints)
        return x

    def operations(self, x: Shape, y: Shape) -> Dim:
        """Return the operations of the statistics, and of scale and shift."""
        return statistics_operations(product(x), groups=x[0] * self.num_groups, affine=len(self.parameters(x)))

    def saved(self, x: Shape, y: Shape) -> tuple[Saved, ...]:
        """Return the input, and mean and 1/σ of each group."""
        return saved_statistics(x, x[0] * self.num_groups)


def require_several(x: Shape, axes: Shape, what: str, constraints: Constraints) -> None:
    """Raise `LayerError` SC302 for statistics over a single element, as PyTorch does: its deviation is always 0."""
    if all(dim == 1 for dim in axes):
        expects = f"more than one number per {what} to take statistics over"
        raise LayerError("SC302", expects=expects, receives=show(x))
    constraints.require_nonnegative(product(axes) - 2)


def saved_statistics(x: Shape, groups: Dim) -> tuple[Saved, ...]:
    """Return the records of the input and of the statistics of each group, which are float32 in any run."""
    return (saved_input((x,)), Saved("mean", groups, dtype="float32"), Saved("1/σ", groups, dtype="float32"))


def statistics_operations(elements: Dim, *, groups: Dim, affine: int) -> Dim:
    """Return the operations of a normalisation by its own statistics; `affine` are those per element after it."""
    return (STATISTICS + affine) * elements + PER_GROUP * groups
