"""The parameters that the steps see: those of the file, and within a block or a repeat over lists its own."""

from __future__ import annotations

from collections import ChainMap
from contextlib import contextmanager
from typing import TYPE_CHECKING

from shapecalc.parser.substitution import (
    checked_without_values,
    is_conditional_branch,
    substitute_run,
    substitute_steps,
)
from shapecalc.parser.tree import Mapping, Node
from shapecalc.parser.when import read_when

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping as MappingOf
    from contextlib import AbstractContextManager

    from shapecalc.parser.diagnostics import Diagnostics


class VisibleParameters:
    """The values of the parameters at the steps that are read now."""

    __slots__ = ("_diagnostics", "_owner", "expansions", "values")

    def __init__(self, values: MappingOf[str, Node], diagnostics: Diagnostics) -> None:
        self._diagnostics = diagnostics
        self._owner = "the file"
        self.values = values
        self.expansions = 0
        """The number of calls and of repeats over lists around the steps, which are read for each set of values."""

    @contextmanager
    def replaced(self, values: MappingOf[str, Node], owner: str = "the block") -> Iterator[None]:
        """Read steps that see these parameters, and that are read again for others."""
        around = self.values, self._owner
        self.values, self._owner = values, owner
        self.expansions += 1
        with self._diagnostics.steps_of_a_block():
            yield
        self.expansions -= 1
        self.values, self._owner = around

    @contextmanager
    def of_run(self, step: Node, values: MappingOf[str, Node]) -> Iterator[Mapping]:
        """Give one run of a step that repeats over lists, which sees the values of the run as parameters."""
        assert isinstance(step, Mapping)  # it has `repeat`
        seen = ChainMap({**values}, self.values)  # type: ignore[arg-type]  # it is not written to
        with self.replaced(seen, self._owner):
            yield substitute_run(step, seen, self._diagnostics, f"{self._owner} or of `repeat`")

    def substituted(self, node: Node) -> Node:
        """Return a node with the values of its parameters."""
        return substitute_steps(node, self.values, self._diagnostics, self._owner)

    def without_values(self, node: Node) -> AbstractContextManager[Node]:
        """Give a node that is absent, for the mistakes that do not depend on the values of parameters."""
        return checked_without_values(node, self.values, self._diagnostics, self._owner)

    def is_true(self, condition: Node) -> bool | None:
        """Return whether the condition of a step or branch is true; None if that is not known."""
        node = self.substituted(condition)
        return None if self._diagnostics.is_placeholder(node) else read_when(node, self._diagnostics)

    def is_branch_there(self, branch: Node) -> bool:
        """Return whether a branch is there, and check one that is not."""
        if not isinstance(branch, Mapping) or not is_conditional_branch(branch):
            return True
        condition = branch.get("when")
        if condition is None or self.is_true(condition) is not False:
            return True
        with self.without_values(branch):
            return False
