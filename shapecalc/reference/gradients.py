"""What a backward kernel is handed and hands back, and the registry of backward kernels by layer word."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, TypeAlias, TypeVar

from shapecalc.reference.base import Array, Call, Work


class Gradients(NamedTuple):
    """The gradient of the loss by each input, in their order, and by each parameter, by name.

    None stands for an input that has none: whole numbers. Each has the shape of what it is the gradient by.
    """

    inputs: tuple[Array | None, ...]
    parameters: Mapping[str, Array] = {}


@dataclass(frozen=True, slots=True)
class Past:
    """What the forward pass of one layer read and gave, and where the work of its gradients is counted.

    `to_inputs` counts the products that give gradients by inputs, `to_parameters` those by parameters. `truncate` is
    how many steps a recurrent layer goes back, None for all of them.
    """

    call: Call
    inputs: tuple[Array, ...]
    outputs: tuple[Array, ...]
    to_inputs: Work = field(default_factory=Work)
    to_parameters: Work = field(default_factory=Work)
    truncate: int | None = None


BackwardRun: TypeAlias = Callable[..., Gradients]
"""`run(past, *gradients)`: a gradient per output of the forward pass, None for an output that nothing reads."""

AnyRun = TypeVar("AnyRun", bound=BackwardRun)

BACKWARDS: dict[str, BackwardRun] = {}


def backward(word: str) -> Callable[[AnyRun], AnyRun]:
    """Register a function as the backward kernel of a layer word.

    It gets what the forward kernel read and gave, as it was: it may write over none of it, nor over the gradients.
    Raises `ValueError` where the word has one already.
    """

    def register(run: AnyRun) -> AnyRun:
        if word in BACKWARDS:
            raise ValueError(f"`{word}` has two backward kernels: {BACKWARDS[word].__module__} and {run.__module__}")
        BACKWARDS[word] = run
        return run

    return register
