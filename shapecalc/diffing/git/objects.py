"""Contents of git objects, read through one process."""

from __future__ import annotations

from contextlib import suppress
from typing import IO, TYPE_CHECKING, Self

from shapecalc.diagnostics import ShapecalcError, misuse
from shapecalc.diffing.git.command import start

if TYPE_CHECKING:
    from pathlib import Path
    from subprocess import Popen
    from types import TracebackType

_PART = 1 << 16


class MissingObjectError(ShapecalcError):
    """An object that a clone lacks, SC001 (exit code 2): no mistake in a file, so that a comparison ends with it."""

    def __init__(self, object_id: str) -> None:
        message, help_text = f"git has no object {object_id}", "fetch what the clone lacks: `git fetch --refetch`"
        super().__init__(misuse("SC001", message, help_text).diagnostics, exit_code=2)


class ObjectReader:
    """Reads objects of a repository by their ids: `git cat-file --batch`, started at the first one.

    No filter and no conversion of the repository is applied.
    """

    __slots__ = ("_folder", "_process")

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the process, if one was started."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None

    def read(self, object_id: str, most: int) -> bytes:
        """Return the contents of an object; of a larger one, one byte more than `most`.

        Raises `MissingObjectError` if the clone does not have it.
        """
        if self._process is None:
            self._process = start(self._folder, "cat-file", "--batch")
        source, sink = self._process.stdout, self._process.stdin
        assert source is not None
        assert sink is not None
        with suppress(BrokenPipeError):  # git has ended: it answers nothing
            sink.write(object_id.encode() + b"\n")
            sink.flush()
        header = source.readline().split()
        if len(header) != 3:  # noqa: PLR2004 - id, kind, size
            self.close()  # git ends if it cannot fetch an object
            raise MissingObjectError(object_id)
        size = int(header[2])
        data = source.read(min(size, most + 1))
        _skip(source, size - len(data) + 1)
        return data


def _skip(source: IO[bytes], count: int) -> None:
    while count > 0:
        count -= len(source.read(min(count, _PART))) or count
