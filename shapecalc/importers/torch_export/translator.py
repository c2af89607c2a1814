"""A program of torch.export → a `ImportedGraph`: operator by operator, constants computed, writes in place resolved."""

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
    Empty,
    FileTensor,
    is_array,
    is_tensor,
    leaves,
)
from shapecalc.importers.torch_export.operators import handler_of
from shapecalc.importers.torch_export.program import MALFORMED, place_of, read_block
from shapecalc.importers.torch_export.steps import Steps
from shapecalc.importers.torch_export.views import CASTS, IF_CONTIGUOUS, OTHERS, VIEWS, written_back
from shapecalc.importers.unreadable import Problems, Unreadable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from shapecalc.dims import Shape
    from shapecalc.importers.graph import ImportedGraph
    from shapecalc.importers.torch_export.archive import Archive
    from shapecalc.importers.torch_export.operators import Handled
    from shapecalc.importers.torch_export.program import GraphBlock, Operator, Program

NOTHING = ("_assert", "sym_constrain", "_guards_fn", "auto_functionalized_assert")
"""Beginnings of the names of operators that only check something."""
OF_SHAPES_ALONE = frozenset(
    f"aten.{name}" for kind in ("zeros", "ones", "full", "empty") for name in (f"new_{kind}", f"{kind}_like")
)
"""Operators that do not read the elements of their tensor."""
MOST_GRAPHS = 16
"""Graphs within graphs."""
FAILURES = (*MALFORMED, OverflowError, ZeroDivisionError, AssertionError, RecursionError)


