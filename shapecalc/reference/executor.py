"""Execution of calls one after another, with a record of what each did."""

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


# Allocates 8 MiB and frees them immediately. From then on glibc reuses the memory of arrays up to that size
# (mallopt(3), M_MMAP_THRESHOLD); before, it returns each to the system and the next one is faulted in page by page,
# which for a batch norm or a ReLU takes as long as the arithmetic. A larger block gains no time, and would retain tens
# of MiB while the largest weights are made. No effect with other allocators.
np.empty(2**23, dtype=np.uint8)


class ExecutionError(Exception):
    """Failure of a kernel: arrays that do not fit each other, or a missing slot, field or kernel."""

    def __init__(self, path: str, kernel: str, reason: str) -> None:
        super().__init__(f"`{path}` ({kernel}): {reason}")
        self.path = path
        self.kernel = kernel
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Executed:
    """Record of an executed call: shapes of its outputs, multiply-accumulates, and elements of each parameter array."""

    path: str
    kernel: str
    shapes: tuple[Shape, ...]
    macs: int
    parameters: Mapping[str, int]
    seconds: float


@dataclass(frozen=True, slots=True)
class Execution:
    """A run in progress: each iteration executes one call. `values` has the live slots."""

    calls: Iterable[Call]
    values: dict[str, Array]
    dtype: DTypeLike | None = None

    def __iter__(self) -> Iterator[Executed]:
        for call in self.calls:
            executed = run(call, self.values, dtype=self.dtype)
            # Otherwise the parameters of this call would stay live while those of the next one are made.
            del call
            yield executed


def execute(calls: Iterable[Call], inputs: Mapping[str, Array], *, dtype: DTypeLike | None = None) -> Execution:
    """Return a run, which takes calls one at a time: each after the previous one is done and its parameters are freed.

    Floating-point outputs become `dtype`, if given: a one_hot makes float32 in any network.

    Iterating raises `ExecutionError` if a kernel cannot run.
    """
    return Execution(calls, dict(inputs), dtype)


def run(call: Call, values: dict[str, Array], *, dtype: DTypeLike | None = None) -> Executed:
    """Run one call on the slots in `values`: add its outputs, as `dtype` if given, and remove the slots that it frees.

    Raises `ExecutionError` if a slot or kernel is missing, or the arrays do not fit.
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
        # An overflow shows in the values; an error here means that the arrays do not fit.
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
