"""Inputs and results of backward kernels, and their registry by layer type."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias, TypeVar

from shapecalc.reference.base import Array, Call, Work


class Gradients(NamedTuple):
    """Gradients of the loss with respect to each input, in order, and each parameter, by name.

    None for an input without a gradient, such as integers. Each has the shape of its input or parameter.
    """

    inputs: tuple[Array | None, ...]
    parameters: Mapping[str, Array] = {}


@dataclass(frozen=True, slots=True)
class Context:
    """Inputs and outputs of the forward pass of one layer, and counters of the work of its gradients.

    `to_inputs` counts the products for gradients of inputs, `to_parameters` for those of parameters. `truncate` is the
    number of time steps through which a recurrent layer back-propagates, None for all.
    """

    call: Call
    inputs: tuple[Array, ...]
    outputs: tuple[Array, ...]
    to_inputs: Work = field(default_factory=Work)
    to_parameters: Work = field(default_factory=Work)
    truncate: int | None = None


BackwardRun: TypeAlias = Callable[..., Gradients]
"""`run(ctx, *gradients)`: one gradient per output of the forward pass, None for an output that nothing reads."""

AnyRun = TypeVar("AnyRun", bound=BackwardRun)

BACKWARD_KERNELS: dict[str, BackwardRun] = {}


def backward(layer_type: str) -> Callable[[AnyRun], AnyRun]:
    """Register a function as the backward kernel of a layer type.

    It may not write to the inputs and outputs of the forward pass, nor to the gradients that it receives.
    Raises `ValueError` if the type has a backward kernel already.
    """

    def register(run: AnyRun) -> AnyRun:
        if layer_type in BACKWARD_KERNELS:
            modules = f"{BACKWARD_KERNELS[layer_type].__module__} and {run.__module__}"
            raise ValueError(f"`{layer_type}` has two backward kernels: {modules}")
        BACKWARD_KERNELS[layer_type] = run
        return run

    return register