class Translator(Steps):
    """Reads a program into a graph; operators that cannot be read are in `problems`."""

    def __init__(self, program: Program, archive: Archive, graph: ImportedGraph) -> None:
        super().__init__(archive, graph)
        self.program = program
        self.problems = Problems()
        self.block: GraphBlock = program.block
        self.depth = 0

    def of_computation(self, derived: Derived) -> Value:
        """Return what an operator on parameters gives, for which steps are made when it is read first."""
        computation = derived.computation
        if not computation.values:
            before, meta = self.graph.place, self.meta
            self.graph.place, self.meta = computation.place, None
            handled = handler_of(computation.operator.target)
            if handled is None:
                raise Unreadable("no layer computes it", computation.place.said)
            result = self._handle(handled, computation.arguments)
            computation.values = [result] if isinstance(result, Value) else list(result)
            self.graph.place, self.meta = before, meta
        return computation.values[derived.position]

    def translate(self) -> None:
        """Read the program; the graph gets its inputs, its steps and its outputs."""
        program, block = self.program, self.program.block
        given: dict[str, Any] = dict(program.constants)
        for name in program.inputs:
            meta = program.meta(block, name)
            if meta is None or meta.shape is None:
                raise Unreadable(f"an input without a shape, `{name[:40]}`")
            given[name] = self.graph.input(_input_name(name, self.graph.inputs), meta.shape, meta.dtype)
        names: dict[tuple[str, str], str] = {}
        for name, source in program.sources.items():
            meta = program.meta(block, name)
            shape = () if meta is None or meta.shape is None else meta.shape
            place = (source.folder, source.name)
            ours = names.get(place) or self.unused_name(source.name)
            names[place], self.places[ours] = ours, place
            given[name] = FileTensor(Stored(ours, shape, meta.dtype if meta else "float32", source.trainable))
        self.graph.sizes.update(program.symbols.sizes)
        self.graph.where.extend(program.symbols.where)
        bindings = self.run(block, given)
        for position, name in enumerate(program.outputs):
            self._output(f"output{position}" if position else "output", bindings, name)

    def _output(self, name: str, bindings: Bindings, of: str) -> None:
        try:
            outcome = bindings[of]
            if outcome is not MISSING:
                value = self.value(outcome)
                self.graph.output(name, self.step("identity", value) if isinstance(value.node, str) else value)
        except (Unreadable, KeyError) as error:
            said = error if isinstance(error, Unreadable) else Unreadable("an output that no operator gives")
            self.problems.add("output", said)

    def run(self, block: GraphBlock, given: Mapping[str, Any]) -> Bindings:
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
        try:
            self._read_all(block, bindings)
        finally:
            self.block = outer
        return bindings

    def _read_all(self, block: GraphBlock, bindings: Bindings) -> None:
        for index, operator in enumerate(block.operators):
            self.graph.place = place_of(operator)
            try:
                self._read(operator, bindings, index)
            except Unreadable as error:
                self._miss(operator, bindings, index, error)
            except FAILURES as error:
                said = f"its arguments are not those of the operator ({type(error).__name__}: {str(error)[:80]})"
                self._miss(operator, bindings, index, Unreadable(said))

    def _miss(self, operator: Operator, bindings: Bindings, index: int, error: Unreadable | None) -> None:
        """Let what an operator gives and writes to be opaque, or missing if the file does not state its shape.

        An error that is given is counted.
        """
        if error is not None:
            self.problems.add(operator.name, error, self.graph.place.said)
        names = outputs_of(operator)
        results = self._opaque(operator, bindings, names) if error is not None else [MISSING] * len(names)
        written = written_by(operator)
        if written in bindings.values and results:
            bindings.write(written, results[0], index)
        for name, result in zip(names, results, strict=True):
            bindings.bind(name, result)

    def _opaque(self, operator: Operator, bindings: Bindings, names: Sequence[str]) -> list[Any]:
        """Return the values of the outputs of an operator without a layer."""
        missing: list[Any] = [MISSING] * len(names)
        try:
            metas = [self.program.meta(self.block, name) for name in names]
            stated = [(meta.shape, meta.dtype) for meta in metas if meta and meta.shape and meta.dtype != "complex64"]
            read = [bindings[each] for given in operator.arguments.values() for each in tensors_named(given)]
            reads = [self.value(operand) for operand in read]
            return list(self.graph.opaque(operator.name, reads, stated)) if len(stated) == len(names) else missing
        except (Unreadable, *FAILURES):
            return missing

    def _read(self, operator: Operator, bindings: Bindings, index: int) -> None:
        name = operator.name.rpartition(".")[2]
        names = outputs_of(operator)
        if name.startswith(NOTHING) or (operator.outputs and not names):
            return
        arguments = {
            "x" if key in {"self", "input"} else key: self._argument(value, bindings)
            for key, value in operator.arguments.items()
        }
        if any(operand is MISSING for value in arguments.values() for operand in leaves(value)):
            self._miss(operator, bindings, index, None)
            return
        results = self._empty(names, arguments) or self._called(operator, arguments, bindings, index)
        written, view = written_by(operator), self._view(operator, arguments, name)
        checked = [self._checked(output, result) for output, result in zip(names, results, strict=False)]
        if written in bindings.values and not is_array(checked[0]) and not isinstance(checked[0], Empty):
            bindings.write(written, checked[0], index)
        for position, (output, result) in enumerate(zip(names, checked, strict=False)):
            bindings.bind(output, result, view and view._replace(position=position))

    def _empty(self, names: Sequence[str], arguments: Mapping[str, Any]) -> Sequence[Any]:
        """Return the result of an operator without elements, nothing if it has some, or is of constants alone."""
        stated = self.program.meta(self.block, names[0]) if len(names) == 1 else None
        operands = [each for value in arguments.values() for each in leaves(value)]
        constant = not any(isinstance(each, (Value, Derived, Empty)) or _is_parameter(each) for each in operands)
        if constant or stated is None or stated.shape is None or 0 not in stated.shape:
            return []
        return [Empty(stated.shape)]

    def _called(
        self, operator: Operator, arguments: Mapping[str, Any], bindings: Bindings, index: int
    ) -> Sequence[Any]:
        """Return what an operator gives."""
        if operator.target.startswith("higher_order."):
            return self._inner(operator, arguments, bindings, index)
        names = outputs_of(operator)
        self.meta = self.program.meta(self.block, names[0]) if names else None
        base = self.program.meta(self.block, base_of(operator) or "")
        self.contiguous = base is not None and base.contiguous
        self.read_outputs = [bindings.last_reads.get(output, -1) > index for output in names]
        return self._results(operator, arguments)

    def _view(self, operator: Operator, arguments: Mapping[str, Any], name: str) -> View | None:
        """Return what an operator gives a view of, if it does; one that writes in place gives what it writes to."""
        base = base_of(operator)
        if base is not None and base == written_by(operator):
            return View(base, operator, arguments, 0, copies=False)
        if name not in VIEWS or base is None or not operator.target.startswith("aten."):
            return None
        meta = self.program.meta(self.block, base)
        contiguous = meta is not None and meta.contiguous
        if (name == "contiguous" and not contiguous) or (name in CASTS and not self._same_dtype(operator, base)):
            return None
        return View(base, operator, arguments, 0, name in OTHERS or (name in IF_CONTIGUOUS and not contiguous))

    def _same_dtype(self, operator: Operator, base: str) -> bool:
        """Return whether an operator gives the dtype that it reads, so that it copies nothing."""
        metas = self.block.metas
        return (
            bool(metas[base]["dtype"] == metas[outputs_of(operator)[0]]["dtype"]) and "copy" not in operator.arguments
        )

    def _argument(self, argument: Any, bindings: Bindings) -> Any:
        return decoded(argument, bindings.__getitem__, lambda name: self.program.number(self.block, name))

    def _inner(self, operator: Operator, arguments: Mapping[str, Any], outer: Bindings, index: int) -> Sequence[Any]:
        """Read the graph that a higher-order operator calls once; it may write to its inputs."""
        given = list(arguments.values())
        places = [at for at, value in enumerate(given) if isinstance(value, dict) and "graph" in value]
        if len(places) != 1 or "wrap" not in operator.target or self.depth == MOST_GRAPHS:
            raise Unreadable("control flow that depends on data")
        block = read_block(given[places[0]]["graph"])
        inputs = dict(zip(block.inputs, given[places[0] + 1 :], strict=True))
        self.depth += 1
        try:
            bindings = self.run(block, inputs)
            results = [self._argument(each, bindings) for each in block.outputs]
            names = list(operator.arguments.values())[places[0] + 1 :]
            for inner, named in zip(block.inputs, names, strict=True):
                value = bindings[inner]
                if value is not inputs[inner] and not (is_array(value) and is_array(inputs[inner])):
                    outer.write(tensors_named(named)[0], value, index)
            return results
        finally:
            self.depth -= 1

    def _results(self, operator: Operator, arguments: Mapping[str, Any]) -> Sequence[Any]:
        operands = [each for value in arguments.values() for each in leaves(value) if is_tensor(each)]
        trained = [each for each in operands if isinstance(each, Derived) or _is_parameter(each)]
        of_values = any(isinstance(each, (Value, Complex, Empty)) for each in operands)
        of_constants = not of_values and not trained
        if of_constants or (len(operands) == 1 and operator.name in OF_SHAPES_ALONE):
            from shapecalc.importers.torch_export.evaluate import evaluate_operator  # noqa: PLC0415

            outcome = evaluate_operator(self, operator, arguments)
            if outcome is not None:
                return outcome
        elif not of_values and not written_by(operator):
            return self._derived(operator, arguments)
        handled = handler_of(operator.target)
        if handled is None:
            raise Unreadable("no layer computes it")
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
            key: each if key in handled.raw else self._values_in(each)
            for key, each in arguments.items()
            if key not in {"memory_format", "device", "layout", "pin_memory", "non_blocking", "copy"}
        }
        return handled.handler(self, **given)

    def _values_in(self, argument: Any) -> Any:
        if type(argument) is list:
            return [self._values_in(each) for each in argument]
        return self.value(argument) if is_tensor(argument) and not isinstance(argument, (Complex, Empty)) else argument

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
        outcome = self._results(view.operator, arguments)[view.position]
        self.meta = meta
        return outcome

    def _written_back(self, view: View, base: Any, part: Any) -> Any:
        name = view.operator.name.rpartition(".")[2]
        return written_back(self, name, view.arguments, view.position, self.value(base), self.value(part))


def _is_parameter(operand: Any) -> bool:
    return isinstance(operand, FileTensor) and operand.stored.trainable


def _input_name(name: str, taken: Mapping[str, Any]) -> str:
    """Return a name for an input that the format accepts."""
    cleaned = "".join(each if each.isalnum() or each == "_" else "_" for each in name[:60])
    cleaned = cleaned if cleaned[:1].isalpha() else f"input_{cleaned}"
    return cleaned if cleaned not in taken else f"{cleaned}_{len(taken)}"
