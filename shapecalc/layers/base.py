"""What every layer offers: fields, a shape rule, parameters and costs; and the registry of layer words.

A layer is a frozen dataclass. Its rule and its counts are methods over shapes, `output_shape(x)`, `parameters(x)`,
`macs(x, y)`, with the shapes of its inputs in order and, for costs, the shape of its output last. Shapes are tuples of
dims, whole numbers or exact expressions over symbols, and every rule holds for both.
"""

import dataclasses
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType, NoneType
from typing import Annotated, Any, ClassVar, NamedTuple, TypeVar, get_args, get_origin

from shapecalc.diagnostics.errors import LayerError
from shapecalc.dims import Condition, Dim, Expr, Relation, Shape, condition, free_symbols, least, pretty, product, show
from shapecalc.layers.fields import Kind
from shapecalc.layers.initial import Initial
from shapecalc.layers.saved import Saved, Storage

L = TypeVar("L", bound="type[Layer]")

REGISTRY: dict[str, "type[Layer]"] = {}

PARAMS_AS = ("pytorch", "keras", "textbook")
"""Whose count of parameters: frameworks keep different tensors for the same layer. Names and shapes are PyTorch's."""


class Layer:
    """The contract of a layer; a subclass overrides what differs from "one input, same shape, no parameters"."""

    __slots__ = ()
    word: ClassVar[str]
    main: ClassVar[str | None]
    fields: ClassVar[Mapping[str, "Field"]]
    takes: ClassVar[tuple[int, int]] = (1, 1)
    """The least and the most inputs that it reads."""
    reads: ClassVar[str] = "float32"
    """The dtype that its first input must have, or `any`."""
    gives: ClassVar[str] = "float32"
    """The dtype of what leaves, or `same` as its first input."""
    merges: ClassVar[bool] = False
    """Whether a file may write what it reads as branches below it."""
    further: ClassVar[tuple[str, ...]] = ()
    """The names of its outputs after the first."""
    in_place: ClassVar[bool] = False
    """Whether PyTorch can write its output over its input and still find its gradient."""
    foreign_names: ClassVar[str] = ""
    """Folded names that other tools give it: `#` is "", 1d, 2d or 3d, `~` precedes one that means only roughly
    the same: it is suggested, and never a safe fix."""
    foreign_fields: ClassVar[tuple[str, ...]] = ()
    """The same of its fields, `field: names`; `nothing: names` are of other quantities. The first line that has a name
    decides."""
    looks_back: ClassVar[bool] = False
    """Whether its result at one position depends on those before it, or on their number; attention: see `cached`."""
    carries_state: ClassVar[bool] = False
    """Whether it reads a sequence step by step, and carries a state from each to the next."""
    probabilities: ClassVar[str | None] = None
    """How its output states the probabilities of scores along `dim`: `plain` or `log`."""
    loss: ClassVar[str | None] = None
    """The loss that, as the last layer, it is computed together with."""
    normalizes_batch: ClassVar[bool] = False
    """Whether it subtracts each channel's mean over the batch, and divides by its deviation."""
    bias_axis: ClassVar[int | None] = None
    """The axis of its output along which its `bias` has one number for each entry."""
    saving_note: ClassVar[str] = ""
    """What to know about the figures of `saved`."""

    def __post_init__(self) -> None:
        for field in fields_of(type(self)).values():
            value = getattr(self, field.name)
            if value is not None or not field.nullable:
                field.kind.check(field.name, value)
        self.check_fields()

    def check_fields(self) -> None:
        """Raise `LayerError` where fields that are each fine contradict each other."""

    def suspect(self, *inputs: Any) -> LayerError | None:
        """Return what is legal and likely not meant for what enters, or None."""
        return None

    @property
    def output_names(self) -> tuple[str, ...] | None:
        """The names of its outputs in order, None where how many there are depends on what enters."""
        return ("output", *type(self).further)

    @property
    def time_axis(self) -> int:
        """The axis of steps, if it carries a state."""
        raise NotImplementedError

    @property
    def changes_variance(self) -> bool:
        """Whether the variance of its output in training differs from that in evaluation."""
        return False

    @property
    def index_range(self) -> int | None:
        """The bound that whole numbers which enter must be below, None where there is none."""
        return None

    def output_shape(self, *inputs: Any) -> Shape:
        """Return the shape that leaves; raise `LayerError` where the inputs do not fit."""
        raise NotImplementedError

    def outputs(self, *inputs: Any) -> dict[str, Shape]:
        """Return every output by name; the first is the one that a following step reads."""
        return {"output": self.output_shape(*inputs)}

    def parameters(self, *inputs: Any) -> dict[str, Shape]:
        """Return the learnable tensors by PyTorch's names."""
        return {}

    def params_as(self, convention: str, *inputs: Any) -> Dim:
        """Return how many learnable scalars a convention of `PARAMS_AS` counts: those of `parameters`, or fewer."""
        total: Dim = 0
        for shape in self.parameters(*inputs).values():
            total = total + product(shape)
        return total

    def buffers(self, *inputs: Any) -> dict[str, Shape]:
        """Return the tensors that are kept but not learnt, by PyTorch's names (its batch counter is left out)."""
        return {}

    def macs(self, *shapes: Any) -> Dim:
        """Return the multiply-accumulates of matrix products, without bias: zero but for a few families."""
        return 0

    def macs_parts(self, *shapes: Any) -> dict[str, Dim]:
        """Return the multiply-accumulates by what they are for, where a layer has several kinds of products."""
        return {}

    def useful_macs(self, *shapes: Any) -> Dim | None:
        """Return the multiply-accumulates of QKᵀ and AV that a mask lets through; None where there is no mask."""
        return None

    def cached(self, *inputs: Any) -> Dim:
        """Return the numbers of keys and values that a query to come would find there again."""
        return 0

    def backward_macs(self, *shapes: Any, truncate: int | None = None) -> tuple[Dim, Dim]:
        """Return the multiply-accumulates of the gradients by inputs, and of those by parameters.

        A product of an input and a weight takes one product for each of the two; one of two inputs takes two for those.
        The gradients of states are cut every `truncate` steps.
        """
        macs = self.macs(*shapes)
        return (macs, macs) if self.parameters(*shapes[:-1]) else (2 * macs, 0)

    def spared_macs(self, *shapes: Any) -> Dim:
        """Return what is left out of the gradients by inputs where no input needs one: all, where nothing recurs."""
        return self.backward_macs(*shapes)[0]

    def saved(self, *shapes: Any) -> tuple[Saved, ...]:
        """Return what is kept for the backward pass in training, as PyTorch keeps it; weights are left out."""
        return ()

    @property
    def storage(self) -> Storage:
        """Where its outputs lie in memory."""
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
        """Return the scalar operations besides the multiply-accumulates."""
        raise NotImplementedError

    def flops(self, *shapes: Any) -> Dim:
        """Return 2 × MACs + every other scalar operation."""
        return 2 * self.macs(*shapes) + self.operations(*shapes)

    def explain(self, *shapes: Any) -> str:
        """Return how the output came about where its shape alone does not show it (`512 x 7 x 7`)."""
        return ""


