"""Values of an exported graph, and the interpreter that turns its nodes into steps."""

from __future__ import annotations

import math
import operator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from .models import BATCH

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Handler = Callable[["Converter", torch.fx.Node, dict[str, Any]], Any]

PENDING = {
    *("square", "mean of squares", "root", "negative", "rotated", "cosine", "sine", "weights", "padded by −∞"),
    *("cube", "cubic", "tanh of cubic", "gate of gelu"),
}
"""Notes of values that are a part of a layer and not an output of a step."""


MOVING = {"reshape", "permute", "unsqueeze", "squeeze", "select", "flatten"}
"""Types that a product with a number passes through."""


class InexpressibleError(Exception):
    """The graph holds what the format cannot say."""


@dataclass(eq=False)
class Step:
    """A step of the file: a layer type, its fields, and the values that it reads."""

    type: str
    fields: Any
    reads: tuple[Data, ...]
    weights: tuple[str, ...] = ()
    share: Step | None = None


@dataclass(eq=False)
class Data:
    """A tensor that depends on the input: an output of a step, or an input of the network if `step` is a name.

    `factor` is a number that still multiplies it, and `note` what it is a part of.
    """

    step: Step | str
    shape: tuple[int, ...]
    output: str = ""
    factor: float = 1.0
    note: tuple[Any, ...] = ()

    def key(self) -> tuple[int | str, str]:
        """Return what is equal for two values that are the same tensor."""
        return (self.step if isinstance(self.step, str) else id(self.step), self.output)


@dataclass(frozen=True)
class Learnt:
    """A tensor of parameters alone: the names of the parameters, and the shape of the one that it is a part of."""

    names: frozenset[str]
    shape: tuple[int, ...]
    whole: tuple[int, ...]
    rows: bool = False

    def name(self) -> tuple[str, ...]:
        """Return the names in order."""
        return tuple(sorted(self.names))


def real(value: Data) -> Data:
    """Return a value that is an output of a step as it is."""
    if value.factor != 1.0:
        raise InexpressibleError("a product with a number")
    if value.note and value.note[0] in PENDING:
        raise InexpressibleError(value.note[0])
    return value


def common(sizes: Sequence[int]) -> Any:
    """Return one number if all sizes are equal."""
    return sizes[0] if len(set(sizes)) == 1 else list(sizes)


