"""Files whose mistakes are fixed in place, whole or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from shapecalc.cli import app

if TYPE_CHECKING:
    from pathlib import Path

TYPO = "input: [N, 7]  # größer\r\nlayers:\r\n  - linaer: 5\r\n".encode()


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def fixed(*arguments: str, stdin: str = "") -> tuple[int, str, str]:
    result = CliRunner(env={"NO_COLOR": "1"}).invoke(app, ["check", "--fix", *arguments], input=stdin)
    return result.exit_code, result.stdout, result.stderr


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["plain", "byte order mark"])
def test_every_byte_outside_of_the_edits_stays(mark: bytes, folder: Path) -> None:
    (folder / "net.yaml").write_bytes(mark + TYPO)
    assert fixed("net.yaml")[0] == 0
    assert (folder / "net.yaml").read_bytes() == mark + TYPO.replace(b"linaer", b"linear")


def test_a_file_without_a_safe_fix_is_not_written(folder: Path) -> None:
    path = folder / "net.yaml"
    path.write_text("{input: [N, 7], layers: [zzzzzz]}")
    before = path.stat().st_mtime_ns
    assert fixed("net.yaml")[0] == 1
    assert path.stat().st_mtime_ns == before


def test_a_file_that_cannot_be_read_does_not_stop_the_others(folder: Path) -> None:
    (folder / "a.yaml").write_bytes(b"\xff\xfe\xfd")
    (folder / "b.yaml").write_bytes(TYPO)
    assert fixed("a.yaml", "b.yaml")[0] == 1
    assert (folder / "b.yaml").read_bytes() == TYPO.replace(b"linaer", b"linear")
    assert (folder / "a.yaml").read_bytes() == b"\xff\xfe\xfd"


@pytest.mark.parametrize(
    ("name", "what"), [("-", "standard input"), ("lenet5", "`lenet5`, which ships with shapecalc")]
)
def test_what_is_no_file_of_the_user_is_refused_before_anything_is_written(name: str, what: str, folder: Path) -> None:
    (folder / "net.yaml").write_bytes(TYPO)
    code, _, error = fixed("net.yaml", name, stdin=TYPO.decode())
    assert code == 2
    assert f"[SC001]: `--fix` expects files, receives {what}" in error
    assert (folder / "net.yaml").read_bytes() == TYPO


def test_a_file_named_like_a_shipped_network_is_fixed(folder: Path) -> None:
    (folder / "lenet5").write_bytes(TYPO)
    assert fixed("lenet5")[0] == 0
    assert (folder / "lenet5").read_bytes() == TYPO.replace(b"linaer", b"linear")