class Field(NamedTuple):
    """One field of a layer as the class states it."""

    name: str
    kind: Kind
    default: Any
    required: bool
    nullable: bool


def layer(word: str, *, main: str | None = None) -> Callable[[L], L]:
    """Register a frozen dataclass under the word that files use; `main` is the field that a lone value fills.

    Raises `ValueError` where the word is taken.
    """

    def register(cls: L) -> L:
        if word in REGISTRY:
            raise ValueError(f"two layers are called `{word}`: {REGISTRY[word].__qualname__} and {cls.__qualname__}")
        cls.word = word
        cls.main = main
        cls.fields = _read_fields(cls)
        REGISTRY[word] = cls
        return cls

    return register


def fields_of(cls: type[Layer]) -> Mapping[str, Field]:
    """Return the fields of a layer class in the order in which it states them."""
    return cls.fields


def _read_fields(cls: type[Layer]) -> Mapping[str, Field]:
    # Layer files evaluate their annotations, so that `type` is the annotation itself and not its text.
    found = {}
    for field in dataclasses.fields(cls):  # type: ignore[arg-type]  # `layer` is applied to dataclasses alone
        assert get_origin(field.type) is Annotated, f"{cls.__qualname__}.{field.name} states no kind"
        plain, kind, *_ = get_args(field.type)
        required = field.default is dataclasses.MISSING
        found[field.name] = Field(field.name, kind, field.default, required, nullable=NoneType in get_args(plain))
    return MappingProxyType(found)


def spatial_rank(x: Shape, *, most: int = 3) -> int:
    """Return how many spatial axes `[N, C, *spatial]` has; raise `LayerError` SC305 where it has none, or too many."""
    rank = len(x) - 2
    if not 1 <= rank <= most:
        raise LayerError(
            "SC305",
            f"expects [N, C, *spatial] with 1 to {most} spatial axes, receives {show(x)}",
            label=f"receives rank {len(x)}",
        )
    return rank


