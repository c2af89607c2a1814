"""What stands for the values of an exported graph."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch


class InexpressibleError(Exception):
    """The graph holds what the format cannot say."""


@dataclass(eq=False)
class Step:
    """A step of the file: a layer type, its fields, and the values that it reads."""

    type: str
    fields: Any
    reads: tuple[Data, ...]
    weights: tuple[str, ...] = ()
    share: Step | None = None
    """The step whose tensors are all of its own."""
    tied: dict[str, tuple[Step, str]] = field(default_factory=dict)
    """Its tensors that are those of other steps, with their names there."""
    keys: tuple[str, ...] = ()
    """The names of its tensors, in the order of `weights`."""
    turned: frozenset[str] = frozenset()
    """The parameters of which it has the transpose."""
    statistics: tuple[torch.Tensor, ...] = ()
    """The buffers that it has."""


@dataclass(eq=False)
class Data:
    """A tensor that depends on the input: an output of a step, or an input of the network if `step` is a name.

    `factor` is a number that still multiplies it, and `note` what it is a part of. If it may become a part of a layer,
    `plain` emits it as a step of its own.
    """

    step: Step | str
    shape: tuple[int, ...]
    output: str = ""
    factor: float = 1.0
    note: tuple[Any, ...] = ()
    plain: Callable[[], Data] | None = None

    def key(self) -> tuple[int | str, str]:
        """Return what is equal for two values that are the same tensor."""
        return (self.step if isinstance(self.step, str) else id(self.step), self.output)


@dataclass(frozen=True)
class Learnt:
    """A tensor of parameters alone: the names of the parameters, and the shape of the one that it is a part of."""

    names: frozenset[str]
    shape: tuple[int, ...]
    whole: tuple[int, ...]
    node: torch.fx.Node | None = None
    """The operator that gives it, None for a parameter itself."""
    given: Any = None
    """The arguments of the operator, which it may write to later."""
    output: int | None = None
    """The place of it among several outputs."""
    turned: bool = False
    """Whether it is the transpose of a parameter."""

    def name(self) -> tuple[str, ...]:
        """Return the names in order."""
        return tuple(sorted(self.names))

    def is_view(self) -> bool:
        """Return whether it has the elements of one parameter in their order."""
        node = self.node
        while node is not None and node.op != "placeholder":
            if not any(word in str(node.target) for word in VIEWS):
                return False
            node = node.args[0]
        return len(self.names) == 1 and math.prod(self.shape) == math.prod(self.whole)


VIEWS = ("squeeze", "view", "reshape", "expand", "alias", "aten.to.", "detach", "contiguous", "clone", "flatten")
"""Parts of the names of operators that change nothing but a shape."""
