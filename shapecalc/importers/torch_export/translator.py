"""A program of torch.export → a `Graph`: operator by operator, constants computed, writes in place resolved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shapecalc.dims import Expr, evaluate, free_symbols, show
from shapecalc.importers.graph import Stored, Value
from shapecalc.importers.torch_export.arguments import base_of, decoded, outputs_of, tensors_named, written_by
from shapecalc.importers.torch_export.bindings import Bindings, View
from shapecalc.importers.torch_export.operands import (
    MISSING,
    Complex,
    Computation,
    Derived,
    FileTensor,
    is_array,
    is_tensor,
    leaves,
)
from shapecalc.importers.torch_export.operators import handler_of
from shapecalc.importers.torch_export.program import MALFORMED, place_of, read_block
from shapecalc.importers.torch_export.views import IF_CONTIGUOUS, VIEWS, written_back
from shapecalc.importers.unreadable import Problems, Unreadable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shapecalc.dims import Shape
    from shapecalc.importers.graph import Array, Graph
    from shapecalc.importers.torch_export.archive import Archive
    from shapecalc.importers.torch_export.operators import Handled
    from shapecalc.importers.torch_export.program import Block, Meta, Operator, Program

NOTHING = ("_assert", "sym_constrain", "_guards_fn", "auto_functionalized_assert")
"""Beginnings of the names of operators that only check something."""
MOST_LISTED = 64
"""The elements of a constant that are written into the text."""
MOST_GRAPHS = 16
"""Graphs within graphs."""
_FAILURES = (*MALFORMED, OverflowError, ZeroDivisionError, AssertionError, RecursionError)


class Translator:
    """Reads a program into a graph; operators that cannot be read are in `problems`."""

    def __init__(self, program: Program, archive: Archive, graph: Graph) -> None:
        self.program = program
        self.archive = archive
        self.graph = graph
        self.problems = Problems()
        self.tensors: dict[tuple[str, str], Value] = {}
        self.constants: dict[Any, Value] = {}
        self.computed: dict[str, Array] = {}
        self.loaded: dict[tuple[str, str], Array] = {}
        self.block: Block = program.block
        self.meta: Meta | None = None
        """What the file states of the first output of the operator that is being read."""
        self.step = graph.step
        self.depth = 0
        self.elements = 0
        self.owned: set[tuple[str, str]] = set()
        self.read_outputs: list[bool] = []

    # What operators read

    def value(self, operand: Any) -> Value:
        """Return an operand as a value of the graph: of a tensor of the file, or of a constant, a step is made."""
        if isinstance(operand, Value):
            return operand
        if isinstance(operand, FileTensor):
            return self.tensor(operand.stored)
        if isinstance(operand, Derived):
            return self._of_computation(operand)
        if isinstance(operand, Complex):
            raise Unreadable("complex numbers")
        if operand is MISSING or operand is None:
            raise Unreadable("a tensor that is missing")
        return self.constant(operand)

    def tensor(self, stored: Stored) -> Value:
        """Return the step of a tensor of the file."""
        if stored.key not in self.tensors:
            type_ = "parameter" if stored.trainable else "buffer"
            fields = {} if stored.trainable else {"dtype": stored.dtype}
            self.tensors[stored.key] = self.step(type_, shape=stored.shape, tensors={"": stored}, **fields)
            if stored.key in self.owned:  # the layer that has it shares that of a step before it
                self.graph.nodes.insert(0, self.graph.nodes.pop())
        return self.tensors[stored.key]

    def constant(self, operand: Any, *, listed: int = MOST_LISTED) -> Value:
        """Return the step of a number or an array, whose elements are in the text if there are few."""
        import numpy as np  # noqa: PLC0415 - only values need it

        array = np.asarray(operand, np.float32 if isinstance(operand, float) else None)
        dtype = {"f": "float32", "i": "int64", "u": "int64", "b": "bool"}.get(array.dtype.kind)
        if dtype is None or 0 in array.shape:
            raise Unreadable("a constant of complex numbers" if dtype is None else "a constant without elements")
        array = array.astype(dtype)
        key = (array.shape, dtype, array.tobytes(), array.size <= listed)
        if key in self.constants:
            return self.constants[key]
        if array.size <= listed and not np.isnan(array).any():
            made = self.step("constant", values=array.tolist(), dtype=dtype)
        else:
            name = f"constant_{len(self.computed)}"
            self.computed[name] = array.copy()
            stored = Stored(name, array.shape, dtype, trainable=False)
            made = self.step("constant", shape=array.shape, dtype=dtype, tensors={"": stored})
        self.constants[key] = made
        return made

    def weight(self, operand: Any) -> Stored:
        """Return a tensor that a layer has: a parameter, or one of the file or of constants whose step it shares."""
        if isinstance(operand, FileTensor):
            if not operand.stored.trainable:
                self.tensor(operand.stored)
            self.owned.add(operand.stored.key)
            return operand.stored
        if is_array(operand):
            made = self.constant(operand, listed=0)
            assert not isinstance(made.node, str)
            return made.node.tensors[""]
        raise Unreadable("a weight that is computed")

    def statistic(self, operand: Any) -> Stored:
        """Return a buffer that a layer has itself, as running statistics."""
        return operand.stored if isinstance(operand, FileTensor) else self.weight(operand)

    def array(self, operand: Any) -> Any:
        """Return an operand with its elements if it is a constant, else as it is."""
        if isinstance(operand, FileTensor) and not operand.stored.trainable:
            if operand.key not in self.loaded:
                self.loaded[operand.key] = self.archive.array(operand.key).copy()
            return self.loaded[operand.key]
        return operand

    def number(self, operand: Any) -> float | None:
        """Return the number that an operand is, or that all elements of a constant are; None if there is none."""
        if isinstance(operand, (bool, int, float)):
            return operand
        operand = self.array(operand)
        if is_array(operand) and operand.size and operand.dtype.kind != "c" and (operand == operand.flat[0]).all():
            found: float = operand.flat[0].item()
            return found
        return None

    def is_read(self, position: int) -> bool:
        """Return whether an output of the operator that is being read is read by others."""
        return self.read_outputs[position] if position < len(self.read_outputs) else True

    def charge(self, shape: Shape, most: int, most_of_all: int) -> None:
        """Add the elements of a constant that will be computed; raise `Unreadable` if there are too many."""
        count = 1
        for size in shape:
            count *= int(size)  # type: ignore[arg-type]
        self.elements += count
        if count > most or self.elements > most_of_all:
            raise Unreadable(f"a constant of {count} elements that would have to be computed")

    def _of_computation(self, derived: Derived) -> Value:
        computation = derived.computation
        if not computation.values:
            before, meta = self.graph.place, self.meta
            self.graph.place, self.meta = computation.place, None
            handled = handler_of(computation.operator.target)
            if handled is None:
                raise Unreadable(f"`{computation.operator.name}` has no layer", computation.place.said)
            result = self._handle(handled, computation.arguments)
            computation.values = [result] if isinstance(result, Value) else list(result)
            self.graph.place, self.meta = before, meta
        return computation.values[derived.position]

    # The graph

    def translate(self) -> None:
        """Read the program; the graph gets its inputs, its steps and its outputs."""
        program, block = self.program, self.program.block
        given: dict[str, Any] = dict(program.constants)
        for name in program.inputs:
            meta = program.meta(block, name)
            if meta is None or meta.shape is None:
                raise Unreadable(f"an input without a shape, `{name[:40]}`")
            given[name] = self.graph.input(_input_name(name, self.graph.inputs), meta.shape, meta.dtype)
        for name, source in program.sources.items():
            meta = program.meta(block, name)
            shape = () if meta is None or meta.shape is None else meta.shape
            stored = Stored(source.name, shape, meta.dtype if meta else "float32", source.trainable)
            given[name] = FileTensor(stored, source.folder)
        self.graph.sizes.update(program.symbols.sizes)
        self.graph.where.extend(program.symbols.where)
        bindings = self.run(block, given)
        for position, name in enumerate(program.outputs):
            self._output(f"output{position}" if position else "output", bindings, name)

    def _output(self, name: str, bindings: Bindings, of: str) -> None:
        try:
            found = bindings[of]
            if found is not MISSING:
                self.graph.output(name, self.value(found))
        except (Unreadable, KeyError) as error:
            said = error if isinstance(error, Unreadable) else Unreadable("an output that no operator gives")
            self.problems.add("output", said)

    def run(self, block: Block, given: Mapping[str, Any]) -> Bindings:
        """Read a graph, whose inputs are `given` by name."""
        reads: dict[str, int] = {}
        for index, operator in enumerate(block.operators):
            for argument in operator.arguments.values():
                reads.update(dict.fromkeys(tensors_named(argument), index))
        for argument in block.outputs:
            reads.update(dict.fromkeys(tensors_named(argument), len(block.operators)))
        bindings = Bindings(reads, lambda view: self._reread(view, bindings), self._written_back)
        bindings.values.update(given)
        outer, self.block = self.block, block
        for index, operator in enumerate(block.operators):
            self.graph.place = place_of(operator)
            try:
                self._read(operator, bindings, index)
            except Unreadable as error:
                self._miss(operator, bindings, index, error)
            except _FAILURES as error:
                said = f"its arguments are not those of the operator ({type(error).__name__}: {str(error)[:80]})"
                self._miss(operator, bindings, index, Unreadable(said))
        self.block = outer
        return bindings

    def _miss(self, operator: Operator, bindings: Bindings, index: int, error: Unreadable | None) -> None:
        """Let what an operator gives and writes to be missing; an error that is given is counted."""
        if error is not None:
            self.problems.add(operator.name, error, self.graph.place.said)
        written = written_by(operator)
        if written in bindings.values:
            bindings.write(written, MISSING, index)
        for name in outputs_of(operator):
            bindings.bind(name, MISSING)

    def _read(self, operator: Operator, bindings: Bindings, index: int) -> None:
        name = operator.name.rpartition(".")[2]
        names = outputs_of(operator)
        if name.startswith(NOTHING) or (operator.outputs and not names):
            return
        arguments = {key: self._argument(value, bindings) for key, value in operator.arguments.items()}
        if any(operand is MISSING for value in arguments.values() for operand in leaves(value)):
            self._miss(operator, bindings, index, None)
            return
        if operator.target.startswith("higher_order."):
            results = self._inner(operator, arguments)
        else:
            self.meta = self.program.meta(self.block, names[0]) if names else None
            self.read_outputs = [bindings.last_reads.get(output, -1) > index for output in names]
            arguments = {"x" if key in {"self", "input"} else key: value for key, value in arguments.items()}
            results = self._results(operator, arguments)
        written, view = written_by(operator), self._view(operator, arguments, name)
        checked = [self._checked(output, result) for output, result in zip(names, results, strict=False)]
        if written in bindings.values and not is_array(checked[0]):
            bindings.write(written, checked[0], index)
        for position, (output, result) in enumerate(zip(names, checked, strict=False)):
            bindings.bind(output, result, view and view._replace(position=position))

    def _view(self, operator: Operator, arguments: Mapping[str, Any], name: str) -> View | None:
        """Return what an operator gives a view of, if it does; one that writes in place gives what it writes to."""
        base = base_of(operator)
        if base is not None and base == written_by(operator):
            return View(base, operator, arguments, 0, copies=False)
        if name not in VIEWS or base is None or not operator.target.startswith("aten."):
            return None
        meta = self.program.meta(self.block, base) if name in IF_CONTIGUOUS else None
        return View(base, operator, arguments, 0, name in IF_CONTIGUOUS and not (meta and meta.contiguous))

    def _argument(self, argument: Any, bindings: Bindings) -> Any:
        return decoded(argument, bindings.__getitem__, lambda name: self.program.number(self.block, name))

    def _inner(self, operator: Operator, arguments: Mapping[str, Any]) -> Sequence[Any]:
        """Read the graph that a higher-order operator calls once."""
        given = list(arguments.values())
        places = [at for at, value in enumerate(given) if isinstance(value, dict) and "graph" in value]
        if len(places) != 1 or "wrap" not in operator.target or self.depth == MOST_GRAPHS:
            raise Unreadable("control flow that depends on data")
        block = read_block(given[places[0]]["graph"])
        self.depth += 1
        entering = dict(zip(block.inputs, given[places[0] + 1 :], strict=True))
        bindings = self.run(block, entering)
        self.depth -= 1
        return [self._argument(each, bindings) for each in block.outputs]

    def _results(self, operator: Operator, arguments: Mapping[str, Any]) -> Sequence[Any]:
        operands = [each for value in arguments.values() for each in leaves(value) if is_tensor(each)]
        trained = [each for each in operands if isinstance(each, Derived) or _is_parameter(each)]
        if not any(isinstance(each, (Value, Complex)) for each in operands) and not trained:
            from shapecalc.importers.torch_export.evaluate import evaluate_operator  # noqa: PLC0415

            found = evaluate_operator(self, operator, arguments)
            if found is not None:
                return found
        elif not any(isinstance(each, (Value, Complex)) for each in operands) and not written_by(operator):
            return self._derived(operator, arguments)
        handled = handler_of(operator.target)
        if handled is None:
            raise Unreadable(f"`{operator.name}` has no layer")
        result = self._handle(handled, arguments)
        return list(result) if type(result) in {list, tuple} else [result]

    def _derived(self, operator: Operator, arguments: Mapping[str, Any]) -> Sequence[Any]:
        metas = [self.program.meta(self.block, name) for name in outputs_of(operator)]
        copied = {key: each.copy() if is_array(each) else each for key, each in arguments.items()}
        computation = Computation(operator, copied, self.graph.place)
        if any(meta is None or meta.shape is None for meta in metas):
            raise Unreadable("a tensor without a shape")
        return [
            Derived(computation, at, meta.shape) for at, meta in enumerate(metas) if meta and meta.shape is not None
        ]

    def _handle(self, handled: Handled, arguments: Mapping[str, Any]) -> Any:
        given = {
            key: each if key in handled.held else self._values_in(each)
            for key, each in arguments.items()
            if key not in {"memory_format", "device", "layout", "pin_memory", "non_blocking", "copy"}
        }
        return handled.handler(self, **given)

    def _values_in(self, argument: Any) -> Any:
        if type(argument) is list:
            return [self._values_in(each) for each in argument]
        return self.value(argument) if is_tensor(argument) and not isinstance(argument, Complex) else argument

    def _checked(self, name: str, result: Any) -> Any:
        """Return a result in the dtype that the file states; raise `Unreadable` if it states another shape."""
        meta = self.program.meta(self.block, name)
        if meta is None or result is None or result is MISSING:
            return result
        if meta.shape is not None and tuple(result.shape) != meta.shape:
            self._compare(tuple(result.shape), meta.shape)
        if isinstance(result, Value):
            if meta.dtype not in {result.dtype, "complex64"}:
                result = self.step("cast", result, dtype=meta.dtype)
            if meta.shape is not None and not isinstance(result.node, str):
                self.graph.stated[result.key] = result.shape
        return result

    def _compare(self, ours: Shape, stated: Shape) -> None:
        """Raise `Unreadable` if two shapes differ at one of some sizes."""
        symbols = sorted({name for dim in (*ours, *stated) if isinstance(dim, Expr) for name in free_symbols(dim)})
        hints = self.graph.sizes
        trials = [{name: factor * hints.get(name, 1) for name in symbols} for factor in (1, 2, 3)]
        same = len(ours) == len(stated) and all(
            evaluate(one, sizes) == evaluate(other, sizes)
            for sizes in trials
            for one, other in zip(ours, stated, strict=True)
        )
        if not same:
            raise Unreadable(f"it gives {show(ours)} by our rules, and {show(stated)} by the file")

    def _reread(self, view: View, bindings: Bindings) -> Any:
        """Return a view again after what it is a view of has got another value."""
        if written_by(view.operator):
            return bindings[view.of]
        arguments = {**view.arguments, "x": bindings[view.of]}
        meta = self.meta
        self.meta = self.program.meta(self.block, outputs_of(view.operator)[view.position])
        found = self._results(view.operator, arguments)[view.position]
        self.meta = meta
        return found

    def _written_back(self, view: View, whole: Any, part: Any) -> Any:
        name = view.operator.name.rpartition(".")[2]
        return written_back(self, name, view.arguments, view.position, self.value(whole), self.value(part))

    # Steps that several operators need

    def reshape(self, x: Value, shape: Sequence[Any]) -> Value:
        """Return a value in another shape."""
        shape = tuple(shape)
        return x if x.shape == shape else self.step("reshape", x, shape=shape)

    def expand(self, x: Value, shape: Sequence[Any]) -> Value:
        """Return a value that is repeated up to a shape, −1 where an axis stays as it is."""
        old = (None,) * (len(shape) - x.rank) + x.shape
        sizes = [-1 if size in (before, -1) else size for before, size in zip(old, shape, strict=True)]
        return x if len(shape) == x.rank and set(sizes) <= {-1} else self.step("expand", x, size=sizes)

    def numeric(self, x: Value) -> Value:
        """Return a value as numbers if it is flags."""
        return self.step("cast", x, dtype="int64") if x.dtype == "bool" else x

    def floating(self, x: Value) -> Value:
        """Return a value as float32."""
        return x if x.dtype == "float32" else self.step("cast", x, dtype="float32")


def _is_parameter(operand: Any) -> bool:
    return isinstance(operand, FileTensor) and operand.stored.trainable


def _input_name(name: str, taken: Mapping[str, Any]) -> str:
    """Return a name for an input that the format accepts."""
    cleaned = "".join(each if each.isalnum() or each == "_" else "_" for each in name[:60])
    cleaned = cleaned if cleaned[:1].isalpha() else f"input_{cleaned}"
    return cleaned if cleaned not in taken else f"{cleaned}_{len(taken)}"
