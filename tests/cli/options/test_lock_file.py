"""`--lock-file` is the same file for the command that writes it and the one that reads it."""

from __future__ import annotations

from shapecalc.cli.options.lock_file import LOCK_FILE
from shapecalc.diffing import lock


def test_the_file_is_the_one_of_the_public_functions() -> None:
    assert LOCK_FILE == lock.LOCK_FILE
