"""The base class of layers, with fields, a shape rule, parameters and costs; and the registry of layer types.

A layer is a frozen dataclass. Its rule and its counts are methods over shapes, `output_shape(x)`, `parameters(x)`,
`macs(x, y)`, with the shapes of its inputs in order and, for costs, the shape of its output last. Shapes are tuples of
dims, integers or exact expressions over symbols, and every rule applies to both.
"""

import dataclasses
import inspect
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType, NoneType
from typing import Annotated, Any, ClassVar, NamedTuple, TypeVar, get_args, get_origin

from shapecalc.diagnostics.errors import LayerError
from shapecalc.dims import Dim, Shape, product
from shapecalc.layers.fields import Kind, Several, Size, SizesLike
from shapecalc.layers.initial import Initial
from shapecalc.layers.intervals import RealInterval
from shapecalc.layers.roles import Roles, map_roles, unknown
from shapecalc.layers.saved import Saved, Storage

L = TypeVar("L", bound="type[Layer]")

REGISTRY: dict[str, "type[Layer]"] = {}

FIRST_TYPES = frozenset([
    "conv", "conv_transpose", "linear", "rbf", "max_pool", "avg_pool", "adaptive_avg_pool", "adaptive_max_pool",
    "global_avg_pool", "global_max_pool", "identity", "flatten", "reshape", "permute", "squeeze", "unsqueeze",
    "relu", "relu6", "leaky_relu", "elu", "gelu", "silu", "hardswish", "hardsigmoid", "sigmoid", "tanh", "softplus",
    "softmax", "log_softmax", "dropout", "stochastic_depth", "batch_norm", "instance_norm", "layer_norm",
    "rms_norm", "group_norm", "local_response_norm", "scale", "add", "multiply", "concat", "matmul", "split",
    "chunk", "select_channels", "pad", "center_crop", "upsample", "channel_shuffle", "pixel_shuffle",
    "pixel_unshuffle", "select", "mean", "max", "sum", "rnn", "lstm", "gru", "embedding", "one_hot",
    "cosine_similarity", "scaled_dot_product_attention", "multihead_attention", "positional_encoding",
    "rotary_embedding", "class_token",
])  # fmt: skip
"""The layer types of the first release, after which no block may be named.

A file may have a block that has the name of a later type: it means the block.
"""

PARAMS_AS = ("pytorch", "keras", "textbook")
"""Conventions of counting parameters: frameworks store different tensors for the same layer."""


