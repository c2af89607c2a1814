"""The values of the names of a graph: a write to a tensor also changes its views, and its base."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.importers.torch_export.operands import MISSING
from shapecalc.importers.unreadable import Unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from shapecalc.importers.torch_export.program import Operator

MOST_NESTED = 64
"""Views of views, one within the other."""
MOST_WORK = 2_000_000
"""Names that all writes together may look at."""


class View(NamedTuple):
    """What a name is a view of: the other name, the operator, and which of its outputs it is."""

    of: str
    operator: Operator
    arguments: Mapping[str, Any]
    position: int
    copies: bool
    """Whether the operator may have copied: then a write to one is not known to be a write to the other."""


class Bindings:
    """The value of each name of a graph.

    `reread` computes a view again, `written_back` what a tensor is after a view of it was written to.
    """

    def __init__(
        self,
        last_reads: Mapping[str, int],
        reread: Callable[[View], Any],
        written_back: Callable[[View, Any, Any], Any],
    ) -> None:
        self.values: dict[str, Any] = {}
        self.last_reads = last_reads
        self.reread = reread
        self.written_back = written_back
        self.views: dict[str, View] = {}
        self.roots: dict[str, str] = {}
        self.families: dict[str, list[str]] = {}
        self.stale: set[str] = set()
        self.unknown: set[str] = set()
        self.work = 0

    def __getitem__(self, name: str) -> Any:
        if name in self.unknown:
            raise Unreadable("a tensor that another operator has written to, if it did not copy it")
        chain: list[str] = []
        while name in self.stale and name in self.views and len(chain) <= MOST_NESTED:
            chain.append(name)
            name = self.views[name].of
        for each in reversed(chain):
            self.values[each] = self.reread(self.views[each])
            self.stale.discard(each)
        return self.values[chain[0] if chain else name]

    def bind(self, name: str, value: Any, view: View | None = None) -> None:
        """Give a name a value, which may be a view."""
        self.values[name] = value
        self.stale.discard(name)
        if view is not None:
            self.views[name] = view
            root = self.roots.get(view.of, view.of)
            self.roots[name] = root
            self.families.setdefault(root, [root]).append(name)

    def write(self, name: str, value: Any, now: int) -> None:
        """Let a tensor have another value after operator number `now`, and what it shares its elements with."""
        self.values[name] = value
        self.stale.discard(name)
        family = self.families.get(self.roots.get(name, name), ())
        self.work += len(family)
        if self.work > MOST_WORK:
            raise Unreadable("too many writes to views")
        if value is MISSING:
            self.values.update(dict.fromkeys(family, MISSING))
            self.stale.difference_update(family)
            return
        if any(self.last_reads.get(each, -1) > now for each in family if each != name):
            self._update_family(name, value, family)

    def _update_family(self, name: str, value: Any, family: Sequence[str]) -> None:
        """Compute what a tensor is a view of after a write to it; its other views are computed when they are read."""
        above: list[View] = []
        at = name
        while at in self.views and len(above) <= MOST_NESTED:
            above.append(self.views[at])
            at = self.views[at].of
        fresh = {name}
        for view in above:
            if view.copies:
                self.unknown.update(member for member in family if member not in fresh)
                return
            value = self.written_back(view, self[view.of], value)
            self.values[view.of] = value
            self.stale.discard(view.of)
            fresh.add(view.of)
        self.stale.update(member for member in family if member not in fresh)
