"""Results that consist of the results of several rooms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from shapecalc.diagnostics.presentation import Presented

if TYPE_CHECKING:
    from shapecalc.costs.decoding import Loop
    from shapecalc.diffing.lock.changes import FileChange
    from shapecalc.diffing.lock.recording import Recorded
    from shapecalc.diffing.lock.resolving import Resolution
    from shapecalc.execution.decode import Decoded


@dataclass(frozen=True)
class Decoding(Presented):
    """A network's decoding loop, and its run; `decoded` is None if it was not run."""

    loop: Loop
    decoded: Decoded | None = None

    def __repr__(self) -> str:
        """Return the name, the width and length of the search, and the verdict of the run."""
        problem = self.loop.search.problem
        verdict = "" if self.decoded is None else f", {'ok' if self.ok else 'failed'}"
        steps = f"beam {problem.beam}, {len(self.loop.steps)} steps, MACs {self.loop.macs}"
        return f"<Decoding of {self.loop.architecture.name}: {steps}{verdict}>"

    @property
    def ok(self) -> bool:
        """Whether every count of the run is as predicted; True if it was not run."""
        return self.decoded is None or self.decoded.ok


@dataclass(frozen=True)
class Locked(Presented):
    """A lock file after `lock`."""

    recorded: Recorded
    resolution: Resolution | None = None
    """How merge conflicts were resolved, if `resolve` was given: the sides that have the entry of each file."""

    def __repr__(self) -> str:
        """Return the file, its number of networks, and how many are new or have changed."""
        figures = f"{len(self.recorded.lock.files)} networks, {len(self.new)} new, {len(self.updated)} updates"
        return f"<Locked {self.recorded.file}: {figures}>"

    @property
    def file(self) -> str:
        """The path of the lock file."""
        return self.recorded.file

    @property
    def new(self) -> tuple[str, ...]:
        """The networks that were not in the lock, by their paths from its folder."""
        return self.recorded.new

    @property
    def changes(self) -> tuple[FileChange, ...]:
        """Each file that was new, changed, moved or removed, with its entries before and after."""
        return self.recorded.changes

    @property
    def updated(self) -> tuple[str, ...]:
        """What differed from the lock, a sentence each."""
        return tuple(finding.message for error in self.recorded.moved.values() for finding in error.diagnostics)
