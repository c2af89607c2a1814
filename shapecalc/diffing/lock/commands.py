"""The commands that the help of a lock's diagnostics names."""

from __future__ import annotations

import shlex

LOCK_FILE = "shapecalc.lock.json"


def lock_command(lock_file: str, *words: str, path: str = "") -> str:
    """Return a call of `shapecalc lock` for a lock file, to be pasted into a shell.

    >>> lock_command("shapecalc.lock.json", "--update", path="a net.yaml")
    "shapecalc lock --update 'a net.yaml'"
    >>> lock_command("nets/the.lock", path="-x.yaml")
    'shapecalc lock ./-x.yaml --lock-file nets/the.lock'
    """
    # A name that begins with a dash would be an option.
    given = [f"./{path}" if path.startswith("-") else path] if path else []
    option = [] if lock_file == LOCK_FILE else ["--lock-file", lock_file]
    return shlex.join(["shapecalc", "lock", *words, *given, *option])
