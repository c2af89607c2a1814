"""Runs Calls one after another and reports what each really did."""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from shapecalc.reference import find

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from numpy.typing import DTypeLike

    from shapecalc.reference.base import Array, Call, Shape


# A block of 8 MiB that nobody touches, let go at once. From then on glibc keeps the memory of arrays up to that size
# for those that come after (mallopt(3), M_MMAP_THRESHOLD); before, it gives each back to the system and has the next
# one faulted in page by page, which for a batch norm or a ReLU takes as long as the arithmetic. A larger block gains
# no time, and would keep tens of MiB while the largest weights are made. To other allocators it is nothing.
np.empty(2**23, dtype=np.uint8)


class ExecutionError(Exception):
    """A kernel that could not run: the arrays it was handed do not fit each other, or a slot is missing."""

    def __init__(self, path: str, kernel: str, reason: str) -> None:
        super().__init__(f"`{path}` ({kernel}): {reason}")
        self.path = path
        self.kernel = kernel
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Executed:
    """What one Call did: the shapes that came out, the multiply-accumulates done, the sizes of its parameter arrays."""

    path: str
    kernel: str
    shapes: tuple[Shape, ...]
    macs: int
    parameters: Mapping[str, int]
    seconds: float


@dataclass(frozen=True, slots=True)
class Execution:
    """A run in progress: iterate over it to do one Call at a time. `values` holds the slots that are alive."""

    calls: Iterable[Call]
    values: dict[str, Array]
    dtype: DTypeLike | None = None

    def __iter__(self) -> Iterator[Executed]:
        for call in self.calls:
            executed = run(call, self.values, dtype=self.dtype)
            # Without this the parameters of this call would live while those of the next one are made.
            del call
            yield executed


def execute(calls: Iterable[Call], inputs: Mapping[str, Array], *, dtype: DTypeLike | None = None) -> Execution:
    """Begin a run. Calls are taken one at a time, each after the one before is done and its parameters are let go.

    What is no whole number becomes `dtype`, if given: a one_hot makes float32 whatever comes after it.

    Iterating raises `ExecutionError` where a kernel cannot run.
    """
    return Execution(calls, dict(inputs), dtype)


def run(call: Call, values: dict[str, Array], *, dtype: DTypeLike | None = None) -> Executed:
    """Run one Call on the slots in `values`: put its outputs in, as `dtype` if given, and take out what it frees.

    Raises `ExecutionError` where a slot or a kernel is missing, or the arrays do not fit.
    """
    missing = [slot for slot in call.inputs if slot not in values]
    if missing:
        raise ExecutionError(call.path, call.kernel, f"reads {', '.join(missing)}, which nothing has written")
    try:
        kernel = find(call.kernel)
    except KeyError:
        raise ExecutionError(call.path, call.kernel, "has no kernel") from None
    started = perf_counter()
    try:
        # An overflow is to be seen in the values: what is asked here is whether the arrays fit together.
        with np.errstate(all="ignore"):
            result = kernel.run(call, *(values[slot] for slot in call.inputs))
    except KeyError as error:
        raise ExecutionError(call.path, call.kernel, f"asks for {error}, which it was not given") from error
    except (ValueError, TypeError, IndexError, ArithmeticError) as error:
        raise ExecutionError(call.path, call.kernel, str(error)) from error
    seconds = perf_counter() - started
    arrays = result if isinstance(result, tuple) else (result,)
    if len(arrays) != len(call.outputs):
        raise ExecutionError(call.path, call.kernel, f"gives {len(arrays)} outputs for {len(call.outputs)} slots")
    if dtype is not None:
        arrays = tuple(array.astype(dtype, copy=False) if array.dtype.kind == "f" else array for array in arrays)
    values.update(zip(call.outputs, arrays, strict=True))
    for slot in call.frees:
        values.pop(slot, None)
    sizes = {name: int(parameter.size) for name, parameter in call.parameters.items()}
    return Executed(call.path, call.kernel, tuple(array.shape for array in arrays), call.work.macs, sizes, seconds)
