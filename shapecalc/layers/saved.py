"""What a layer keeps for its backward pass, and where what leaves it lies in memory."""

from enum import Enum
from typing import NamedTuple

from shapecalc.dims import Dim, Shape, product


class Saved(NamedTuple):
    """One tensor that the gradients of a layer are computed from, which PyTorch's autograd keeps until they are.

    `of` says which it is: the place of an input, the name of an output, or None for one of its own. Weights are not
    listed: they are there anyway. Source: PyTorch 2.13, derivatives.yaml, as `torch.autograd.graph.saved_tensors_hooks`
    shows it on the CPU.
    """

    name: str
    numbers: Dim
    of: int | str | None = None
    dtype: str = ""
    """That of the run's numbers where it is empty; statistics stay float32, indices are int64."""
    serves: tuple[int, ...] | None = None
    """The inputs whose gradients alone are computed from it; None: any."""
    in_order: bool = False
    """Whether an input whose axes lie in another order than they are counted is copied first, and the copy kept."""
    random: bool = False
    """Whether it is drawn, and would be another if it were computed again."""


class Storage(Enum):
    """Where the output of a layer lies in memory."""

    NEW = "memory of its own"
    LIKE = "memory of its own, axes in the order of the input's"
    TURNED = "memory of its own, axes in another order than they are counted"
    SAME = "the input's memory"
    VIEW = "the input's memory, axes in another order or with gaps"
    JOINED = "the input's memory where its axes lie in order, else a copy"


def kept_input(shapes: tuple[Shape, ...], place: int = 0, name: str = "", *, in_order: bool = False) -> Saved:
    """Return the record of an input that is kept for every gradient."""
    return Saved(name or "input", product(shapes[place]), place, in_order=in_order)


def kept_output(y: Shape) -> Saved:
    """Return the record of the first output."""
    return Saved("output", product(y), "output")
