"""The files that a lock in a folder names."""

from __future__ import annotations

import pytest

from shapecalc.diagnostics import ShapecalcError
from shapecalc.diffing.lock import (
    Lock,
    check_lock,
    entry_of,
    key_of,
    load_lock,
    lock_of,
    missing_files,
)
from shapecalc.diffing.lock.commands import lock_command
from shapecalc.diffing.lock.folder import equal_missing, exists, path_of
from tests.support.locked_networks import CHAIN, MIXTURE, WIRED, report_of


def test_a_file_that_is_not_in_the_lock_and_one_that_is_gone_are_named(tmp_path) -> None:
    (tmp_path / "here.yaml").write_text(CHAIN)
    lock_file = str(tmp_path / "shapecalc.lock.json")
    lock = lock_of({"here.yaml": report_of(CHAIN), "gone.yaml": report_of(CHAIN)}, "0")
    assert check_lock(report_of(CHAIN), str(tmp_path / "here.yaml"), lock, lock_file) == ()
    (finding,) = check_lock(report_of(WIRED), str(tmp_path / "new.yaml"), lock, lock_file)
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


def test_a_file_that_is_equal_to_one_that_is_gone_was_moved(tmp_path) -> None:
    (tmp_path / "here.yaml").write_text(CHAIN)
    lock_file = str(tmp_path / "shapecalc.lock.json")
    entry = entry_of(report_of(CHAIN))
    lock = Lock({"gone.yaml": entry, "here.yaml": entry, "other.yaml": entry._replace(params=1)}, "0")
    (finding,) = check_lock(report_of(CHAIN), "new.yaml", lock, lock_file)
    said = "which is not there any more, with the same figures"
    assert finding.message == f"`new.yaml` is in `{lock_file}` as `gone.yaml`, {said}"
    twice = lock._replace(files={**lock.files, "gone too.yaml": entry})
    assert equal_missing(twice, entry, lock_file) == ("gone.yaml", "gone too.yaml")
    (finding,) = check_lock(report_of(CHAIN), "new.yaml", twice, lock_file)
    assert finding.message == f"`new.yaml` is not in `{lock_file}`"


def test_a_file_that_was_locked_without_active_params_is_found_where_it_was_moved_to(tmp_path) -> None:
    now = entry_of(report_of(MIXTURE))
    layers = tuple(layer._replace(active_params=None) for layer in now.layers)
    lock = Lock({"gone.yaml": now._replace(layers=layers, active_params=None)}, "0")
    assert equal_missing(lock, now, str(tmp_path / "shapecalc.lock.json")) == ("gone.yaml",)


def test_a_skipped_file_leaves_the_lock_with_its_folder(tmp_path) -> None:
    (tmp_path / "nets").mkdir()
    (tmp_path / "nets/a.yaml").write_text("jobs: {}")
    lock_file = str(tmp_path / "the.lock")
    lock = lock_of({"nets/a.yaml": report_of(CHAIN)}, "0")
    assert missing_files(lock, lock_file) == {}
    finding = missing_files(lock, lock_file, [str(tmp_path / "nets/a.yaml")])["nets/a.yaml"]
    assert "not a network any more" in finding.message
    assert finding.help == f"run `{lock_command(lock_file, '--update', path=f'{tmp_path}/nets')}` if that is meant"


def test_a_path_and_its_key_name_one_file() -> None:
    for path, lock_file in (("a.yaml", "l"), ("nets/a.yaml", "nets/l"), ("a.yaml", "nets/l"), ("../a.yaml", "l")):
        assert path_of(key_of(path, lock_file), lock_file) == path
    assert not exists("\0")
