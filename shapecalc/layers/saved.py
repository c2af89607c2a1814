"""The tensors that a layer saves for its backward pass, and the memory that its outputs use."""

from collections.abc import Container
from enum import Enum
from typing import NamedTuple

from shapecalc.dims import Dim, Shape, product


class Saved(NamedTuple):
    """One tensor that PyTorch's autograd saves until the gradients of a layer are computed from it.

    `of` is the index of an input, the name of an output, or None for a tensor of its own. Weights are not listed:
    they are in memory anyway. Source: PyTorch 2.13, derivatives.yaml, as `torch.autograd.graph.saved_tensors_hooks`
    shows it on the CPU.
    """

    name: str
    elements: Dim
    of: int | str | None = None
    dtype: str = ""
    """Empty for the dtype of the run; statistics are always float32, indices int64, masks bool. An input with flags of
    which this says float32 is converted first, and the copy saved."""
    serves: tuple[int, ...] | None = None
    """The inputs whose gradients are computed from it; None for all."""
    unless: tuple[int, ...] | None = None
    """The inputs of which none may need a gradient: else PyTorch computes in another way, which saves other tensors."""
    in_order: bool = False
    """Whether an input that is not contiguous is copied first, and the copy saved."""
    random: bool = False
    """Whether it is random, so that computing it again would give another tensor."""
    for_weights: bool = False
    """Whether it is saved for the gradients of weights alone: a linear layer with a fixed weight saves no input."""

    def is_needed(self, requiring_grad: Container[int]) -> bool:
        """Return whether it is saved if some inputs, or none, require gradients."""
        if self.unless is not None and any(index in requiring_grad for index in self.unless):
            return False
        return self.serves is None or any(index in requiring_grad for index in self.serves)


class Storage(Enum):
    """The memory that the output of a layer uses."""

    NEW = "memory of its own"
    LIKE = "memory of its own, axes in the order of the input's"
    TURNED = "memory of its own, axes in another order than they are counted"
    SAME = "the input's memory"
    VIEW = "the input's memory, axes in another order or with gaps"
    JOINED = "the input's memory where its axes lie in order, else a copy"
    STORED = "the memory of a parameter or buffer, which is counted there"


def saved_input(shapes: tuple[Shape, ...], index: int = 0, name: str = "", *, in_order: bool = False) -> Saved:
    """Return the record of an input that is saved for every gradient."""
    return Saved(name or "input", product(shapes[index]), index, in_order=in_order)


def saved_output(y: Shape) -> Saved:
    """Return the record of the first output."""
    return Saved("output", product(y), "output")
