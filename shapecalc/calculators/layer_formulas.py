"""The formulas of one layer's shapes and costs: its own rules, run on traced integers.

Leaves are the axes of the inputs, the fields of the layer, and the axes of the outputs, which have formulas themselves.
"""

from __future__ import annotations

from collections import Counter
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.calculators.size_formulas import in_names, in_numbers
from shapecalc.calculators.traced_sizes import Leaf, TracedFactor, TracedSize, leaf, leaves, value_of
from shapecalc.dims import Dim, DimLimitError, Expr, as_json, evaluate, product
from shapecalc.layers.base import fields_of
from shapecalc.layers.constraints import Constraints
from shapecalc.layers.roles import Role, filled, map_roles, sequence_roles, unknown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shapecalc.dims import Shape
    from shapecalc.layers.base import Layer
    from shapecalc.layers.roles import Roles

Traced = tuple[Any, ...]
"""A shape of traced integers."""

_SPACE = {1: "L", 2: "HW", 3: "DHW"}
_ROLES = {Role.BATCH: "N", Role.CHANNELS: "C", Role.TIME: "T", Role.FEATURES: "features"}
_CHANNELS_FIRST = (Role.BATCH, Role.CHANNELS)
_SEQUENCE_RANK = 3
FIELD, INPUT, OUTPUT, FORMULA = "field", "input", "output", "formula"
"""The first entry of a leaf's source: `(field, name, *index)`, `(input, number, axis)`, `(output, name, axis)`,
`(formula, name)`."""


class Formula(NamedTuple):
    """One number: its expression, and the number that the report has."""

    name: str
    size: Any
    result: Dim
    shape: tuple[str, ...] = ()
    """The axes in names, of a tensor whose elements it counts."""

    @property
    def rule(self) -> str:
        """The expression in names."""
        return in_names(self.size)

    @property
    def numbers(self) -> str:
        """The expression with the numbers put in."""
        return in_numbers(self.size)

    @property
    def leaves(self) -> tuple[Leaf, ...]:
        """The named numbers of the expression."""
        return tuple(leaves(self.size))

    @property
    def holds(self) -> bool:
        """Whether the expression has the result as its value."""
        try:
            return value_of(self.size) == self.result
        except (ArithmeticError, DimLimitError, TypeError, ValueError):
            return False

    @property
    def is_plain(self) -> bool:
        """Whether the rule gives a number without arithmetic."""
        return not isinstance(self.size, TracedSize)

    def to_dict(self) -> dict[str, Any]:
        """Return the formula as JSON's values."""
        return {
            **({"shape": list(self.shape)} if self.shape else {}),
            "rule": self.rule,
            "numbers": self.numbers,
            "result": as_json(self.result),
        }


class LayerTrace:
    """A layer on traced shapes, with the names of their axes."""

    def __init__(
        self,
        layer: Layer,
        inputs: Sequence[Shape],
        outputs: Mapping[str, Shape],
        *,
        roles: Sequence[Roles] | None = None,
        stand_ins: Mapping[str, int] | None = None,
        costs_at: Mapping[str, int] | None = None,
    ) -> None:
        def traced(dim: Dim, name: str, source: tuple[Any, ...], sizes: Mapping[str, int]) -> TracedSize:
            number = evaluate(dim, {**(stand_ins or {}), **sizes})
            assert isinstance(number, int), dim  # the caller has a size for every symbol
            return leaf(name, evaluate(dim, sizes), source, stand_in=number)

        at: Mapping[str, int] = costs_at or {}
        self.layer = traced_layer(layer, stand_ins or {})
        self.outputs = outputs
        names = input_names(layer, inputs, roles)
        axes = {
            (INPUT, k, axis): (dim, name)
            for k, (each, x) in enumerate(zip(names, inputs, strict=True))
            for axis, (name, dim) in enumerate(zip(each, x, strict=True))
        }
        leaves_at = [{key: traced(*each, key, sizes) for key, each in axes.items()} for sizes in ({}, at)]
        self.inputs, self.cost_inputs = (
            tuple(tuple(bound[INPUT, k, axis] for axis in range(len(x))) for k, x in enumerate(inputs))
            for bound in leaves_at
        )
        self.shapes: dict[str, Traced] = self.layer.outputs(*self.inputs, constraints=Constraints([]))
        self.output_names = output_names(layer, inputs, outputs, roles)
        self.cost_outputs: dict[str, Traced] = {}
        for name, shape in outputs.items():
            given = []
            for axis, (dim, size) in enumerate(zip(shape, self.shapes[name], strict=True)):
                if isinstance(size, TracedSize) and size.leaf is not None:
                    given.append(leaves_at[1].get(size.leaf.source, size))
                else:
                    given.append(traced(dim, self.output_names[name][axis], (OUTPUT, name, axis), at))
            self.cost_outputs[name] = tuple(given)

    @property
    def cost_shapes(self) -> tuple[Traced, ...]:
        """The shapes that the rules of costs take."""
        return (*self.cost_inputs, next(iter(self.cost_outputs.values())))

    def output_formulas(self) -> dict[str, tuple[Formula, ...]]:
        """Return a formula for each axis of each output."""
        return {
            name: tuple(map(Formula, self.output_names[name], self.shapes[name], shape))
            for name, shape in self.outputs.items()
        }

    def tensor_formulas(self, kind: str, tensors: Mapping[str, Shape]) -> tuple[Formula, ...]:
        """Return the number of elements of each of the `parameters` or `buffers`."""
        traced = getattr(self.layer, kind)(*self.inputs)
        return tuple(
            Formula(name, product(traced[name]), product(shape), tuple(map(in_names, traced[name])))
            for name, shape in tensors.items()
        )


