from __future__ import annotations

import io
import os
import sys
from typing import TYPE_CHECKING

import pytest

from shapecalc.diagnostics import Diagnostic, ShapecalcError, Source, Span
from shapecalc.diagnostics.limits import LIMITS, Limits
from shapecalc.parser.files import read_source

if TYPE_CHECKING:
    from pathlib import Path

needs_pipes = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="only POSIX has named pipes")


def refused(path: Path | str, limits: Limits = LIMITS, *, exit_code: int) -> Diagnostic:
    with pytest.raises(ShapecalcError) as caught:
        read_source(path, limits)
    assert caught.value.exit_code == exit_code
    (diagnostic,) = caught.value.diagnostics
    return diagnostic


def stdin(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))


def test_a_file_is_read_under_its_name(tmp_path: Path):
    path = tmp_path / "net.yaml"
    path.write_bytes("a: é\r\n".encode())
    assert read_source(path) == Source(str(path), "a: é\r\n")
    assert read_source(str(path)) == Source(str(path), "a: é\r\n")


def test_a_dash_reads_standard_input(monkeypatch: pytest.MonkeyPatch):
    stdin(monkeypatch, b"a: 1\n")
    assert read_source("-") == Source("<stdin>", "a: 1\n")


def test_a_byte_order_mark_at_the_start_is_left_out(tmp_path: Path):
    path = tmp_path / "net.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: 1\n")
    assert read_source(path).text == "a: 1\n"


def test_a_file_may_be_as_large_as_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "net.yaml"
    path.write_text("a: 1\n")
    assert read_source(path, Limits(file_size=5)).text == "a: 1\n"
    diagnostic = refused(path, Limits(file_size=4), exit_code=1)
    assert (diagnostic.code, diagnostic.message) == ("SC010", f"`{path}` is larger than 4 bytes")
    stdin(monkeypatch, b"a: 1\n")
    assert refused("-", Limits(file_size=4), exit_code=1).message == "`<stdin>` is larger than 4 bytes"


def test_a_file_that_never_ends_is_read_no_further_than_the_limit(monkeypatch: pytest.MonkeyPatch):
    class Endless(io.RawIOBase):
        def readable(self) -> bool:
            return True

        def readinto(self, buffer: bytearray) -> int:
            buffer[:] = b"a" * len(buffer)
            return len(buffer)

    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(Endless())))
    assert refused("-", exit_code=1).code == "SC010"


def test_a_missing_file_is_said_to_be_missing(tmp_path: Path):
    diagnostic = refused(tmp_path / "net.yaml", exit_code=2)
    assert (diagnostic.code, diagnostic.message) == ("SC001", f"`{tmp_path / 'net.yaml'}` does not exist")


def test_a_directory_is_no_file(tmp_path: Path):
    diagnostic = refused(tmp_path, exit_code=2)
    assert (diagnostic.code, diagnostic.message) == ("SC001", f"`{tmp_path}` is a directory, expects a file")


def test_a_path_through_a_file_does_not_exist(tmp_path: Path):
    (tmp_path / "net.yaml").write_text("a: 1\n")
    assert refused(tmp_path / "net.yaml" / "x", exit_code=2).message.endswith("does not exist")


def test_a_name_that_is_too_long_is_said_to_be(tmp_path: Path):
    assert refused(tmp_path / ("x" * 5000), exit_code=2).message.endswith("the name is too long")


def test_a_null_character_is_no_part_of_a_name():
    assert "null character" in refused("net\0.yaml", exit_code=2).message


def test_symbolic_links_in_a_circle_end(tmp_path: Path):
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    assert refused(tmp_path / "a", exit_code=2).message.endswith("its symbolic links form a circle")


def test_a_link_to_a_file_is_followed(tmp_path: Path):
    (tmp_path / "net.yaml").write_text("a: 1\n")
    (tmp_path / "link").symlink_to(tmp_path / "net.yaml")
    assert read_source(tmp_path / "link").text == "a: 1\n"