def per_axis(value: Any, rank: int, field: str) -> tuple[Any, ...]:
    """Return one value per spatial axis; raise `LayerError` SC204 where a list has another length.

    >>> per_axis(3, 2, "kernel_size"), per_axis((3, 5), 2, "kernel_size")
    ((3, 3), (3, 5))
    """
    if not isinstance(value, tuple):
        return (value,) * rank
    if len(value) != rank:
        axes = "1 axis" if rank == 1 else f"{rank} axes"
        raise LayerError(
            "SC204", f"expects one entry per spatial axis ({axes}) in `{field}`, receives {len(value)}", field=field
        )
    return value


def axis_index(dim: int, rank: int, field: str, x: Shape, index: tuple[int, ...] = ()) -> int:
    """Return `dim` counted from the front; raise `LayerError` SC310 where the input has no such axis."""
    if not -rank <= dim < rank:
        raise LayerError(
            "SC310",
            f"expects an axis from {-rank} to {rank - 1} as `{field}`, receives {dim} for {show(x)}",
            field=field,
            index=index,
        )
    return dim % rank


def stated(value: int | None, arriving: Dim, field: str, what: str, *, x: Shape, sure: bool = True) -> None:
    """Hold a size that the file states against the one that arrives.

    Raises `LayerError` SC301 where they differ; where that depends on a symbol, see `demand`. Where another axis of the
    input `x` has that size, its axes may stand in another order than they should: then, and where the layer is not
    `sure` for a reason of its own, the stated size may be right and the input wrong.
    """
    if value is None or value == arriving:
        return
    if isinstance(arriving, Expr):
        message = f"expects {value} {what}, receives {pretty(arriving)}"
        demand(arriving - value, Relation.ZERO, "SC301", message, field=field)
        return
    raise LayerError(
        "SC301",
        f"expects {value} {what.removesuffix('s') if value == 1 else what}, receives {arriving}",
        field=field,
        label=f"expected {arriving}",
        help=f"write `{field}: {arriving}`, or leave `{field}` out: it follows from the input",
        replacement=str(arriving),
        safe=sure and value not in x,
    )


def demand_equal(code: str, message: str, wanted: Shape, arriving: Shape) -> None:
    """Hold shapes that must be equal against each other.

    Raises `LayerError` of that code where they differ; where that depends on a symbol, see `demand`.
    """
    if wanted == arriving:
        return
    differences = [dim - other for dim, other in zip(wanted, arriving, strict=False)]
    if len(wanted) != len(arriving) or any(type(difference) is int and difference for difference in differences):
        raise LayerError(code, message)
    for difference in differences:
        demand(difference, Relation.ZERO, code, message)


def demand(value: Dim, relation: Relation, code: str, message: str, *, field: str | None = None) -> None:
    """Hold a dim against 0.

    Raises `LayerError` of that code where it stands otherwise to 0 at every size. Where that depends on a symbol, it is
    noted as a condition if someone notes those (`noting`), else SC311 is raised.
    """
    found = condition(value, relation)
    if found is True:
        return
    if found is False:
        raise LayerError(code, message, field=field)
    noted = _NOTED.get()
    if noted is None:
        raise undecided(message, found.expr, field)
    noted.append(found)


def note(value: Dim) -> None:
    """Note that a dim must not be negative, which a number is refused for; nobody need note it.

    What is negative at every size is noted as well: that no size fits is found where all conditions are looked at.
    """
    if isinstance(value, int):
        return
    noted = _NOTED.get()
    if noted is None:
        return
    low = least(value)
    if low is None or low < 0:
        noted.append(Condition(value, Relation.NONNEGATIVE))


_NOTED: ContextVar[list[Condition] | None] = ContextVar("noted", default=None)


@contextmanager
def noting() -> Iterator[list[Condition]]:
    """Note conditions on symbols while layers are asked for their shapes, in place of refusing what depends on them."""
    noted: list[Condition] = []
    before = _NOTED.set(noted)
    try:
        yield noted
    finally:
        _NOTED.reset(before)


def undecided(message: str, dim: Expr, field: str | None = None) -> LayerError:
    """Return the SC311 error for a question that has no answer until a symbol has a number."""
    symbols = free_symbols(dim)
    names = " and ".join(f"`{name}`" for name in symbols)
    settings = " ".join(f"--set {name}=…" for name in symbols)
    return LayerError(
        "SC311",
        f"{message}: that depends on {names}",
        field=field,
        help=f"give {names} a number: `{settings}`, or `sizes:` in the file",
    )
