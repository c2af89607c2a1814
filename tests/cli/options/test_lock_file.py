"""`--lock-file` is the same file for the command that writes it and the one that reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from shapecalc.diffing import lock
from shapecalc.files.config import NO_CONFIG

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Run


def test_the_file_is_the_one_of_the_public_functions() -> None:
    assert NO_CONFIG.lock_file == lock.LOCK_FILE


def test_the_option_comes_before_the_configuration(run: Run, tmp_path: Path) -> None:
    (tmp_path / ".shapecalc.toml").write_text('lock-file = "own.json"\n')
    for arguments, file in (((), "own.json"), (("--lock-file", lock.LOCK_FILE), lock.LOCK_FILE)):
        assert run("lock", "lenet5", *arguments).code == 2, "what ships is no file"
        (tmp_path / "net.yaml").write_text("input: [N, 3]\nlayers: [relu]\n")
        assert run("check", "net.yaml", "--locked", *arguments).code == 2
        assert run("lock", "net.yaml", *arguments).code == 0
        assert (tmp_path / file).exists()
        assert run("check", "net.yaml", "--locked", *arguments).code == 0
        (tmp_path / file).unlink()