@needs_pipes
def test_a_pipe_without_writer_is_refused_without_waiting(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe")
    diagnostic = refused(tmp_path / "pipe", exit_code=2)
    assert diagnostic.message == f"`{tmp_path / 'pipe'}` is not a regular file"


@needs_pipes
def test_a_pipe_put_in_place_of_a_file_is_refused_without_waiting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "net.yaml").write_text("a: 1\n")
    before = (tmp_path / "net.yaml").stat()
    (tmp_path / "net.yaml").unlink()
    os.mkfifo(tmp_path / "net.yaml")
    monkeypatch.setattr(os, "stat", lambda _: before)
    assert refused(tmp_path / "net.yaml", exit_code=2).message.endswith("is not a regular file")


def test_a_device_is_refused():
    assert refused(os.devnull, exit_code=2).message == f"`{os.devnull}` is not a regular file"


def test_a_forbidden_file_is_said_to_be_forbidden(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def forbid(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    (tmp_path / "net.yaml").write_text("a: 1\n")
    monkeypatch.setattr(os, "open", forbid)
    assert refused(tmp_path / "net.yaml", exit_code=2).message.endswith("cannot be read: permission denied")


@pytest.mark.parametrize(
    ("error", "reason"), [(OSError(5, "Input/output error"), "input/output error"), (OSError(), "unknown reason")]
)
def test_other_failures_keep_the_systems_words(
    error: OSError, reason: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def fail(*_: object) -> int:
        raise error

    (tmp_path / "net.yaml").write_text("a: 1\n")
    monkeypatch.setattr(os, "open", fail)
    assert refused(tmp_path / "net.yaml", exit_code=2).message.endswith(f"cannot be read: {reason}")


def test_closed_standard_input_is_said_to_be_closed(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sys, "stdin", None)
    assert refused("-", exit_code=2).message == "`<stdin>` is closed"
    stream = io.TextIOWrapper(io.BytesIO())
    stream.close()
    monkeypatch.setattr(sys, "stdin", stream)
    assert refused("-", exit_code=2).message == "`<stdin>` cannot be read"


def test_the_first_byte_that_is_not_utf_8_is_pointed_to(tmp_path: Path):
    path = tmp_path / "net.yaml"
    path.write_bytes(b"a: 1\nb: \xe9t\xe9\n")
    with pytest.raises(ShapecalcError) as caught:
        read_source(path)
    (diagnostic,) = caught.value.diagnostics
    assert (diagnostic.code, caught.value.exit_code) == ("SC002", 1)
    assert diagnostic.message == f"`{path}` is not UTF-8: byte 0xe9 at position 8"
    assert diagnostic.span == Span(2, 4, 2, 5)
    assert caught.value.source.text == "a: 1\nb: \ufffdt\ufffd\n"


@pytest.mark.parametrize("data", [b"a: \xed\xa0\x80\n", b"a: \xc0\x80\n", b"a: \xf4\x90\x80\x80\n", b"a: \xe2\x82"])
def test_utf_8_is_strict(data: bytes, tmp_path: Path):
    path = tmp_path / "net.yaml"
    path.write_bytes(data)
    assert refused(path, exit_code=1).span == Span(1, 4, 1, 5)


def test_utf_16_is_named(tmp_path: Path):
    path = tmp_path / "net.yaml"
    path.write_bytes("a: 1\n".encode("utf-16"))
    diagnostic = refused(path, exit_code=1)
    assert (diagnostic.message, diagnostic.help) == (f"`{path}` is UTF-16, expects UTF-8", "save it as UTF-8")


def test_a_binary_file_is_no_text(tmp_path: Path):
    path = tmp_path / "net.yaml"
    path.write_bytes(b"\x7fELF\x02\x01\x00\xff")
    assert refused(path, exit_code=1).message == f"`{path}` is not a text"
