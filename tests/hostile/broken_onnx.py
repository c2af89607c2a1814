"""ONNX files that nobody means well with, by what is wrong in them: messages of protobuf, field by field."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from fuzz.wire import BYTES, VARINT, written
from tests.hostile.broken_containers import BROKEN, READ, SIZE, UNREAD, Hostile

if TYPE_CHECKING:
    from collections.abc import Iterator

FLOAT, INT64 = 1, 7
A_FLOAT, AN_INT, A_STRING, A_TENSOR, A_GRAPH, FLOATS, INTS = 1, 2, 3, 4, 5, 6, 7
"""The types of attributes."""


def text(number: int, value: str | bytes) -> list[Any]:
    """Return a field of a text or of bytes."""
    return [number, BYTES, value.encode() if isinstance(value, str) else value]


def number(at: int, value: int) -> list[Any]:
    """Return a field of an integer."""
    return [at, VARINT, value]


def message(at: int, *fields: list[Any]) -> list[Any]:
    """Return a field of a message."""
    return [at, BYTES, list(fields)]


def value(name: str, *shape: int | str, kind: int = FLOAT) -> list[list[Any]]:
    """Return what describes an input or an output."""
    dims = [message(1, number(1, size) if isinstance(size, int) else text(2, size)) for size in shape]
    return [text(1, name), message(2, message(1, number(1, kind), message(2, *dims)))]


def node(kind: str, reads: tuple[str, ...], gives: tuple[str, ...], *attributes: list[Any], domain: str = "") -> Any:
    """Return a node."""
    names = [*(text(1, each) for each in reads), *(text(2, each) for each in gives)]
    return message(1, *names, text(4, kind), *attributes, *([text(7, domain)] if domain else []))


def attribute(name: str, kind: int, *fields: list[Any]) -> list[Any]:
    """Return an attribute of a node."""
    return message(5, text(1, name), *fields, number(20, kind))


def tensor(name: str, *dims: int, raw: bytes = b"", more: tuple[list[Any], ...] = ()) -> list[list[Any]]:
    """Return a tensor of floats."""
    data = [text(9, raw)] if raw else []
    return [*(number(1, size) for size in dims), number(2, FLOAT), text(8, name), *data, *more]


def model(*nodes: Any, x: Any = None, y: Any = None, tensors: tuple[Any, ...] = (), opset: int = 17) -> bytes:
    """Return a file with the input x [N, 8] and the output y."""
    described = [message(11, *(value("x", "N", 8) if x is None else x)), message(12, *(y or value("y", "N", 8)))]
    graph = message(7, *nodes, text(2, "net"), *(message(5, *each) for each in tensors), *described)
    return written([number(1, 8), graph, message(8, text(1, ""), number(2, opset))])


def onnx_files() -> Iterator[Hostile]:
    """Yield ONNX files."""
    for name, data, code in (*_messages(), *_graphs(), *_nodes(), *_tensors()):
        yield Hostile(f"onnx: {name}", "onnx", data, code)


RELU = node("Relu", ("x",), ("y",))


def _messages() -> Iterator[tuple[str, bytes, str]]:
    whole = model(RELU)
    yield "whole", whole, READ
    yield "no bytes", b"", BROKEN
    yield "half of a file", whole[: len(whole) // 2], BROKEN
    yield "no message", b"\xff" * 100, BROKEN
    yield "a length of 2⁶³", b"\x08\x08\x3a" + b"\xff" * 8 + b"\x7f", BROKEN
    yield "a number that does not end", b"\x08" + b"\x80" * 20, BROKEN
    yield "a group that does not end", b"\x08\x08\x3b" * 1000, BROKEN
    deep = b""
    for _ in range(3_000):
        deep = written([[6, BYTES, written([message(1, [5, BYTES, deep])])]])
    yield "graphs in 3,000 graphs", b"\x08\x08" + written([[7, BYTES, deep]]), BROKEN
    yield "an operator set of the future", model(RELU, opset=999), BROKEN
    yield "an operator set below 0", model(RELU, opset=-1), BROKEN
    yield "no graph", written([number(1, 8), message(8, number(2, 17))]), BROKEN
    yield "a name that is no text", model(node("Relu", ("x",), ("y",))).replace(b"Relu", b"Re\xff\xfe"), BROKEN


def _graphs() -> Iterator[tuple[str, bytes, str]]:
    yield "no nodes", model(), UNREAD
    yield "a node that reads itself", model(node("Add", ("x", "y"), ("y",))), UNREAD
    cycle = (node("Relu", ("b",), ("a",)), node("Relu", ("a",), ("b",)), node("Relu", ("b",), ("y",)))
    yield "two nodes that read each other", model(*cycle), UNREAD
    yield "an output that nothing computes", model(node("Relu", ("x",), ("z",))), UNREAD
    yield "an output that is named twice", model(RELU, node("Relu", ("y",), ("y",))), UNREAD
    for name, shape in (
        ("a size of 0", (0, 8)),
        ("a size of 2⁶²", (2**62, 8)),
        ("none", ()),
    ):
        yield f"an input with {name}", model(RELU, x=value("x", *shape), y=value("y", "A", "B")), UNREAD
    yield "an input with a size of −1, which is open", model(RELU, x=value("x", -1, 8), y=value("y", "A", "B")), READ
    yield "an input of 1,000 axes", model(RELU, x=value("x", *(2,) * 1_000), y=value("y", "A")), UNREAD
    yield "an input of texts", model(RELU, x=value("x", "N", 8, kind=8)), UNREAD
    yield "an output of another shape", model(RELU, y=value("y", "N", 9)), UNREAD
    yield "a symbol of code", model(RELU, x=value("x", "__import__('os')", 8)), READ
    yield "201,000 nodes", model(*(RELU,) * 201_000), SIZE


def _nodes() -> Iterator[tuple[str, bytes, str]]:
    for name, each in (
        ("an operator that is not known", node("Exec", ("x",), ("y",))),
        ("an operator of Python", node("PythonOp", ("x",), ("y",), domain="ai.onnx.contrib")),
        ("no input", node("Relu", (), ("y",))),
        ("no output", node("Relu", ("x",), ())),
        ("20 inputs", node("Relu", ("x",) * 20, ("y",))),
        ("an input that is left out", node("Relu", ("",), ("y",))),
        ("an attribute that is not known", node("Relu", ("x",), ("y",), attribute("run", AN_INT, number(3, 1)))),
        ("an attribute of another kind", node("Softmax", ("x",), ("y",), attribute("axis", A_STRING, text(4, "1")))),
        ("an axis of 2⁶²", node("Softmax", ("x",), ("y",), attribute("axis", AN_INT, number(3, 2**62)))),
        ("no attribute that is required", node("Cast", ("x",), ("y",))),
        ("a type that is not known", node("Cast", ("x",), ("y",), attribute("to", AN_INT, number(3, 99)))),
        ("a pool of 2⁴⁰", node("MaxPool", ("x",), ("y",), attribute("kernel_shape", INTS, number(8, 2**40)))),
        ("a pool of no axes", node("MaxPool", ("x",), ("y",), attribute("kernel_shape", INTS))),
        (
            "axes that are there twice",
            node("Transpose", ("x",), ("y",), attribute("perm", INTS, number(8, 1), number(8, 1))),
        ),
        ("a loop", node("Loop", ("", "", "x"), ("y",), attribute("body", A_GRAPH, message(6, text(2, "b"))))),
        ("a branch on an input", node("If", ("x",), ("y",), attribute("then_branch", A_GRAPH, message(6)))),
        ("an equation of code", node("Einsum", ("x",), ("y",), attribute("equation", A_STRING, text(4, "eval(1)")))),
    ):
        yield f"a node with {name}", model(each, y=value("y", "A", "B")), UNREAD


def _tensors() -> Iterator[tuple[str, bytes, str]]:
    add = node("Add", ("x", "w"), ("y",))
    yield "a tensor with its numbers", model(add, tensors=(tensor("w", 8, raw=bytes(32)),)), READ
    for name, each in (
        ("sizes of 2⁶²", tensor("w", 2**62, 2**62, raw=bytes(32))),
        ("a size of −1", tensor("w", -1, raw=bytes(32))),
    ):
        yield f"a tensor with {name}", model(add, tensors=(each,)), UNREAD
    outside = (message(13, text(1, "location"), text(2, "../../../etc/passwd")), number(14, 1))
    yield "a tensor in a file above the folder", model(add, tensors=(tensor("w", 8, more=outside),)), READ
    absolute = (message(13, text(1, "location"), text(2, "/etc/passwd")), number(14, 1))
    yield "a tensor in a file of the system", model(add, tensors=(tensor("w", 8, more=absolute),)), READ
    shape = [*(number(1, 2),), number(2, INT64), text(8, "s"), text(9, b"\xff" * 7 + b"\x7f" + b"\xff" * 7 + b"\x7f")]
    big = model(node("Reshape", ("x", "s"), ("y",)), tensors=(shape,), y=value("y", "A", "B"))
    yield "a shape of 2⁶³ elements", big, UNREAD
    fill = node("ConstantOfShape", ("s",), ("c",)), node("Add", ("x", "c"), ("y",))
    yield "a constant of 2⁶³ elements", model(*fill, tensors=(shape,), y=value("y", "A", "B")), UNREAD
    ranges = [number(2, INT64), text(8, "r"), text(9, (10**12).to_bytes(8, "little"))]
    zero = [number(2, INT64), text(8, "z"), text(9, bytes(8))]
    one = [number(2, INT64), text(8, "o"), text(9, (1).to_bytes(8, "little"))]
    count = node("Range", ("z", "r", "o"), ("c",)), node("Add", ("x", "c"), ("y",))
    yield "a range of 10¹² numbers", model(*count, tensors=(zero, ranges, one), y=value("y", "A", "B")), UNREAD
