"""One use of a Keras layer, and the functions that read the layers, by the class names of Keras."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeAlias

from shapecalc.importers.graph import Place
from shapecalc.importers.keras.settings import arguments, is_int, is_ints, shown
from shapecalc.importers.keras.values import KerasValue, Orders, channels_first, in_order
from shapecalc.importers.keras.weights import WeightFile, Weights, as_it_is
from shapecalc.importers.unreadable import Unreadable, refuse_container

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from shapecalc.diagnostics.limits import Limits
    from shapecalc.dims import Dim, Shape
    from shapecalc.importers.graph import Array, ImportedGraph, Stored, Value
    from shapecalc.importers.keras.configuration import LayerConfig

Result: TypeAlias = Any
"""A tensor, or a list or tuple of tensors, as the layer returns them in Keras."""
Read: TypeAlias = Callable[..., Result]

LAYERS: dict[str, Read] = {}
"""By class name."""
OPERATIONS: dict[str, Read] = {}
"""Functions of `keras.ops` by class name."""
ALL_SETTINGS: set[str] = set()
"""Classes whose functions read the settings themselves."""
FLOAT, INTEGER, FLAG = "float32", "int64", "bool"


def layer(*names: str) -> Callable[[Read], Read]:
    """Register a function that reads layers of these classes; its keyword parameters are the settings."""

    def register(read: Read) -> Read:
        LAYERS.update(dict.fromkeys(names, read))
        return read

    return register


def operation(*names: str) -> Callable[[Read], Read]:
    """Register a function that reads operations of these classes."""

    def register(read: Read) -> Read:
        OPERATIONS.update(dict.fromkeys(names, read))
        return read

    return register


@dataclass(slots=True)
class Session:
    """What all layers of a file share while it is read."""

    graph: ImportedGraph
    weights: Weights
    limits: Limits
    file: str
    keras2: bool
    partial: bool
    orders: Orders
    read_model: Callable[[LayerCall, LayerConfig, KerasValue], Result] | None = None
    """Returns what a model inside of a layer returns."""
    notes: dict[str, None] = field(default_factory=dict)
    by_parts: dict[str, bool] = field(default_factory=dict)
    """Whether the attention layer of a path is written as its parts, which have other tensors than the whole."""
    calls: int = 0

    def count(self, calls: int = 1) -> None:
        """Count calls, and refuse a file that has more of them, or more steps, than a network may have layers."""
        self.calls += calls
        if max(self.calls, len(self.graph.nodes)) > self.limits.layers:
            message = f"has more than {self.limits.layers:,} layers with those of nested models"
            refuse_container(self.file, message, self.limits.raising("layers"), "SC016")


@dataclass(slots=True)
class LayerCall:
    """One use of a layer: what it is called with, its path among our steps, and that of its variables in the file."""

    session: Session
    config: LayerConfig
    path: str
    store: str
    values: tuple[Any, ...]
    """The positional arguments: tensors, lists of them, and other values."""
    keywords: dict[str, Any] = field(default_factory=dict)
    """Arguments by name, without those that are None."""
    scopes: tuple[tuple[str, str], ...] = ()

    @property
    def name(self) -> str:
        """The class name, for messages."""
        return self.config.kind

    @property
    def x(self) -> KerasValue:
        """The only input, a tensor."""
        return self.tensors(1)[0]

    def tensors(self, *counts: int) -> list[KerasValue]:
        """Return the inputs; one of the counts is their number, or it is any."""
        tensors = flat(self.values)
        if any(not isinstance(each, KerasValue) for each in tensors):
            raise Unreadable(f"`{self.name}` is called with other values than tensors")
        if counts and len(tensors) not in counts:
            expected = " or ".join(map(str, counts))
            raise Unreadable(f"`{self.name}` reads {expected} tensors, and is called with {len(tensors)}")
        if not tensors:
            raise Unreadable(f"`{self.name}` is called without tensors")
        return tensors

    def take(self, keyword: str, default: Any = None) -> Any:
        """Return an argument by name, which is read by that."""
        return self.keywords.pop(keyword, default)

    def step(self, type_: str, *reads: Value, tensors: Mapping[str, Stored] | None = None, **fields: Any) -> Value:
        """Add a step."""
        self.session.count()
        return self.session.graph.step(type_, *reads, tensors=tensors, **fields)

    def each(self, type_: str, x: KerasValue, **fields: Any) -> KerasValue:
        """Add a step that acts on each element alone."""
        return x._replace(value=self.step(type_, self.floats(x).value, **fields))

    def stored(
        self,
        key: str,
        shape: Shape,
        *variables: tuple[str, Shape],
        make: Callable[..., Array] = as_it_is,
        trainable: bool = True,
    ) -> Stored:
        """Return a tensor of our step, made of variables, each by its path below the layer's and its shape."""
        paths = tuple(f"{self.store}/{path}" for path, _ in variables)
        source = WeightFile(paths, tuple(shape for _, shape in variables), make)
        return self.session.weights.stored(f"{self.path}.{key}", shape, source, trainable=trainable)

    def arranged(self, x: KerasValue, order: Iterable[int]) -> KerasValue:
        """Return a tensor with the axes of Keras in an order."""
        return self.session.orders.arranged(x, tuple(order))

    def ordered(self, x: KerasValue) -> KerasValue:
        """Return a tensor with the axes in the order of Keras."""
        return self.session.orders.in_order(x)

    def with_channels_first(self, x: KerasValue, axis: int = -1) -> KerasValue:
        """Return a tensor with an axis of Keras as axis 1."""
        if x.rank < 2:  # noqa: PLR2004 - batch and channels
            raise Unreadable(f"`{self.name}` reads a tensor of rank {x.rank}, which has no channels")
        axis = self.axis(x, axis)
        if axis == 0:
            raise Unreadable(f"`{self.name}` has the axis of the batch, 0, as its channels")
        return x if x.order[:2] == (0, axis) else self.arranged(x, channels_first(x.rank, axis))

    def with_last_axis(self, x: KerasValue) -> KerasValue:
        """Return a tensor whose last axis is that of Keras."""
        return x if x.rank and x.order[-1] == x.rank - 1 else self.ordered(x)

    def as_map(self, x: KerasValue, data_format: str | None, axes: int) -> KerasValue:
        """Return a tensor [N, C, *spatial], with the channels where `data_format` states them."""
        if x.rank != axes + 2:
            raise Unreadable(f"`{self.name}` reads tensors of rank {axes + 2}, and receives one of rank {x.rank}")
        if data_format not in (None, "channels_last", "channels_first"):
            raise Unreadable(f"`{self.name}` has the data format {shown(data_format)}")
        at = 1 if data_format == "channels_first" else -1
        return self.arranged(self.floats(x), channels_first(x.rank, at))

    def axis(self, x: KerasValue, axis: Any) -> int:
        """Return an axis of Keras, counted from 0."""
        if not is_int(axis) or not -x.rank <= axis < x.rank:
            raise Unreadable(f"`{self.name}` has axis {shown(axis)}, and reads a tensor of rank {x.rank}")
        return int(axis) % x.rank

    def axes(self, x: KerasValue, axis: Any) -> list[int]:
        """Return axes of Keras, counted from 0; None are all."""
        if axis is None:
            return list(range(x.rank))
        if not is_ints(axis):
            raise Unreadable(f"`{self.name}` has the axes {shown(axis)}")
        axes = [self.axis(x, each) for each in ([axis] if is_int(axis) else axis)]
        if len(set(axes)) != len(axes):
            raise Unreadable(f"`{self.name}` has an axis twice")
        return axes

    def per_axis(self, value: int | list[int], axes: int, key: str) -> tuple[int, ...]:
        """Return one integer for each of several axes."""
        values = (value,) * axes if isinstance(value, int) else tuple(value)
        if len(values) != axes:
            raise Unreadable(f"`{key}` of `{self.name}` has {len(values)} entries for {axes} axes")
        return values

    def known(self, size: Dim, what: str) -> int:
        """Return a size that must be a number."""
        if not isinstance(size, int):
            raise Unreadable(f"`{self.name}` needs the number of {what}, which the file does not state")
        return size

    def floats(self, x: KerasValue) -> KerasValue:
        """Return a tensor of numbers of float32."""
        return x if x.value.dtype == FLOAT else x._replace(value=self.step("cast", x.value, dtype=FLOAT))

    def integers(self, x: KerasValue) -> KerasValue:
        """Return a tensor of integers."""
        return x if x.value.dtype == INTEGER else x._replace(value=self.step("cast", x.value, dtype=INTEGER))

    def note(self, text: str) -> None:
        """Add a sentence to the `source:` of the network."""
        self.session.notes.setdefault(text)

    def below(self, config: LayerConfig, part: str, *values: Any, **keywords: Any) -> LayerCall:
        """Return a use of a layer that this one contains, with its variables below a part of this one's path."""
        store = f"{self.store}/{part}" if part else self.store
        return replace(self, config=config, path=self.path, store=store, values=values, keywords=keywords)


