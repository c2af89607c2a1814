"""Calls, the work that kernels report, and the registry of kernels by layer type."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from math import prod
from typing import Any, NamedTuple, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[Any]
Shape: TypeAlias = tuple[int, ...]
Fields: TypeAlias = Mapping[str, Any]

Run: TypeAlias = Callable[..., Array | tuple[Array, ...]]
AnyRun = TypeVar("AnyRun", bound=Run)


class RunShapes(NamedTuple):
    """Fields and shapes of a kernel run, and the bytes of one element."""

    fields: Fields
    inputs: tuple[Shape, ...]
    parameters: Mapping[str, Shape]
    outputs: tuple[Shape, ...]
    itemsize: int


Workspace: TypeAlias = Callable[[RunShapes], int]
"""Returns an upper bound, in bytes, on the temporary arrays of a kernel run."""


@dataclass(slots=True)
class Work:
    """Multiply-accumulates that a kernel executed, counted from the arrays that it multiplied.

    >>> work = Work()
    >>> work.matmul(np.ones((2, 3)), np.ones((3, 5))).shape
    (2, 5)
    >>> work.macs                                          # 2 rows x 3 inner x 5 columns
    30
    """

    macs: int = 0
    trace: Callable[[str, Array], Array] | None = None
    """Receives each intermediate tensor by name, and returns the one that the kernel continues with."""

    def named(self, name: str, tensor: Array, shape: Shape | None = None) -> Array:
        """Report an intermediate tensor of the kernel by the name that it has in the formula, and return it.

        `shape` is that in which it is reported, if another. While traced, a copy is returned, which the kernel may
        overwrite.
        """
        if self.trace is None:
            return tensor
        return self.trace(name, tensor if shape is None else tensor.reshape(shape)).reshape(tensor.shape).copy()

    def reduced(self, name: str, tensor: Array, axes: int | tuple[int, ...]) -> Array:
        """Report an intermediate tensor as `named` does, without the axes along which it is reduced, of length 1."""
        return tensor if self.trace is None else self.named(name, tensor, tensor.squeeze(axes).shape)

    def matmul(self, left: Array, right: Array, out: Array | None = None) -> Array:
        """Return the matrix product over the last two axes, in `out` if given; leading axes broadcast.

        Raises `ValueError` if the inner axes differ.
        """
        if object not in (left.dtype, right.dtype):
            product: Array = np.matmul(left, right, out=out)
            self.macs += product.size * left.shape[-1]
            return product
        if out is None:
            leading = np.broadcast_shapes(left.shape[:-2], right.shape[:-2])
            out = np.empty((*leading, left.shape[-2], right.shape[-1]), dtype=object)
        out[...] = 0
        self.accumulate(out, left, right)
        return out

    def accumulate(self, onto: Array, left: Array, right: Array) -> None:
        """Add a matrix product to `onto`: per element as many multiply-adds as the inner axis is long.

        Scalars of object arrays count their operations: there a multiply-add is one multiplication and one addition.
        Raises `ValueError` if the inner axes differ.
        """
        if object not in (left.dtype, right.dtype):
            onto += self.matmul(left, right)
            return
        if left.shape[-1] != right.shape[-2]:
            raise ValueError(f"matrix product of {left.shape} and {right.shape}: the inner axes differ")
        for inner in range(left.shape[-1]):
            onto += left[..., :, inner, None] * right[..., None, inner, :]
        self.macs += onto.size * left.shape[-1]


@dataclass(frozen=True, slots=True)
class Call:
    """One kernel run: layer type and fields as written, parameters, and the slots that it reads and writes."""

    path: str
    kernel: str
    fields: Fields
    parameters: Mapping[str, Array]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    frees: tuple[str, ...] = ()
    work: Work = field(default_factory=Work)
    tensors: Mapping[str, str] = field(default_factory=dict)
    """The paths of the parameters that are not its own, by name."""
    transposed: frozenset[str] = frozenset()
    """The names of the parameters that it uses with the axes of the stored ones swapped."""

    def tensor(self, name: str) -> str:
        """Return the path of one of its parameters, which all calls that share it have in common."""
        return self.tensors.get(name) or (f"{self.path}.{name}" if name else self.path)

    def turned(self, name: str, array: Array) -> Array:
        """Return a parameter as it is used from the stored one, or a gradient as it is stored from the computed one."""
        return array.T if name in self.transposed else array


@dataclass(frozen=True, slots=True)
class Kernel:
    """The kernel of a layer type: `run(call, *arrays)`, and an upper bound on its temporary arrays."""

    layer_type: str
    run: Run
    workspace: Workspace


KERNELS: dict[str, Kernel] = {}


def outputs_times(count: int) -> Workspace:
    """Return the workspace of a kernel with `count` temporary arrays of the size of its outputs."""

    def workspace(run: RunShapes) -> int:
        return count * run.itemsize * sum(prod(shape) for shape in run.outputs)

    return workspace


def kernel(layer_type: str, *, workspace: Workspace | None = None) -> Callable[[AnyRun], AnyRun]:
    """Register a function as the kernel of a layer type.

    `workspace` bounds the bytes of its temporary arrays; by default one array of the size of the output.
    Raises `ValueError` if the type has a kernel already.
    """

    def register(run: AnyRun) -> AnyRun:
        if layer_type in KERNELS:
            raise ValueError(
                f"`{layer_type}` has two kernels: {KERNELS[layer_type].run.__module__} and {run.__module__}"
            )
        KERNELS[layer_type] = Kernel(layer_type, run, workspace or outputs_times(1))
        return run

    return register


def maximum(left: Array, right: Any, out: Array | None = None) -> Array:
    """Return the greater of each two elements, in `out` if given; scalars that have a `maximum` compute their own."""
    return np.asarray(_selecting("maximum", left)(left, right, out=out))


def minimum(left: Array, right: Any) -> Array:
    """Return the smaller of each two elements; scalars that have a `minimum` compute their own."""
    return np.asarray(_selecting("minimum", left)(left, right))


def largest(x: Array, axis: int | tuple[int, ...], *, keepdims: bool) -> Array:
    """Return the maximum along an axis or several; scalars that have a `maximum` compute their own."""
    return np.asarray(_selecting("maximum", x).reduce(x, axis=axis, keepdims=keepdims))


def smallest(x: Array, axis: int | tuple[int, ...], *, keepdims: bool) -> Array:
    """Return the minimum along an axis or several; scalars that have a `minimum` compute their own."""
    return np.asarray(_selecting("minimum", x).reduce(x, axis=axis, keepdims=keepdims))


def _selecting(name: str, x: Array) -> np.ufunc:
    """Return NumPy's function of that name, or the one that calls the scalars' own."""
    own = x.dtype == object and x.size and hasattr(x.flat[0], name)
    selecting: np.ufunc = (
        np.frompyfunc(lambda left, right: getattr(left, name)(right), 2, 1, identity=None) if own else getattr(np, name)
    )
    return selecting


def masked(x: Array, mask: Array) -> Array:
    """Return an array with 0 where a mask is false: times the mask, which takes a sixth of the time of `np.where`."""
    return np.where(mask, x, 0) if x.dtype == object else x * mask


def constant(x: Array, value: float) -> Any:
    """Return a constant in the dtype of an array.

    For an object array, in the type of its first element, so that scalars that count their operations also count those
    between two elements of padding; exact if that is, for scalars that make constants `of` numbers.
    """
    if x.dtype != object or not x.size:
        return x.dtype.type(value)
    first = x.flat[0]
    return first.of(value) if hasattr(first, "of") else type(first)(value)


def sign(x: Array) -> Array:
    """Return −1, 0 or 1 for each element; of an object array in the type of its elements, which may be exact."""
    signs: Array = np.sign(x)
    if x.dtype != object:
        return signs
    return np.array([constant(x, each) for each in signs.ravel().tolist()], dtype=object).reshape(x.shape)


def quotient(x: Array, above: float, below: int) -> float | Fraction:
    """Return a quotient of constants to compute with an array: exact for an object array."""
    return Fraction(str(above)) / below if x.dtype == object else above / below
