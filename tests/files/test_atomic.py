"""Files are written whole or not at all."""

from __future__ import annotations

import os
import stat
import threading

import pytest

from shapecalc.files.atomic import write_atomic


def test_a_new_file_has_the_permissions_of_any_other(tmp_path) -> None:
    write_atomic(tmp_path / "new", "é\n")
    (tmp_path / "other").touch()
    assert (tmp_path / "new").read_bytes() == "é\n".encode()
    assert (tmp_path / "new").stat().st_mode == (tmp_path / "other").stat().st_mode
    assert {path.name for path in tmp_path.iterdir()} == {"new", "other"}


def test_an_old_file_keeps_its_permissions(tmp_path) -> None:
    path = tmp_path / "old"
    path.write_text("a long text")
    path.chmod(0o604)
    write_atomic(path, "short")
    assert path.read_text() == "short"
    assert stat.S_IMODE(path.stat().st_mode) == 0o604


def test_half_a_character_is_escaped(tmp_path) -> None:
    write_atomic(tmp_path / "a", "n\udce9t")
    assert (tmp_path / "a").read_text() == r"n\udce9t"


def test_a_link_leads_to_the_same_file_as_before(tmp_path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "link").symlink_to("there/file")
    write_atomic(tmp_path / "link", "text")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "there/file").read_text() == "text"


def test_a_pipe_is_written_into(tmp_path) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(path.read_text()))
    reader.start()
    write_atomic(path, "text")
    reader.join()
    assert read == ["text"]
    assert stat.S_ISFIFO(path.stat().st_mode)


@pytest.mark.parametrize("name", ["nowhere/file", "folder", "a\0b", "x" * 300])
def test_what_cannot_be_written_is_an_error_with_the_name_of_the_file(tmp_path, name) -> None:
    (tmp_path / "folder").mkdir()
    path = str(tmp_path / name)
    with pytest.raises(OSError) as raised:  # noqa: PT011 - what the system says of each differs
        write_atomic(path, "text")
    assert raised.value.filename == path
    assert raised.value.strerror
    assert [found.name for found in tmp_path.iterdir()] == ["folder"]


def test_where_it_fails_the_old_text_stays_and_nothing_is_left_behind(tmp_path, monkeypatch) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    for step in ("fsync", "replace"):
        with monkeypatch.context() as patch:
            patch.setattr(os, step, lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
            with pytest.raises(OSError, match="No space left"):
                write_atomic(path, "new")
        assert path.read_text() == "old"
        assert [found.name for found in tmp_path.iterdir()] == ["file"]
