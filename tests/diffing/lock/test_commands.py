"""Commands that help names, which a shell reads as they are meant."""

from __future__ import annotations

import shlex

from shapecalc.diffing.lock.commands import lock_command
from tests.support.rows import for_each


@for_each(
    "lock_file, path, expected",
    [
        ("shapecalc.lock.json", "net.yaml", ["net.yaml"]),
        ("a lock.json", "it's a net.yaml", ["it's a net.yaml", "--lock-file", "a lock.json"]),
        ("-l.json", "-n.yaml", ["./-n.yaml", "--lock-file", "-l.json"]),
        ("x/$(id).json", "`id`.yaml", ["`id`.yaml", "--lock-file", "x/$(id).json"]),
        ("shapecalc.lock.json", "", []),
    ],
)
def test_a_command_is_read_as_its_words(lock_file: str, path: str, expected: list[str]) -> None:
    command = lock_command(lock_file, "--update", path=path)
    assert shlex.split(command) == ["shapecalc", "lock", "--update", *expected]
