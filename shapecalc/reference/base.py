"""What the executor hands to a kernel, what the kernel did, and the registry of kernels by layer word."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import prod
from typing import Any, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[Any]
Shape: TypeAlias = tuple[int, ...]
Fields: TypeAlias = Mapping[str, Any]

Run: TypeAlias = Callable[..., Array | tuple[Array, ...]]
Workspace: TypeAlias = Callable[[Fields, tuple[Shape, ...], Mapping[str, Shape], tuple[Shape, ...], int], int]

AnyRun = TypeVar("AnyRun", bound=Run)


@dataclass(slots=True)
class Work:
    """What a kernel really did, counted from the arrays that it multiplied.

    >>> work = Work()
    >>> work.matmul(np.ones((2, 3)), np.ones((3, 5))).shape
    (2, 5)
    >>> work.macs                                          # 2 rows x 3 inner x 5 columns
    30
    """

    macs: int = 0

    def matmul(self, left: Array, right: Array, out: Array | None = None) -> Array:
        """Matrix product over the last two axes, into `out` where given; leading axes broadcast as in `np.matmul`.

        Raises `ValueError` where the inner axes differ.
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
        """Add a matrix product to what stands in `onto`: as many multiply-adds per cell as the inner axis is long.

        Object arrays hold scalars that count what is done to them: there each multiply-add is one of each.
        Raises `ValueError` where the inner axes differ.
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
    """One kernel to run: the layer's word and fields as written, its parameters, the slots it reads and writes."""

    path: str
    kernel: str
    fields: Fields
    parameters: Mapping[str, Array]
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    frees: tuple[str, ...] = ()
    work: Work = field(default_factory=Work)
    weights: str = ""
    """The path of the call whose parameters it uses, where they are not its own."""

    @property
    def owner(self) -> str:
        """The path under which its parameters are known."""
        return self.weights or self.path


@dataclass(frozen=True, slots=True)
class Kernel:
    """A kernel under its word: `run(call, *arrays)`, and the bound on its temporary arrays."""

    word: str
    run: Run
    workspace: Workspace


KERNELS: dict[str, Kernel] = {}


def outputs_times(count: int) -> Workspace:
    """The workspace of an expression that holds `count` arrays as large as its outputs, beside the outputs."""

    def workspace(
        _fields: Fields,
        _inputs: tuple[Shape, ...],
        _parameters: Mapping[str, Shape],
        outputs: tuple[Shape, ...],
        itemsize: int,
    ) -> int:
        return count * itemsize * sum(prod(shape) for shape in outputs)

    return workspace


def kernel(word: str, *, workspace: Workspace | None = None) -> Callable[[AnyRun], AnyRun]:
    """Register a function as the kernel of a layer word.

    `workspace` bounds the bytes of its temporary arrays; where it is left out, that is one array as the output.
    Raises `ValueError` where the word has a kernel already.
    """

    def register(run: AnyRun) -> AnyRun:
        if word in KERNELS:
            raise ValueError(f"`{word}` has two kernels: {KERNELS[word].run.__module__} and {run.__module__}")
        KERNELS[word] = Kernel(word, run, workspace or outputs_times(1))
        return run

    return register


def constant(x: Array, value: float) -> Any:
    """A constant as the array's own kind of number.

    For an object array that is the kind of its first element, so that scalars which count what is done to them
    also see what is done between two cells of padding.
    """
    kind = type(x.flat[0]) if x.dtype == object and x.size else x.dtype.type
    return kind(value)