class Converter:
    """Interprets the nodes of an exported graph and collects steps."""

    def __init__(self, stated: bool) -> None:
        self.stated = stated
        self.steps: list[Step] = []
        self.env: dict[torch.fx.Node, Any] = {}
        self.owners: dict[str, Step] = {}
        self.splits: dict[Any, Step] = {}

    def emit(self, type_: str, fields: Any, *reads: Data, shape: Sequence[int], weights: Any = ()) -> Data:
        """Append a step and return its output. `weights` are the parameters that it holds, in their order."""
        factor = 1.0
        if type_ in MOVING:
            factor = reads[0].factor
            reads = (Data(reads[0].step, reads[0].shape, reads[0].output, note=reads[0].note),)
        step = Step(type_, fields, tuple(map(real, reads)))
        held = [weight for weight in weights if weight is not None]
        if not all(isinstance(weight, Learnt) for weight in held):
            raise InexpressibleError(f"{type_} whose weights are not parameters")
        names = tuple(name for weight in held for name in weight.name())
        owned = [self.owners[name] for name in names if name in self.owners]
        if owned:
            if len(set(map(id, owned))) > 1 or owned[0].weights != names:
                raise InexpressibleError("share of one tensor among several")
            step.share = owned[0]
        step.weights = names
        self.owners.update(dict.fromkeys(names, step) if not owned else {})
        self.steps.append(step)
        return Data(step, tuple(shape), factor=factor)

    # Views, each as a step

    def reshape(self, data: Data, shape: Sequence[int]) -> Data:
        """Return the data in another shape: 0 copies the first axes, −1 is a multiple of the batch."""
        old = data.shape
        if tuple(shape) == old:
            return data
        spec: list[int] = []
        for axis, size in enumerate(shape):
            if old[: axis + 1] == tuple(shape[: axis + 1]):
                spec.append(0)
            else:
                spec.append(size if size % BATCH else -1)
        if spec.count(-1) > 1:
            raise InexpressibleError("a reshape with the batch in two axes")
        return self.emit("reshape", spec, data, shape=shape)

    def permute(self, data: Data, dims: Sequence[int]) -> Data:
        """Return the data with its axes in another order; the inverse of the order before it is undone."""
        dims = [dim % len(dims) for dim in dims]
        if dims == list(range(len(dims))):
            return data
        step = data.step
        undone = isinstance(step, Step) and step.type == "permute" and data.factor == 1
        if undone and [step.fields[dim] for dim in dims] == sorted(dims):
            return step.reads[0]
        return self.emit("permute", dims, data, shape=[data.shape[dim] for dim in dims])

    def part(self, data: Data, dim: int, start: int, length: int) -> Data:
        """Return positions of an axis, as a part of a split."""
        dim %= len(data.shape)
        size = data.shape[dim]
        if size % BATCH == 0:
            raise InexpressibleError("a part of the batch")
        sizes = [part for part in (start, length, size - start - length) if part]
        shape = [*data.shape[:dim], length, *data.shape[dim + 1 :]]
        if len(sizes) == 1:
            return data
        key = (real(data).key(), dim, tuple(sizes))
        if key not in self.splits:
            self.emit("split", {"split_size": sizes, "dim": dim}, data, shape=shape)
            self.splits[key] = self.steps[-1]
        return Data(self.splits[key], tuple(shape), str(int(start > 0)), note=("part", data, dim, start, length))

    def pick(self, data: Data, dim: int, indices: list[int]) -> Data:
        """Return positions of an axis by a list of indices."""
        dim %= len(data.shape)
        order = list(range(len(data.shape)))
        order[1], order[dim] = order[dim], order[1]
        moved = self.permute(data, order)
        shape = [moved.shape[0], len(indices), *moved.shape[2:]]
        return self.permute(self.emit("select_channels", indices, moved, shape=shape), order)

    def along(self, data: Data, learnt: Learnt) -> int | None:
        """Return the axis of the data along which a learnt tensor has elements, or nothing if it has several."""
        padded = (1,) * (len(data.shape) - len(learnt.shape)) + learnt.shape
        axes = [axis for axis, size in enumerate(padded) if size > 1]
        if len(axes) == 1 and padded[axes[0]] == data.shape[axes[0]]:
            return axes[0]
        return -1 if not axes and data.shape[-1] == 1 else None

    def add_learnt(self, data: Data, learnt: Learnt) -> Data:
        """Return the sum of the data and a learnt tensor, as a learnt positional encoding."""
        shape, axis = data.shape, self.along(data, learnt)
        padded = (1,) * (len(shape) - len(learnt.shape)) + learnt.shape
        number = math.prod(learnt.shape) == 1 and data.note[:1] == ("scale by a number",)
        if number or (axis is not None and data.note[:1] == ("scale",) and data.note[1] == axis and not learnt.rows):
            step = data.note[1] if number else data.step
            step.fields["bias"] = True
            step.weights += learnt.name()
            self.owners.update(dict.fromkeys(learnt.name(), step))
            return Data(data.step, shape)
        fields = {"kind": "learned", "max_length": 1, "batch_first": True}
        once = learnt.rows and len(shape) == 3 and learnt.whole[-2] < shape[1]
        if once:
            axis = 2
        if len(shape) == 3 and padded[1:] == shape[1:] and shape[1] > 1 and not once:
            fields["max_length"] = learnt.whole[-2] if learnt.rows else shape[1]
            return self.emit("positional_encoding", fields, data, shape=shape, weights=[learnt])
        if axis is not None:
            order = [other for other in range(len(shape)) if other != axis % len(shape)] + [axis % len(shape)]
            moved = self.permute(data, order)
            row = self.reshape(moved, (1, math.prod(moved.shape[:-1]), moved.shape[-1]))
            fields = {"kind": "learned", "max_length": learnt.whole[-2] if learnt.rows else 1}
            added = self.emit("positional_encoding", fields, row, shape=row.shape, weights=[learnt])
            back = sorted(range(len(order)), key=order.__getitem__)
            return self.permute(self.reshape(added, moved.shape), back)
        if shape[0] == BATCH and padded[1:] == shape[1:] and not learnt.rows:
            row = self.reshape(data, (BATCH, 1, math.prod(shape[1:])))
            return self.reshape(self.emit("positional_encoding", fields, row, shape=row.shape, weights=[learnt]), shape)
        raise InexpressibleError(f"a learnt tensor {list(learnt.shape)} added to {list(shape)}")

    def multiply_learnt(self, data: Data, learnt: Learnt) -> Data:
        """Return the product of the data and a learnt tensor: a scale, or the weight of a norm."""
        axis = self.along(data, learnt)
        if data.note[:1] == ("rms",) and axis is not None and axis % len(data.shape) == data.note[2]:
            step = data.note[1]
            step.fields.pop("elementwise_affine")
            step.weights = learnt.name()
            self.owners.update(dict.fromkeys(learnt.name(), step))
            return Data(data.step, data.shape)
        if math.prod(learnt.shape) == 1 and axis is None:
            wide = self.emit("unsqueeze", 1, data, shape=(data.shape[0], 1, *data.shape[1:]))
            scaled = self.emit("scale", {}, wide, shape=wide.shape, weights=[learnt])
            result = self.emit("squeeze", 1, scaled, shape=data.shape)
            result.note = ("scale by a number", scaled.step)
            return result
        if axis is None:
            raise InexpressibleError(f"a learnt tensor {list(learnt.shape)} times {list(data.shape)}")
        fields = {} if axis == 1 else {"dim": axis}
        result = self.emit("scale", fields, data, shape=data.shape, weights=[learnt])
        result.note = ("scale", axis)
        return result

    # The graph

    def run(self, program: torch.export.ExportedProgram, buffers: dict[str, torch.Tensor]) -> list[Data]:
        """Interpret the graph and return its outputs."""
        signature = program.graph_signature
        inputs = iter(range(len(signature.user_inputs)))
        for node in program.graph.nodes:
            if node.op == "placeholder":
                name = node.name
                if name in signature.inputs_to_parameters:
                    shape = tuple(node.meta["val"].shape)
                    self.env[node] = Learnt(frozenset({signature.inputs_to_parameters[name]}), shape, shape)
                elif name in signature.inputs_to_buffers:
                    self.env[node] = buffers[signature.inputs_to_buffers[name]]
                elif name in signature.inputs_to_lifted_tensor_constants:
                    self.env[node] = program.constants[signature.inputs_to_lifted_tensor_constants[name]]
                else:
                    self.env[node] = Data(f"input{next(inputs)}", tuple(node.meta["val"].shape))
            elif node.op == "output":
                flat = torch.fx.node.map_arg(node.args[0], self.env.__getitem__)
                return [value for value in torch.utils._pytree.tree_leaves(flat) if isinstance(value, Data)]
            else:
                self.env[node] = self.convert(node)
                if isinstance(node.target, torch._ops.OpOverload) and node.target._schema.is_mutable:
                    self.env[node.args[0]] = self.env[node]
        raise AssertionError

    def convert(self, node: torch.fx.Node) -> Any:
        """Return the value of a node: evaluated if all of its arguments are constants, else converted."""
        args = torch.fx.node.map_arg(node.args, self.env.__getitem__)
        kwargs = torch.fx.node.map_arg(node.kwargs, self.env.__getitem__)
        if node.target is operator.getitem:
            return args[0][args[1]]
        if not isinstance(node.target, torch._ops.OpOverload):
            raise InexpressibleError(f"node {node.target}")
        leaves = torch.utils._pytree.tree_leaves((args, kwargs))
        if not any(isinstance(leaf, Data) for leaf in leaves):
            learnt = [leaf for leaf in leaves if isinstance(leaf, Learnt)]
            if learnt:
                return fold(node, learnt)
            if "device" in kwargs:
                kwargs = {**kwargs, "device": "cpu"}
            return node.target(*args, **kwargs)
        names = [argument.name for argument in node.target._schema.arguments]
        defaults = {argument.name: argument.default_value for argument in node.target._schema.arguments}
        bound = {**defaults, **dict(zip(names, args, strict=False)), **kwargs}
        name = node.target._schema.name.removeprefix("aten::")
        handler = HANDLERS.get(name) or HANDLERS.get(name.removesuffix("_"))
        if handler is None:
            raise InexpressibleError(f"operator {name}")
        return handler(self, node, bound)


