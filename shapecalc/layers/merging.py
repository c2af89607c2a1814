"""Layers that merge several inputs."""

from dataclasses import dataclass
from typing import ClassVar

from shapecalc.diagnostics.errors import LayerError
from shapecalc.dims import Dim, product
from shapecalc.layers.base import Layer, Shape, layer, show
from shapecalc.layers.fields import Axis


def _bc(xs):
    rank = max(map(len, xs))
    out = []
    for axis in range(-rank, 0):
        d = 1
        for x in xs:
            if len(x) >= -axis and x[axis] != 1:
                if d != 1 and d != x[axis]:
                    raise LayerError("SC315", f"expects shapes that broadcast, receives {' and '.join(map(show, xs))}: axis {rank + axis} is {d} and {x[axis]}")
                d = x[axis]
        out.append(d)
    return tuple(out)


class _Ew(Layer):
    __slots__ = ()
    takes: ClassVar[tuple[int, int]] = (2, 64)
    merges: ClassVar[bool] = True

    def output_shape(self, *xs):
        return _bc(xs)

    def operations(self, *shapes) -> Dim:
        return (len(shapes) - 2) * product(shapes[-1])


@layer("add")
@dataclass(frozen=True, slots=True, kw_only=True)
class Add(_Ew):
    """Adds.

    Input: [*]
    """


@layer("multiply")
@dataclass(frozen=True, slots=True, kw_only=True)
class Multiply(_Ew):
    """Multiplies.

    Input: [*]
    """


@layer("concat")
@dataclass(frozen=True, slots=True, kw_only=True)
class Concat(Layer):
    """Concats.

    Input: [*]
    """

    dim: Axis = 1
    takes: ClassVar[tuple[int, int]] = (1, 4096)
    merges: ClassVar[bool] = True

    def output_shape(self, *xs):
        a = self.dim % len(xs[0])
        s = 0
        for x in xs:
            s = s + x[a]
        return (*xs[0][:a], s, *xs[0][a + 1 :])

    def operations(self, *shapes) -> Dim:
        return 0