def in_order_all(values: Iterable[Value]) -> list[KerasValue]:
    """Return tensors in the order of Keras."""
    return [in_order(value) for value in values]


def flat(value: Any) -> list[Any]:
    """Return what nested lists have, without None."""
    if type(value) in (list, tuple):
        return [entry for part in value for entry in flat(part)]
    return [] if value is None else [value]


def read_layer(call: LayerCall) -> Result:
    """Return what a layer returns; its steps are added.

    Raises `Unreadable` if the class, a setting or an argument is not known.
    """
    session, config = call.session, call.config
    session.count()
    session.graph.place = Place(call.path, "", config.qualified, call.scopes)
    registered = OPERATIONS if config.is_operation else LAYERS
    read = registered.get(config.kind)
    if read is None or config.is_foreign:
        raise Unreadable(config.why_unknown(), session.graph.place.said)
    if call.keywords.pop("training", None) and config.kind in ("BatchNormalization", "Dropout"):
        raise Unreadable(f"`{config.kind}` is called with `training=True`", session.graph.place.said)
    try:
        settings = {} if config.kind in ALL_SETTINGS else arguments(read, config.settings, config.kind)
        result = read(call, **settings)
    except Unreadable as error:
        raise Unreadable(error.message, error.place or session.graph.place.said) from None
    if call.keywords:
        raise Unreadable(f"`{config.kind}` is called with `{next(iter(call.keywords))[:40]}`", call.path)
    return result
