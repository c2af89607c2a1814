"""The values of constants: numbers, tables and masks that a rule compares with those of the layer it puts in place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from shapecalc.diagnostics import ShapecalcError
from shapecalc.dims import product
from shapecalc.importers.graph import ImportedStep
from shapecalc.importers.unreadable import Unreadable
from shapecalc.layers.base import fields_of

if TYPE_CHECKING:
    from shapecalc.importers.graph import Array, Stored, Value
    from shapecalc.importers.rewriting.rewriter import Rewriter

LARGEST = 2**22
"""Elements of a constant that is computed here."""
MOST_STEPS = 32
"""Steps between a constant of the file and the value that is computed of it."""
COMPUTED = frozenset(
    [
        "reshape",
        "flatten",
        "permute",
        "squeeze",
        "unsqueeze",
        "expand",
        "select",
        "slice",
        "split",
        "chunk",
        "unbind",
        "concat",
        "stack",
        "cast",
        "add",
        "subtract",
        "multiply",
        "divide",
        "negative",
        "cos",
        "sin",
        "exp",
        "tril",
        "triu",
        "where",
        "masked_fill",
        "less",
        "less_equal",
        "greater",
        "greater_equal",
        "equal",
        "not_equal",
        "logical_not",
        "logical_and",
        "logical_or",
        "matmul",
        "power",
        "reciprocal",
        "repeat_interleave",
        "tile",
        "take",
    ]
)


def array_of(at: Rewriter, value: Value, *, trained: bool = False) -> Array | None:
    """Return the values of a constant or a buffer, or of what steps compute of such alone; None if they are not known.

    With `trained`, also those of parameters.
    """
    order = _steps_to(value, trained)
    if order is None:
        return None
    known: dict[tuple[int | str, str], Array] = {}
    for node in order:
        arrays = _computed(at, node, [known[read.key] for read in node.reads])
        if arrays is None:
            return None
        for output, array in zip(node.outputs, arrays, strict=True):
            known[node.value(output).key] = array
    return known[value.key]


def is_constant(value: Value) -> bool:
    """Return whether nothing but constants of the program gives a value, so that it is the same for all weights."""
    order = _steps_to(value, trained=False)
    return order is not None and all(node.type != "buffer" for node in order)


def _steps_to(value: Value, trained: bool) -> list[ImportedStep] | None:
    """Return the steps that give a value, in order; None if they are many, large, or not of constants alone."""
    reached: dict[int, ImportedStep] = {}
    todo = [value]
    order: list[ImportedStep] = []
    while todo:
        node = todo.pop().node
        if isinstance(node, str) or len(reached) > MOST_STEPS:
            return None
        allowed = node.type in COMPUTED or node.type in ("constant", "buffer") or (trained and node.type == "parameter")
        sizes = [product(shape) for shape in node.outputs.values()]
        if not allowed or any(not isinstance(size, int) or size > LARGEST for size in sizes):
            return None
        order.append(node)
        if id(node) not in reached:
            reached[id(node)] = node
        todo += node.reads
    # A step comes before those that read it: the last time that it was reached counts.
    last = {id(node): node for node in reversed(order)}
    return _sorted(list(last.values()))


def _sorted(nodes: list[ImportedStep]) -> list[ImportedStep]:
    done: dict[int, ImportedStep] = {}
    for first in nodes:
        stack = [first]
        while stack:
            node = stack[-1]
            waiting = [
                read.node for read in node.reads if isinstance(read.node, ImportedStep) and id(read.node) not in done
            ]
            if waiting:
                stack.append(waiting[0])
            else:
                done[id(stack.pop())] = node
    return list(done.values())


def _computed(at: Rewriter, node: ImportedStep, given: list[Array]) -> tuple[Array, ...] | None:
    """Return the outputs of a step by its reference kernel."""
    from shapecalc.reference import find  # noqa: PLC0415 - NumPy is imported only where values are computed
    from shapecalc.reference.base import Call  # noqa: PLC0415

    parameters: dict[str, Array] = {}
    for name, stored in node.tensors.items():
        array = stored_array(at, stored)
        if array is None:
            return None
        parameters[name] = array
    if set(parameters) != set(node.layer.tensors(*(read.shape for read in node.reads))):
        return None
    fields: dict[str, Any] = {name: getattr(node.layer, name) for name in fields_of(type(node.layer))}
    try:
        result = find(node.type).run(Call("", node.type, fields, parameters, (), ()), *given)
    except (ArithmeticError, IndexError, TypeError, ValueError):
        return None
    arrays = result if isinstance(result, tuple) else (result,)
    shapes = list(node.outputs.values())
    if len(arrays) != len(shapes) or any(array.shape != shape for array, shape in zip(arrays, shapes, strict=True)):
        return None
    return arrays


def stored_array(at: Rewriter, stored: Stored) -> Array | None:
    """Return the values of a tensor of the file in the shape of our layer, None if the file has them not."""
    if stored.key not in at.values:
        array = None
        if at.arrays is not None:
            try:
                array = dict(at.arrays([stored.name])).get(stored.name)
            except (Unreadable, ShapecalcError):  # the reader reports it when the values are needed
                array = None
        if array is not None and stored.convert is not None:
            array = stored.convert(array)
        at.values[stored.key] = None if array is None or array.shape != stored.shape else array
    return at.values[stored.key]


def number_of(at: Rewriter, value: Value) -> float | None:
    """Return the number that a constant is, None if it has several elements or is not known.

    >>> from shapecalc.importers.graph import ImportedGraph
    >>> from shapecalc.importers.rewriting.rewriter import Rewriter
    >>> graph = ImportedGraph("", "")
    >>> number_of(Rewriter(graph), graph.step("constant", values=0.5))
    0.5
    """
    if isinstance(value.node, str) or value.node.type != "constant" or product(value.shape) != 1:
        return None
    entry = value.node.layer.values  # type: ignore[attr-defined]
    while isinstance(entry, tuple):
        entry = entry[0]
    if entry is None:
        array = array_of(at, value)
        return None if array is None else array.item()
    return None if isinstance(entry, bool) else entry
