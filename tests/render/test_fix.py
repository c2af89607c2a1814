"""The edits that `check --fix` has made, a line for each."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cli.conftest import Run

TEXT = "input: [N, 7]\nlayers:\n  - linaer: 5\n  - rleu\n"


def edits(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith("mended ")]


def test_each_edit_has_its_code_its_place_and_both_texts_in_the_order_of_the_file(run: Run, tmp_path: Path) -> None:
    (tmp_path / "net.yaml").write_text(TEXT)
    ended = run("check", "--fix", "net.yaml")
    assert edits(ended.out + ended.err) == [
        "mended SC101 at net.yaml:3:5: `linaer` → `linear`",
        "mended SC101 at net.yaml:4:5: `rleu` → `relu`",
    ]


def test_an_ascii_terminal_gets_an_ascii_arrow(run: Run, tmp_path: Path) -> None:
    (tmp_path / "net.yaml").write_text(TEXT)
    ended = run("check", "--fix", "net.yaml", env={"PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"})
    assert edits(ended.out + ended.err)[1] == "mended SC101 at net.yaml:4:5: `rleu` -> `relu`"


def test_a_name_of_a_file_cannot_control_the_terminal(run: Run, tmp_path: Path) -> None:
    (tmp_path / "\x1b[31mnet.yaml").write_text(TEXT)
    ended = run("check", "--fix", "\x1b[31mnet.yaml")
    assert len(edits(ended.out + ended.err)) == 2
    assert "\x1b" not in ended.out + ended.err
