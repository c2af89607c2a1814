"""What the fuzzer starts from: all architectures that ship, all texts that a test refuses, all that once crashed."""

from __future__ import annotations

import random
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parent.parent
CRASHES = ROOT / "fuzz" / "crashes"
LONGEST = 8192
"""Bytes of an input; the longest architecture that ships has 5376."""
GENERATED = b"\0"
"""What begins an input that stands for choices of `generation`, and is no text."""
BREAK = "\n\f\n"
"""What parts the two files of an input: no YAML holds it."""


def seeds() -> Iterator[tuple[str, bytes]]:
    """Yield a name and an input each: texts, pairs of texts, and choices."""
    shipped = sorted((ROOT / "architectures").glob("*.yaml"))
    for path in (*shipped, *sorted((ROOT / "tests" / "cases").glob("*.yaml"))):
        data = path.read_bytes()
        if len(data) <= LONGEST:
            yield path.stem, data
    for before, after in pairwise(shipped):
        pair = before.read_bytes() + BREAK.encode() + after.read_bytes()
        if len(pair) <= LONGEST:
            yield f"{before.stem}-{after.stem}", pair
    for number in range(32):
        yield f"choices-{number}", GENERATED + random.Random(number).randbytes(64 + 16 * number)
    yield from crashes()


def crashes() -> Iterator[tuple[str, bytes]]:
    """Yield every input that once broke a promise, under the name of what it broke."""
    for path in sorted(CRASHES.iterdir()):
        if not path.name.startswith("."):
            yield path.name, path.read_bytes()


def write(folder: Path) -> None:
    """Write the seeds into a folder, one file each."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in seeds():
        (folder / f"seed-{name}").write_bytes(data)
