"""Files that are shared among several processes."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest

from shapecalc.checking.check import PAYS_FROM, check
from shapecalc.checking.processes import map_in_processes
from tests.house.test_cases import CASES

if TYPE_CHECKING:
    from pathlib import Path


def test_several_processes_find_what_one_finds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "clean.yaml").write_text("input: [N, 3, 7, 11]\nlayers: [relu]\n")
    names = [str(path) for path in CASES[:70]] + ["clean.yaml", "missing.yaml"]
    alone = check(*names, processes=1)
    assert len(alone) >= PAYS_FROM
    assert check(*names, processes=2) == alone


@pytest.mark.parametrize("count", [0, 1, 7, 8, 9, 23])
def test_results_come_in_the_order_of_the_files_however_many_there_are(count: int) -> None:
    files = [f"{number}.yaml" for number in range(count)]
    assert list(map_in_processes(str.upper, files, 2)) == [name.upper() for name in files]


def killed(file: str) -> str:
    """End the process as a system without memory does."""
    os.kill(os.getpid(), signal.SIGKILL)
    return file


def test_a_process_that_was_killed_is_a_lack_of_memory() -> None:
    with pytest.raises(MemoryError, match="a process that checked files was killed"):
        list(map_in_processes(killed, ["a.yaml"], 1))


def refused(file: str) -> str:
    raise LookupError(file)


def test_an_error_of_the_function_reaches_the_caller() -> None:
    with pytest.raises(LookupError, match=r"a\.yaml"):
        list(map_in_processes(refused, ["a.yaml"], 1))