class Layer:
    """The contract of a layer; a subclass overrides what differs from "one input, same shape, no parameters"."""

    __slots__ = ()
    type: ClassVar[str]
    main: ClassVar[str | None]
    fields: ClassVar[Mapping[str, "Field"]]
    size_fields: ClassVar[Mapping[str, Size]]
    """The fields that accept symbols of the inputs, with their kinds."""
    like_field: ClassVar[str | None]
    """The field whose value may be `{like: step}`, which is a further input."""
    promotes: ClassVar[bool] = False
    """Whether `output_dtype` is float32 if all inputs are, whatever the fields."""
    gives_floats_of_floats: ClassVar[bool]
    """Whether it accepts inputs that are all float32, and gives float32 then."""
    spared_by: ClassVar[Mapping[str, str]] = {}
    """Required fields that follow from the input if a flag is set: the name of the flag of each."""
    reserves_name: ClassVar[bool]
    """Whether a block must not have its name, by `layer`: the type was there before files could have such a block."""
    takes: ClassVar[tuple[int, int]] = (1, 1)
    """The least and the greatest number of inputs."""
    letters: ClassVar[tuple[str, ...]] = ("x",)
    """The letters of its inputs in formulas, for a layer that is computed by hand."""
    reads: ClassVar[str | tuple[str, ...]] = "float32"
    """The dtype required of its inputs, several joined by `|`, or `any`; a tuple has one entry for each input, of which
    the last is that of all further ones."""
    gives: ClassVar[str] = "float32"
    """The dtype of the outputs, `same` as the first input, or `any` if a field or another input decides: then
    `output_dtype` returns it."""
    is_tensor: ClassVar[bool] = False
    """Whether it is a tensor that reads nothing: the next step reads what it would read without this one."""
    reads_values: ClassVar[bool] = True
    """Whether its output depends on the values of its inputs, and not on their shapes alone."""
    merges: ClassVar[bool] = False
    """Whether its inputs may be written as branches below it."""
    identity_of_one: ClassVar[bool] = False
    """Whether it is the identity of a single input, so that all branches but one can be left out by `when`."""
    extra_outputs: ClassVar[tuple[str, ...]] = ()
    """The names of its outputs after the first."""
    in_place: ClassVar[bool] = False
    """Whether PyTorch can overwrite the input with the output and still compute the gradient."""
    foreign_names: ClassVar[str] = ""
    """Folded names that other tools give it: `#` is "", 1d, 2d or 3d, `~` precedes one that means only roughly
    the same: it is suggested, and never a safe fix. The first of two equal names decides."""
    foreign_notes: ClassVar[tuple[str, ...]] = ()
    """What to write for a rough name, `names | sentence`."""
    foreign_caveats: ClassVar[tuple[str, ...]] = ()
    """What makes an exact name rough, `names: condition | sentence`: the condition is the fields of which one is given,
    or `no` and the fields of which none is."""
    foreign_fields: ClassVar[tuple[str, ...]] = ()
    """The same of its fields, `field: names` or `field: names | sentence`; `nothing: names` are of other quantities.
    The first line that has a name decides."""
    looks_back: ClassVar[bool] = False
    """Whether its result at one position depends on those before it, or on their number; attention: see `cached`."""
    carries_state: ClassVar[bool] = False
    """Whether it reads a sequence step by step, and carries a state from each to the next."""
    probabilities: ClassVar[str | None] = None
    """How its output states the probabilities of scores along `dim`: `plain` or `log`."""
    loss: ClassVar[str | None] = None
    """The loss that, as the last layer, it is computed together with."""
    is_activation: ClassVar[bool] = False
    """Whether it is a nonlinearity: its input is a pre-activation z, its output an activation a."""
    normalizes_batch: ClassVar[bool] = False
    """Whether it subtracts each channel's mean over the batch, and divides by its deviation."""
    bias_axis: ClassVar[int | None] = None
    """The axis of its output along which its `bias` has one number for each entry."""
    reads_map: ClassVar[bool] = False
    """Whether its input and its output are [N, C, *spatial], so that it reads channels too."""
    reads_channels: ClassVar[bool] = False
    """Whether axis 1 of its input is channels."""
    reads_features: ClassVar[bool] = False
    """Whether it combines the elements along the last axis of its input, features in most networks."""
    keeps_axes: ClassVar[bool] = False
    """Whether each axis of its output is that axis of its first input, if of another size."""
    sparse: ClassVar[bool] = False
    """Whether one token uses only a part of its parameters: see `active_parameters`."""
    counts_known: ClassVar[bool] = True
    """Whether its parameters, buffers and costs are known; otherwise the totals of a network are unknown too."""
    saving_note: ClassVar[str] = ""
    """What to know about the figures of `saved`."""

    def __post_init__(self) -> None:
        for field in fields_of(type(self)).values():
            value = getattr(self, field.name)
            if value is field.default and not field.required:
                continue  # a default is checked by a test
            if value is not None or not (field.nullable or self.spares(field.name)):
                field.kind.check(field.name, value)
        self.check_fields()

    def spares(self, name: str) -> bool:
        """Return whether a required field may be left out, because the flag that spares it is set."""
        flag = type(self).spared_by.get(name)
        return flag is not None and bool(getattr(self, flag))

    def check_fields(self) -> None:
        """Raise `LayerError` if fields that are valid one by one contradict each other."""

    def warning(self, *inputs: Any) -> LayerError | None:
        """Return a warning of what is valid but probably unintended for these inputs, or None."""
        return None

    @property
    def output_names(self) -> tuple[str, ...] | None:
        """The names of its outputs in order; None if their number depends on the inputs."""
        return ("output", *type(self).extra_outputs)

    @property
    def has_bias(self) -> bool:
        """Whether it has a `weight` and a `bias`: it can use another layer's weight with a bias of its own."""
        return False

    @property
    def time_axis(self) -> int:
        """The axis of steps, if it carries a state."""
        raise NotImplementedError

    @property
    def batch_is_first(self) -> bool | None:
        """Whether the sequences that it reads are [N, T, features] instead of [T, N, features]; None: no sequences."""
        return None

    @property
    def value_range(self) -> RealInterval | None:
        """The values that an activation function takes for all real numbers; None for other layers."""
        return None

    @property
    def changes_variance(self) -> bool:
        """Whether the variance of its output in training differs from that in evaluation."""
        return False

    @property
    def index_range(self) -> int | None:
        """The bound that integer inputs must be below, or None."""
        return None

    def index_bound(self, *inputs: Any) -> Dim | None:
        """Return the bound that integers among its inputs must be below, or None; most layers know no shape for it."""
        return self.index_range

    def output_shape(self, *inputs: Any, **keywords: Any) -> Shape:
        """Return the shape of the output; raise `LayerError` if the inputs do not fit.

        What is required of symbols is recorded in the keyword `constraints`, by default `REFUSING`.
        """
        raise NotImplementedError

    def dtypes_read(self, index: int, count: int) -> str:
        """Return the entry of `reads` for one of `count` inputs."""
        return self.reads if isinstance(self.reads, str) else self.reads[min(index, len(self.reads) - 1)]

    def output_dtype(self, output: str, arriving: tuple[str, ...]) -> str:
        """Return the dtype of an output; `arriving` are those of the inputs."""
        return arriving[0] if self.gives == "same" else self.gives

    def outputs(self, *inputs: Any, **keywords: Any) -> dict[str, Shape]:
        """Return the shape of every output by name; the next step reads the first one."""
        return {"output": self.output_shape(*inputs, **keywords)}

    def normalized_together(self, *inputs: Any) -> Dim | None:
        """Return how many values per channel its statistics in training are of; None without such statistics."""
        return None

    def axis_roles(self, roles: tuple[Roles, ...], *shapes: Any) -> Roles:
        """Return the role of each axis of its output; `roles` are those of its inputs.

        Roles that are not known for sure are unknown.
        """
        if self.reads_map:
            return map_roles(roles[0])
        return roles[0] if self.keeps_axes else unknown(len(shapes[-1]))

    def output_roles(
        self, roles: tuple[Roles, ...], inputs: tuple[Shape, ...], outputs: Mapping[str, Shape]
    ) -> dict[str, Roles]:
        """Return the role of each axis of every output by name."""
        return {name: self.axis_roles(roles, *inputs, shape) for name, shape in outputs.items()}

    def parameters(self, *inputs: Any) -> dict[str, Shape]:
        """Return the shapes of the trainable tensors by PyTorch's names; "" is one with the name of the step."""
        return {}

    def active_parameters(self, *inputs: Any) -> dict[str, Dim]:
        """Return the number of trainable scalars of each tensor that the computation of one token uses.

        They are all scalars, except in a mixture of experts.
        """
        return {name: product(shape) for name, shape in self.parameters(*inputs).items()}

    def params_as(self, convention: str, *inputs: Any) -> Dim:
        """Return the number of trainable scalars by a convention of `PARAMS_AS`: those of `parameters`, or fewer."""
        total: Dim = 0
        for shape in self.parameters(*inputs).values():
            total = total + product(shape)
        return total

    def non_trainable_as(self, convention: str, *inputs: Any) -> Dim:
        """Return the number of `buffers` that a convention counts as parameters: Keras's moving mean and variance."""
        return 0

    @classmethod
    def decided_by(cls, weight: Shape, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Return the fields that the shape of its `weight` decides, given the other `fields`."""
        return {}

    @property
    def in_keras(self) -> bool:
        """Whether Keras 3 has a layer with the same parameters."""
        return True

    def buffers(self, *inputs: Any) -> dict[str, Shape]:
        """Return the shapes of stored, untrained tensors by PyTorch's names, without its batch counter."""
        return {}

    def constants(self, *inputs: Any) -> dict[str, Shape]:
        """Return the shapes of tensors whose values come with the weights, and that no count includes."""
        return {}

    def tensors(self, *inputs: Any) -> dict[str, Shape]:
        """Return the shapes of its parameters, buffers and constants by name."""
        return {**self.parameters(*inputs), **self.buffers(*inputs), **self.constants(*inputs)}

    def tensor_dtype(self, name: str) -> str:
        """Return the dtype of one of its parameters, buffers or constants."""
        return "float32"

    def macs(self, *shapes: Any) -> Dim:
        """Return the multiply-accumulates of matrix products, without bias; 0 for most layers."""
        return 0

    def macs_parts(self, *shapes: Any) -> dict[str, Dim]:
        """Return the multiply-accumulates by kind of product, if a layer has several kinds."""
        return {}

    def useful_macs(self, *shapes: Any) -> Dim | None:
        """Return the multiply-accumulates of QKᵀ and AV that a mask lets through; None without a mask."""
        return None

    def cached(self, *inputs: Any) -> Dim:
        """Return the number of elements of keys and values that a later query would read again."""
        return 0

    def backward_macs(self, *shapes: Any, truncate: int | None = None) -> tuple[Dim, Dim]:
        """Return the multiply-accumulates of the gradients with respect to the inputs, and to the parameters.

        A product of an input and a weight needs one product for each of the two; a product of two inputs needs two.
        """
        macs = self.macs(*shapes)
        return (macs, macs) if self.parameters(*shapes[:-1]) else (2 * macs, 0)

    def spared_macs(self, *shapes: Any) -> Dim:
        """Return what is saved of `backward_macs` if no input needs a gradient: all of the inputs' for most layers."""
        return self.backward_macs(*shapes)[0]

    def saved(self, *shapes: Any) -> tuple[Saved, ...]:
        """Return the tensors that PyTorch saves for the backward pass, without weights."""
        return ()

    @property
    def storage(self) -> Storage:
        """The memory that its outputs use."""
        return Storage.NEW

    def passes_gradient_on(self, *shapes: Any) -> tuple[bool, ...]:
        """Return, for each input, whether its gradient is that of the output, or a part of it, and takes no memory."""
        *inputs, y = shapes
        same_size = self.storage is Storage.VIEW and product(inputs[0]) == product(y)
        return (same_size or self.storage in (Storage.SAME, Storage.JOINED),) * len(inputs)

    def initial(self, name: str, *inputs: Any) -> Initial:
        """Return the distribution that training draws a parameter from: a bias is drawn as the weight before it."""
        fan_in: Dim = 1
        for each, shape in self.parameters(*inputs).items():
            fan_in = product(shape[1:]) if len(shape) > 1 else fan_in
            if each == name:
                break
        return Initial("uniform", fan_in)

    def masks(self, *shapes: Any) -> dict[str, tuple[Shape, float]]:
        """Return the masks that training draws: the shape of each, and the probability of a 0 in it."""
        return {}

    @property
    def unsupported_in_training(self) -> tuple[str, str] | None:
        """What it does in training that `shapecalc train` does not, and the fields that avoid it; None: nothing."""
        return None

    def operations(self, *shapes: Any) -> Dim:
        """Return the number of scalar operations other than multiply-accumulates."""
        raise NotImplementedError

    def flops(self, *shapes: Any) -> Dim:
        """Return 2 × MACs + every other scalar operation."""
        return 2 * self.macs(*shapes) + self.operations(*shapes)

    def explain(self, *shapes: Any) -> str:
        """Return how the output's shape is computed (`512 x 7 x 7`), or an empty string if the shape shows it."""
        return ""


class Field(NamedTuple):
    """One field of a layer class."""

    name: str
    kind: Kind
    default: Any
    required: bool
    nullable: bool
    layer: type[Layer]

    @property
    def description(self) -> str:
        """Its sentence in the `Fields:` section of the layer's docstring, or of that of a base class."""
        for cls in self.layer.__mro__:
            text = inspect.cleandoc(cls.__doc__ or "")
            match = re.search(rf"^    {self.name}: (.*(?:\n {{8}}.*)*)", text, re.MULTILINE)
            if match:
                return " ".join(match[1].split())
        return ""


def layer(type_: str, *, main: str | None = None) -> Callable[[L], L]:
    """Register a frozen dataclass as a layer type; `main` is the field that a single value sets.

    Raises `ValueError` if the type is already registered.
    """

    def register(cls: L) -> L:
        if type_ in REGISTRY:
            raise ValueError(f"two layers are called `{type_}`: {REGISTRY[type_].__qualname__} and {cls.__qualname__}")
        cls.type = type_
        cls.reserves_name = type_ in FIRST_TYPES
        cls.main = main
        cls.fields = _read_fields(cls)
        cls.gives_floats_of_floats = _gives_floats_of_floats(cls)
        kinds = {field.name: _item(field.kind) for field in cls.fields.values()}
        cls.size_fields = {name: kind for name, kind in kinds.items() if isinstance(kind, Size)}
        like = (field.name for field in cls.fields.values() if isinstance(field.kind, SizesLike))
        cls.like_field = next(like, None)
        REGISTRY[type_] = cls
        return cls

    return register


def _item(kind: Kind) -> Kind:
    return kind.item if isinstance(kind, Several) else kind


def _gives_floats_of_floats(cls: type[Layer]) -> bool:
    decided = cls.promotes or cls.output_dtype is Layer.output_dtype
    if not decided or cls.dtypes_read is not Layer.dtypes_read:
        return False
    entries = (cls.reads,) if isinstance(cls.reads, str) else cls.reads
    accepted = all(entry == "any" or "float32" in entry.split("|") for entry in entries)
    return accepted and (cls.promotes or cls.gives in ("float32", "same"))


def fields_of(cls: type[Layer]) -> Mapping[str, Field]:
    """Return the fields of a layer class in their order."""
    return cls.fields


def _read_fields(cls: type[Layer]) -> Mapping[str, Field]:
    # Layer modules evaluate their annotations, so that `type` is the annotation itself and not its text.
    fields = {}
    for field in dataclasses.fields(cls):  # type: ignore[arg-type]  # `layer` is applied to dataclasses alone
        assert get_origin(field.type) is Annotated, f"{cls.__qualname__}.{field.name} states no kind"
        plain, kind, *_ = get_args(field.type)
        required = field.default is dataclasses.MISSING or field.name in cls.spared_by
        nullable = NoneType in get_args(plain) and field.name not in cls.spared_by
        fields[field.name] = Field(field.name, kind, field.default, required, nullable, cls)
    return MappingProxyType(fields)
