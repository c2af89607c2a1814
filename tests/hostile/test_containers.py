"""Files of other tools: what is broken or hostile is refused with a code, and only a refusal leaves an importer."""

from __future__ import annotations

import zipfile
from typing import TYPE_CHECKING

import pytest

from fuzz.containers import LIMITS, SEEDS, check, drawn, seeds
from shapecalc.diagnostics import ShapecalcError
from shapecalc.importers.imported import import_file
from tests.hostile import process
from tests.hostile.broken_containers import (
    archived,
    keras_archive,
    keras_files,
    layer,
    model,
    nested_models,
    source,
    torch_files,
)
from tests.hostile.broken_onnx import onnx_files

if TYPE_CHECKING:
    from pathlib import Path

    from tests.hostile.broken_containers import Hostile

FORMATS = ("keras", "torch_export", "onnx")
FILES = (*keras_files(), *torch_files(), *onnx_files())
DRAWN = 250
"""Mutants of each format; `python -m fuzz.containers` draws more."""


def test_hostile_files_are_refused_with_the_code_that_is_expected(tmp_path: Path) -> None:
    found, path, count = {}, tmp_path / "net", 0
    for hostile in FILES:
        path.write_bytes(hostile.data)
        code, count = check(hostile.format, path), count + 1
        if code != hostile.code:
            found[hostile.name] = f"{code or 'read'}, expected {hostile.code or 'read'}"
    assert found == {}
    assert count >= 240


def test_every_hostile_file_has_a_name_of_its_own() -> None:
    names = [hostile.name for hostile in FILES]
    assert sorted(set(names)) == sorted(names)


@pytest.mark.parametrize("format_", FORMATS)
def test_whole_files_are_read_or_have_operators_without_a_layer(format_: str, tmp_path: Path) -> None:
    path = tmp_path / f"net{SEEDS[format_][1]}"
    for data in seeds(format_):
        path.write_bytes(data)
        assert check(format_, path) in ("", "SC031")


@pytest.mark.parametrize("format_", FORMATS)
def test_mutants_are_read_or_refused(format_: str, tmp_path: Path) -> None:
    path = tmp_path / f"net{SEEDS[format_][1]}"
    codes = set()
    for number, data in enumerate(drawn(format_, DRAWN)):
        path.write_bytes(data)
        try:
            codes.add(check(format_, path))
        except Exception as error:
            error.add_note(f"mutant {number}")
            raise
    assert {"", "SC031", "SC032"} <= codes


def test_mutants_are_the_same_for_the_same_seed() -> None:
    assert list(drawn("keras", 20)) == list(drawn("keras", 20))
    assert list(drawn("keras", 20)) != list(drawn("keras", 20, seed=1))


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("bomb.keras", archived({"config.json": b" " * (64 << 20)}, zipfile.ZIP_DEFLATED), "SC010"),
        ("long.json", b'{"class_name": "Functional", "config": ' + b"[" * 20_000_000, "SC010"),
        ("deep.keras", keras_archive(b'{"a":' * 1_000_000), "SC032"),
        ("twice.keras", keras_archive(nested_models(20, twice=True)), "SC016"),
        ("own.keras", keras_archive(model(source((None, 8)), layer("\x1b[31mExec"))), "SC031"),
        ("not.keras", b"PK\x03\x04" + b"\x00" * 22 + b"\x0b\x00\x00\x00config.json", "SC032"),
    ],
    ids=lambda value: value if isinstance(value, str) and "." in value else "",
)
def test_commands_refuse_hostile_files_in_bounded_memory(name: str, data: bytes, code: str, tmp_path: Path) -> None:
    """`process.run` gives a command 1 GiB of addresses; a traceback or a sign of a terminal is a defect."""
    (tmp_path / name).write_bytes(data)
    ended = process.run("inspect", name, folder=tmp_path)
    text = (ended.out + ended.err).decode()
    assert f"[{code}]" in text
    assert ended.code == (1 if code == "SC031" else 2)
    assert "Traceback" not in text
    assert "\x1b[31mExec" not in text


@pytest.mark.parametrize(
    "hostile", [each for each in FILES if "tensor in a file" in each.name], ids=lambda each: each.name
)
def test_values_outside_of_the_folder_are_not_read(hostile: Hostile, tmp_path: Path) -> None:
    """The graph is read without them; the values are refused when they are needed."""
    path = tmp_path / "net.onnx"
    path.write_bytes(hostile.data)
    with pytest.raises(ShapecalcError) as caught:
        import_file("onnx", str(path), LIMITS).arrays()
    assert {each.code for each in caught.value.diagnostics} == {"SC032"}
