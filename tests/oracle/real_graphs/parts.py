"""Operators that write into a part of a tensor, and those of complex numbers."""

from __future__ import annotations

from typing import Any

import torch

from .records import Data, InexpressibleError
from .values import Converter, handles, shape_of


@handles("copy", "fill", "index_put")
def copy(to: Converter, node: torch.fx.Node, a: dict[str, Any]) -> Any:
    """Convert a write into a part: each tensor that it is a part of gets a new value."""
    if "src" not in a:
        raise InexpressibleError(f"operator {node.target}")
    source = a["src"]
    if isinstance(source, torch.Tensor):
        source = source.expand(shape_of(node))
    write(to, node.args[0].args[0] if is_part(node.args[0]) else None, node.args[0], source)
    return source


def is_part(node: torch.fx.Node) -> bool:
    """Return whether a node is a view of a part of another."""
    return str(node.target).startswith(("aten.slice", "aten.select"))


def write(to: Converter, whole: torch.fx.Node | None, part: torch.fx.Node, value: Any) -> None:
    """Let a part be another value, in what it is a part of too."""
    to.env[part] = value
    if whole is None:
        return
    shape = shape_of(whole)
    dim, start, end = bounds(part, shape)
    if "select" in str(part.target):
        expected = (*shape[:dim], *shape[dim + 1 :])
        value = to.along_batch(to.value(value), shape[0], expected[1:]) if dim else to.value(value)
        value = to.emit("unsqueeze", dim, value, shape=(*shape[:dim], 1, *shape[dim + 1 :]))
    if end - start < shape[dim]:
        before = to.along_batch(to.value(to.env[whole]), shape[0], shape[1:])
        pieces = [(0, start), (end, shape[dim])]
        first, last = (to.part(before, dim, at, to_ - at) if to_ > at else None for at, to_ in pieces)
        pieces = [piece for piece in (first, to.along_batch(to.value(value), shape[0]), last) if piece is not None]
        value = to.emit("concat", {} if dim == 1 else {"dim": dim}, *pieces, shape=shape)
    write(to, whole.args[0] if is_part(whole) else None, whole, value)


def bounds(part: torch.fx.Node, shape: tuple[int, ...]) -> tuple[int, int, int]:
    """Return the axis, the start and the end of a part."""
    dim, *rest = (*part.args[1:], 0) if len(part.args) == 1 else part.args[1:]
    dim %= len(shape)
    if "select" in str(part.target):
        at = rest[0] % shape[dim]
        return dim, at, at + 1
    start, end, step = (*rest, *(None, None, 1)[len(rest) :])
    if step != 1:
        raise InexpressibleError("a write into every second entry")
    found = range(shape[dim])[slice(start, end)]
    return dim, found.start, found.stop


@handles("zero")
def zero(to: Converter, node: torch.fx.Node, _: dict[str, Any]) -> Data:
    """Convert a write of zeros."""
    return to.constant(torch.zeros(shape_of(node)))


@handles("view_as_complex")
def as_complex(_: Converter, node: torch.fx.Node, a: dict[str, Any]) -> Data:
    """Remember complex numbers by their real and imaginary parts along the last axis."""
    return Data(a["self"].step, shape_of(node), a["self"].output, note=("complex numbers", a["self"]))


def turned_by(to: Converter, numbers: Data, factor: torch.Tensor) -> Data:
    """Return complex numbers times constants: (a + bi)(c + di) = (ac − bd) + (ad + bc)i."""
    pairs, shape = numbers.note[1], (*numbers.shape, 2)
    real, imaginary = factor.real.unsqueeze(-1), factor.imag.unsqueeze(-1)
    swapped = to.pick(pairs, -1, [1, 0])
    first = to.emit("multiply", {}, pairs, to.constant(real.contiguous()), shape=shape)
    signed = torch.cat([-imaginary, imaginary], -1)
    second = to.emit("multiply", {}, swapped, to.constant(signed), shape=shape)
    product = to.emit("add", {}, first, second, shape=shape)
    return Data(product.step, numbers.shape, note=("complex numbers", product))


@handles("view_as_real")
def as_real(_: Converter, node: torch.fx.Node, a: dict[str, Any]) -> Data:
    """Return the real and imaginary parts."""
    found: Data = a["self"].note[1]
    assert found.shape == shape_of(node), node
    return found