def total_formula(name: str, parts: Sequence[Formula], result: Dim) -> Formula:
    """Return the sum of formulas, each a leaf."""
    total: Any = 0
    for each in parts:
        total = total + leaf(each.name, each.result, (FORMULA, each.name), stand_in=int(each.size))
    return Formula(name, total, result)


def traced_layer(layer: Layer, stand_ins: Mapping[str, int] = MappingProxyType({})) -> Any:
    """Return a copy of a layer whose numbers are leaves with the names of the fields.

    Expressions over symbols are computed with at the sizes `stand_ins`.

    >>> from shapecalc.layers.pooling import MaxPool
    >>> in_names(traced_layer(MaxPool(kernel_size=(3, 5))).kernel_size[1])
    'kernel_size[1]'
    """
    copy = object.__new__(type(layer))
    for name in fields_of(type(layer)):
        object.__setattr__(copy, name, _traced_value(getattr(layer, name), name, (), stand_ins))
    return copy


def _traced_value(value: Any, name: str, index: tuple[int, ...], stand_ins: Mapping[str, int]) -> Any:
    if isinstance(value, tuple):
        return tuple(_traced_value(each, name, (*index, place), stand_ins) for place, each in enumerate(value))
    full, source = name + "".join(f"[{place}]" for place in index), (FIELD, name, *index)
    if type(value) is float:
        return TracedFactor(Leaf(full, value, source))
    if isinstance(value, Expr):
        number = evaluate(value, stand_ins)
        return leaf(full, value, source, stand_in=number) if isinstance(number, int) else value
    return leaf(full, value, source) if type(value) is int else value


def input_names(layer: Layer, inputs: Sequence[Shape], roles: Sequence[Roles] | None) -> list[tuple[str, ...]]:
    """Return a name for each axis of each input: `H_in`, of several inputs `H_2`."""
    arriving = _arriving(layer, inputs, roles)
    many = len(inputs) > 1
    return [_names(each, f"_{k + 1}" if many else "_in") for k, each in enumerate(arriving)]


def _arriving(layer: Layer, inputs: Sequence[Shape], roles: Sequence[Roles] | None) -> list[Roles]:
    """Return the roles of the axes of inputs, with what the layer itself shows of them."""
    arriving = [unknown(len(x)) for x in inputs] if roles is None else list(roles)
    if not arriving:
        return []
    x = arriving[0]
    if layer.reads_map and len(x) > len(_CHANNELS_FIRST):
        arriving[0] = map_roles(x)
    elif layer.batch_is_first is not None and len(x) == _SEQUENCE_RANK:
        arriving[0] = sequence_roles(x, batch_first=layer.batch_is_first)
    elif layer.reads_channels and len(x) > 1:
        arriving[0] = (*filled(x[:2], _CHANNELS_FIRST), *x[2:])
    elif layer.reads_features and x:
        arriving[0] = (*x[:-1], Role.FEATURES)
    return arriving


def output_names(
    layer: Layer,
    inputs: Sequence[Shape],
    outputs: Mapping[str, Shape],
    roles: Sequence[Roles] | None,
) -> dict[str, tuple[str, ...]]:
    """Return a name for each axis of each output."""
    given = layer.output_roles(tuple(_arriving(layer, inputs, roles)), tuple(inputs), outputs)
    return {name: _names(given[name], "_out") for name in outputs}


def _names(roles: Roles, suffix: str) -> tuple[str, ...]:
    spaces = [axis for axis, role in enumerate(roles) if role is Role.SPACE]
    letters = _SPACE.get(len(spaces), "")
    names = []
    for axis, role in enumerate(roles):
        in_space = role is Role.SPACE and letters
        name = letters[spaces.index(axis)] if in_space else _ROLES.get(role, f"axis{axis}")
        first = name == _ROLES[Role.FEATURES] and not suffix[1:].isdigit()
        names.append(name if role is Role.BATCH else f"{suffix[1:]}_{name}" if first else name + suffix)
    counts = Counter(names)
    return tuple(f"{name}{axis}" if counts[name] > 1 else name for axis, name in enumerate(names))
