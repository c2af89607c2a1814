"""The files that a lock in a folder names."""

from __future__ import annotations

import pytest

from shapecalc.diagnostics import ShapecalcError
from shapecalc.diffing.lock import (
    Lock,
    check_lock,
    key_of,
    load_lock,
    lock_of,
    missing_files,
)
from tests.support.locked_networks import CHAIN, report_of


def test_a_file_that_is_not_in_the_lock_and_one_that_is_gone_are_named(tmp_path) -> None:
    (tmp_path / "here.yaml").write_text(CHAIN)
    lock_file = str(tmp_path / "shapecalc.lock.json")
    lock = lock_of({"here.yaml": report_of(CHAIN), "gone.yaml": report_of(CHAIN)}, "0")
    assert check_lock(report_of(CHAIN), str(tmp_path / "here.yaml"), lock, lock_file) == ()
    (finding,) = check_lock(report_of(CHAIN), str(tmp_path / "new.yaml"), lock, lock_file)
    assert finding.code == "SC503"
    assert finding.help is not None
    assert finding.help.startswith("lock it: `shapecalc lock ")
    assert list(missing_files(lock, lock_file)) == ["gone.yaml"]
    assert "PATH" not in missing_files(lock, lock_file)["gone.yaml"].help
    assert missing_files(Lock({"\0": lock.files["here.yaml"]}, "0"), lock_file)["\0"].code == "SC503"


def test_files_are_named_from_the_folder_of_the_lock(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert key_of("./a//b.yaml", "shapecalc.lock.json") == "a/b.yaml"
    assert key_of("a/b.yaml", "a/the.lock") == "b.yaml"
    assert key_of("b.yaml", "a/the.lock") == "../b.yaml"
    assert key_of(str(tmp_path / "b.yaml"), "the.lock") == "b.yaml"


def test_no_lock_is_an_error_that_says_how_to_write_one(tmp_path) -> None:
    with pytest.raises(ShapecalcError) as raised:
        load_lock(str(tmp_path / "the.lock"))
    assert raised.value.exit_code == 2
    assert [finding.code for finding in raised.value.diagnostics] == ["SC503"]