def fold(node: torch.fx.Node, learnt: list[Learnt]) -> Any:
    """Return what an operator on parameters alone gives: learnt tensors of its shapes."""
    names = frozenset().union(*(part.names for part in learnt))
    rows = "embedding" in str(node.target) or any(part.rows for part in learnt)
    values = node.meta["val"]
    whole = learnt[0].whole
    if values is None:
        return None
    if isinstance(values, torch.Tensor):
        return Learnt(names, tuple(values.shape), whole, rows)
    return [Learnt(names, tuple(value.shape), whole, rows) for value in values]


HANDLERS: dict[str, Handler] = {}


def handles(*names: str) -> Callable[[Handler], Handler]:
    """Register the converter of operators."""

    def register(handler: Handler) -> Handler:
        HANDLERS.update(dict.fromkeys(names, handler))
        return handler

    return register


def shape_of(node: torch.fx.Node) -> tuple[int, ...]:
    """Return the shape of the output of a node."""
    return tuple(node.meta["val"].shape)


def constant_number(value: Any) -> float | None:
    """Return a number, or the number that all elements of a constant are."""
    if isinstance(value, (int, float)):
        return float(value)
    if isinstance(value, torch.Tensor) and value.numel() and bool((value == value.flatten()[0]).all()):
        return float(value.flatten()[0])
    return None
