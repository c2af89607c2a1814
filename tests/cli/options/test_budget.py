"""The options that limit what a run uses."""

from __future__ import annotations

import pytest


def test_the_help_of_a_refused_run_is_enough(run) -> None:
    ended = run("verify", "lenet5", "--max-memory", "1KiB")
    (allowed,) = [part.rstrip("`,") for part in ended.err.split() if part.endswith(("GiB`,", "MiB`,", "KiB`,"))]
    assert run("verify", "lenet5", "--max-memory", allowed).code == 0


@pytest.mark.parametrize("size", ["4GiB", "1 GB", "500MiB", "1.5gib", "4294967296"])
def test_memory_is_written_as_people_write_it(run, size: str) -> None:
    assert run("verify", "mlp", "--max-memory", size).code == 0
