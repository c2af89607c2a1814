"""What `shapecalc lock` has done, as text and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from shapecalc.render.terminal.escaping import terminal

if TYPE_CHECKING:
    from collections.abc import Mapping


class LockSummary(NamedTuple):
    """The lock file, the number of files in it, and what has changed in it; `files` are those locked again if not."""

    lock_file: str
    created: bool
    written: bool
    files: int
    new: tuple[str, ...]
    updated: Mapping[str, tuple[str, ...]]
    """The changes of each file that has changed since it was locked."""

    def to_dict(self) -> dict[str, Any]:
        """Return the values of the JSON document."""
        return self._asdict()


def summary(done: LockSummary) -> str:
    """Return a line for each change, and one for the lock file.

    >>> print(summary(LockSummary("the.lock", False, True, 2, ("new.yaml",), {"net.yaml": ("`c1` has 2 params",)})))
    updated: net.yaml: `c1` has 2 params
    the.lock holds 2 files, 1 of them new
    """
    files = f"{done.files} file{'' if done.files == 1 else 's'}"
    if not done.written:
        return f"nothing has moved: {files} as locked in {terminal(done.lock_file)}"
    lines = [f"updated: {name}: {message}" for name, messages in done.updated.items() for message in messages]
    lines.append(f"{done.lock_file} holds {files}")
    new = f", {len(done.new)} of them new" if done.new and not done.created else ""
    return "\n".join(map(terminal, lines)) + new
