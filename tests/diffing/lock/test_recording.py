"""Recording: what is written, and when nothing is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import shapecalc
from shapecalc.diagnostics.limits import LIMITS
from shapecalc.diffing.lock import load_lock
from shapecalc.diffing.lock.recording import record, reports_of
from shapecalc.files.settings import NOTHING_SET

if TYPE_CHECKING:
    from pathlib import Path

    from shapecalc.shape_inference.report import Report


def network(width: int) -> Report:
    return shapecalc.inspect(shapecalc.loads(f"{{input: [N, 8], layers: [linear: {width}]}}"))


def test_a_change_is_written_only_with_update(tmp_path: Path) -> None:
    file, net = tmp_path / "lock.json", tmp_path / "net.yaml"
    net.touch()
    assert record({str(net): network(4)}, str(file), "1").new == ("net.yaml",)
    before = file.read_bytes()
    refused = record({str(net): network(5)}, str(file), "1")
    assert (refused.written, len(refused.moved), file.read_bytes()) == (False, 1, before)
    assert record({str(net): network(5)}, str(file), "1", update=True).written
    assert load_lock(str(file)).files["net.yaml"].params == 45
    again = record({str(net): network(5)}, str(file), "1")
    assert (again.written, again.new, again.moved) == (False, (), {})


def test_a_missing_file_leaves_the_lock_with_update(tmp_path: Path) -> None:
    file, net, other = (tmp_path / name for name in ("lock.json", "net.yaml", "other.yaml"))
    net.touch()
    other.touch()
    record({str(net): network(4), str(other): network(5)}, str(file), "1")
    other.unlink()
    assert not record({str(net): network(4)}, str(file), "1").written
    assert set(record({str(net): network(4)}, str(file), "1", update=True).lock.files) == {"net.yaml"}


def test_files_of_blocks_are_skipped_and_every_error_is_returned(tmp_path: Path) -> None:
    texts = {"a": "{input: [N, 8], layers: [relu]}", "b": "blocks: {twice: {layers: [relu, relu]}}", "c": "[", "d": "["}
    for name, text in texts.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    reports, _, _, errors, blocks = reports_of(
        (str(tmp_path / name) for name in texts), LIMITS, NOTHING_SET, "none.json"
    )
    assert (list(reports), blocks) == ([str(tmp_path / "a")], (str(tmp_path / "b"),))
    assert len(errors) == 2
