"""Back-propagation through a network: the calls of a forward pass in reverse order."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from shapecalc.reference import find_backward
from shapecalc.reference.executor import ExecutionError, run
from shapecalc.reference.gradients import Context

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from numpy.typing import DTypeLike

    from shapecalc.reference.base import Array, Call, Shape
    from shapecalc.reference.executor import Executed
    from shapecalc.reference.gradients import Gradients


@dataclass(frozen=True, slots=True)
class Tape:
    """Record of a forward pass for the backward pass: its calls, every value by slot, and what each call did.

    Back-propagation consumes it: values are freed after their last use.
    """

    calls: list[Call]
    values: dict[str, Array]
    executed: tuple[Executed, ...]


class BackwardResult(NamedTuple):
    """Shapes of the gradients that the backward kernel of one call computed, and the work that they took.

    If no gradient `reached` the call, its kernel was not run. None for an input without a gradient.
    """

    path: str
    kernel: str
    inputs: tuple[Shape | None, ...]
    parameters: Mapping[str, Shape]
    macs_to_inputs: int
    macs_to_parameters: int
    seconds: float
    reached: bool = True


class NetworkGradients(NamedTuple):
    """Gradients of the loss with respect to the inputs of the network and to its parameters, such as `c1.weight`.

    Without those on which the loss does not depend. `results` has an entry per call, the last call first.
    """

    inputs: Mapping[str, Array]
    parameters: Mapping[str, Array]
    results: tuple[BackwardResult, ...]


@dataclass(frozen=True, slots=True)
class Propagation:
    """A backward pass in progress: each iteration goes back by one call, the last call first.

    `slots` has the gradients of slots whose writers are still to come, in the end those of the inputs; `parameters`
    those of parameters, summed over all uses of shared weights. `hook` is called with the arguments and the result
    of each kernel, before any of them is added or freed.
    """

    tape: Tape
    slots: dict[str, Array]
    truncate: int | None = None
    hook: Callable[[Context, tuple[Array | None, ...], Gradients], None] | None = None
    parameters: dict[str, Array] = field(default_factory=dict)

    def __iter__(self) -> Iterator[BackwardResult]:
        while self.tape.calls:
            call = self.tape.calls[-1]
            gradients = tuple(self.slots.pop(slot, None) for slot in call.outputs)
            if all(gradient is None for gradient in gradients):
                row = BackwardResult(call.path, call.kernel, (None,) * len(call.inputs), {}, 0, 0, 0.0, reached=False)
            else:
                row = self._run_backward(call, gradients)
            self.tape.calls.pop()
            # All readers of these values come later in the network and are done.
            for slot in call.outputs:
                self.tape.values.pop(slot, None)
            yield row

    def _run_backward(self, call: Call, gradients: tuple[Array | None, ...]) -> BackwardResult:
        values = self.tape.values
        ctx = Context(
            call,
            tuple(values[slot] for slot in call.inputs),
            tuple(values[slot] for slot in call.outputs),
            truncate=self.truncate,
        )
        started = perf_counter()
        given = _gradients(ctx, gradients)
        seconds = perf_counter() - started
        if self.hook is not None:
            self.hook(ctx, gradients, given)
        for slot, gradient in zip(call.inputs, given.inputs, strict=True):
            if gradient is not None:
                _add(self.slots, slot, gradient)
        for name, gradient in given.parameters.items():
            _add(self.parameters, call.tensor(name), call.turned(name, gradient))
        return BackwardResult(
            call.path,
            call.kernel,
            tuple(None if gradient is None else gradient.shape for gradient in given.inputs),
            {name: gradient.shape for name, gradient in given.parameters.items()},
            ctx.to_inputs.macs,
            ctx.to_parameters.macs,
            seconds,
        )


def forward(calls: Iterable[Call], inputs: Mapping[str, Array], *, dtype: DTypeLike | None = None) -> Tape:
    """Return the tape of a run of calls: all inputs and outputs, as `dtype` if given.

    Calls have their parameters: pass the same arrays each time if weights are trained or shared. Slots that the calls
    would free are retained. Raises `ExecutionError` if a kernel cannot run.
    """
    tape = Tape([], dict(inputs), ())
    executed = []
    for call in calls:
        retained = replace(call, frees=())
        executed.append(run(retained, tape.values, dtype=dtype))
        tape.calls.append(retained)
    return replace(tape, executed=tuple(executed))


def propagate(
    tape: Tape,
    gradients: Mapping[str, Array],
    *,
    truncate: int | None = None,
    hook: Callable[[Context, tuple[Array | None, ...], Gradients], None] | None = None,
) -> Propagation:
    """Return a backward pass from the gradients of the loss with respect to some slots.

    Recurrent layers back-propagate through `truncate` time steps, None for all. Iterating raises `ExecutionError` if a
    layer has no backward kernel, or its gradients do not fit.
    """
    return Propagation(tape, dict(gradients), truncate, hook)


def back_propagate(tape: Tape, gradients: Mapping[str, Array], truncate: int | None = None) -> NetworkGradients:
    """Return the gradients of the loss with respect to inputs and parameters, from those with respect to some slots.

    Raises as `propagate` does.
    """
    propagation = propagate(tape, gradients, truncate=truncate)
    results = tuple(propagation)
    return NetworkGradients(propagation.slots, propagation.parameters, results)


def _gradients(ctx: Context, gradients: tuple[Array | None, ...]) -> Gradients:
    """Return the result of a backward kernel.

    Raises `ExecutionError` if the kernel fails, or a gradient does not have the shape of its array.
    """
    call = ctx.call
    try:
        kernel = find_backward(call.kernel)
    except KeyError:
        raise ExecutionError(call.path, call.kernel, "has no backward kernel") from None
    try:
        with np.errstate(all="ignore"):
            given = kernel(ctx, *gradients)
    except KeyError as error:
        raise ExecutionError(call.path, call.kernel, f"asks for {error}, which it was not given") from error
    except (ValueError, TypeError, IndexError, ArithmeticError) as error:
        raise ExecutionError(call.path, call.kernel, f"going back: {error}") from error
    if len(given.inputs) != len(call.inputs):
        reason = f"gives gradients by {len(given.inputs)} inputs, has {len(call.inputs)}"
        raise ExecutionError(call.path, call.kernel, reason)
    unknown = given.parameters.keys() - call.parameters.keys()
    if unknown:
        raise ExecutionError(call.path, call.kernel, f"gives a gradient by {min(unknown)}, which it does not have")
    arrays = (*ctx.inputs, *(call.parameters[name] for name in given.parameters))
    names, results = (*call.inputs, *given.parameters), (*given.inputs, *given.parameters.values())
    for name, array, gradient in zip(names, arrays, results, strict=True):
        if gradient is not None and gradient.shape != array.shape:
            reason = f"gives a gradient of {list(gradient.shape)} by `{name}`, which is {list(array.shape)}"
            raise ExecutionError(call.path, call.kernel, reason)
    return given


def _add(gradients: dict[str, Array], name: str, gradient: Array) -> None:
    """Add a gradient to that of a name, in a new array: a kernel may have returned the same array twice."""
    with np.errstate(all="ignore"):
        gradients[name] = gradients[name] + gradient if name in gradients else gradient
