"""A Keras layer: its names, its fields with their defaults, the axes that it reads, and the steps that it becomes."""

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, NamedTuple

from shapecalc.dims import Dim, Shape

REQUIRED = object()
"""The default of a field that must be given."""

IGNORED = frozenset(
    f"{what}_{kind}"
    for what in ("kernel", "bias", "recurrent", "depthwise", "pointwise", "embeddings", "beta", "gamma", "activity",
                 "moving_mean", "moving_variance")
    for kind in ("initializer", "regularizer", "constraint")
) | {"dtype", "seed", "unit_forget_bias", "unroll", "use_cudnn", "synchronized"}  # fmt: skip
"""Fields that change neither shapes nor the parameters nor what is computed from them."""

RENAMED = {
    "filters": "out_channels",
    "strides": "stride",
    "dilation_rate": "dilation",
    "use_bias": "bias",
    "units": "out_features",
    "rate": "p",
    "epsilon": "eps",
    "pool_size": "kernel_size",
    "keepdims": "keepdim",
    "input_dim": "num_embeddings",
    "output_dim": "embedding_dim",
    "axis": "dim",
    "interpolation": "mode",
    "size": "scale_factor",
    "groups": "num_groups",
    "target_shape": "shape",
}
"""Fields of Keras with the name that the same quantity usually has here."""

SAME_VALUE = frozenset(RENAMED) - {"axis", "size", "interpolation", "target_shape", "groups"} | {
    *("kernel_size", "padding", "groups"),
}
"""Fields whose value means the same under the name that it has here."""

KERAS_FIELDS = frozenset({
    *("filters", "strides", "dilation_rate", "units", "rate", "pool_size", "epsilon", "return_sequences"),
    *("return_state", "go_backwards", "recurrent_activation", "recurrent_dropout", "reset_after", "key_dim", "center"),
    *("depth_multiplier", "data_format", "target_shape", "input_dim", "output_dim", "input_length", "mask_zero"),
    *("merge_mode", "cropping", "input_shape", "batch_input_shape", "kernel_initializer", "kernel_regularizer"),
})  # fmt: skip
"""Fields that of all frameworks only Keras has."""


class Reads(Enum):
    """The order of axes that a layer reads."""

    ANY = "any"
    """Each element on its own: the order stays as it is."""
    MAP = "map"
    """Channels on axis 1, space after them."""
    LAST = "last"
    """Features on the last axis."""
    ORDER = "order"
    """The axes in the order of Keras."""
    FLAT = "flat"
    """Any order, which the output takes over in the order of its elements."""


class KerasRefusal(Exception):  # noqa: N818 - it is an answer, not an error of the program
    """A Keras layer that has no exact counterpart: why, and what to write instead."""

    def __init__(self, reason: str, help_text: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.help = help_text


class KerasCall(NamedTuple):
    """One use of a Keras layer."""

    word: str
    """Its name as written."""
    fields: Mapping[str, Any]
    """The values of its fields, defaults included."""
    inputs: tuple[Shape, ...]
    """The shapes of its inputs in the order that it reads."""
    moved: bool = False
    """Whether the channels of its inputs are on axis 1, and not where Keras has them."""
    name: str = ""
    """A name for a step whose further outputs are read."""

    def axis(self, axis: int) -> int:
        """Return where an axis of Keras is."""
        rank = len(self.inputs[0])
        if not -rank <= axis < rank:
            raise KerasRefusal(f"axis {axis} is not one of the {rank} axes of its input")
        at = axis % rank
        if not self.moved or at == 0:
            return axis
        return 1 if at == rank - 1 else at + 1

    @property
    def channels(self) -> Dim:
        """The number of channels, on axis 1."""
        return self.inputs[0][1]


class KerasStep(NamedTuple):
    """A step of this project: its type and fields; `reads` names an output of an earlier step that it reads."""

    type: str
    fields: Mapping[str, Any]
    reads: str = ""
    name: str = ""
    gives_order: bool = False
    """Whether its output has the axes in the order of Keras, whatever the layer reads."""
    leads: bool = False
    """Whether it is the layer itself, which has its name."""


Writer = Callable[[KerasCall], tuple[KerasStep, ...]]


class KerasLayer(NamedTuple):
    """A layer of Keras."""

    reads: Reads
    write: Writer
    fields: Mapping[str, Any]
    """Its fields with their defaults; the first is the one that a single value sets."""
    rank: int | None = None
    """The number of axes that it reads; None for any number."""
    shared: bool = False
    """Whether other frameworks give the name too."""
    plain: bool = False
    """Whether it means the same, word for word, as the layer type that its name is corrected to."""
    wraps: bool = False
    """Whether its value is another layer."""
    lost: bool = False
    """Whether it has no counterpart here."""


KERAS_LAYERS: dict[str, KerasLayer] = {}
"""By folded name."""


def keras_layer(
    names: str,
    reads: Reads,
    *,
    ranks: tuple[int, ...] = (),
    shared: bool = False,
    plain: bool = False,
    wraps: bool = False,
    lost: bool = False,
    **fields: Any,
) -> Callable[[Writer], Writer]:
    """Register a function as the writer of Keras layers; `#` in a name is 1d, 2d or 3d, for `ranks` of 3, 4, 5 axes.

    `shared`, `plain`, `wraps` and `lost` are those of `KerasLayer`; a name that all frameworks have is `shared`.
    """

    def register(write: Writer) -> Writer:
        for name in names.split():
            made = KerasLayer(reads, write, fields, None, shared, plain, wraps, lost)
            if "#" not in name:
                KERAS_LAYERS[name] = made._replace(rank=ranks[0] if len(ranks) == 1 else None)
                continue
            for rank in ranks:
                KERAS_LAYERS[name.replace("#", f"{rank - 2}d")] = made._replace(rank=rank)
            # Without the number of axes it is a name of other frameworks.
            KERAS_LAYERS[name.replace("#", "")] = made._replace(shared=True)
        return write

    return register


def axes_moved(rank: int, *, back: bool) -> KerasStep:
    """Return the step that moves the last axis to axis 1, or `back`.

    >>> axes_moved(4, back=False).fields, axes_moved(4, back=True).fields
    ({'dims': (0, 3, 1, 2)}, {'dims': (0, 2, 3, 1)})
    """
    dims = (0, *range(2, rank), 1) if back else (0, rank - 1, *range(1, rank - 1))
    return KerasStep("permute", {"dims": dims})


def changed(**fields: Any) -> dict[str, Any]:
    """Return the fields that are not None: those that differ from the default here."""
    return {name: value for name, value in fields.items() if value is not None}


def step(type_: str, /, **fields: Any) -> KerasStep:
    """Return a step with the fields that are not None."""
    return KerasStep(type_, changed(**fields))


def expect(call: KerasCall, **wanted: Any) -> None:
    """Refuse fields that have another value than the one that has a counterpart here."""
    for name, value in wanted.items():
        if call.fields[name] != value:
            given = _text(call.fields[name])
            raise KerasRefusal(f"`{name}: {given}` of `{call.word}` has no counterpart here")


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def numbers(call: KerasCall, name: str, axes: int) -> Any:
    """Return an integer, or a list of one for each axis; refuse other values."""
    value = call.fields[name]
    if type(value) is int:
        return value
    if isinstance(value, tuple) and len(value) == axes and all(type(each) is int for each in value):
        return value[0] if len(set(value)) == 1 else value
    one = f"a list of {axes}" if axes > 1 else "a list of one"
    raise KerasRefusal(f"`{name}` of `{call.word}` expects an integer or {one}, receives {_text(value)}")
