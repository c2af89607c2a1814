"""Values of an exported graph, and the interpreter that turns its nodes into steps."""

from __future__ import annotations

import math
import operator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import torch

from .models import BATCH
from .records import Data, InexpressibleError, Learnt, Step

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    Handler = Callable[["Converter", torch.fx.Node, dict[str, Any]], Any]

KEYS = ("weight", "bias", "gain")
"""The names of the tensors of a layer, in the order in which converters give them."""
HELD = ("weight", "bias")
"""Arguments of operators that are the tensors of a layer."""
LARGEST_VALUES = 64
"""The number of a constant's values that a file lists."""
MOVING = {"reshape", "permute", "unsqueeze", "squeeze", "select", "flatten"}
"""Types that a product with a number passes through."""


def one_of_all(tensor: torch.Tensor, axis: int) -> torch.Tensor:
    """Return the first entry of an axis, which all entries must be equal to."""
    first = tensor.narrow(axis, 0, 1)
    if not bool((tensor == first).all()):
        raise InexpressibleError(f"a constant {list(tensor.shape)} that differs along the batch")
    return first


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
        self.tensors: dict[Any, Data] = {}
        """Steps of tensors that are read as values, by the name of the parameter or by the constant."""
        self.constants: dict[int, torch.Tensor] = {}
        """The values of constants that a file does not have, by their steps."""

    def real(self, value: Data) -> Data:
        """Return a value that is an output of a step as it is; steps for what it was a part of are emitted."""
        if value.plain is not None:
            made = self.real(value.plain())
            value.step, value.output, value.plain, value.note = made.step, made.output, None, ()
        if value.factor != 1.0:
            made = self.emit("multiply", value.factor, replace(value, factor=1.0), shape=value.shape)
            value.step, value.output, value.factor = made.step, "", 1.0
        return value

    def value(self, value: Any) -> Data:
        """Return what an operator reads: data, or a step for a parameter, for what parameters give, or a constant."""
        if isinstance(value, Data):
            return value
        if isinstance(value, (int, float)):
            return self.constant(torch.tensor(value))
        if isinstance(value, torch.Tensor):
            return self.constant(value)
        assert isinstance(value, Learnt), value
        if value.node is not None:
            key = value.node, id(value.given)
            if key not in self.tensors:
                self.tensors[key] = self.convert(value.node, value.given)
            made = self.tensors[key]
            return made if value.output is None else made[value.output]
        (name,) = value.names
        if name not in self.tensors:
            made = self.emit("parameter", {"shape": list(value.shape)}, shape=value.shape)
            made.step.weights = (name,)
            if name in self.owners:  # the layer that has it uses that of a step before it
                self.steps.insert(0, self.steps.pop())
                owner = self.owners[name]
                owner.tied[owner.keys[owner.weights.index(name)]] = (made.step, "")
            self.owners[name] = made.step
            self.tensors[name] = made
        return self.tensors[name]

    def values_in(self, value: Any) -> Any:
        """Return an argument of an operator with data in place of parameters."""
        held = (Learnt,)
        return torch.utils._pytree.tree_map(lambda leaf: self.value(leaf) if isinstance(leaf, held) else leaf, value)

    def constant(self, tensor: torch.Tensor) -> Data:
        """Return the step of a constant; along the batch it has one entry, which all samples share."""
        for axis, size in enumerate(tensor.shape):
            if size % BATCH == 0 and size > BATCH:
                return self.constant_of_samples(tensor, axis)
            if size % BATCH == 0:
                tensor = one_of_all(tensor, axis)
        if not bool(tensor.isfinite().all()):
            tensor = tensor.clamp(-3.0e38, 3.0e38)
        key = (tuple(tensor.shape), tensor.dtype, tensor.numpy().tobytes())
        if key not in self.tensors:
            dtype = "bool" if tensor.dtype == torch.bool else "float32" if tensor.is_floating_point() else "int64"
            fields: dict[str, Any] = {}
            if tensor.numel() <= LARGEST_VALUES:
                fields["values"] = tensor.tolist()
            else:
                fields["shape"] = list(tensor.shape)
            if dtype != "float32":
                fields["dtype"] = dtype
            made = self.emit("constant", fields, shape=tensor.shape)
            if "shape" in fields:
                self.constants[id(made.step)] = tensor
            self.tensors[key] = made
        return self.tensors[key]

    def constant_of_samples(self, tensor: torch.Tensor, axis: int) -> Data:
        """Return a constant with an axis of samples and of something else within each."""
        if axis:
            raise InexpressibleError("a constant with samples in a later axis")
        inner = one_of_all(tensor.reshape(BATCH, len(tensor) // BATCH, *tensor.shape[1:]), 0)
        one = self.constant(inner[0])
        wide = self.emit("expand", ["N", *([-1] * len(one.shape))], one, shape=(BATCH, *one.shape))
        return self.emit("flatten", {"start_dim": 0, "end_dim": 1}, wide, shape=tensor.shape)

    def emit(self, type_: str, fields: Any, *reads: Any, shape: Sequence[int], weights: Any = ()) -> Data:
        """Append a step and return its output. `weights` are the parameters that it holds, in their order."""
        factor = 1.0
        if type_ in MOVING and isinstance(reads[0], Data):
            factor = reads[0].factor
            reads = (replace(reads[0], factor=1.0),)
        step = Step(type_, fields, tuple(self.real(self.value(read)) for read in reads))
        held = [weight for weight in weights if weight is not None]
        if not all(isinstance(weight, Learnt) for weight in held):
            raise InexpressibleError(f"{type_} whose weights are not parameters")
        if not all(weight.is_view() for weight in held):
            raise InexpressibleError(f"{type_} whose weights are computed from parameters")
        names = tuple(name for weight in held for name in weight.name())
        step.keys = tuple(key for key, weight in zip(KEYS, weights, strict=False) if weight is not None)
        owned = [self.owners[name] for name in names if name in self.owners]
        if owned and owned[0].weights == names:
            step.share = owned[0]
        elif owned:
            for key, name in zip(step.keys, names, strict=True):
                if name in self.owners:
                    owner = self.owners[name]
                    step.tied[key] = (owner, owner.keys[owner.weights.index(name)] if owner.keys else "")
        step.weights = names
        step.turned = frozenset(name for weight in held if weight.turned for name in weight.names)
        for name in names:
            self.owners.setdefault(name, step)
        self.steps.append(step)
        return Data(step, tuple(shape), factor=factor)

    def along_batch(self, data: Data, batch: int, rest: Sequence[int] | None = None) -> Data:
        """Return data with an entry for each sample, if it has one for all: a tensor of its own is expanded to `N`."""
        rest = data.shape[1:] if rest is None else tuple(rest)
        if data.shape == (batch, *rest) or batch % BATCH:
            return data
        if batch != BATCH:
            raise InexpressibleError("an expansion to a multiple of the batch")
        return self.emit("expand", ["N", *rest], data, shape=(batch, *rest))

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
        key = (self.real(data).key(), dim, tuple(sizes))
        if key not in self.splits:
            self.emit("split", {"split_size": sizes, "dim": dim}, data, shape=shape)
            self.splits[key] = self.steps[-1]
        return Data(self.splits[key], tuple(shape), str(int(start > 0)), note=("part", data, dim, start, length))

    def pick(self, data: Data, dim: int, indices: list[int]) -> Data:
        """Return positions of an axis by a list of indices."""
        dim %= len(data.shape)
        shape = [*data.shape[:dim], len(indices), *data.shape[dim + 1 :]]
        if len(indices) <= LARGEST_VALUES:
            return self.emit("take", {"index": indices, "dim": dim}, data, shape=shape)
        return self.emit("take", {"dim": dim}, data, torch.tensor(indices), shape=shape)

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
        if number or (axis is not None and data.note[:1] == ("scale",) and data.note[1] == axis):
            step = data.note[1] if number else data.step
            step.fields["bias"] = True
            step.weights += learnt.name()
            self.owners.update(dict.fromkeys(learnt.name(), step))
            return Data(data.step, shape)
        fields = {"kind": "learned", "max_length": 1, "batch_first": True}
        if len(shape) == 3 and padded[1:] == shape[1:] and shape[1] > 1:
            fields["max_length"] = shape[1]
            return self.emit("positional_encoding", fields, data, shape=shape, weights=[learnt])
        if axis is not None:
            order = [other for other in range(len(shape)) if other != axis % len(shape)] + [axis % len(shape)]
            moved = self.permute(data, order)
            row = self.reshape(moved, (1, math.prod(moved.shape[:-1]), moved.shape[-1]))
            fields = {"kind": "learned", "max_length": 1}
            added = self.emit("positional_encoding", fields, row, shape=row.shape, weights=[learnt])
            back = sorted(range(len(order)), key=order.__getitem__)
            return self.permute(self.reshape(added, moved.shape), back)
        if shape[0] == BATCH and padded[1:] == shape[1:]:
            row = self.reshape(data, (BATCH, 1, math.prod(shape[1:])))
            return self.reshape(self.emit("positional_encoding", fields, row, shape=row.shape, weights=[learnt]), shape)
        return self.emit("add", {}, data, self.value(learnt), shape=shape)

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
            return self.emit("multiply", {}, data, self.value(learnt), shape=data.shape)
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
        flat = self.inside(node for node in program.graph.nodes if node.op != "placeholder")
        return [value for value in torch.utils._pytree.tree_leaves(flat) if isinstance(value, Data)]

    def inside(self, nodes: Iterable[torch.fx.Node]) -> Any:
        """Interpret the nodes of a graph or of a graph in it, and return what it returns."""
        for node in nodes:
            if node.op == "output":
                return torch.fx.node.map_arg(node.args[0], self.env.__getitem__)
            if node.op == "get_attr":
                self.env[node] = getattr(node.graph.owning_module, node.target)
                continue
            if isinstance(node.target, torch._ops.HigherOrderOperator):
                given = torch.fx.node.map_arg(node.args, self.env.__getitem__)
                at = next(place for place, value in enumerate(given) if isinstance(value, torch.fx.GraphModule))
                own = list(given[at].graph.nodes)
                entering = [each for each in own if each.op == "placeholder"]
                self.env.update(zip(entering, given[at + 1 :], strict=True))
                self.env[node] = self.inside(each for each in own if each.op != "placeholder")
                continue
            self.env[node] = self.convert(node)
            operator_ = isinstance(node.target, torch._ops.OpOverload)
            # `copy_` has written to all that its argument is a part of.
            if operator_ and node.target._schema.is_mutable and "copy_" not in str(node.target):
                self.written(node.args[0], self.env[node])
        raise AssertionError

    def written(self, node: torch.fx.Node, value: Any) -> None:
        """Let a tensor that an operator writes to have another value, and what it is a part of too."""
        from .parts import is_part, write

        if is_part(node) and isinstance(value, (Data, Learnt)):
            write(self, node.args[0], node, value)
        self.env[node] = value

    def convert(self, node: torch.fx.Node, as_data: Any = None) -> Any:
        """Return the value of a node: evaluated if all of its arguments are constants, else converted.

        An operator on parameters is left to the layer that has them, or emitted if its arguments are given `as_data`.
        """
        args, kwargs = as_data or (
            torch.fx.node.map_arg(node.args, self.env.__getitem__),
            torch.fx.node.map_arg(node.kwargs, self.env.__getitem__),
        )
        if node.target is operator.getitem:
            return args[0][args[1]]
        if not isinstance(node.target, torch._ops.OpOverload):
            raise InexpressibleError(f"node {node.target}")
        leaves = torch.utils._pytree.tree_leaves((args, kwargs))
        if not any(isinstance(leaf, Data) for leaf in leaves):
            learnt = [leaf for leaf in leaves if isinstance(leaf, Learnt)]
            if learnt and not as_data:
                return fold(node, learnt, (args, kwargs))
        if not any(isinstance(leaf, (Data, Learnt)) for leaf in leaves):
            if "device" in kwargs:
                kwargs = {**kwargs, "device": "cpu"}
            return node.target(*args, **kwargs)
        names = [argument.name for argument in node.target._schema.arguments]
        defaults = {argument.name: argument.default_value for argument in node.target._schema.arguments}
        bound = {**defaults, **dict(zip(names, args, strict=False)), **kwargs}
        if as_data:
            bound = {key: self.values_in(value) if key not in HELD else value for key, value in bound.items()}
        name = node.target._schema.name.removeprefix("aten::")
        handler = HANDLERS.get(name) or HANDLERS.get(name.removesuffix("_"))
        if handler is None:
            raise InexpressibleError(f"operator {name}")
        return handler(self, node, bound)


def fold(node: torch.fx.Node, learnt: list[Learnt], given: Any) -> Any:
    """Return what an operator on parameters alone gives: learnt tensors of its shapes."""
    names = frozenset().union(*(part.names for part in learnt))
    values = node.meta["val"]
    whole = learnt[0].whole
    if values is None:
        return None
    if isinstance(values, torch.Tensor):
        return Learnt(names, tuple(values.shape), whole, node, given)
    return [Learnt(names, tuple(value.shape), whole, node, given, place) for place, value in enumerate(values)]


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
